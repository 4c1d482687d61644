"""What clients of the live service met beside the documentation: sentences for codes, figures inside files."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal

import pytest

from crowdhub import Response
from crowdhub.errors import (
    AuthenticationFailed,
    CrowdhubError,
    InsufficientFunds,
    InvalidRequest,
    ProviderError,
    UnreadableResponse,
)
from crowdhub.protocol import Call, OperationRun
from crowdhub_etxt import Etxt
from crowdhub_etxt.recordings import ORDER
from tests.etxt.conftest import Drive
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


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Подпись не верна", AuthenticationFailed),
        ("Настройки пользователя для работы с API не верны", AuthenticationFailed),
        ("Недостаточно средств на счёте", InsufficientFunds),
        ("Заказ уже принят.", ProviderError),
    ],
)
def test_a_sentence_is_a_refusal_with_its_own_words(
    provider: Etxt, call: Call, shape: str, words: str, kind: type[CrowdhubError]
) -> None:
    error = provider.error(call, Response(200, content=SHAPES[shape](words)))
    assert error is not None
    assert type(error) is kind
    assert (error.provider_message, error.sent, error.money_may_be_spent) == (words, True, False)


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


@pytest.mark.parametrize("code", ["no_object", "no_params", "max_limit"])
def test_a_refused_page_after_the_last_is_the_end(provider: Etxt, drive: Drive, code: str) -> None:
    page, _ = drive(provider.tasks(), [order(n) for n in range(1, 101)])
    assert page.more is not None
    last, _ = drive(page.more(), {"error": code})
    assert (list(last.items), last.more) == ([], None)
    if code != "no_object":
        with pytest.raises(InvalidRequest):
            drive(provider.tasks(), {"error": code})


def test_a_code_that_is_not_known_does_not_end_a_list(provider: Etxt, drive: Drive) -> None:
    """The rest of the list may be there, and what is looked for in it."""
    page, _ = drive(provider.tasks(), [order(n) for n in range(1, 101)])
    assert page.more is not None
    with pytest.raises(ProviderError):
        drive(page.more(), {"error": "db_error"})


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
