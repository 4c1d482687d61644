"""Publishing, finding, listing and cancelling orders, driven by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

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
    UnreadableResponse,
)
from crowdhub.model import Money, TaskDraft, TaskStatus
from crowdhub.operations.spending.looking import LOOKS
from crowdhub.protocol import Call, Effect, OperationRun, Upload
from crowdhub_etxt import Etxt, EtxtOptions, Neural, PriceType, Target, WorkType
from tests.etxt.conftest import NOW, Ask, Drive, Sent
from tests.etxt.rows import REF, order, with_options

SAVED = {"id_task": "70"}


def test_a_draft_first_and_then_it_is_published(provider: Etxt, drive: Drive, sent: Sent, draft: TaskDraft) -> None:
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
    assert (first.takes_money, second.takes_money) == (False, True)
    assert (task.id, task.status, task.slots, task.reference) == ("70", TaskStatus.OPEN, 1, REF)
    assert task.instructions == "Write it."
    assert not task.replayed


def test_several_slots_are_a_multiple_order(provider: Etxt, drive: Drive, sent: Sent, draft: TaskDraft) -> None:
    task, (first, _) = drive(provider.publish(draft.copy_with(slots=5)), SAVED, SAVED)
    assert (sent(first)["multitask"], sent(first)["multicount"]) == ("1", "5")
    assert task.remaining == 5


def test_all_own_settings_travel(provider: Etxt, drive: Drive, sent: Sent, draft: TaskDraft) -> None:
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
    brief = carried.pop("file")
    assert isinstance(brief, Upload)
    assert brief.content == b"brief"
    assert str(carried.pop("description")).startswith("Write it.\n\nA link\n\n[ref ")
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


def test_run_again_it_makes_the_same_calls(provider: Etxt, drive: Drive, draft: TaskDraft) -> None:
    """What goes on after a crash depends on it."""
    due = draft.copy_with(deadline=provider.now() + timedelta(days=3), image=b"\x89PNG")
    operation = provider.publish(due)
    _, calls = drive(operation, SAVED, SAVED)
    provider.now = lambda: NOW + timedelta(hours=1)
    assert drive(operation, SAVED, SAVED)[1] == calls


def test_a_lost_draft_is_found_by_its_reference(provider: Etxt, drive: Drive, draft: TaskDraft) -> None:
    lost = OutcomeUnknown("lost", lost=Lost.TIMED_OUT)
    found = [order(99, description="another"), order(90), order(81, public="0")]
    task, calls = drive(provider.publish(draft), lost, found, {"id_task": 81})
    assert task.id == "81"
    assert [call.effect for call in calls] == [Effect.SPEND, Effect.READ, Effect.SETTLE]


@pytest.mark.parametrize("lost", Lost)
def test_a_draft_that_is_not_there_is_made_once_more(
    provider: Etxt, drive: Drive, sent: Sent, draft: TaskDraft, lost: Lost
) -> None:
    error = OutcomeUnknown("lost", lost=lost)
    task, calls = drive(provider.publish(draft), error, {"error": "no_object"}, SAVED, SAVED)
    assert task.status is TaskStatus.OPEN
    assert [sent(call).get("public") for call in calls if call.effect is Effect.SPEND] == ["0", "0"]


def lost_at_once(_call: object) -> Exception:
    return OutcomeUnknown("lost", lost=Lost.ANSWERED)


def test_two_lost_drafts_end_it_and_nothing_was_published(provider: Etxt, drive: Drive, draft: TaskDraft) -> None:
    with pytest.raises(ProviderUnavailable) as caught:
        drive(provider.publish(draft), lost_at_once, [], lost_at_once)
    assert REF in str(caught.value)
    assert "Nothing was spent" in str(caught.value)


def test_a_lost_draft_is_unknown_where_a_draft_was_wanted(
    provider: Etxt, drive: Drive, ask: Ask, draft: TaskDraft
) -> None:
    wanted = with_options(draft, public=False)
    looks: list[object] = [[] for _ in LOOKS[Lost.ANSWERED] for _ in ("current", "archived")]
    with pytest.raises(OutcomeUnknown) as caught:
        ask(lambda account: account.publish(wanted, None), lost_at_once, *looks, lost_at_once, *looks)
    assert not caught.value.money_may_be_spent
    assert "Nothing was spent" in str(caught.value)
    with pytest.raises(OutcomeUnknown):
        drive(provider.publish(wanted.copy_with(reference=None)), lost_at_once)


def test_a_lost_draft_that_cannot_be_looked_for_is_not_made_again(
    provider: Etxt, drive: Drive, draft: TaskDraft
) -> None:
    with pytest.raises(ProviderUnavailable):
        drive(provider.publish(draft), lost_at_once, {"error": "no_access"})


def test_an_unreadable_answer_to_a_draft_is_looked_for(provider: Etxt, drive: Drive, draft: TaskDraft) -> None:
    task, _ = drive(provider.publish(draft), {"strange": 1}, [order(81, public="0")], {"id_task": 81})
    assert task.id == "81"


class Kept:
    """The order as the marketplace has it: the description that was sent, with whatever reference."""

    def __init__(self) -> None:
        self.description = ""

    def save(self, call: Call) -> object:
        self.description = dict(call.form or {})["description"]
        return SAVED

    def listed(self, public: str) -> Callable[[Call], object]:
        return lambda _call: [order(description=self.description, public=public)]


@pytest.mark.parametrize("answer", [OutcomeUnknown("lost"), {"strange": 1}])
def test_a_lost_publication_that_happened_is_the_result(ask: Ask, draft: TaskDraft, answer: object) -> None:
    kept = Kept()
    task, calls = ask(lambda account: account.publish(draft, None), kept.save, answer, kept.listed("1"), [])
    assert (task.id, task.status, task.replayed) == ("70", TaskStatus.OPEN, True)
    assert [call.takes_money for call in calls] == [False, True, False, False]


def test_what_a_multiple_order_gave_out_is_not_taken_for_a_second_publication(ask: Ask, draft: TaskDraft) -> None:
    """eTXT makes orders out of orders, with their texts: the multiple one is meant."""
    kept = Kept()

    def listed(_call: Call) -> object:
        given_out = order(71, description=kept.description, public="1", status="2", id_user="5")
        return [given_out, order(70, description=kept.description, public="1", multitask="1")]

    lost = OutcomeUnknown("lost")
    task, _ = ask(lambda account: account.publish(draft, None), kept.save, lost, listed, [])
    assert task.id == "70"
    assert not any("more than once" in each for each in task.warnings)


@pytest.mark.parametrize("lost", [Lost.TIMED_OUT, Lost.ACCEPTED])
def test_a_lost_publication_that_cannot_be_told_says_where_to_look(ask: Ask, draft: TaskDraft, lost: Lost) -> None:
    """It may still be carried out, so nothing is sent again, and the draft stays: the same key goes on with it."""
    kept, looks = Kept(), {Lost.TIMED_OUT: 3, Lost.ACCEPTED: 4}[lost]
    nothing: list[object] = [kept.listed("0"), []]
    answers: list[object] = [kept.save, OutcomeUnknown("x", lost=lost), *nothing * looks]
    with pytest.raises(OutcomeUnknown, match=r"an order titled .* ends with \[ref ch-") as caught:
        ask(lambda account: account.publish(draft, None), *answers)
    assert "Money may have been spent" in str(caught.value)


@pytest.mark.parametrize("where", ["current", "archived"])
@pytest.mark.parametrize("row", [{"title": "without an id"}, {"id": None}, "text"])
def test_one_unreadable_row_proves_no_absence(ask: Ask, draft: TaskDraft, row: object, where: str) -> None:
    """It may be the one: nothing is sent again after a lost answer, and nothing at all where the key looks first."""
    lists: list[object] = [[row], []] if where == "current" else [[order(71, description="another")], [row]]
    with pytest.raises(UnreadableResponse):
        ask(lambda account: account.publish(draft, "k"), *lists)
    saved, lost = {"id_task": "70"}, OutcomeUnknown("lost", lost=Lost.ANSWERED)
    money = {"balance": "1000", "id": 1}
    before: list[object] = [[], [], saved, money, lost]
    with pytest.raises(OutcomeUnknown, match="one of the listed tasks cannot be read"):
        ask(lambda account: account.publish(draft, "k"), *before, *lists * len(LOOKS[Lost.ANSWERED]))


@pytest.mark.parametrize(
    "text",
    ["WRITE IT. [REF {}]", "<p>Write it.</p><p>[ref <b>{}</b>]</p> Our footer.", "Write &amp; it. &#91;ref {}&#93;"],
)
def test_a_lost_publication_is_found_whatever_became_of_its_text(ask: Ask, draft: TaskDraft, text: str) -> None:
    kept = Kept()

    def listed(_call: Call) -> object:
        mark = kept.description.partition("[ref ")[2].rstrip("]")
        return [order(70, description=text.format(mark), title="A TEXT ABOUT", public="1", price="299")]

    lost = OutcomeUnknown("lost", lost=Lost.ANSWERED)
    task, _ = ask(lambda account: account.publish(draft, None), kept.save, lost, listed, [])
    assert (task.id, task.replayed) == ("70", True)
    assert [each.partition(":")[0] for each in task.warnings] == ["title", "reward"]


def test_a_refused_publication_keeps_its_draft(provider: Etxt, drive: Drive, draft: TaskDraft) -> None:
    """It is free, and the same key goes on with it."""
    with pytest.raises(InsufficientFunds) as caught:
        drive(provider.publish(draft), SAVED, {"error": "no_money"}, [order(public="0")])
    assert "Nothing was spent" in str(caught.value)
    assert "draft 70 stays" in str(caught.value)


def test_a_draft_that_was_deleted_since_is_made_anew(provider: Etxt, drive: Drive, draft: TaskDraft) -> None:
    """The same key goes on with a draft that an earlier run made, and somebody may have deleted it meanwhile."""
    gone = {"error": "no_object"}
    nowhere: list[object] = [gone, [], []]  # neither among the orders nor in the archive
    task, calls = drive(provider.publish(draft), SAVED, *nowhere, {"id_task": 71}, {"id_task": 71})
    assert (task.id, len(calls)) == ("71", 6)
    with pytest.raises(NotFound, match="not published"):
        drive(provider.publish(draft), *[SAVED, *nowhere] * 10)


def test_a_refusal_of_what_an_earlier_attempt_had_done(provider: Etxt, drive: Drive, draft: TaskDraft) -> None:
    """The engine repeats the call; by the second time somebody may have the order already."""
    in_work = [order(status="2", id_user="5")]
    task, calls = drive(provider.publish(draft), SAVED, {"error": "no_access"}, in_work)
    assert (task.id, len(calls)) == ("70", 3)


def test_a_refusal_for_want_of_money_is_told_by_the_balance(provider: Etxt, drive: Drive, draft: TaskDraft) -> None:
    refused, still = {"error": "no_access"}, [order(public="0")]
    with pytest.raises(InsufficientFunds, match="299 RUB"):
        drive(provider.publish(draft), SAVED, refused, still, {"balance": "299"})
    with pytest.raises(PermissionDenied):
        drive(provider.publish(draft), SAVED, refused, still, {"balance": "300"})


def test_a_draft_can_stay_one_and_be_published_later(
    provider: Etxt, drive: Drive, sent: Sent, draft: TaskDraft
) -> None:
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
    with pytest.raises(InvalidRequest) as caught, OperationRun(provider.publish(draft)) as run:
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
def test_single_faults(provider: Etxt, draft: TaskDraft, changes: dict[str, object], where: str) -> None:
    assert [fault.where for fault in provider.draft_issues(draft.copy_with(**changes))] == [where]


def test_the_edges_of_the_limits_are_allowed(provider: Etxt, draft: TaskDraft) -> None:
    edge = with_options(
        draft.copy_with(title="t" * 512, instructions="i" * 9960, deadline=timedelta(days=90)), text="x" * 40_000
    )
    assert provider.draft_issues(edge) == []


def test_the_neutral_category_is_enough(provider: Etxt, draft: TaskDraft) -> None:
    assert provider.draft_issues(draft.copy_with(category="12", options=[EtxtOptions(size=100)])) == []


def test_estimates(provider: Etxt, drive: Drive, draft: TaskDraft) -> None:
    quote, calls = drive(provider.estimate(draft.copy_with(slots=4)))
    assert (quote, calls) == (Money(1200, "RUB"), [])
    assert quote.commission is None
    assert quote.assumption is not None
    assert "commission" in quote.assumption
    per_1000 = with_options(draft, price_type=PriceType.PER_1000_CHARACTERS, size=2500).copy_with(slots=2)
    assert drive(provider.estimate(per_1000))[0] == Money(1500, "RUB")
    by_text = with_options(draft, price_type=PriceType.PER_1000_CHARACTERS, size=None, text="ab " * 100)
    assert drive(provider.estimate(by_text))[0] == Money(60, "RUB")


def test_the_reference_is_found_also_before_words_added_later(provider: Etxt, drive: Drive, draft: TaskDraft) -> None:
    found, _ = drive(provider.find_published(draft), [order(description=f"Write it.\n\n[ref {REF}]\nThanks!")])
    assert found is not None
    assert (found.id, found.replayed, found.instructions) == ("70", True, "Write it.\nThanks!")


def test_finding_looks_through_all_pages_and_the_archive(
    provider: Etxt, drive: Drive, sent: Sent, draft: TaskDraft
) -> None:
    rows = [order(1000 + n, description="other") for n in range(200)]
    full, further, last = rows[:100], rows[99:199], rows[198:]
    found, calls = drive(provider.find_published(draft), full, further, last, full, [rows[99], order(5)])
    assert found is not None
    assert found.id == "5"
    assert [sent(call)["from"] for call in calls] == ["0", "99", "198", "0", "99"]
    with pytest.raises(Conflict, match="moved"):  # what was first on the second page is not where it was
        drive(provider.find_published(draft), full, rows[100:150], [], [])
    missing, _ = drive(provider.find_published(draft), [], [])
    assert missing is None


def test_an_unpublished_draft_was_not_published(provider: Etxt, drive: Drive, draft: TaskDraft) -> None:
    found, _ = drive(provider.find_published(draft), [order(public="0")], [])
    assert found is None
    kept, _ = drive(provider.find_published(with_options(draft, public=False)), [order(public="0")])
    assert kept is not None
    assert kept.status is TaskStatus.DRAFT


def test_of_a_multiple_order_and_what_it_gave_out_the_former_is_found(
    provider: Etxt, drive: Drive, draft: TaskDraft
) -> None:
    rows = [order(90, status="2"), order(80, status="3"), order(70, multitask="1", multicount="1")]
    found, _ = drive(provider.find_published(draft.copy_with(slots=3)), rows)
    assert found is not None
    assert (found.id, found.slots, found.remaining) == ("70", None, 1)
