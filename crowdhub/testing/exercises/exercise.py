"""One capability as the kit exercises it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from crowdhub.model import Money, TaskDraft
from crowdhub.operations.spending import with_reference
from crowdhub.protocol import AnyProvider, Call, Operation
from crowdhub.testing.bench import Ask, Bench
from crowdhub.testing.moved import Moved
from crowdhub.testing.walk import many, one

T = TypeVar("T")


@dataclass(frozen=True)
class Exercise:
    """The scene is set when it is made. ``ask`` is what an application calls, ``operation`` makes the provider's own,
    ``check`` looks at what the application got and at what the sandbox knows. ``reads``: it must not change anything.
    """

    ask: Ask
    operation: Callable[[AnyProvider], Operation[object]]
    check: Callable[[object], None]
    reads: bool = False


def result_of(kind: type[T], check: Callable[[T], None]) -> Callable[[object], None]:
    """A check of a result that must be of a kind."""
    return lambda result: check(one(result, kind))


def listing_of(kind: type[T], check: Callable[[list[T]], None]) -> Callable[[object], None]:
    """A check of a listing."""
    return lambda result: check(many(result, kind))


def marked(bench: Bench, what: str | None = None) -> TaskDraft:
    """A draft with the reference by which its task is found; always the same for the same ``what``."""
    return with_reference(bench.provider, bench.draft(), what)


def one_paying_call(calls: Iterable[Call]) -> None:
    """Publishing takes money by one call at most."""
    paying = [call.label for call in calls if call.takes_money]
    assert len(paying) <= 1, (
        f"publishing takes money by {len(paying)} calls ({', '.join(paying)}): a task that is found after a lost answer"
        " would be taken for paid in full; make the rest an operation of its own"
    )


def paid_once(moved: Moved, amount: Money, what: str) -> None:
    """One worker must have got just this amount, in one payment."""
    assert len(moved.payouts) == 1, f"{what}: the sandbox paid {len(moved.payouts)} times, not once"
    assert moved.paid == amount, f"{what}: the sandbox paid {moved.paid}, not {amount}"
