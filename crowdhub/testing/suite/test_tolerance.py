"""Answers that are not what was documented: new members and words break nothing, and nonsense is one clear error."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import cast

import pytest

from crowdhub.errors import CrowdhubError, UnreadableResponse
from crowdhub.model import BatchReport, Capability, SubmissionStatus, TaskStatus
from crowdhub.model.base import Answer
from crowdhub.protocol import Page, Response
from crowdhub.sandbox import Fault
from crowdhub.testing import walk
from crowdhub.testing.bench import Bench
from crowdhub.testing.exercises import reading
from crowdhub.testing.subject import Subject
from crowdhub.testing.suite.test_errors import spoil
from crowdhub.testing.tape import Json, Played, altered, data_of, places, replaced, with_body, with_data

NEW = "zzNewMember"
WORD = "a-brand-new-word"
WRONG: tuple[Json, ...] = (None, "", "zz", -1, Decimal("1.5"), 10**30, True, [], {}, [None], {"a": None}, [[]], "é\x00")
MOST = 400  # tampered answers for one operation
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
NO_ANSWER = ("HTML", "text")
BROKEN = ("half of an object", "depth")
"""Not looked at where the marketplace answers without a body."""
NOTHING = ("nothing", "white space")
"""An answer all the same, where it only says that something was done."""


def test_new_members(played: Played, present: Capability) -> None:
    """A marketplace may add members to its answers: nothing changes, and `raw` keeps them."""
    grown = [_changed(each, lambda given: {**given, NEW: {"a": [1, None]}}) for each in played.tape.answers]
    before, after = played.again(played.tape.answers), played.again(grown)
    assert walk.shown(after) == walk.shown(before), f"a new member {NEW!r} in the answers changed the result"
    if present not in TOLD:
        return  # a submission that was settled may keep the answer that it was listed with
    for where, value in walk.values(_items(after)):
        if isinstance(value, Answer) and value.raw:
            assert NEW in str(value.raw), f"{where}.raw has lost a member of the marketplace's answer"


def _changed(answer: Response, change: Callable[[dict[str, Json]], Mapping[str, Json]]) -> Response:
    data = data_of(answer)
    return answer if data is None else with_data(answer, altered(data, change))


def _items(result: object) -> object:
    return list(cast("Page[object]", result).items) if isinstance(result, Page) else result


def test_new_statuses(played_listed: Played, subject: Subject) -> None:
    """A status that nobody knew before is UNKNOWN: no record is lost, and none is taken for settled."""
    if not subject.status_words:
        pytest.skip(f"{subject.provider} has no status word to be tried (`status_words` is empty)")
    words = tuple(word.lower() for word in subject.status_words)
    changed = 0

    def rename(given: dict[str, Json]) -> Mapping[str, Json]:
        nonlocal changed
        found = [
            name for name in given if name.lower().endswith(words) and isinstance(given[name], (str, int, Decimal))
        ]
        changed += len(found)
        return {**given, **dict.fromkeys(found, WORD)}

    strange = [_changed(each, rename) for each in played_listed.tape.answers]
    assert changed, "no status was found in the answers: name its members in `status_words`"
    before, after = (_as_list(_items(each)) for each in (played_listed.result, played_listed.again(strange)))
    assert len(after) == len(before), "a record with a new status was lost"
    unknown = (TaskStatus.UNKNOWN, SubmissionStatus.UNKNOWN)
    told = [str(getattr(each, "status", None)) for each in after]
    assert all(getattr(each, "status", None) in unknown for each in after), f"{WORD!r} was taken for {told}"


def _as_list(thing: object) -> list[object]:
    return cast("list[object]", thing) if isinstance(thing, list) else [thing]


def test_wrong_types(played: Played) -> None:
    """Any member may be missing or of another type: there is a result that keeps the rules, or one of our errors."""
    answers = played.tape.answers
    identity, currency = {**played.provider.identity}, played.provider.currency
    data = [data_of(each) for each in answers]
    cases = [(number, path, wrong) for number, each in enumerate(data) for path in places(each) for wrong in WRONG]
    step = max(1, len(cases) // MOST)
    for number, path, wrong in itertools.islice(cases, 0, None, step):
        tampered = with_data(answers[number], replaced(data[number], path, wrong))
        try:
            result, error = ours(partial(played.again, [*answers[:number], tampered, *answers[number + 1 :]]))
        except AssertionError as defect:
            raise AssertionError(f"{path} = {wrong!r} {defect}") from defect
        if error is not None:
            continue
        rules = walk.faults(_items(result), identity, currency)
        rules = [each for each in rules if "has no id" not in each]  # an empty id is refused where it is used
        assert not rules, f"{path} = {wrong!r}: {rules}"


@pytest.mark.parametrize("body", BODIES)
def test_garbage(played: Played, body: str) -> None:
    """A whole answer that is nonsense: one of our errors, and never a result where there was no answer at all."""
    for number, answer in enumerate(played.tape.answers):
        garbage = [*played.tape.answers[:number], with_body(answer, BODIES[body])]
        result, error = ours(partial(played.again, garbage))
        nothing = isinstance(result, BatchReport) and not result.outcomes  # all handed back
        told = bool(answer.content.strip())  # else the marketplace answers without a body
        refused = body in NO_ANSWER or (told and (body in BROKEN or (body in NOTHING and played.reads)))
        assert error is not None or nothing or not refused, f"{body} in answer {number + 1} was read as {result!r}"
        assert error is None or len(str(error)) < 5_000, "the error repeats the whole answer"


def ours(work: Callable[[], object]) -> tuple[object, CrowdhubError | None]:
    """The result, or one of our errors; any other error is a defect of the provider."""
    try:
        return work(), None
    except CrowdhubError as error:
        return None, error
    except Exception as error:
        raise AssertionError(f"raised {type(error).__name__}: {error}") from error


@pytest.mark.parametrize("how", ["HTML", "truncated", "empty"])
def test_garbage_over_the_network(bench: Bench, world: str, how: str) -> None:
    faults = {"HTML": Fault.html(), "truncated": Fault.truncate(), "empty": Fault.status(200, "after", body=b"")}
    exercise = reading(bench)
    spoil(bench, exercise, faults[how], None)
    with pytest.raises(CrowdhubError) as caught:
        _ = bench.do(world, exercise.ask)
    if how != "truncated":
        assert isinstance(caught.value, UnreadableResponse), repr(caught.value)
    bench.sandbox.faults.clear()
    if how == "empty":
        return  # an answer like any other, as far as the engine can know
    spoil(bench, exercise, faults[how], 1)  # once only: reading again helps
    exercise.check(bench.do(world, exercise.ask))
