"""Whatever happens in whatever order: the books agree, what is held is what can still be earned, slots add up."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from crowdhub.sandbox import SandboxError
from crowdhub_mturk.sandbox import Assignment, Hit, MTurkSandbox
from crowdhub_mturk.sandbox.questions import read_question
from crowdhub_mturk.sandbox.refusal import Refusal
from crowdhub_mturk.sandbox.state import IN_HANDS, HitType
from tests.mturk.signed import FORM

DAY = timedelta(days=1)
Step = Callable[[MTurkSandbox, int], object]


def terms(number: int) -> HitType:
    reward = Decimal(number % 4) / 4
    return HitType("Say something", "A word.", None, reward, 600, (number % 3) * 86_400, ())


def publish(box: MTurkSandbox, number: int) -> None:
    box.turk.publish(terms(number), FORM, read_question(FORM), number % 12 + 1, DAY, None, {}, box.now())


def hit(box: MTurkSandbox, number: int) -> Hit:
    hits = box.hits()
    if not hits:
        raise SandboxError("there is none yet")
    return hits[number % len(hits)]


def work(box: MTurkSandbox, number: int) -> Assignment:
    known = list(box.turk.assignments.values())
    if not known:
        raise SandboxError("there is none yet")
    return box.turk.assignment(known[number % len(known)].id)


def taken(box: MTurkSandbox, number: int) -> str:
    known = [each.id for each in box.turk.assignments.values() if each.status == IN_HANDS]
    if not known:
        raise SandboxError("there is none yet")
    return known[number % len(known)]


def change_type(box: MTurkSandbox, number: int) -> None:
    box.turk.change_type(hit(box, number), box.turk.type_id(terms(number + 1)))


STEPS: list[Step] = [
    publish,
    lambda box, number: box.accept(hit(box, number).id),
    lambda box, number: box.hand_in(hit(box, number).id, number % 3 + 1),
    lambda box, number: box.submit(taken(box, number)),
    lambda box, number: box.give_back(taken(box, number)),
    lambda box, number: box.turk.approve(work(box, number), None, box.now(), override=number % 2 == 0),
    lambda box, number: box.turk.reject(work(box, number), "No.", box.now()),
    lambda box, number: box.turk.send_bonus(work(box, number), Decimal(number) / 100, "Yes.", box.now()),
    lambda box, number: box.turk.extend(hit(box, number), number % 5 + 1, box.now()),
    lambda box, number: box.turk.set_expiration(hit(box, number), box.now() + DAY * (number % 3 - 1), box.now()),
    lambda box, number: box.turk.delete(hit(box, number), box.now()),
    change_type,
    lambda box, number: box.clock.advance(hours=number),
    lambda box, number: box.clock.advance(days=number),
]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 100)), min_size=20, max_size=40))
def test_the_books_agree_in_any_order(steps: list[tuple[Step, int]]) -> None:
    box = MTurkSandbox(balance="60.00", every=0)
    for step, number in [(publish, 2), (publish, 11), *steps]:
        with suppress(Refusal, SandboxError):
            step(box, number)
        box.tick()
        books = box.books()
        assert books.agree(), books.problems()
        assert box.turk.till.on_hold == sum(map(can_be_earned, box.hits()))
        for each in box.hits():
            assert each.available >= 0
            assert each.held == (0 if each.ended else each.available)


def can_be_earned(hit: Hit) -> Decimal:
    """The price of what is free, in hands and not reviewed."""
    return hit.price.total * (hit.held + hit.in_hands) + sum(
        each.price.total for each in hit.work if each.status == "Submitted"
    )
