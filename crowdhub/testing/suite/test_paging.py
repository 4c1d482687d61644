"""Listings of every length come whole: three pages, exact multiples, a short last page, nothing at all."""

from __future__ import annotations

from typing import TypeVar

import pytest

from crowdhub.model import Capability, Submission, SubmissionStatus, Task, TaskStatus, Verdict
from crowdhub.protocol import Operation, Page
from crowdhub.testing.bench import Bench
from crowdhub.testing.exercises import settled
from crowdhub.testing.subject import Subject
from crowdhub.testing.suite.conftest import NewBench

T = TypeVar("T", Task, Submission)

LENGTHS = ("none", "one", "a short page", "a full page", "two full pages", "three pages")
SMALL = 100  # rows: above that a listing is too long to be made one request at a time


def length_of(name: str, rows: int | None) -> int:
    """How many items that is; where all come in one answer there are no pages, and any number will do."""
    many = rows or 3
    counts: dict[str, int] = dict(zip(LENGTHS, (0, 1, max(many - 1, 1), many, 2 * many, 2 * many + 1), strict=True))
    return counts[name]


def pages_of(bench: Bench, listing: Operation[Page[T]]) -> list[list[str]]:
    """The ids of each page, as the provider hands them out."""
    pages: list[list[str]] = []
    page = bench.market.run(listing)
    while True:
        pages.append([each.id for each in page.items])
        assert not page.unreadable, f"records that the provider's own sandbox sends are unreadable: {page.unreadable}"
        assert page.total is None or page.total >= len(page.items)
        assert page.records >= len(page.items), f"{len(page.items)} items out of {page.records} records (`Page.read`)"
        if page.more is None:
            return pages
        assert len(pages) < 100, "the listing does not end"
        page = bench.market.run(listing.then(page.more))


def check(pages: list[list[str]], expected: int, rows: int | None) -> None:
    ids = [each for page in pages for each in page]
    assert len(ids) == len(set(ids)), "an item comes twice in a listing that stood still"
    assert len(ids) == expected, f"{len(ids)} of {expected} items came"
    fewest = -(-expected // rows) if rows else 1
    assert len(pages) <= fewest + 1, f"{len(pages)} requests for what fits into {fewest} pages"


@pytest.mark.crowdhub_needs(Capability.SUBMISSIONS)
@pytest.mark.parametrize("length", LENGTHS)
def test_submissions(bench: Bench, subject: Subject, length: str) -> None:
    rows = subject.page_rows
    count = length_of(length, rows)
    if subject.most_slots is not None:
        count = min(count, subject.most_slots)
    task = bench.publish(max(count, 1))
    if count:
        subject.hand_in(bench.sandbox, task.id, count)
    check(pages_of(bench, bench.provider.submissions(task.id)), count, rows)
    assert len(bench.of(task)) == count


@pytest.mark.crowdhub_needs(Capability.TASKS)
@pytest.mark.parametrize("length", LENGTHS)
def test_tasks(new_bench: NewBench, subject: Subject, length: str) -> None:
    bench = new_bench(**subject.tasks_options)
    rows = subject.tasks_rows
    if rows is not None and rows > SMALL and length not in ("none", "one"):
        pytest.skip(f"{rows} tasks a page are too many to publish one by one: give `tasks_options` a smaller page")
    count = length_of(length, rows)
    made = {bench.publish().id for _ in range(count)}
    check(pages_of(bench, bench.provider.tasks()), count, rows)
    assert {each.id for each in bench.market.tasks()} == made


@pytest.mark.crowdhub_needs(Capability.SUBMISSIONS, Capability.APPROVE)
def test_submissions_by_status(bench: Bench) -> None:
    """A status asks for the submissions in that status, all of them and no others."""
    waiting = bench.pending(3)
    _ = settled(bench, bench.subject.decision(waiting[0], Verdict.APPROVE))
    if bench.has(Capability.REJECT):
        _ = settled(bench, bench.subject.decision(waiting[1], Verdict.REJECT))
    for task_id in {each.task_id for each in waiting}:
        everything = bench.of(task_id)
        for status in SubmissionStatus:
            if status is SubmissionStatus.UNKNOWN:
                continue
            expected = {each.id for each in everything if each.status is status}
            found = {each.id for each in bench.market.submissions(task_id, status=status)}
            assert found == expected, f"asked for what is {status}: {sorted(found)} came, {sorted(expected)} are"


@pytest.mark.crowdhub_needs(Capability.TASKS)
def test_tasks_by_status(bench: Bench, subject: Subject) -> None:
    """A status asks for the tasks in that status, all of them and no others."""
    made = [bench.publish() for _ in range(3)]
    if bench.has(Capability.SUBMISSIONS):
        subject.hand_in(bench.sandbox, made[0].id, 1)
    if bench.has(Capability.CANCEL):
        _ = bench.market.cancel(made[1])
    everything = list(bench.market.tasks())
    for status in TaskStatus:
        if status is not TaskStatus.UNKNOWN:
            expected = {each.id for each in everything if each.status is status}
            found = {each.id for each in bench.market.tasks(status=status)}
            assert found == expected, f"asked for what is {status}: {sorted(found)} came, {sorted(expected)} are"


@pytest.mark.crowdhub_needs(Capability.SUBMISSIONS, Capability.APPROVE)
def test_reviewing_as_one_reads(bench: Bench, subject: Subject) -> None:
    """A listing of pending work moves up under its reader who approves it; nobody is lost, nobody comes twice."""
    rows = subject.page_rows
    if rows is not None and rows > SMALL:
        pytest.skip(f"approving {2 * rows + 1} submissions one by one is too slow here")
    count = min(2 * (rows or 3) + 1, subject.most_slots or 1000)
    task = bench.publish(count)
    subject.hand_in(bench.sandbox, task.id, count)
    since = bench.since()
    for each in bench.market.submissions(task, status="pending"):
        assert not bench.market.approve(each).replayed
    assert len(since.moved().payouts) == count
