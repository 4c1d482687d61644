"""Reading, listing, extending and cancelling orders, driven by hand."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from crowdhub import Capability
from crowdhub.errors import Conflict, InvalidRequest, NotFound, OutcomeUnknown, PermissionDenied
from crowdhub.model import Money, Task, TaskStatus
from crowdhub_etxt import Etxt
from tests.etxt.conftest import NOW, Ask, Drive, Sent
from tests.etxt.rows import REF, order


def test_taking_back_an_overdue_order_twice(provider: Etxt, drive: Drive) -> None:
    overdue, refused = [order(status="5")], {"error": "no_access"}
    task, _ = drive(provider.cancel("70"), overdue, refused, overdue, [{"id_task": "70"}])
    assert (task.status, task.replayed) == (TaskStatus.CANCELLED, True)
    with pytest.raises(PermissionDenied):
        drive(provider.cancel("70"), overdue, refused, overdue, [])


@pytest.mark.parametrize(
    ("row", "status"),
    [
        ({"status": "1", "public": "1"}, TaskStatus.OPEN),
        ({"status": 1, "public": 0}, TaskStatus.DRAFT),
        ({"status": "1", "public": "0", "multitask": "1", "multicount": "0"}, TaskStatus.FULL),
        ({"status": "1", "public": "0", "multitask": "1", "multicount": "3"}, TaskStatus.DRAFT),
        ({"status": "2"}, TaskStatus.FULL),
        ({"status": "3"}, TaskStatus.FULL),
        ({"status": "4"}, TaskStatus.COMPLETED),
        ({"status": "5"}, TaskStatus.EXPIRED),
        ({"status": "77"}, TaskStatus.UNKNOWN),
        ({"status": "new"}, TaskStatus.UNKNOWN),
    ],
)
def test_statuses(provider: Etxt, drive: Drive, row: dict[str, object], status: TaskStatus) -> None:
    task, _ = drive(provider.task("70"), [order(**row)])
    assert task.status is status


def test_an_order_as_a_task(provider: Etxt, drive: Drive) -> None:
    task, _ = drive(provider.task("70"), {"70": order(status="3", price="300.50", deadline="1772600000")})
    assert task.reward == Money(Decimal("300.50"), "RUB")
    assert (task.slots, task.remaining, task.pending, task.approved) == (1, 0, 1, 0)
    assert (task.instructions, task.reference, task.category) == ("Write it.", REF, "12")
    assert task.created_at is not None
    assert task.created_at.timestamp() == 1772000000
    assert task.raw["price"] == "300.50"


def test_an_archived_order(provider: Etxt, drive: Drive, sent: Sent) -> None:
    task, calls = drive(provider.task("70"), [], [order()])
    assert task.status is TaskStatus.COMPLETED
    assert [sent(call)["method"] for call in calls] == ["tasks.listTasks", "tasks_archive.listTasks"]
    with pytest.raises(NotFound):
        drive(provider.task("70"), [], {"error": "no_object"})


def test_listing_by_status(provider: Etxt, drive: Drive, sent: Sent) -> None:
    page, (call,) = drive(provider.tasks(TaskStatus.OPEN), [order(1), order(2)])
    assert [task.id for task in page.items] == ["1", "2"]
    assert (sent(call)["status"], sent(call)["count"]) == ("1", "100")
    page, (call,) = drive(provider.tasks(TaskStatus.DRAFT), [order(1), order(2, public="0")])
    assert [task.id for task in page.items] == ["2"]
    assert "status" not in sent(call)
    page, calls = drive(provider.tasks(TaskStatus.CANCELLED))
    assert (list(page.items), calls) == ([], [])


def test_completed_orders_go_on_into_the_archive(provider: Etxt, drive: Drive) -> None:
    page, _ = drive(provider.tasks(TaskStatus.COMPLETED), [order(1, status="4")])
    assert page.more is not None
    archive, _ = drive(page.more(), [order(2)])
    assert [(task.id, task.status) for task in archive.items] == [("2", TaskStatus.COMPLETED)]
    assert archive.more is None


def test_pages_end_after_an_exact_multiple(provider: Etxt, drive: Drive) -> None:
    page, _ = drive(provider.tasks(), [order(n) for n in range(1, 101)])
    assert page.more is not None
    last, _ = drive(page.more(), {"error": "no_object"})
    assert (list(last.items), last.more) == ([], None)


def test_one_bad_record_loses_no_other(provider: Etxt, drive: Drive) -> None:
    page, _ = drive(provider.tasks(), [order(1), {"id": "none"}, order(3)])
    assert [task.id for task in page.items] == ["1", "3"]
    assert page.unreadable[0].records == ({"id": "none"},)


def test_cancelling_deletes_what_waits(provider: Etxt, drive: Drive, sent: Sent) -> None:
    task, calls = drive(provider.cancel("70"), [order()], {"ids": ["70"]})
    assert task.status is TaskStatus.CANCELLED
    assert sent(calls[1]) == {"method": "tasks.deleteTask", "id[0]": "70"}


def test_cancelling_what_a_lost_first_request_deleted(provider: Etxt, drive: Drive) -> None:
    task, _ = drive(provider.cancel("70"), [order()], {"error": "no_object"}, {"error": "no_object"})
    assert (task.status, task.replayed) == (TaskStatus.CANCELLED, True)


def test_cancelling_in_the_wrong_state(provider: Etxt, drive: Drive) -> None:
    with pytest.raises(Conflict, match="under review") as caught:
        drive(provider.cancel("70"), [order(status="3")])
    assert isinstance(caught.value.actual, Task)
    assert caught.value.actual.status is TaskStatus.FULL
    with pytest.raises(NotFound):
        drive(provider.cancel("70"), [])
    with pytest.raises(Conflict, match="week"):
        drive(provider.cancel("70"), [order()], {"ids": []}, [order()])


def test_cancelling_an_overdue_order_takes_it_back(provider: Etxt, drive: Drive, sent: Sent) -> None:
    task, calls = drive(provider.cancel("70"), [order(status="5")], {"id": "70", "rateup": "https://example.com"})
    assert task.status is TaskStatus.CANCELLED
    assert sent(calls[1]) == {"method": "tasks.failTask", "id": "70"}


def test_a_wrong_id_is_refused_before_any_request(provider: Etxt, drive: Drive) -> None:
    for flow in (provider.task("a/b"), provider.cancel(""), provider.submissions("1 2"), provider.worker("me")):
        with pytest.raises(InvalidRequest):
            drive(flow)


# --- more time, and words ------------------------------------------------------------------------------


def test_extending_sets_a_new_deadline(provider: Etxt, ask: Ask, sent: Sent) -> None:
    until = NOW + timedelta(days=2)
    task, calls = ask(
        lambda account: account.extend("70", None, until, None, None),
        {"id": 70, "deadline": "1772600000", "status": 2},
        [order(status="2", deadline="1772600000")],
    )
    assert task.status is TaskStatus.FULL
    assert task.expires_at is not None
    assert sent(calls[0]) == {"method": "tasks.setDeadline", "id": "70", "deadline": "03.03.2026", "timeline": "15:00"}
    assert not calls[0].takes_money


def test_what_cannot_be_extended_is_refused_before_any_request(ask: Ask) -> None:
    with pytest.raises(InvalidRequest) as caught:
        ask(lambda account: account.extend("70", 10, NOW + timedelta(days=91), None, None))
    assert {issue.where for issue in caught.value.issues} == {"slots", "until"}
    assert not caught.value.sent


def test_orders_cannot_be_paused(provider: Etxt) -> None:
    missing = provider.capabilities.missing()
    assert set(missing) == {Capability.PAUSE, Capability.RESUME}
    assert all(missing.values())


def test_words_to_a_performer(provider: Etxt, ask: Ask, sent: Sent) -> None:
    done = {"id_user": 5, "text": "Hello", "time": "1772000000"}
    _, (call,) = ask(lambda account: account.message("5", "Hello"), done)
    assert sent(call) == {"method": "messages.writePrivate", "id_user": "5", "text": "Hello"}
    assert (call.limit, call.takes_money) == ("messages.writePrivate", False)
    with pytest.raises(InvalidRequest, match="10001"):
        ask(lambda account: account.message("5", "x" * 10_001))
    with pytest.raises(OutcomeUnknown, match="conversation with the user 5") as caught:
        ask(lambda account: account.message("5", "Hello"), OutcomeUnknown("lost"))
    assert "Nothing was spent" in str(caught.value)
