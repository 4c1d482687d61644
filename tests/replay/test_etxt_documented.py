"""eTXT's 61 functions on answers that hold every documented field, through the hub, in every world, with the network
off. The documentation shows no example, so the values are ours; the names are its own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast
from urllib.parse import parse_qsl, urlsplit

import pytest

from crowdhub import Money
from crowdhub.protocol import Flow, Operation
from crowdhub.testing.recording import load_script
from crowdhub.testing.recording.files import read
from crowdhub_etxt import Etxt
from crowdhub_etxt.codes import Neural, Rate, Target, TextType, UserListAction, WorkType
from crowdhub_etxt.recordings import ORDER, REVIEW
from tests.replay.conftest import Documented

if TYPE_CHECKING:
    from tests.etxt.test_functions import Function

Play: TypeAlias = "Callable[[Etxt], Operation[object] | Flow[object]]"

FUNCTIONS: list[Function] = json.loads(
    (Path(__file__).parents[1] / "etxt" / "functions.json").read_text(encoding="utf-8")
)["functions"]
GIVEN = {
    "task_id": 11,
    "task_ids": [11, 12],
    "user_id": 5,
    "application_id": 21,
    "result_id": 31,
    "group_id": 41,
    "folder_id": 51,
    "article_id": 61,
    "message_ids": [71, 72],
    "check_id": 81,
}


def _save_task(provider: Etxt) -> Operation[object]:
    """Every parameter but ``id`` and the file."""

    return provider.api.tasks.save_task(
        **ORDER,
        public=True,
        text="",
        uniq=90,
        multione=True,
        locate=False,
        whitespaces=False,
        only_stars=False,
        checksize=True,
        id_type=WorkType.COPYWRITING,
        id_subtype=TextType.INFORMATION,
        deadline=provider.now() + timedelta(days=3),
        auto_work=True,
        auto_rate=100,
        auto_reports=10,
        auto_reports_n=1,
        multitask=True,
        multicount=3,
        id_folder=51,
        target_task=Target.ONE_PERFORMER,
        id_target=5,
        keywords=("cat", "kitten"),
        language_from=1,
        language_to=2,
        bwgroup_send=False,
        attestat=True,
        diplom=False,
        robot=Neural.FORBIDDEN,
    )


SINGLE: dict[str, Play] = {
    # what a recording asks in several calls is one call here
    "users.getUser": lambda provider: provider.api.users.get_user(5),
    "users.setReport": lambda provider: provider.api.users.set_report(5, REVIEW, rate=Rate.POSITIVE),
    "users.setUserBW": lambda provider: provider.api.users.set_user_bw(5, UserListAction.BLACK),
    "tasks.listTasks": lambda provider: provider.api.tasks.list_tasks(),
    "tasks.paidTask": lambda provider: provider.api.tasks.paid_task([11, 12], "Thank you"),
    "tasks.extraPaid": lambda provider: provider.api.tasks.extra_paid(11, Money(50, "RUB")),
    "tasks.saveTask": _save_task,
    "articles.buy": lambda provider: provider.api.articles.buy(61),
    "detector.result": lambda provider: provider.api.detector.result(81),
}
VALUES: dict[str, object] = {
    "users.getBalance": {"balance": {"amount": "49700", "currency": "RUB"}, "date": "2026-01-15T09:00:00Z"},
    "users.getList": {"items": [{"id_user": 5, "online": True, "rate": 5400}], "more": False},
    "users.getUserBW": {"white_list": 12, "black_list": 1},
    "tasks.paidTask": {"status": True, "ids": [11, 12]},
    "tasks.listTasks": {"items": [{"id": 11, "status": 1, "price": {"amount": "300", "currency": "RUB"}}]},
    "tasks.setDeadline": {"deadline": "2026-01-17T12:00:00+03:00", "status": 2},
    "options.getLangs": {"1": "Russian", "2": "English"},
    "messages.readPrivate": {"items": [{"reads": False, "text": "May I ask something?"}]},
    "detector.result": {"status": "1", "data": {"uniq": "97"}},
}
UNSAID = {"users.getStats": ("comission",)}  # is `commission` here
ACCOUNT = {"token": "not-a-token", "api_pass": "not-a-pass"}


def _play(name: str) -> Play:
    recorded = load_script("etxt").recording(name).play
    return SINGLE.get(name, lambda provider: recorded(provider, GIVEN))


@pytest.mark.parametrize("name", [each["method"] for each in FUNCTIONS])
def test_a_documented_answer_is_read(name: str, documented: Documented) -> None:
    found = documented("etxt", ACCOUNT, name, _play(name), VALUES.get(name, {}))
    (fields,) = (each["returns"] for each in FUNCTIONS if each["method"] == name)
    read_from = {_plain(each) for each in _names(found)}
    assert [each for each in fields if _plain(each) not in read_from and each not in UNSAID.get(name, ())] == []


@pytest.mark.parametrize("function", FUNCTIONS, ids=[each["method"] for each in FUNCTIONS])
def test_the_list_holds_what_is_documented(function: Function, cassettes: Path) -> None:
    """Only documented parameters are sent, and every documented field is in the answer."""
    (exchange,) = read(cassettes / "etxt" / "documented" / f"{function['method']}.yaml").exchanges
    query = dict(parse_qsl(urlsplit(exchange.uri).query))
    assert query == {"method": function["method"], "token": "SCRUBBED", "sign": "SCRUBBED"}
    sent = parse_qsl((exchange.body or b"").decode(), keep_blank_values=True)
    assert {re.sub(r"\[\d+\]", "", name) for name, _ in sent} <= {each["name"] for each in function["params"]}
    assert set(function["returns"]) <= set(_names(json.loads(exchange.answer)))


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def test_every_function_of_etxt_is_there() -> None:
    assert {each.name for each in load_script("etxt").endpoints} == {each["method"] for each in FUNCTIONS}
    assert len(FUNCTIONS) == 61


def _names(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in cast("dict[str, object]", value).items():
            yield name
            yield from _names(inner)
    elif isinstance(value, list):
        for inner in cast("list[object]", value):
            yield from _names(inner)
