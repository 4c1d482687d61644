# pyright: basic
"""Answers that are not what was documented: new members and words break nothing, and nonsense is one clear error."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from pydantic import BaseModel

from crowdhub.errors import CrowdhubError, UnreadableResponse
from crowdhub.model import BatchReport, Capability, SubmissionStatus, TaskStatus
from crowdhub.model.base import Answer
from crowdhub.protocol import Page
from crowdhub.sandbox import Fault
from crowdhub.testing import walk
from crowdhub.testing.bench import Bench
from crowdhub.testing.operations import OPERATIONS
from crowdhub.testing.subject import Subject
from crowdhub.testing.suite.test_errors import spoil
from crowdhub.testing.tape import Tape, altered, data_of, fresh, places, replaced, replay, with_body, with_data

NEW = "zzNewMember"
WORD = "a-brand-new-word"
WRONG: tuple[Any, ...] = (None, "", "zz", -1, Decimal("1.5"), 10**30, True, [], {}, [None], {"a": None}, [[]], "é\x00")
MOST = 500  # tampered answers for one operation
BODIES = {
    "nothing": b"",
    "white space": b" \n",
    "HTML": b"<!doctype html><html><body>Please wait</body></html>",
    "text": b"OK",
    "half of an object": b'{"id": 1, "status": "o',
    "null": b"null",
    "a number": b"0",
    "a text": b'"ok"',
    "an empty object": b"{}",
    "an empty list": b"[]",
    "a list of nulls": b"[null, null]",
    "a list of lists": b"[[], []]",
    "no UTF-8": b'{"id": "\xff\xfe"}',
    "NaN": b'{"id": NaN}',
    "a huge number": b'{"id": ' + b"9" * 100_000 + b"}",
    "depth": b"[" * 50_000 + b"]" * 50_000,
    "depth in an object": b'{"id": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
}
TOLD = (Capability.PUBLISH, Capability.TASK, Capability.TASKS, Capability.SUBMISSIONS, Capability.WORKER)
"""What is read from the marketplace's answer alone."""
NO_ANSWER = ("nothing", "white space", "HTML", "text", "half of an object", "depth")


@pytest.fixture
def played(bench: Bench, present: Capability) -> tuple[Callable[[Any], Any], Tape]:
    """What runs the operation's flow again on other answers, and the tape of its good run."""
    flow = OPERATIONS[present](bench).flow
    tape = Tape()
    _ = bench.market.run(tape.record(flow(bench.provider)))

    def again(answers: Any) -> Any:
        provider = fresh(bench.provider)
        return replay(provider, flow(provider), answers, tape.errors)

    return again, tape


def test_new_members(played: Any, present: Capability) -> None:
    """A marketplace may add members to its answers: nothing changes, and `raw` keeps them."""
    again, tape = played
    grown = [
        with_data(each, altered(data_of(each), lambda given: {**given, NEW: {"a": [1, None]}})) for each in tape.answers
    ]
    before, after = again(tape.answers), again(grown)
    assert _without_raw(after) == _without_raw(before)
    if present not in TOLD:
        return  # a submission that was settled may keep the answer that it was listed with
    for where, value in walk.values(after.items if isinstance(after, Page) else after):
        if isinstance(value, Answer) and value.raw:
            assert NEW in str(value.raw), f"{where}.raw has lost a member of the marketplace's answer"


def _without_raw(thing: Any) -> Any:
    if isinstance(thing, Page):
        return [_without_raw(each) for each in thing.items], thing.more is None, thing.total
    if isinstance(thing, BaseModel):
        # `answers`, too, is told as the marketplace tells it.
        names = [name for name in type(thing).model_fields if name not in ("raw", "answers")]
        return {name: _without_raw(getattr(thing, name)) for name in names}
    if isinstance(thing, (list, tuple)):
        return [_without_raw(each) for each in thing]
    return thing


@pytest.mark.parametrize("capability", [Capability.TASK, Capability.TASKS, Capability.SUBMISSIONS], ids=str)
def test_new_statuses(bench: Bench, subject: Subject, capability: Capability) -> None:
    """A status that nobody knew before is UNKNOWN: no record is lost, and none is taken for settled."""
    if not subject.status_words:
        pytest.skip(f"{subject.provider} has no status word to be tried (`status_words` is empty)")
    if not bench.has(capability):
        pytest.skip(f"{subject.provider} has no {capability}, which test_absent checks")
    flow = OPERATIONS[capability](bench).flow
    tape = Tape()
    before = bench.market.run(tape.record(flow(bench.provider)))
    words = tuple(word.lower() for word in subject.status_words)
    changed = 0

    def rename(given: dict[str, Any]) -> dict[str, Any]:
        nonlocal changed
        found = [name for name in given if name.lower().endswith(words) and isinstance(given[name], str)]
        changed += len(found)
        return {**given, **dict.fromkeys(found, WORD)}

    strange = [with_data(each, altered(data_of(each), rename)) for each in tape.answers]
    assert changed, "no status was found in the answers: name its members in `status_words`"
    provider = fresh(bench.provider)
    after = replay(provider, flow(provider), strange)
    items, expected = (after.items, len(before.items)) if isinstance(after, Page) else ([after], 1)
    assert len(items) == expected, "a record with a new status was lost"
    unknown = (TaskStatus.UNKNOWN, SubmissionStatus.UNKNOWN)
    assert all(each.status in unknown for each in items), f"{WORD!r} was taken for {[str(e.status) for e in items]}"


def test_wrong_types(bench: Bench, played: Any) -> None:
    """Any member may be missing or of another type: there is a result that keeps the rules, or one of our errors."""
    again, tape = played
    cases = [
        (number, path, wrong)
        for number, answer in enumerate(tape.answers)
        for path in places(data_of(answer))
        for wrong in WRONG
    ]
    step = max(1, len(cases) // MOST)
    for number, path, wrong in itertools.islice(cases, 0, None, step):
        data = replaced(data_of(tape.answers[number]), path, wrong)
        answers = [*tape.answers[:number], with_data(tape.answers[number], data), *tape.answers[number + 1 :]]
        try:
            result, error = ours(partial(again, answers))
        except AssertionError as defect:
            raise AssertionError(f"{path} = {wrong!r} {defect}") from defect
        if error is not None:
            continue
        items = result.items if isinstance(result, Page) else result
        rules = walk.faults(items, {**bench.provider.identity}, bench.provider.currency)
        rules = [each for each in rules if "has no id" not in each]  # an empty id is refused where it is used
        assert not rules, f"{path} = {wrong!r}: {rules}"


@pytest.mark.parametrize("body", BODIES)
def test_garbage(played: Any, body: str) -> None:
    """A whole answer that is nonsense: one of our errors, and never a result where there was no answer at all."""
    again, tape = played
    for number, answer in enumerate(tape.answers):
        garbage = [*tape.answers[:number], with_body(answer, BODIES[body])]
        result, error = ours(partial(again, garbage))
        nothing = isinstance(result, BatchReport) and not result.outcomes  # all handed back
        assert error is not None or nothing or body not in NO_ANSWER, f"read as {result!r}"
        assert error is None or len(str(error)) < 5_000, "the error repeats the whole answer"


def ours(operation: Callable[[], Any]) -> tuple[Any, CrowdhubError | None]:
    """The result, or one of our errors; any other error is a defect of the provider."""
    try:
        return operation(), None
    except CrowdhubError as error:
        return None, error
    except Exception as error:
        raise AssertionError(f"raised {type(error).__name__}: {error}") from error


@pytest.mark.parametrize("how", ["HTML", "truncated", "empty"])
def test_garbage_over_the_network(bench: Bench, world: str, how: str) -> None:
    faults = {"HTML": Fault.html(), "truncated": Fault.truncate(), "empty": Fault.status(200, "after", body=b"")}
    reads = Capability.BALANCE if bench.has(Capability.BALANCE) else Capability.TASK
    operation = OPERATIONS[reads](bench)
    spoil(bench, operation, faults[how], None)
    with pytest.raises(CrowdhubError) as caught:
        bench.do(world, operation.market)
    if how != "truncated":
        assert isinstance(caught.value, UnreadableResponse), repr(caught.value)
    bench.sandbox.faults.clear()
    spoil(bench, operation, faults[how], 1)  # once only: reading again helps
    operation.check(bench.do(world, operation.market))
