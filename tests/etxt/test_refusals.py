"""What clients of the live service met beside the documentation: sentences for codes, figures inside files."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from crowdhub import Hub, Money, Response, TaskDraft
from crowdhub.errors import (
    AuthenticationFailed,
    Conflict,
    CrowdhubError,
    InvalidRequest,
    NotFound,
    OutcomeUnknown,
    PermissionDenied,
    UnreadableResponse,
)
from crowdhub.model import Task
from crowdhub.protocol import Call, Flow, OperationRun, first_match
from crowdhub.sandbox import Sandbox
from crowdhub_etxt import Etxt, EtxtOptions, read_text
from crowdhub_etxt.recordings import ORDER
from crowdhub_etxt.refusals import COMMON
from crowdhub_etxt.sandbox import EtxtSandbox
from tests.etxt.conftest import Ask, Drive
from tests.etxt.rows import order_under_review as order
from tests.etxt.rows import result

SHAPES: dict[str, Callable[[str], bytes]] = {
    "plain": lambda words: words.encode(),
    "string": lambda words: json.dumps(words).encode(),
    "member": lambda words: json.dumps({"error": words}, ensure_ascii=False).encode(),
}


@pytest.fixture
def call(provider: Etxt) -> Call:
    with OperationRun(provider.api.tasks.copy_task(7)) as run:
        made = run.start()
    assert made is not None
    return made


@pytest.mark.parametrize("status", [200, 400, 403, 404])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("ending", ["", ".", "!\n"])
@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Подпись не верна", AuthenticationFailed),
        ("ПОДПИСЬ  не верна", AuthenticationFailed),
        ("Настройки пользователя для работы с API не верны", AuthenticationFailed),
        ("Отсутствует доступ к запрашиваемому действию или объекту", PermissionDenied),
        ("Объектов по запросу не найдено", NotFound),
    ],
)
def test_a_known_sentence_is_a_refusal_in_every_shape(
    provider: Etxt, call: Call, status: int, shape: str, ending: str, words: str, kind: type[CrowdhubError]
) -> None:
    error = provider.error(call, Response(status, content=SHAPES[shape](words + ending)))
    assert error is not None
    assert type(error) is kind
    assert error.provider_message is not None
    assert error.provider_message.strip() == (words + ending).strip()
    assert (error.http_status, error.sent, error.money_may_be_spent) == (status, True, False)


@pytest.mark.parametrize("shape", ["plain", "string"])
@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("code", sorted(COMMON))
def test_a_code_alone_is_that_refusal(provider: Etxt, call: Call, code: str, status: int, shape: str) -> None:
    error = provider.error(call, Response(status, content=SHAPES[shape](code)))
    assert (type(error), error and error.provider_code) == (COMMON[code].kind, code)


@pytest.mark.parametrize("words", ["Недостаточно средств на счёте", "Заказ уже принят.", "Signature accepted"])
def test_other_words_are_a_refusal_only_where_refusals_stand(provider: Etxt, call: Call, words: str) -> None:
    """Under ``error`` they are one. Alone they may as well say that it was done: what a request that costs did is then
    not known, and the words are in the error."""
    error = provider.error(call, Response(200, content=SHAPES["member"](words)))
    assert error is not None
    assert not isinstance(error, UnreadableResponse)
    assert words in str(error)
    for shape in ("plain", "string"):
        with pytest.raises(UnreadableResponse) as caught:
            provider.error(call, Response(200, content=SHAPES[shape](words)))
        assert words in str(caught.value)


def test_money_behind_words_that_are_not_known_is_unknown(provider: Etxt, ask: Ask) -> None:
    with pytest.raises(OutcomeUnknown, match="Заказ уже принят") as caught:
        ask(
            lambda account: account.run(provider.api.tasks.extra_paid(7, Money(5, "RUB")), key=None, amount=None),
            "Заказ уже принят",
        )
    assert caught.value.money_may_be_spent
    with pytest.raises(AuthenticationFailed) as refused:
        ask(
            lambda account: account.run(provider.api.tasks.extra_paid(7, Money(5, "RUB")), key=None, amount=None),
            "Подпись не верна",
        )
    assert not refused.value.money_may_be_spent


def test_a_known_sentence_within_a_page_is_none(provider: Etxt, call: Call) -> None:
    page = "Подпись не верна. " + "Сайт на обслуживании. " * 20
    for words in (page, "Подпись не верна, но заказ принят", f"<p>{page}</p>"):
        with pytest.raises(UnreadableResponse):
            provider.error(call, Response(200, content=words.encode()))


def test_a_known_sentence_in_the_old_charset(provider: Etxt, call: Call) -> None:
    content = "Подпись не верна".encode("cp1251")
    assert isinstance(provider.error(call, Response(200, content=content)), AuthenticationFailed)


@pytest.mark.parametrize("status", [301, 408, 429, 500, 502, 503])
def test_a_server_in_trouble_is_not_believed(provider: Etxt, call: Call, status: int) -> None:
    error = provider.error(call, Response(status, content="Подпись не верна".encode()))
    assert error is not None
    assert not isinstance(error, AuthenticationFailed)


def test_what_is_not_found_on_the_way_is_no_empty_list(provider: Etxt, drive: Drive) -> None:
    """A gateway's 404 says nothing of what the marketplace lists."""
    assert list(drive(provider.tasks(), {"error": "no_object"})[0].items) == []
    lost = provider.error(Call.get("/"), Response(404, text="nothing"))
    with pytest.raises(NotFound):
        drive(provider.tasks(), lost)


@pytest.mark.parametrize("shape", ["member", "text", "plain"])
@pytest.mark.parametrize("status", [200, 401, 403])
def test_a_wrong_key_costs_one_request(shape: str, status: int) -> None:
    options = {"auth_error": "Подпись не верна", "auth_shape": shape, "auth_status": status}
    with Sandbox("etxt", options={"etxt": options}) as box:
        people = box.market(EtxtSandbox)
        with Hub({"etxt": {**box.accounts["etxt"], "api_pass": "another"}}, clock=box.clock) as hub:
            market = hub["etxt"]
            for ask in (market.balance, lambda: market.task("7"), lambda: list(market.tasks())):
                people.clear_requests()
                with pytest.raises(AuthenticationFailed, match="Подпись не верна"):
                    ask()
                assert people.request_count == 1


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>\xd0\xa8</html>", '"Подпись'.encode(), b"upstream error", "Ж".encode() * 600, "Ж".encode("cp1251")],
)
def test_what_is_not_a_sentence_is_unreadable(provider: Etxt, call: Call, body: bytes) -> None:
    with pytest.raises(UnreadableResponse):
        provider.error(call, Response(200, content=body))


@pytest.mark.parametrize("answer", [[{"title": "Ошибка"}], {"text": "Ошибка"}, ["Ошибка"]])
def test_russian_words_in_a_result_are_not_a_refusal(provider: Etxt, call: Call, answer: object) -> None:
    assert provider.error(call, Response(200, json=answer)) is None


def test_the_other_spelling_of_a_code(provider: Etxt, drive: Drive) -> None:
    for code in ("no_work", "no_uwork"):
        with pytest.raises(InvalidRequest, match="conditions"):
            drive(provider.api.tasks.save_task(**ORDER), {"error": code})


@pytest.mark.parametrize("code", ["no_params", "max_limit", "no_access", "db_error"])
def test_a_refused_further_page_is_not_the_end(provider: Etxt, drive: Drive, code: str) -> None:
    """Each page asks for the last record of the one before it again, so there is something to show: the rest of the
    list may be there, and what is looked for in it."""
    page, _ = drive(provider.tasks(), [order(n) for n in range(1, 101)])
    assert page.more is not None
    with pytest.raises(CrowdhubError) as caught:
        drive(page.more(), {"error": code})
    assert caught.value.provider_code == code


def none_of(provider: Etxt, *, whole: bool = False) -> Flow[Task | None]:
    def is_wanted(task: Task) -> bool:
        return task.id == "none"

    return first_match(provider.tasks(), is_wanted, whole=whole)


def test_nothing_on_a_further_page_is_an_end_that_proves_nothing(provider: Etxt, drive: Drive) -> None:
    """The record that was asked for again is gone as well: the list moved meanwhile."""
    rows = [order(n) for n in range(1, 101)]
    page, _ = drive(provider.tasks(), rows)
    assert page.more is not None
    last, _ = drive(page.more(), {"error": "no_object"})
    assert (list(last.items), last.more, last.joined) == ([], None, False)
    found, _ = drive(none_of(provider), rows, {"error": "no_object"})
    assert found is None
    with pytest.raises(Conflict, match="moved"):
        drive(none_of(provider, whole=True), rows, {"error": "no_object"})


def test_figures_and_links_inside_the_files(provider: Etxt, drive: Drive) -> None:
    files = {
        "file": {"path": "/files/1.docx", "per_antiplagiat": "97.5", "per_mistakes": "0"},
        "text": {"path": "/files/1.txt"},
    }
    page, _ = drive(provider.submissions("70"), [order()], {"70": result(files=files)})
    (work,) = page.items
    assert [(each.name, each.url) for each in work.files] == [
        ("file", "https://www.etxt.ru/files/1.docx"),
        ("text", "https://www.etxt.ru/files/1.txt"),
    ]
    assert work.quality == {"per_antiplagiat": Decimal("97.5"), "per_mistakes": Decimal(0)}


TEXT = "Велосипед — «лучший» транспорт & друг\nсемьи < 5"


def test_what_the_live_service_delivers(tmp_path: Path) -> None:
    """The figures within the files, and a text in windows-1251 with HTML entities; the file stays as it came."""
    quirks = {"work_rate": 0, "files_by_kind": True, "figures_in_files": True, "texts_in_cp1251": True}
    draft = TaskDraft(
        title="A text", instructions="…", reward=Money(10, "RUB"), options=[EtxtOptions(id_category=1, size=200)]
    )
    with Sandbox("etxt", options={"etxt": quirks}) as box, Hub(box.accounts) as hub:
        market = hub["etxt"]
        task = market.publish(draft)
        box.market(EtxtSandbox).hand_in(task.id, TEXT + "\N{SNOWMAN}")
        (work,) = market.submissions(task)
        assert work.quality is not None
        assert {"per_antiplagiat", "per_mistakes"} <= set(work.quality)
        (path,) = market.download(work, tmp_path)
    assert b"&lt; 5&#9731;" in path.read_bytes()
    assert path.read_bytes().startswith("Велосипед —".encode("cp1251"))
    assert read_text(path) == TEXT + "\N{SNOWMAN}"


def test_texts_in_other_charsets() -> None:
    assert read_text(TEXT.encode()) == TEXT
    assert read_text("\ufeff&mdash; да\r\n".encode()) == "— да\n"
    assert read_text("Да".encode("koi8-r"), "koi8-r") == "Да"
    assert read_text(b"\xc4\xe0\x98") == "Да\N{REPLACEMENT CHARACTER}"
    with pytest.raises(ValueError, match="no charset"):
        read_text(b"x", "no such")
