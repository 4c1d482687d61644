"""Decisions whose calls take money: their intent, the budget and the application's word, and how they are found."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, cast

from crowdhub.model import BatchReport, Decision, Submission, Verdict, Worker
from crowdhub.operations.port import Port
from crowdhub.operations.settling import WANTED, Payment
from crowdhub.operations.spending.once import spend_if_it_costs
from crowdhub.operations.spending.policy import SpendingPolicy
from crowdhub.operations.spending.purchase import Purchase, kept, restored
from crowdhub.protocol import AnyProvider, Flow, Lookup, Operation

if TYPE_CHECKING:
    from crowdhub.ledger import Intent

T = TypeVar("T")
VERDICTS = {"approve": Verdict.APPROVE, "reject": Verdict.REJECT, "request_redo": Verdict.REDO}


@dataclass(frozen=True)
class DecisionTill:
    """The `Till` of an account. A decision has no key and no known price: what it takes is one thing more that the
    budget's rule for unpriced calls is asked about."""

    policy: SpendingPolicy

    async def __call__(
        self,
        port: Port,
        operation: Operation[T],
        decisions: Sequence[Decision],
        send: Callable[[Payment], Awaitable[T]],
    ) -> T:
        provider, tasks = port.provider, {each.submission.task_id for each in decisions}
        lookup = Lookup[T](_look_for(decisions))
        purchase = Purchase(
            operation=operation,
            content=_content(decisions[0]) if len(decisions) == 1 else [*map(_content, decisions)],
            restore=lambda intent: restored(provider, intent),
            keep=_kept,
            lookup=lookup,
            after_crash=lookup,
            task_id=next(iter(tasks)) if len(tasks) == 1 else None,
            settles=True,
        )
        return await spend_if_it_costs(port, self.policy, purchase, send)


def decision_lookup(provider: AnyProvider, intent: Intent) -> Lookup[Submission] | None:
    """How a decision of an earlier process is found: by the state of its submission. None where the ledger does not
    have all of it (it was edited by hand), and for one of many that were sent together."""
    match VERDICTS.get(intent.operation), intent.content:
        case Verdict() as verdict, {"task": str(task), "submission": str(number)}:
            work = Submission(**provider.identity, id=number, task_id=task, worker=Worker(id=""))
        case _:
            return None

    def find(*_: object) -> Flow[Submission | None]:
        found: Submission | None = yield from provider.state_of(work)
        return found if found is not None and found.status in WANTED[verdict] else None

    return Lookup(intent.look_for or f"the state of submission {number}", find=find, marked=True)


def decided_on(intent: Intent) -> frozenset[tuple[str, str]]:
    """The work that the decisions of an intent are about: task and submission."""
    if intent.operation not in (*VERDICTS, "review_batch"):
        return frozenset()
    found: set[tuple[str, str]] = set()
    several = isinstance(intent.content, list)
    for asked in cast("list[object]", intent.content) if several else [intent.content]:
        match asked:
            case {"task": str(task), "submission": str(number)}:
                found.add((task, number))
            case _:  # it was edited by hand, or compacted
                pass
    return frozenset(found)


def _content(decision: Decision) -> dict[str, object]:
    """What was asked, as the ledger keeps it."""
    of = decision.submission
    asked = {"task": of.task_id, "submission": of.id, "comment": decision.comment, "options": decision.options or None}
    return {name: value for name, value in asked.items() if value is not None}


def _look_for(decisions: Sequence[Decision]) -> str:
    first = decisions[0].submission
    more = f" and {len(decisions) - 1} others" if len(decisions) > 1 else ""
    return f"the state of submission {first.id} of task {first.task_id}{more}, and what was charged for it"


def _kept(result: object) -> object:
    if isinstance(result, BatchReport):
        return {"value": ", ".join(each.decision.submission.id for each in result.outcomes)}
    return kept(result)
