"""Publishing, finding, listing and cancelling orders, driven by hand."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from crowdhub.errors import (
    Conflict,
    InsufficientFunds,
    InvalidRequest,
    Lost,
    NotFound,
    OutcomeUnknown,
    PermissionDenied,
    ProviderUnavailable,
)
from crowdhub.model import Money, TaskDraft, TaskStatus
from crowdhub.protocol import Effect, FlowRun
from crowdhub_etxt import Etxt, EtxtOptions, Neural, PriceType, Target, WorkType

SAVED = {"id_task": "70"}
REF = "ch-abcdefghijklmnop"


def order(number: int = 70, **more: Any) -> dict[str, Any]:
    plain = {
        "id": str(number),
        "title": "A text about bicycles",
        "description": f"Write it.\n\n[ref {REF}]",
        "status": "1",
        "public": "1",
        "price": "300",
        "price_type": "2",
        "id_category": "12",
        "date": "1772000000",
        "multitask": "0",
        "id_user": "0",
    }
    return {**plain, **more}


def with_options(draft: TaskDraft, **options: Any) -> TaskDraft:
    return draft.copy_with(options=[EtxtOptions(**{"id_category": 12, "size": 2000, **options})])


def test_a_draft_first_and_then_it_is_published(provider: Etxt, drive: Any, sent: Any, draft: TaskDraft) -> None:
    task, (first, second) = drive(provider.publish(draft), SAVED, SAVED)
    assert sent(first) == {
        "method": "tasks.saveTask",
        "public": "0",
        "title": "A text about bicycles",
        "description": f"Write it.\n\n[ref {REF}]",
        "price": "300",
        "price_type": "2",
        "size": "2000",
        "id_category": "12",
    }
    assert sent(second) == {**sent(first), "id": "70", "public": "1"}
    assert (first.effect, second.effect) == (Effect.SPEND, Effect.SETTLE)
    assert (task.id, task.status, task.slots, task.reference) == ("70", TaskStatus.OPEN, 1, REF)
    assert task.instructions == "Write it."
    assert not task.replayed


def test_several_slots_are_a_multiple_order(provider: Etxt, drive: Any, sent: Any, draft: TaskDraft) -> None:
    task, (first, _) = drive(provider.publish(draft.copy_with(slots=5)), SAVED, SAVED)
    assert (sent(first)["multitask"], sent(first)["multicount"]) == ("1", "5")
    assert task.remaining == 5


def test_all_own_settings_travel(provider: Etxt, drive: Any, sent: Any, draft: TaskDraft) -> None:
    options = EtxtOptions(
        id_category=3,
        text="Source text",
        price_type=PriceType.PER_1000_CHARACTERS,
        uniq=90,
        multione=True,
        whitespaces=False,
        id_type=WorkType.SEO_COPYWRITING,
        keywords=("bicycle", "велосипед"),
        auto_work=True,
        auto_rate=100,
        auto_reports=5,
        auto_reports_n=0,
        target_task=Target.ONE_PERFORMER,
        id_target=44,
        robot=Neural.FORBIDDEN,
        file=b"brief",
        file_name="brief.txt",
        timeline="18:30",
    )
    full = draft.copy_with(options=[options], deadline=provider.now() + timedelta(days=3), proof="A link")
    _, (first, _) = drive(provider.publish(full), SAVED, SAVED)
    carried = sent(first)
    assert carried.pop("file").content == b"brief"
    assert carried.pop("description").startswith("Write it.\n\nA link\n\n[ref ")
    assert carried == {
        "method": "tasks.saveTask",
        "public": "0",
        "title": "A text about bicycles",
        "price": "300",
        "price_type": "1",
        "id_category": "3",
        "text": "Source text",
        "uniq": "90",
        "multione": "1",
        "whitespaces": "0",
        "id_type": "4",
        "keywords": "bicycle, велосипед",
        "auto_work": "1",
        "auto_rate": "100",
        "auto_reports": "5",
        "auto_reports_n": "0",
        "target_task": "3",
        "id_target": "44",
        "robot": "-1",
        "deadline": "04.03.2026",
        "timeline": "18:30",
    }
    assert first.multipart is not None


def test_a_lost_draft_is_found_by_its_reference(provider: Etxt, drive: Any, draft: TaskDraft) -> None:
    lost = OutcomeUnknown("lost", lost=Lost.TIMED_OUT)
    found = [order(99, description="another"), order(81, public="0")]
    task, calls = drive(provider.publish(draft), lost, found, {"id_task": 81})
    assert task.id == "81"
    assert [call.effect for call in calls] == [Effect.SPEND, Effect.READ, Effect.SETTLE]


@pytest.mark.parametrize("lost", Lost)
def test_a_draft_that_is_not_there_is_made_once_more(
    provider: Etxt, drive: Any, sent: Any, draft: TaskDraft, lost: Lost
) -> None:
    looks = {Lost.ANSWERED: 2, Lost.BROKEN: 4, Lost.ACCEPTED: 4, Lost.TIMED_OUT: 3}[lost]
    error = OutcomeUnknown("lost", lost=lost)
    task, calls = drive(provider.publish(draft), error, *[{"error": "no_object"}] * looks, SAVED, SAVED)
    assert task.status is TaskStatus.OPEN
    assert [sent(call).get("public") for call in calls if call.effect is Effect.SPEND] == ["0", "0"]
    assert [call.delay for call in calls[1:looks]] == sorted(call.delay for call in calls[1:looks])


def lost_at_once(_call: Any) -> Exception:
    return OutcomeUnknown("lost", lost=Lost.ANSWERED)


def test_two_lost_drafts_end_it_and_nothing_was_published(provider: Etxt, drive: Any, draft: TaskDraft) -> None:
    with pytest.raises(ProviderUnavailable) as caught:
        drive(provider.publish(draft), lost_at_once, [], [], lost_at_once, [], [])
    assert REF in str(caught.value)
    assert "Nothing was spent" in str(caught.value)


def test_a_lost_draft_is_unknown_where_a_draft_was_wanted(provider: Etxt, drive: Any, draft: TaskDraft) -> None:
    wanted = with_options(draft, public=False)
    with pytest.raises(OutcomeUnknown) as caught:
        drive(provider.publish(wanted), lost_at_once, [], [], lost_at_once, [], [])
    assert not caught.value.money_may_be_spent
    with pytest.raises(OutcomeUnknown):
        drive(provider.publish(wanted.copy_with(reference=None)), lost_at_once)


def test_a_lost_draft_that_cannot_be_looked_for_is_not_made_again(provider: Etxt, drive: Any, draft: TaskDraft) -> None:
    with pytest.raises(ProviderUnavailable):
        drive(provider.publish(draft), lost_at_once, {"error": "no_access"})


def test_an_unreadable_answer_to_a_draft_is_looked_for(provider: Etxt, drive: Any, draft: TaskDraft) -> None:
    task, _ = drive(provider.publish(draft), {"strange": 1}, [order(81, public="0")], {"id_task": 81})
    assert task.id == "81"


def test_a_lost_publication_that_happened_is_the_result(provider: Etxt, drive: Any, draft: TaskDraft) -> None:
    task, _ = drive(provider.publish(draft), SAVED, OutcomeUnknown("lost"), [order()])
    assert (task.id, task.status) == ("70", TaskStatus.OPEN)


def test_a_lost_publication_that_did_not_happen_is_undone(
    provider: Etxt, drive: Any, sent: Any, draft: TaskDraft
) -> None:
    still = [order(public="0")]
    flow = provider.publish(draft)
    with pytest.raises(ProviderUnavailable) as caught:
        drive(flow, SAVED, OutcomeUnknown("lost", lost=Lost.ANSWERED), still, still, {"ids": [70]})
    assert "deleted" in str(caught.value)


def test_a_lost_publication_that_cannot_be_told_says_where_to_look(
    provider: Etxt, drive: Any, draft: TaskDraft
) -> None:
    still = [order(public="0")]
    with pytest.raises(OutcomeUnknown, match="order 70"):
        drive(
            provider.publish(draft),
            SAVED,
            OutcomeUnknown("x", lost=Lost.ANSWERED),
            still,
            still,
            {"error": "no_access"},
        )


def test_a_refused_publication_leaves_no_draft(provider: Etxt, drive: Any, draft: TaskDraft) -> None:
    seen: list[Any] = []

    def deleted(call: Any) -> Any:
        seen.append(dict(call.form))
        return {"ids": [70]}

    with pytest.raises(InsufficientFunds):
        drive(provider.publish(draft), SAVED, {"error": "no_money"}, deleted)
    assert seen == [{"id[0]": "70"}]


def test_a_refusal_for_want_of_money_is_told_by_the_balance(provider: Etxt, drive: Any, draft: TaskDraft) -> None:
    with pytest.raises(InsufficientFunds, match="299 RUB"):
        drive(provider.publish(draft), SAVED, {"error": "no_access"}, {"balance": "299"}, {"ids": [70]})
    with pytest.raises(PermissionDenied):
        drive(provider.publish(draft), SAVED, {"error": "no_access"}, {"balance": "300"}, {"ids": [70]})


def test_taking_back_an_overdue_order_twice(provider: Etxt, drive: Any) -> None:
    overdue, refused = [order(status="5")], {"error": "no_access"}
    task, _ = drive(provider.cancel("70"), overdue, refused, overdue, [{"id_task": "70"}])
    assert (task.status, task.replayed) == (TaskStatus.CANCELLED, True)
    with pytest.raises(PermissionDenied):
        drive(provider.cancel("70"), overdue, refused, overdue, [])


def test_a_draft_can_stay_one_and_be_published_later(provider: Etxt, drive: Any, sent: Any, draft: TaskDraft) -> None:
    task, calls = drive(provider.publish(with_options(draft, public=False)), SAVED)
    assert (task.status, len(calls)) == (TaskStatus.DRAFT, 1)
    soon = provider.now() + timedelta(days=1)
    task, calls = drive(provider.publish_draft("70", soon), [order(public="0")], {"id": 70, "status": 1}, [order()])
    assert task.status is TaskStatus.OPEN
    assert sent(calls[1]) == {
        "method": "tasks.setDeadline",
        "id": "70",
        "deadline": "02.03.2026",
        "timeline": "15:00",
        "public": "1",
    }


def test_every_fault_of_a_draft_at_once(provider: Etxt) -> None:
    draft = TaskDraft(
        title="x" * 513,
        instructions="y" * 10_000,
        reward=Money("10.50", "RUB"),
        slots=0,
        image=b"",
        deadline=timedelta(days=91),
        options=[EtxtOptions(text="z" * 40_001, bwgroup_send=True, uniq=101, target_task=Target.ONE_PERFORMER)],
    )
    with pytest.raises(InvalidRequest) as caught, FlowRun(provider.publish(draft)) as run:
        run.start()
    assert {fault.where for fault in caught.value.issues} == {
        "title",
        "instructions",
        "reward",
        "slots",
        "image",
        "deadline",
        "options.id_category",
        "options.text",
        "options.uniq",
        "options.bwgroup_send",
        "options.id_target",
    }


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"reward": Money(5, "USD")}, "reward"),
        ({"category": "texts", "options": [EtxtOptions(size=1)]}, "options.id_category"),
        ({"options": [EtxtOptions(id_category=1)]}, "options.size"),
        ({"deadline": timedelta(days=-1)}, "deadline"),
        ({"options": [EtxtOptions(id_category=1, size=1, file=b"x")]}, "options.file_name"),
        ({"options": [EtxtOptions(id_category=1, size=1, timeline="10:00")]}, "options.timeline"),
    ],
)
def test_single_faults(provider: Etxt, draft: TaskDraft, changes: dict[str, Any], where: str) -> None:
    assert [fault.where for fault in provider.draft_issues(draft.copy_with(**changes))] == [where]


def test_the_edges_of_the_limits_are_allowed(provider: Etxt, draft: TaskDraft) -> None:
    edge = with_options(
        draft.copy_with(title="t" * 512, instructions="i" * 9960, deadline=timedelta(days=90)), text="x" * 40_000
    )
    assert provider.draft_issues(edge) == []


def test_the_neutral_category_is_enough(provider: Etxt, draft: TaskDraft) -> None:
    assert provider.draft_issues(draft.copy_with(category="12", options=[EtxtOptions(size=100)])) == []


def test_estimates(provider: Etxt, drive: Any, draft: TaskDraft) -> None:
    quote, calls = drive(provider.estimate(draft.copy_with(slots=4)))
    assert (quote, calls) == (Money(1200, "RUB"), [])
    assert quote.commission is None
    assert "commission" in quote.assumption
    per_1000 = with_options(draft, price_type=PriceType.PER_1000_CHARACTERS, size=2500).copy_with(slots=2)
    assert drive(provider.estimate(per_1000))[0] == Money(1500, "RUB")
    by_text = with_options(draft, price_type=PriceType.PER_1000_CHARACTERS, size=None, text="ab " * 100)
    assert drive(provider.estimate(by_text))[0] == Money(60, "RUB")


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
def test_statuses(provider: Etxt, drive: Any, row: dict[str, Any], status: TaskStatus) -> None:
    task, _ = drive(provider.task("70"), [order(**row)])
    assert task.status is status


def test_an_order_as_a_task(provider: Etxt, drive: Any) -> None:
    task, _ = drive(provider.task("70"), {"70": order(status="3", price="300.50", deadline="1772600000")})
    assert task.reward == Money(Decimal("300.50"), "RUB")
    assert (task.slots, task.remaining, task.pending, task.approved) == (1, 0, 1, 0)
    assert (task.instructions, task.reference, task.category) == ("Write it.", REF, "12")
    assert task.created_at is not None
    assert task.created_at.timestamp() == 1772000000
    assert task.raw["price"] == "300.50"


def test_an_archived_order(provider: Etxt, drive: Any, sent: Any) -> None:
    task, calls = drive(provider.task("70"), [], [order()])
    assert task.status is TaskStatus.COMPLETED
    assert [sent(call)["method"] for call in calls] == ["tasks.listTasks", "tasks_archive.listTasks"]
    with pytest.raises(NotFound):
        drive(provider.task("70"), [], {"error": "no_object"})


def test_the_reference_is_found_also_before_words_added_later(provider: Etxt, drive: Any, draft: TaskDraft) -> None:
    found, _ = drive(provider.find_published(draft), [order(description=f"Write it.\n\n[ref {REF}]\nThanks!")])
    assert (found.id, found.replayed, found.instructions) == ("70", True, "Write it.\nThanks!")


def test_finding_looks_through_all_pages_and_the_archive(
    provider: Etxt, drive: Any, sent: Any, draft: TaskDraft
) -> None:
    full = [order(1000 + n, description="other") for n in range(100)]
    found, calls = drive(provider.find_published(draft), full, full, [], full, [order(5)])
    assert found.id == "5"
    assert [sent(call)["from"] for call in calls] == ["0", "100", "200", "0", "100"]
    missing, _ = drive(provider.find_published(draft), [], [])
    assert missing is None


def test_an_unpublished_draft_was_not_published(provider: Etxt, drive: Any, draft: TaskDraft) -> None:
    found, _ = drive(provider.find_published(draft), [order(public="0")], [])
    assert found is None
    kept, _ = drive(provider.find_published(with_options(draft, public=False)), [order(public="0")])
    assert kept.status is TaskStatus.DRAFT


def test_of_a_multiple_order_and_what_it_gave_out_the_former_is_found(
    provider: Etxt, drive: Any, draft: TaskDraft
) -> None:
    rows = [order(90, status="2"), order(80, status="3"), order(70, multitask="1", multicount="1")]
    found, _ = drive(provider.find_published(draft.copy_with(slots=3)), rows)
    assert (found.id, found.slots, found.remaining) == ("70", None, 1)


def test_listing_by_status(provider: Etxt, drive: Any, sent: Any) -> None:
    page, (call,) = drive(provider.tasks(TaskStatus.OPEN), [order(1), order(2)])
    assert [task.id for task in page.items] == ["1", "2"]
    assert (sent(call)["status"], sent(call)["count"]) == ("1", "100")
    page, (call,) = drive(provider.tasks(TaskStatus.DRAFT), [order(1), order(2, public="0")])
    assert [task.id for task in page.items] == ["2"]
    assert "status" not in sent(call)
    page, calls = drive(provider.tasks(TaskStatus.CANCELLED))
    assert (list(page.items), calls) == ([], [])


def test_completed_orders_go_on_into_the_archive(provider: Etxt, drive: Any) -> None:
    page, _ = drive(provider.tasks(TaskStatus.COMPLETED), [order(1, status="4")])
    assert page.more is not None
    archive, _ = drive(page.more(), [order(2)])
    assert [(task.id, task.status) for task in archive.items] == [("2", TaskStatus.COMPLETED)]
    assert archive.more is None


def test_pages_end_after_an_exact_multiple(provider: Etxt, drive: Any) -> None:
    page, _ = drive(provider.tasks(), [order(n) for n in range(1, 101)])
    assert page.more is not None
    last, _ = drive(page.more(), {"error": "no_object"})
    assert (list(last.items), last.more) == ([], None)


def test_one_bad_record_loses_no_other(provider: Etxt, drive: Any) -> None:
    page, _ = drive(provider.tasks(), [order(1), {"id": "none"}, order(3)])
    assert [task.id for task in page.items] == ["1", "3"]
    assert page.unreadable[0].records == ({"id": "none"},)


def test_cancelling_deletes_what_waits(provider: Etxt, drive: Any, sent: Any) -> None:
    task, calls = drive(provider.cancel("70"), [order()], {"ids": ["70"]})
    assert task.status is TaskStatus.CANCELLED
    assert sent(calls[1]) == {"method": "tasks.deleteTask", "id[0]": "70"}


def test_cancelling_what_a_lost_first_request_deleted(provider: Etxt, drive: Any) -> None:
    task, _ = drive(provider.cancel("70"), [order()], {"error": "no_object"}, {"error": "no_object"})
    assert (task.status, task.replayed) == (TaskStatus.CANCELLED, True)


def test_cancelling_in_the_wrong_state(provider: Etxt, drive: Any) -> None:
    with pytest.raises(Conflict, match="under review") as caught:
        drive(provider.cancel("70"), [order(status="3")])
    assert caught.value.actual.status is TaskStatus.FULL
    with pytest.raises(NotFound):
        drive(provider.cancel("70"), [])
    with pytest.raises(Conflict, match="week"):
        drive(provider.cancel("70"), [order()], {"ids": []}, [order()])


def test_cancelling_an_overdue_order_takes_it_back(provider: Etxt, drive: Any, sent: Any) -> None:
    task, calls = drive(provider.cancel("70"), [order(status="5")], {"id": "70", "rateup": "https://example.com"})
    assert task.status is TaskStatus.CANCELLED
    assert sent(calls[1]) == {"method": "tasks.failTask", "id": "70"}


def test_a_wrong_id_is_refused_before_any_request(provider: Etxt, drive: Any) -> None:
    for flow in (provider.task("a/b"), provider.cancel(""), provider.submissions("1 2"), provider.worker("me")):
        with pytest.raises(InvalidRequest):
            drive(flow)
