"""A watch with a name: a program that is started again neither loses nor repeats."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import anyio
import pytest

from crowdhub import AsyncHub, Hub, Money, Submission, Task, TaskDraft, Watch
from crowdhub.errors import InvalidRequest, LedgerError, ProviderUnavailable
from crowdhub.ledger import Bookmarks, Ledger
from crowdhub.sandbox import Fault, Sandbox
from crowdhub_etxt import EtxtOptions
from crowdhub_etxt.sandbox import EtxtSandbox
from crowdhub_rapidworkers.sandbox import RapidWorkersSandbox

NAME = "rapidworkers"
DRAFT = TaskDraft(title="T", instructions="I", reward=Money("0.10", "USD"), slots=9, proof="P", category="Survey")
LIST = r"/submissions/"
LABELS = "labels"


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(NAME, "etxt", options={NAME: {"rate_limit": None, "work_rate": 0}, "etxt": {"work_rate": 0}}) as made:
        yield made


@pytest.fixture
def side(box: Sandbox) -> RapidWorkersSandbox:
    return box.market(RapidWorkersSandbox)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite3"


@pytest.fixture
def task(box: Sandbox, ledger: Path) -> Task:
    with Hub(box.accounts, clock=box.clock, ledger=ledger) as hub:
        return hub[NAME].publish(DRAFT)


def started_again(
    box: Sandbox, ledger: Path, task: Task, count: int | None = None, rounds: int = 1
) -> list[Submission]:
    """What one run of a program is given: ``count`` of it, and then it is stopped; None: all, and it asks beyond."""
    with Hub(box.accounts, clock=box.clock, ledger=ledger) as hub:
        watch = hub[NAME].watch([task], interval=30, rounds=rounds, resume=LABELS)
        return list(islice(watch, count))


def numbers(works: list[Submission]) -> list[str]:
    return [each.id for each in works]


def test_what_was_handed_out_does_not_come_again(
    box: Sandbox, side: RapidWorkersSandbox, ledger: Path, task: Task
) -> None:
    first = [str(each) for each in side.hand_in(task.id, 3)]
    assert sorted(numbers(started_again(box, ledger, task))) == sorted(first)
    assert started_again(box, ledger, task) == []
    (late,) = side.hand_in(task.id)
    assert numbers(started_again(box, ledger, task)) == [str(late)]


def test_what_was_handed_out_last_comes_again(
    box: Sandbox, side: RapidWorkersSandbox, ledger: Path, task: Task
) -> None:
    """Whether the program had dealt with it, nobody knows."""
    _ = side.hand_in(task.id, 4)
    before = numbers(started_again(box, ledger, task, 2))
    after = numbers(started_again(box, ledger, task))
    assert before[0] not in after
    assert before[1] in after
    assert len(after) == 3


def test_what_was_settled_while_nobody_looked_is_handed_out(
    box: Sandbox, side: RapidWorkersSandbox, ledger: Path, task: Task
) -> None:
    """What was settled before the first look is not news; what was settled since is, also what was handed out last."""
    marketplace, job = side.marketplace, side.job(task.id)
    _ = side.hand_in(task.id, 3)
    marketplace.approve(job, next(iter(job.submissions.values())), None)
    (shown,) = started_again(box, ledger, task, 1)
    for each in list(job.submissions.values())[1:]:
        marketplace.approve(job, each, None)
    found = started_again(box, ledger, task)
    assert sorted(numbers(found)) == sorted(str(each.id) for each in list(job.submissions.values())[1:])
    assert shown.id in numbers(found)
    assert all(each.settled_unseen for each in found)
    assert started_again(box, ledger, task) == []


def test_work_that_is_handed_in_anew_comes_again(box: Sandbox, ledger: Path) -> None:
    side = box.market(EtxtSandbox)
    with Hub(box.accounts, clock=box.clock, ledger=ledger) as hub:
        market = hub["etxt"]
        own = EtxtOptions(id_category=1, size=2000)
        draft = TaskDraft(title="T", instructions="I", reward=Money("100", "RUB"), slots=1, options=[own])
        task = market.publish(draft)
        remark = side.apply(task.id, next(iter(side.world.people.ids)))
        _ = side.accept(remark.application)
        _ = side.hand_in(task.id, "First.", {})
        (first,) = market.watch([task], rounds=1, resume=LABELS)
        _ = market.request_redo(first, "Once more.")
        _ = box.advance(hours=1)
        _ = side.hand_in(task.id, "Second.", {})
    with Hub(box.accounts, clock=box.clock, ledger=ledger) as hub:
        (second,) = hub["etxt"].watch([task], rounds=1, resume=LABELS)
        assert (second.id, second.submitted_at) != (first.id, first.submitted_at)
        assert list(hub["etxt"].watch([task], rounds=1, resume=LABELS)) == []


def test_each_name_and_each_status_is_a_stream_of_its_own(
    box: Sandbox, side: RapidWorkersSandbox, ledger: Path, task: Task
) -> None:
    _ = side.hand_in(task.id, 2)
    with Hub(box.accounts, clock=box.clock, ledger=ledger) as hub:
        market = hub[NAME]
        for _ in range(2):
            assert len(list(market.watch([task], rounds=1))) == 2
        for name, status in (("a", "pending"), ("b", "pending"), ("a", None)):
            assert len(list(market.watch([task], rounds=1, resume=name, status=status))) == 2
            assert list(market.watch([task], rounds=1, resume=name, status=status)) == []


def test_a_first_list_that_breaks_off_is_not_noted(
    box: Sandbox, side: RapidWorkersSandbox, ledger: Path, task: Task
) -> None:
    """Nothing of it was handed out: what is settled until the next look is not taken for settled before."""
    _ = side.hand_in(task.id, 3)
    with Hub(box.accounts, clock=box.clock, ledger=ledger, max_wait=5) as hub:
        side.faults.add(Fault.status(503, "before"), path=LIST, times=None)
        watch = hub[NAME].watch([task], interval=30, rounds=3, patience=0, resume=LABELS)
        with pytest.raises(ProviderUnavailable):
            next(watch)
        side.faults.clear()
        assert len(list(watch)) == 3
    assert started_again(box, ledger, task) == []


def test_a_renamed_account_keeps_its_place(box: Sandbox, side: RapidWorkersSandbox, ledger: Path, task: Task) -> None:
    _ = side.hand_in(task.id, 2)
    assert len(started_again(box, ledger, task)) == 2
    renamed = {"main": {**box.accounts[NAME], "provider": NAME}}
    with Hub(renamed, clock=box.clock, ledger=ledger) as hub:
        assert list(hub["main"].watch([task.id], rounds=1, resume=LABELS)) == []


def test_what_cannot_be_noted_is_handed_out_and_noted_with_the_next(
    box: Sandbox, side: RapidWorkersSandbox, ledger: Path, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    _ = side.hand_in(task.id, 3)
    real, failures = Bookmarks.handed_out, [LedgerError("The disk is full.")]

    def handed_out(self: Bookmarks, works: dict[str, list[tuple[str, str]]]) -> None:
        if failures:
            raise failures.pop()
        real(self, works)

    monkeypatch.setattr(Bookmarks, "handed_out", handed_out)
    with Hub(box.accounts, clock=box.clock, ledger=ledger) as hub:
        watch = hub[NAME].watch([task], rounds=1, resume=LABELS)
        assert len(list(watch)) == 3
        (problem,) = watch.problems
        assert "disk is full" in problem.error.message
    assert started_again(box, ledger, task) == []


def test_async_and_over_several_accounts(box: Sandbox, side: RapidWorkersSandbox, ledger: Path, task: Task) -> None:
    _ = side.hand_in(task.id, 2)

    async def run() -> list[str]:
        async with AsyncHub(box.accounts, clock=box.clock, ledger=ledger) as hub:
            return [each.id async for each in hub.watch([task], rounds=1, resume=LABELS)]

    assert len(anyio.run(run)) == 2
    assert anyio.run(run) == []
    assert started_again(box, ledger, task) == []  # one name, however it is asked for


@pytest.mark.parametrize(
    ("resume", "ledger_at", "words"),
    [("", "file", "1 to 200"), ("a\nb", "file", "1 to 200"), (3, "file", "resume"), ("a", None, "needs a ledger")],
)
def test_a_name_that_cannot_be_kept_is_refused_before_any_request(
    box: Sandbox, tmp_path: Path, resume: str, ledger_at: str | None, words: str
) -> None:
    place = None if ledger_at is None else tmp_path / ledger_at
    with Hub(box.accounts, clock=box.clock, ledger=place) as hub:
        with pytest.raises(InvalidRequest, match=words):
            _ = hub[NAME].watch(["1"], resume=resume)
        assert hub[NAME].requests == 0


def test_compaction_forgets_what_is_long_over(
    box: Sandbox, side: RapidWorkersSandbox, ledger: Path, task: Task
) -> None:
    _ = side.hand_in(task.id, 2)
    assert len(started_again(box, ledger, task)) == 2
    with Ledger.open(ledger, clock=box.clock) as opened:
        _ = opened.report.compact(box.clock.now() - timedelta(days=1))
    assert started_again(box, ledger, task) == []
    with Ledger.open(ledger, clock=box.clock) as opened:
        _ = opened.report.compact(datetime(2100, 1, 1, tzinfo=UTC))
    assert len(started_again(box, ledger, task)) == 2


def etxt_order(hub: Hub) -> Task:
    own = EtxtOptions(id_category=1, size=2000)
    return hub["etxt"].publish(
        TaskDraft(title="T", instructions="I", reward=Money("100", "RUB"), slots=1, options=[own])
    )


def handed_in(side: EtxtSandbox, task: Task) -> None:
    """Anew, where somebody works on it already."""
    if not side.results(task.id):
        remark = side.apply(task.id, next(iter(side.world.people.ids)))
        _ = side.accept(remark.application)
    _ = side.hand_in(task.id, "A text.", {})


@pytest.mark.parametrize("approved", [False, True])
def test_work_that_is_handed_in_anew_within_one_interval_is_handed_out(
    box: Sandbox, ledger: Path, approved: bool
) -> None:
    """The counters are the same as before."""
    side = box.market(EtxtSandbox)
    with Hub(box.accounts, clock=box.clock, ledger=ledger) as hub:
        market = hub["etxt"]
        task = etxt_order(hub)
        handed_in(side, task)
        watch = market.watch([task], interval=10, rounds=4)
        first = next(watch)
        _ = market.request_redo(first, "Once more.")
        _ = box.advance(seconds=5)
        handed_in(side, task)
        if approved:
            (work,) = market.submissions(task)
            _ = market.approve(work)
        (second,) = list(watch)
        assert (second.id, second.settled_unseen) == (first.id, approved)
        assert second.submitted_at != first.submitted_at


def test_what_was_sent_back_and_settled_while_nobody_looked(box: Sandbox, ledger: Path) -> None:
    side = box.market(EtxtSandbox)
    with Hub(box.accounts, clock=box.clock, ledger=ledger) as hub:
        market = hub["etxt"]
        task = etxt_order(hub)
        handed_in(side, task)
        (first,) = market.watch([task], rounds=1, resume=LABELS)
        _ = market.request_redo(first, "Once more.")
        _ = box.advance(hours=1)
        handed_in(side, task)
        (work,) = market.submissions(task)
        _ = market.approve(work)
    with Hub(box.accounts, clock=box.clock, ledger=ledger) as hub:
        (second,) = hub["etxt"].watch([task], rounds=1, resume=LABELS)
        assert second.settled_unseen
        assert list(hub["etxt"].watch([task], rounds=1, resume=LABELS)) == []


@pytest.fixture
def other(box: Sandbox, ledger: Path) -> Task:
    with Hub(box.accounts, clock=box.clock, ledger=ledger) as hub:
        return hub[NAME].publish(DRAFT.copy_with(title="U"))


def test_a_task_that_is_dropped_and_added_goes_on_from_where_it_was(
    box: Sandbox, side: RapidWorkersSandbox, ledger: Path, task: Task, other: Task
) -> None:
    for each in (task, other):
        _ = side.hand_in(each.id, 2)
    with Hub(box.accounts, clock=box.clock, ledger=ledger) as hub:
        assert len(list(hub[NAME].watch([task, other], rounds=1, resume=LABELS))) == 4
    (late,) = side.hand_in(other.id)
    with Hub(box.accounts, clock=box.clock, ledger=ledger) as hub:
        watch = hub[NAME].watch([task, other], interval=30, rounds=3, resume=LABELS)
        assert next(watch).id == str(late)
        watch.drop(task)
        watch.add(task)
        assert list(watch) == []


@pytest.fixture
def order(box: Sandbox, ledger: Path) -> Task:
    """An order on the other market, with work."""
    with Hub(box.accounts, clock=box.clock, ledger=ledger) as hub:
        made = etxt_order(hub)
    handed_in(box.market(EtxtSandbox), made)
    return made


@contextmanager
def while_it_is_asked(side: RapidWorkersSandbox, watch: Watch) -> Generator[None]:
    """What is done while one market's answers hang, after the other's work was handed out; then nothing more comes."""
    side.faults.add(Fault.hang("before"))
    assert next(watch).account == "etxt"
    side.faults.wait_held()
    yield
    _ = side.faults.release()
    assert list(watch) == []


def test_a_task_that_is_added_while_another_market_is_asked(
    box: Sandbox, side: RapidWorkersSandbox, ledger: Path, task: Task, other: Task, order: Task
) -> None:
    _ = side.hand_in(other.id, 2)
    assert len(started_again(box, ledger, other)) == 2
    with Hub(box.accounts, clock=box.clock, ledger=ledger) as hub:
        watch = hub.watch([order, task], interval=30, rounds=3, resume=LABELS)
        with while_it_is_asked(side, watch):
            watch.add(other)


def test_a_task_that_is_dropped_while_its_market_is_asked(
    box: Sandbox, side: RapidWorkersSandbox, ledger: Path, task: Task, order: Task
) -> None:
    with Hub(box.accounts, clock=box.clock, ledger=ledger) as hub:
        gone = task.copy_with(id="00000000-0000-4000-8000-000000000000")
        watch = hub.watch([order, gone], interval=30, rounds=2)
        with while_it_is_asked(side, watch):
            watch.drop(gone)


def test_all_tasks_of_a_market_are_begun_before_anything_is_handed_out(
    box: Sandbox, side: RapidWorkersSandbox, ledger: Path, task: Task, other: Task
) -> None:
    """The program stops at its very first work; what the other task had is settled meanwhile."""
    for each in (task, other):
        _ = side.hand_in(each.id, 2)
    with Hub(box.accounts, clock=box.clock, ledger=ledger) as hub:
        first = next(hub[NAME].watch([task, other], rounds=1, resume=LABELS))
    rest = other if first.task_id == task.id else task
    job = side.job(rest.id)
    for row in job.submissions.values():
        side.marketplace.approve(job, row, None)
    with Hub(box.accounts, clock=box.clock, ledger=ledger) as hub:
        found = list(hub[NAME].watch([task, other], rounds=1, resume=LABELS))
    assert len(found) == 4
    assert [each.settled_unseen for each in found if each.task_id == rest.id] == [True, True]


def test_only_a_task_can_be_added_to_the_watch_of_a_hub(box: Sandbox, ledger: Path, task: Task) -> None:
    with Hub(box.accounts, clock=box.clock, ledger=ledger) as hub:
        watch = hub.watch([task])
        for wrong in (3, None, "1"):
            with pytest.raises(InvalidRequest, match="task"):
                watch.add(wrong)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
