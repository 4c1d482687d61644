"""All 61 functions are there, and each documented field of each answer is in a real answer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import JsonValue

from crowdhub.sandbox import Sandbox
from crowdhub_etxt.sandbox import FUNCTIONS, EtxtSandbox

if TYPE_CHECKING:
    from tests.etxt.test_sandbox.conftest import Api, Save

Ask = Callable[..., Any]
Heard = dict[str, set[str]]

DOCUMENTED = json.loads((Path(__file__).parent.parent / "functions.json").read_text("utf-8"))["functions"]
FIELDS = {
    each["method"]: {name for line in each["returns"] for name in re.split(r"[ ,]+", line)} for each in DOCUMENTED
}


def test_there_are_exactly_the_documented_functions() -> None:
    assert len(FIELDS) == 61
    assert FUNCTIONS.keys() == FIELDS.keys()


def names(value: JsonValue) -> set[str]:
    """Every field name anywhere in an answer."""
    if isinstance(value, dict):
        return set(value).union(*map(names, value.values()))
    return set[str]().union(*map(names, value)) if isinstance(value, list) else set()


@pytest.fixture
def heard(api: Api, market: EtxtSandbox, save: Save, box: Sandbox) -> Heard:
    """Calls each function where it has something to say; all field names by function."""
    heard: dict[str, set[str]] = {}

    def call(method: str, **params: Any) -> Any:
        answer = api(method, **params)
        assert "error" not in answer, (method, answer)
        heard[method] = heard.get(method, set()) | names(answer)
        return answer

    _lists(call)
    _orders(call, api, market, save, box)
    _texts(call, market, box)
    return heard


def _lists(call: Ask) -> None:
    call("categories.listCategories")
    call("options.getLangs")
    call("users.getList")
    call("users.getUser", id=1001)
    call("users.getWorks", id=1001)
    call("users.setNote", id=1001, text="x")
    call("users.getNote", id=1001)
    call("users.getUserBW", id=1001)
    call("users.setUserBW", id=1001, type="whiteList")
    call("users.getBW")
    call("users.getBalance")
    call("folders.addFolder", name="x")
    call("folders.listFolders")
    group = call("bwgroups.saveGroup", name="x")["id"]
    call("bwgroups.listGroups")
    call("bwgroups.updateGroup", id_user=1001, id_group=group)
    call("bwgroups.deleteGroup", id=group)


def _orders(call: Ask, api: Api, market: EtxtSandbox, save: Save, box: Sandbox) -> None:
    order = int(call("tasks.saveTask", title="x", price=9, price_type=2, size=9, id_category=1)["id_task"])
    call("tasks.setDeadline", id=order, deadline="20.01.2026", public=1)
    call("tasks.setClientComment", id=order, text="x")
    call("tasks.saveComment", id=order, text="x")
    market.apply(order)
    call("tasks.viewNotes", id=[order])
    (waiting,) = call("tasks.viewNotesAll")
    call("tasks.unsetNote", id=waiting["id_note"])
    call("tasks.setNote", id=market.apply(order).application)
    user = market.hand_in(order).user
    call("tasks.cancelTask", id=[order], text="x")
    result = market.hand_in(order)
    call("correction.import", type="task", id_object=result.id)
    call("tasks.sendNoteFail", id=order, text="x")
    call("tasks.extraPaid", id=order, autopay="get")
    call("tasks.paidTask", id=[order])
    call("users.setReport", id_user=user, text="x" * 50)
    call("users.getReports", id=user)
    copied = call("tasks.copyTask", id=order)["id_copy"]
    call("folders.moveToFolder", id_folder=0, type="task", ids=[order])
    call("tasks.deleteTask", id=[copied])
    late = save()
    market.accept(market.apply(late).application)
    market.overdue(late)
    user = market.order(late).performer
    call("tasks.failTask", id=late, copy=1)
    call("rating.listTasksFails")
    call("rating.ratingUserBack", id_task=late, id_user=user)
    every = [
        save(id_type=2, text="a source", uniq=80),
        save(id_type=3, text="a source", language_from=1, language_to=2),
        save(id_type=4, keywords="a", target_task=3, id_target=_writer(market)),
    ]
    api("tasks.saveTask", _files={"file": ("a.txt", b"x")}, title="x", price=9, size=9, id_category=1)
    call("tasks.listTasks")
    for each in every:
        market.hand_in(each, files={"a.txt": b"x"})
    call("tasks.getResults", id=every)
    api("tasks.paidTask", id=every)
    for each in every:
        market.archive(each)
    call("tasks_archive.listTasks")
    call("tasks_archive.getResults", id=every[0])
    call("users.getStats")


def _writer(market: EtxtSandbox) -> int:
    """Someone who takes orders of type 4 at any price."""
    return next(user for user in market.world.people.ids if market.person(user).works.get(4) == 0)


def _texts(call: Ask, market: EtxtSandbox, box: Sandbox) -> None:
    articles = [call("articles.getList")[place]["id"] for place in (0, 1)]
    for article in articles:
        call("articles.buy", id=article)
    call("articles.getList", filter=1)
    call("articles.getText", id=articles)
    call("articles.download", id=articles)
    for article in articles:
        market.archive_article(article)
    call("articles_archive.getList")
    call("articles_archive.getText", id=articles)
    call("articles_archive.download", id=articles)
    notices = [each["id"] for each in call("messages.getList")]
    call("messages.setRead", ids=notices[:1])
    call("messages.setDelete", ids=notices[1:2])
    call("messages.writePrivate", id_user=1001, text="x")
    market.message_from(1001, "x")
    call("messages.getCountUnread")
    call("messages.readPrivate", id_user=1001)
    call("diff.compareText", source="x" * 30, text="x" * 30)
    call("correction.add", title="x", text="x")
    check = call("detector.send", type="uniq", text="x")["id"]
    call("detector.result", id=check)
    call("detector.history")


def test_every_documented_field_is_answered(heard: Heard) -> None:
    assert heard.keys() == FIELDS.keys()
    missing = {method: fields - heard[method] for method, fields in FIELDS.items() if fields - heard[method]}
    assert missing == {}
