"""tasks.* that make and change orders."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from crowdhub_etxt.sandbox.asked import FunctionCall, Handler
from crowdhub_etxt.sandbox.catalogue import CATEGORIES, LANGUAGES
from crowdhub_etxt.sandbox.orders import OrderState, SandboxOrder, Terms
from crowdhub_etxt.sandbox.params import MOSCOW, Params, UploadedFile
from crowdhub_etxt.sandbox.refusal import MAX_LIMIT, NO_ACCESS, NO_OBJECT, NO_PARAMS, EtxtRefusal

LONGEST = timedelta(days=90)
FILE_TYPES = (
    "txt",
    "doc",
    "docx",
    "rtf",
    "odt",
    "pdf",
    "xls",
    "xlsx",
    "csv",
    "zip",
    "rar",
    "jpg",
    "jpeg",
    "png",
    "gif",
)
VIRUS = b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE"
ATTESTED = (5, 7, 8, 9)

# Texts with their limits, numbers with their bounds, and flags, under the names that `Terms` has too.
_TEXTS = {"title": 512, "description": 10_000, "text": 40_000, "keywords": None}
_NUMBERS: dict[str, tuple[int | None, int | None]] = {
    "price": (1, None),
    "id_category": (1, None),
    "size": (1, None),
    "uniq": (0, 100),
    "price_type": (1, 2),
    "id_type": (1, 4),
    "id_subtype": (0, 6),
    "robot": (-1, 1),
    "auto_rate": (None, None),
    "auto_reports": (0, None),
    "auto_reports_n": (0, None),
    "multicount": (0, None),
    "id_target": (0, None),
    "language_from": (0, None),
    "language_to": (0, None),
}
_FLAGS = (
    "multione",
    "locate",
    "whitespaces",
    "only_stars",
    "checksize",
    "auto_work",
    "multitask",
    "bwgroup_send",
    "attestat",
    "diplom",
)
_REQUIRED = ("title", "price", "id_category")


def save_task(asked: FunctionCall) -> object:
    """tasks.saveTask: new, or changed while nobody works on it; what is not given stays as it is."""
    number = asked.params.maybe("id")
    order = asked.office.get(asked.customer, number, asked.now) if number else None
    if order is not None and (order.status != OrderState.WAITING or order.failed_at is not None):
        raise EtxtRefusal(NO_ACCESS)
    terms = _terms(asked, order)
    public = asked.params.flag("public", default=order is not None and order.public)
    if order is None:
        order = asked.office.create(asked.customer, terms, asked.now, public=public)
    else:
        asked.office.change(order, terms, asked.now, public=public)
    asked.world.published(order)
    return {"id_task": order.id}


def delete_task(asked: FunctionCall) -> object:
    """tasks.deleteTask: the ids that could be deleted; none is an error."""
    orders = chosen_orders(asked)
    gone = [order.id for order in orders if asked.office.delete(order, asked.now)]
    if not gone:
        raise EtxtRefusal(NO_ACCESS)
    return {"ids": gone}


def copy_task(asked: FunctionCall) -> object:
    """tasks.copyTask: an incorrect deadline counts as none."""
    order = asked.order()
    try:
        deadline = asked.params.deadline()
    except EtxtRefusal:
        deadline = None
    if deadline is None or not asked.now < deadline <= asked.now + LONGEST:
        deadline = default_deadline(order, asked.now)
    copied = asked.office.copy(order, deadline, asked.now)
    asked.world.published(copied)
    return {"id_copy": copied.id}


def set_deadline(asked: FunctionCall) -> object:
    """tasks.setDeadline: an overdue order goes back to work, a draft can be published."""
    order = asked.order()
    if order.status not in (OrderState.WAITING, OrderState.IN_WORK, OrderState.OVERDUE) or order.failed_at is not None:
        raise EtxtRefusal(NO_ACCESS)
    deadline = checked_deadline(asked)
    if deadline is None or (deadline < order.terms.deadline and not asked.world.quirks.deadline_can_shorten):
        raise EtxtRefusal(NO_PARAMS)
    if asked.params.flag("public") and order.status == OrderState.WAITING:
        asked.office.publish(order, asked.now)
    order.set_deadline(deadline, asked.now)
    if order.status == OrderState.OVERDUE:
        order.status, order.since, order.next_event = OrderState.IN_WORK, asked.now, None
    asked.world.published(order)
    shown: object = deadline
    if asked.world.quirks.deadline_as_text:
        shown = deadline.astimezone(MOSCOW).strftime("%d.%m.%Y %H:%M")
    return {"deadline": shown, "id": order.id, "status": order.status, "quick": order.quick}


def set_client_comment(asked: FunctionCall) -> object:
    """tasks.setClientComment."""
    order = asked.order()
    order.comment = asked.params.text("text", 5000)
    return {"status": True}


def save_comment(asked: FunctionCall) -> object:
    """tasks.saveComment."""
    order = asked.order()
    text, hide = asked.params.text("text", 2048, required=True, public=True), asked.params.flag("hide")
    remark = asked.office.remark(order, asked.customer.id, asked.customer.login, text, asked.now)
    remark.hidden = hide
    comments = sum(not each.application for each in order.remarks)
    return {"id": order.id, "id_comment": remark.id, "comments": comments}


def checked_deadline(asked: FunctionCall) -> datetime | None:
    """The deadline given: not past, within 90 days."""
    deadline = asked.params.deadline()
    if deadline is not None and deadline <= asked.now:
        raise EtxtRefusal(NO_PARAMS)
    if deadline is not None and deadline > asked.now + LONGEST:
        raise EtxtRefusal(MAX_LIMIT)
    return deadline


def default_deadline(order: SandboxOrder, now: datetime) -> datetime:
    """Five days from now, or five hours where the order is urgent."""
    return now + (timedelta(hours=5) if order.quick else timedelta(days=5))


def chosen_orders(asked: FunctionCall) -> list[SandboxOrder]:
    """The customer's orders among the ids; somebody else's order refuses all, unknown ones are left out."""
    found: list[SandboxOrder] = []
    for number in asked.params.ids("id"):
        try:
            found.append(asked.office.get(asked.customer, number, asked.now))
        except EtxtRefusal as refusal:
            if refusal.code != NO_OBJECT:
                raise
    if not found:
        raise EtxtRefusal(NO_OBJECT)
    return found


def _terms(asked: FunctionCall, order: SandboxOrder | None) -> Terms:
    params = asked.params
    required = () if order is not None and asked.world.quirks.partial_edit else _REQUIRED
    given = _plain(params, required)
    if params.has("target_task"):
        given["target"] = params.integer("target_task", least=1, most=3)
    if params.has("id_folder"):
        given["id_folder"] = asked.folder()
    if (file := _file(asked)) is not None:
        given["file"] = file
    deadline = checked_deadline(asked)
    if deadline is None and order is None:
        day = (asked.now + timedelta(days=5)).astimezone(MOSCOW)
        deadline = day.replace(hour=23, minute=59, second=0, microsecond=0)
    if deadline is not None:
        given["deadline"] = deadline
    return _checked(asked, Terms(**given) if order is None else replace(order.terms, **given))


def _plain(params: Params, required: tuple[str, ...]) -> dict[str, Any]:
    """The parameters that need no look at anything else."""
    given: dict[str, Any] = {}
    for name, limit in _TEXTS.items():
        # A source text may well hold addresses; what describes the order may not.
        public = name in ("title", "description")
        text = params.text(name, limit, required=name in required, public=public)
        if text:
            given[name] = text
    for name, (least, most) in _NUMBERS.items():
        if params.has(name) or name in required:
            given[name] = params.integer(name, least=least, most=most)
    given |= {name: params.flag(name) for name in _FLAGS if params.has(name)}
    return given


def _checked(asked: FunctionCall, terms: Terms) -> Terms:
    """What several parameters must fulfil together."""
    if terms.id_category not in CATEGORIES or (terms.multitask and terms.multicount < 1):
        raise EtxtRefusal(NO_PARAMS)
    if terms.text and terms.id_type not in (2, 3):
        raise EtxtRefusal(NO_PARAMS)
    if not terms.size:
        counted = terms.text if terms.whitespaces else "".join(terms.text.split())
        if not counted:
            raise EtxtRefusal(NO_PARAMS)
        terms = replace(terms, size=len(counted))
    if terms.id_type == 3 and not {terms.language_from, terms.language_to} <= LANGUAGES.keys():
        raise EtxtRefusal(NO_PARAMS)
    if terms.attestat and terms.id_category not in ATTESTED:
        raise EtxtRefusal(NO_ACCESS)
    if terms.target == 2 and terms.id_target:
        asked.customer.groups.check(terms.id_target)
    if terms.target == 3:
        _check_target(asked, terms)
    return terms


def _check_target(asked: FunctionCall, terms: Terms) -> None:
    people, listed = asked.world.people, asked.customer.listed.get(terms.id_target)
    if not people.exists(terms.id_target) or (listed is not None and listed.kind == "blackList"):
        raise EtxtRefusal("no_utarget")
    least = people.person(terms.id_target).works.get(terms.id_type)
    if least is None or terms.price_per_1000 < least:
        raise EtxtRefusal("no_work")


def _file(asked: FunctionCall) -> UploadedFile | None:
    file = asked.params.files.get("file")
    if file is None:
        if asked.params.has("file"):
            raise EtxtRefusal("file_not_uploaded")  # text where a file was due
        return None
    if not file.name and not file.content:
        return None  # what a browser sends for a field left empty
    if not file.content:
        raise EtxtRefusal("file_is_empty")
    if len(file.content) > asked.world.quirks.file_limit:
        raise EtxtRefusal("file_too_big")
    if file.name.rpartition(".")[2].lower() not in FILE_TYPES:
        raise EtxtRefusal("file_bad_type")
    if VIRUS in file.content:
        raise EtxtRefusal("file_has_virus")
    return file


FUNCTIONS: dict[str, Handler] = {
    "tasks.saveTask": save_task,
    "tasks.deleteTask": delete_task,
    "tasks.copyTask": copy_task,
    "tasks.setDeadline": set_deadline,
    "tasks.setClientComment": set_client_comment,
    "tasks.saveComment": save_comment,
}
