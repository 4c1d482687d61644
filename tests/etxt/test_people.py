"""Applications, performers and money, on scripted answers."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from crowdhub.errors import Conflict, Lost, NotFound, OutcomeUnknown, PermissionDenied, UnreadableResponse
from crowdhub.model import Application, Capability, Money, Worker
from crowdhub.operations.account import Account
from crowdhub.operations.spending.looking import LOOKS
from crowdhub.protocol import Effect
from crowdhub_etxt import Etxt
from tests.etxt.conftest import Ask, Drive, Sent
from tests.etxt.rows import order_under_review as order

# --- applications --------------------------------------------------------------------------------------


@pytest.fixture
def application(provider: Etxt) -> Application:
    return Application(id="31", task_id="70", **provider.identity, worker=Worker(id="5"))


def note(number: int = 31, **more: object) -> dict[str, object]:
    return {"id": "8", "id_note": str(number), "id_task": "70", "id_user": "5", "login": "ann", "text": "Me", **more}


def test_applications_without_comments(provider: Etxt, drive: Drive) -> None:
    page, _ = drive(provider.applications("70"), [note(), note(0, id="9"), note(32, id_user="6")])
    assert [(each.id, each.worker.id, each.worker.name) for each in page.items] == [
        ("31", "5", "ann"),
        ("32", "6", "ann"),
    ]


def test_accepting_names_the_order_that_was_made(
    provider: Etxt, drive: Drive, sent: Sent, application: Application
) -> None:
    done, (call,) = drive(provider.accept(application), {"id_task": "71", "id_user": "5"})
    assert sent(call) == {"method": "tasks.setNote", "id": "31"}
    assert (done.task_id, done.status, done.replayed) == ("71", "accepted", False)


def accept(
    provider: Etxt, application: Application, key: str | None = None
) -> Callable[[Account], Coroutine[Any, Any, Application]]:
    return lambda account: account.run(provider.accept(application), key=key, amount=None)


def test_a_lost_acceptance_is_found(provider: Etxt, ask: Ask, application: Application) -> None:
    done, calls = ask(accept(provider, application), [], OutcomeUnknown("lost"), [order(70)])
    assert (done.task_id, done.replayed) == ("70", True)
    assert [call.effect for call in calls].count(Effect.SPEND) == 1


def test_a_lost_acceptance_on_a_multiple_order_is_found(provider: Etxt, ask: Ask, application: Application) -> None:
    lost = OutcomeUnknown("lost", sent_at=provider.now())
    fresh = order(71, date=int(provider.now().timestamp()))
    stale = order(60, date=int(provider.now().timestamp()) - 9999)
    earlier = order(72, date=int(provider.now().timestamp()))
    others = order(73, title="Another text", date=int(provider.now().timestamp()))
    there = [others, earlier, stale, fresh]
    done, _ = ask(accept(provider, application), [earlier], lost, there, [order(70, multitask=1)])
    assert done.task_id == "71"
    with pytest.raises(OutcomeUnknown):  # one that he had right before it, given by hand
        ask(accept(provider, application), [earlier], lost, [earlier], [order(70, multitask=1)], [])


def test_a_lost_acceptance_is_not_sent_again_though_he_still_applies(
    provider: Etxt, ask: Ask, application: Application
) -> None:
    lost = OutcomeUnknown("lost", lost=Lost.ANSWERED)
    look: tuple[object, ...] = ([], [order(70, status=1, id_user=0)], [note()])
    looks = len(LOOKS[Lost.ANSWERED])
    for key in ("k", None):
        with pytest.raises(OutcomeUnknown, match="no list of everything"):
            ask(accept(provider, application, key), [], lost, *look * looks)
    gone: tuple[object, ...] = ([], [order(70, status=1, id_user=0)], [])
    with pytest.raises(OutcomeUnknown):
        ask(accept(provider, application), [], OutcomeUnknown("lost", lost=Lost.ANSWERED), *gone)


def test_accepting_twice(provider: Etxt, drive: Drive, application: Application) -> None:
    done, _ = drive(provider.accept(application), {"error": "no_access"}, [order()])
    assert done.replayed
    with pytest.raises(PermissionDenied):
        drive(provider.accept(application), {"error": "no_access"}, [order(id_user="6")])


def test_declining(provider: Etxt, drive: Drive, application: Application) -> None:
    done, _ = drive(provider.decline(application), {"id_task": 70, "id_user": 5})
    assert (done.status, done.replayed) == ("declined", False)
    done, _ = drive(provider.decline(application), {"error": "no_object"}, [], [order(id_user=0)])
    assert done.replayed
    with pytest.raises(Conflict):
        drive(provider.decline(application), {"error": "no_object"}, [], [order()])
    with pytest.raises(PermissionDenied):
        drive(provider.decline(application), {"error": "no_access"}, [note()])


# --- performers and money ------------------------------------------------------------------------------


def test_a_performer(provider: Etxt, drive: Drive) -> None:
    born = int((provider.now() - timedelta(days=400)).timestamp())
    row = {"id_user": "5", "login": "ann", "country": "Germany", "regdate": str(born), "photo": "https://p.example/5"}
    worker, _ = drive(provider.worker("5"), row)
    assert (worker.id, worker.name, worker.country, worker.account_age_days) == ("5", "ann", "DE", 400)
    assert worker.raw["regdate"] == str(born)
    with pytest.raises(NotFound):
        drive(provider.worker("5"), {"error": "no_object"})


def test_lists(provider: Etxt, drive: Drive, sent: Sent) -> None:
    blocked, (call,) = drive(provider.block("5"), {"id": 5, "type": "blackList"})
    assert (blocked.blocked, sent(call)["type"]) == (True, "blackList")
    free, (call,) = drive(provider.unblock("5"), {"id": 5, "type": "delete"})
    assert (free.blocked, sent(call)["type"]) == (False, "delete")
    _, (call,) = drive(provider.allow("5"), {"id": 5, "type": "whiteList"})
    assert sent(call)["type"] == "whiteList"
    rows = [{"id_user": n, "login": f"u{n}", "type": "blackList"} for n in range(1, 101)]
    page, (call,) = drive(provider.blocked_workers(), rows)
    assert sent(call)["type"] == "blackList"
    assert all(worker.blocked for worker in page.items)
    assert page.more is not None
    last, (call,) = drive(page.more(), [])
    assert (sent(call)["from"], last.more, last.joined) == ("99", None, False)
    allowed, _ = drive(provider.allowed_workers(), [{"id_user": 1, "type": "whiteList"}])
    assert allowed.items[0].blocked is False


def test_the_balance(provider: Etxt, drive: Drive) -> None:
    money, _ = drive(provider.balance(), {"id": 1, "balance": "1234.50", "date": "1772000000"})
    assert money == Money(Decimal("1234.50"), "RUB")
    with pytest.raises(UnreadableResponse):
        drive(provider.balance(), {"id": 1})


def test_every_neutral_operation_is_there_but_pausing(provider: Etxt) -> None:
    absent = {Capability.PAUSE, Capability.RESUME}
    assert set(provider.capabilities) == set(Capability) - absent
    refused = {name for name, support in provider.capabilities.fields.items() if not support}
    assert refused | absent == set(provider.declares.absent)
