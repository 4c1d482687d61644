"""Whatever is asked within the types: an answer or a refusal, never a defect."""

from __future__ import annotations

import json
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crowdhub.sandbox.values import parsed
from crowdhub_mturk.sandbox import MTurkSandbox
from crowdhub_mturk.sandbox.catalogue import OPERATIONS
from crowdhub_mturk.sandbox.kinds import Dollars, Flag, Kind, Many, Moment, Record, Text, Whole
from crowdhub_mturk.sandbox.members import Members
from crowdhub_mturk.sandbox.operations.call import Call
from crowdhub_mturk.sandbox.refusal import FrontDoorRefusal, Refusal
from crowdhub_mturk.sandbox.wire import MTurkWire
from tests.mturk.signed import FORM, HIT

KNOWN = "3KNOWN"


def valid(kind: Kind, name: str) -> st.SearchStrategy[object]:
    """Values of this kind."""
    match kind:
        case Record():
            return some_members(kind)
        case Many():
            return st.lists(valid(kind.of, name), max_size=3)
        case Text():
            return text(kind, name)
        case Whole():
            return whole(kind, name)
        case Dollars():
            return st.sampled_from(["0.50", "1", "0.", "9" * 40])
        case Moment():
            return st.floats(allow_nan=False) | st.integers()
        case Flag():
            return st.booleans()
        case _:
            raise AssertionError(kind)


def some_members(kind: Record) -> st.SearchStrategy[object]:
    """What is needed and little more: some members exclude others, and most values are outside of some limit."""
    needed = [*kind.required, *(["Question"] if "Question" in kind.members else [])]
    others = [each for each in kind.members if each not in needed]
    more = st.lists(st.sampled_from(others), max_size=2, unique=True) if others else st.just(list[str]())

    def made(chosen: list[str]) -> st.SearchStrategy[object]:
        return st.fixed_dictionaries({each: valid(kind.members[each], each) for each in (*needed, *chosen)})

    return more.flatmap(made)


def text(kind: Text, name: str) -> st.SearchStrategy[object]:
    """A text; an id is one that there is."""
    if kind.one_of:
        return st.sampled_from(kind.one_of)
    if name in ("Question", "Test"):
        return st.just(FORM)
    if name.endswith(("Id", "Ids")):
        return st.just("AKNOWN" if name.startswith("Worker") else f"{KNOWN}{name}".upper())
    usual = st.just("Words") | st.just("More words")
    return usual | st.text(min_size=kind.least, max_size=kind.most or 99)


def whole(kind: Whole, name: str) -> st.SearchStrategy[object]:
    """A whole number, seconds such that most operations take them."""
    bound = 2 ** (kind.bits - 1) - 1
    least, most = -bound if kind.least is None else kind.least, bound if kind.most is None else kind.most
    usual = st.just(60) if name.endswith("Seconds") else st.integers(max(least, 1), min(most, 9))
    return usual | st.integers(least, most)


def box_with_one_of_each() -> MTurkSandbox:
    """A sandbox in which the known ids are of something."""
    box = MTurkSandbox(every=0)
    wire = box.app()
    assert isinstance(wire, MTurkWire)
    wire._handlers["CreateHIT"](Call(Members(OPERATIONS["CreateHIT"].read(HIT, "")), box.now(), ""))
    hit = box.hits()[0]
    (work,) = box.hand_in(hit.id, worker="AKNOWN")
    box.turk.hits[KNOWN + "HITID"] = hit
    box.turk.types[KNOWN + "HITTYPEID"] = hit.type
    box.turk.assignments[KNOWN + "ASSIGNMENTID"] = box.assignment(work)
    kind = box.qualifications.create("Known", "Known.", box.now())
    box.qualifications.types[KNOWN + "QUALIFICATIONTYPEID"] = kind
    return box


@pytest.mark.parametrize("name", sorted(OPERATIONS))
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_request(name: str, data: st.DataObject) -> None:
    box = box_with_one_of_each()
    wire = box.app()
    assert isinstance(wire, MTurkWire)
    body = json.dumps(data.draw(valid(OPERATIONS[name], "")))
    with suppress(Refusal, FrontDoorRefusal):
        given = Members(OPERATIONS[name].read(parsed(body, number=Decimal), ""))
        told = wire._handlers[name](Call(given, box.now(), "http://127.0.0.1"))
        json.dumps(told)
    box.clock.advance(days=200)
    box.tick()
    assert box.books().agree()
