"""diff.*, correction.*, detector.*: texts compared, corrected and checked."""

from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from difflib import SequenceMatcher
from html import escape
from random import Random

from crowdhub_etxt.sandbox.accounts import CENT, CorrectionJob, DetectorCheck
from crowdhub_etxt.sandbox.answers import Rows
from crowdhub_etxt.sandbox.asked import FunctionCall, Handler
from crowdhub_etxt.sandbox.orders import SandboxOrder, SandboxResult
from crowdhub_etxt.sandbox.params import MOSCOW
from crowdhub_etxt.sandbox.refusal import NO_ACCESS, NO_OBJECT, NO_PARAMS, EtxtRefusal

CHECK_TAKES = timedelta(minutes=5)
LEAST_CORRECTION = timedelta(days=1)


def compare_text(asked: FunctionCall) -> object:
    """diff.compareText: word by word; what both have is marked."""
    source = asked.params.text("source", 20_000, least=30, required=True).split()
    text = asked.params.text("text", 20_000, least=30, required=True).split()
    matcher = SequenceMatcher(None, source, text, autojunk=False)
    same = matcher.get_matching_blocks()
    return {
        "result": round(100 * matcher.ratio()),
        "text": _marked(text, [(block.b, block.size) for block in same]),
        "source": _marked(source, [(block.a, block.size) for block in same]),
    }


def add_correction(asked: FunctionCall) -> object:
    """correction.add."""
    title, text = asked.params.text("title", required=True), asked.params.text("text", required=True)
    _ = asked.params.text("description")
    return _correct(asked, title, text, asked.folder())


def import_correction(asked: FunctionCall) -> object:
    """correction.import: from a result (its own id), an archived order, or an article that was bought."""
    kind = asked.params.choice("type", ("task", "a_task", "article", "a_article"))
    from_file = asked.params.choice("object_type", ("file", ""), "") == "file"
    number = asked.params.integer("id_object")
    if kind in ("article", "a_article"):
        bought = asked.customer.bought.get(number)
        if bought is None or bought.archived != (kind == "a_article"):
            raise EtxtRefusal(NO_OBJECT)
        article = asked.world.articles[number]
        return _correct(asked, article.title, article.text, bought.folder)
    order, result = _handed_in(asked, number, archived=kind == "a_task")
    files = b"\n".join(file.content for file in result.files).decode("utf-8", "replace")
    text = files if from_file and files else result.text or files
    return _correct(asked, order.terms.title, text, order.terms.id_folder)


def send_detector(asked: FunctionCall) -> object:
    """detector.send: any type and method will do, their values are not in the documentation."""
    kind, text = asked.params.text("type", required=True), asked.params.text("text", required=True)
    _ = asked.params.maybe("method"), asked.params.flag("send"), asked.params.maybe("paid")
    number = next(asked.world.ids)
    asked.customer.spend("detector", number, asked.world.detector_price, reference=f"check {number}")
    asked.customer.checks[number] = DetectorCheck(number, kind, text, asked.now)
    return {"id": number}


def detector_result(asked: FunctionCall) -> object:
    """detector.result: there is nothing before the check is done."""
    check = asked.customer.checks.get(asked.params.integer("id"))
    if check is None:
        raise EtxtRefusal(NO_OBJECT)
    dice = Random(check.text)  # noqa: S311  (repeatable, not secret)
    figures = {"uniq": dice.randrange(60, 101), "ai": dice.randrange(0, 60)}
    done = _done(check, asked.now)
    return {"status": done, "url": _page(asked, check), "data": figures if done else {}}


def detector_history(asked: FunctionCall) -> object:
    """detector.history, newest first."""
    rows = [
        {"id": each.id, "status": _done(each, asked.now), "date": each.date, "url": _page(asked, each)}
        for each in reversed(asked.customer.checks.values())
    ]
    return Rows(rows, "id")


def _handed_in(asked: FunctionCall, number: int, *, archived: bool) -> tuple[SandboxOrder, SandboxResult]:
    """The result of this id, or the last result of the archived order of this id."""
    for order in asked.office.of(asked.customer, asked.now):
        if archived and order.id == number and order.archived_at is not None and order.results:
            return order, order.results[-1]
        if not archived and order.archived_at is None:
            for result in order.results:
                if result.id == number:
                    return order, result
    raise EtxtRefusal(NO_OBJECT)


def _correct(asked: FunctionCall, title: str, text: str, folder: int) -> object:
    earliest = asked.now + LEAST_CORRECTION
    day = earliest.astimezone(MOSCOW)
    deadline = asked.params.deadline() or day.replace(hour=23, minute=59, second=0, microsecond=0)
    if deadline < earliest:
        raise EtxtRefusal(NO_PARAMS)
    if not text.strip():
        raise EtxtRefusal(NO_ACCESS)
    price = (asked.world.correction_price * len(text) / 1000).quantize(CENT, ROUND_HALF_UP)
    number = next(asked.world.ids)
    asked.customer.spend("correction", number, max(price, Decimal(1)), reference=title, folder=folder)
    asked.customer.corrections[number] = CorrectionJob(number, title, text, folder, deadline, price)
    return {"id": number}


def _marked(words: list[str], blocks: list[tuple[int, int]]) -> str:
    common = {place for start, size in blocks for place in range(start, start + size)}
    return " ".join(f"<b>{escape(word)}</b>" if place in common else escape(word) for place, word in enumerate(words))


def _done(check: DetectorCheck, now: datetime) -> bool:
    return now >= check.date + CHECK_TAKES


def _page(asked: FunctionCall, check: DetectorCheck) -> str:
    return asked.link("check", check.id, name="result.html", lasting=True)


FUNCTIONS: dict[str, Handler] = {
    "diff.compareText": compare_text,
    "correction.add": add_correction,
    "correction.import": import_correction,
    "detector.send": send_detector,
    "detector.result": detector_result,
    "detector.history": detector_history,
}
