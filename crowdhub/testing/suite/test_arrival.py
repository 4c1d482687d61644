"""What is asked for arrives at the marketplace, what workers hand in at the application, its words at the workers."""

from __future__ import annotations

from pathlib import Path

import pytest

from crowdhub.model import Capability, SubmissionStatus, Task, Verdict
from crowdhub.testing.bench import Bench
from crowdhub.testing.drafts import changed_drafts, wanted
from crowdhub.testing.exercises import settled
from crowdhub.testing.exercises.work import was_told
from crowdhub.testing.subject import Subject

DECIDES = {
    Verdict.APPROVE: Capability.APPROVE,
    Verdict.REJECT: Capability.REJECT,
    Verdict.REDO: Capability.REQUEST_REDO,
}


@pytest.mark.crowdhub_needs(Capability.PUBLISH)
def test_each_field_of_a_draft(bench: Bench, subject: Subject) -> None:
    """A field that a provider has a place for is at the marketplace as it was asked for, in a draft and changed: none
    is taken and silently left out, or becomes something else."""
    for name, draft in changed_drafts(bench):
        asked = wanted(bench, draft, name)
        task = bench.market.publish(draft)
        there = subject.published(bench.sandbox, task.id)
        assert there is not None, f"task {task.id} was published, and `Subject.published` says it is not on the market"
        for field in sorted(bench.provider.declares.draft_fields):
            assert field in there, f"`Subject.published` does not tell {field!r}, which the provider has a place for"
        assert subject.arrived(name, asked, there[name]), (
            f"{name} = {asked!r} was asked for, the marketplace has {there[name]!r}"
        )


@pytest.mark.crowdhub_needs(Capability.SUBMISSIONS)
def test_what_a_worker_hands_in(bench: Bench, subject: Subject, tmp_path: Path) -> None:
    """Texts, files and answers of a submission are what the worker handed in."""
    works = bench.pending(min(2, subject.most_slots or 2))
    for work in works:
        there = subject.handed_in(bench.sandbox, work)
        assert work.text == there.text, f"{there.text!r} was handed in, the submission's text is {work.text!r}"
        assert there.answers is None or work.answers == there.answers, (
            f"{there.answers!r} was handed in, the submission's answers are {work.answers!r}"
        )
        if there.files is None:
            continue
        assert len(work.files) == len(there.files), (
            f"{len(there.files)} files were handed in, the submission has {len(work.files)}"
        )
        paths = bench.market.download(work, tmp_path / work.id)
        assert [path.read_bytes() for path in paths] == list(there.files), "a file is not what was handed in"


@pytest.mark.parametrize("verdict", DECIDES, ids=str)
def test_the_words_of_a_decision(bench: Bench, subject: Subject, verdict: Verdict) -> None:
    """What the application says with a decision is what the worker is told."""
    if not bench.has(DECIDES[verdict]):
        pytest.skip(f"{bench.name} has no {DECIDES[verdict]}, which test_absent checks")
    if verdict in subject.untold:
        pytest.skip(f"{bench.name}: {subject.untold[verdict]}")
    (work,) = bench.pending()
    decision = subject.decision(work, verdict)
    result = settled(bench, decision)
    was_told(bench, decision)
    words, said = decision.comment or "", result.feedback
    assert said is None or words in said, f"{words!r} was said, the result's `feedback` is {said!r}"


@pytest.mark.crowdhub_needs(Capability.TASK, Capability.SUBMISSIONS)
def test_counters(bench: Bench, subject: Subject) -> None:
    """The counters of a task, wherever it is read, agree with what was handed in and decided."""
    slots = min(4, subject.most_slots or 4)
    task = bench.publish(slots)
    _counted(bench, task, slots, pending=0, approved=0, rejected=0)
    count = min(3, slots)
    subject.hand_in(bench.sandbox, task.id, count)
    works = bench.of(task)
    waiting = sum(each.status is SubmissionStatus.PENDING for each in works)
    _counted(bench, task, slots, pending=waiting, approved=count - waiting, rejected=0)
    if not bench.has(Capability.APPROVE):
        return
    _ = settled(bench, subject.decision(works[0], Verdict.APPROVE))
    _counted(bench, task, slots, pending=count - 1, approved=1, rejected=0)
    if count > 1 and bench.has(Capability.REJECT) and subject.rejection_is_final:
        _ = settled(bench, subject.decision(works[1], Verdict.REJECT))
        _counted(bench, task, slots, pending=count - 2, approved=1, rejected=1)


def _counted(bench: Bench, task: Task, slots: int, **wanted: int) -> None:
    told = [bench.market.task(task)]
    if bench.has(Capability.TASKS):
        told += [each for each in bench.market.tasks() if each.id == task.id]
    free = slots - wanted["pending"] - wanted["approved"]
    for now in told:
        for name, count in wanted.items():
            found: int | None = getattr(now, name)
            assert found in (None, count), f"there are {count} {name}, the task tells {found} (of {wanted})"
        assert now.slots in (None, slots), f"the task has {slots} slots and tells {now.slots}"
        # A rejected submission's place opens again on some marketplaces, and not on others.
        assert now.remaining in (None, free, free - wanted["rejected"]), (
            f"{wanted} of {slots} places, but the task tells {now.remaining} remaining"
        )
