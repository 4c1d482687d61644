"""Which of a marketplace's requests cost something: learned by making them once, in a sandbox of their own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias, TypeVar

from crowdhub import Hub
from crowdhub.market import Market
from crowdhub.model import Capability, TaskDraft
from crowdhub.operations.spending import with_reference
from crowdhub.protocol import AnyProvider, Call, Effect, Flow, Operation, OperationRun
from crowdhub.sandbox import Fault, Faults, MarketSandbox, RequestRecord, Sandbox
from crowdhub.testing.campaign.profile import MarketProfile, profile_of

T = TypeVar("T")
ANY_ID = "[^/]+"
_Made: TypeAlias = tuple[Call, RequestRecord]


@dataclass(frozen=True, slots=True)
class RequestPattern:
    """The requests of one kind: ``path`` is a regular expression for the whole path. ``skip``: how many others of this
    kind the same operation makes before it."""

    method: str
    path: str
    operation: str | None = None
    skip: int = 0

    def meets(self, method: str, path: str, operation: str | None) -> bool:
        return (self.method, self.operation) == (method, operation) and re.fullmatch(self.path, path) is not None

    def spoil(self, faults: Faults, fault: Fault) -> None:
        """Let the next such request meet a fault."""
        path = f"^{self.path}{re.escape(self.operation or '')}$"
        faults.add(fault, method=self.method, path=path, operation=self.operation, skip=self.skip)


@dataclass(frozen=True, slots=True)
class CostlyRequests:
    """``publish`` and ``bonus``: the request of each that takes the money; ``publish_steps``: all of a publish that
    change something. ``repeated``: those that cost again when a network delivers them twice, which no client can
    prevent."""

    publish: RequestPattern
    publish_steps: Sequence[RequestPattern]
    bonus: RequestPattern | None
    repeated: Sequence[RequestPattern]


@lru_cache(maxsize=16)
def costly_requests(name: str) -> CostlyRequests:
    """Those of an installed marketplace."""
    return _learned(profile_of(name))


def _learned(profile: MarketProfile) -> CostlyRequests:
    """Publish two tasks and, where that is possible, pay two bonuses; look at what was sent."""
    with Sandbox(profile.name, options={profile.name: profile.options}) as box, Hub(box.accounts) as hub:
        market, sandbox = hub[profile.name], box[profile.name]

        def publish(number: int) -> list[_Made]:
            draft = with_reference(market.provider, profile.draft(number), None)
            return _made(market, sandbox, market.provider.publish(draft))

        def pay(number: int) -> list[_Made]:
            return _paid(profile, market, sandbox, profile.draft(number))

        published, paid = publish(0), pay(1) if profile.can(Capability.PAY_BONUS) else []
        steps, bonus = _patterns(published, publish(2)), _patterns(paid, pay(3)) if paid else []
        costing = [each for calls, found in ((published, steps), (paid, bonus)) for each in _costing(calls, found)]
        return CostlyRequests(
            publish=_costly(published, steps),
            publish_steps=steps,
            bonus=_costly(paid, bonus) if bonus else None,
            repeated=costing,
        )


def _paid(profile: MarketProfile, market: Market[AnyProvider], sandbox: MarketSandbox, draft: TaskDraft) -> list[_Made]:
    """The requests of a bonus."""
    task = market.publish(draft)
    profile.hand_in(sandbox, task.id, 1)
    work = next(iter(market.submissions(task)))
    bonus = market.provider.pay_bonus(work, profile.bonus(work, market.currency), profile.subject.bonus_words)
    return _made(market, sandbox, bonus)


def _made(market: Market[AnyProvider], sandbox: MarketSandbox, operation: Operation[T]) -> list[_Made]:
    """Each call of an operation that goes well and is more than a reading, and the request that the sandbox saw."""
    made: list[_Made] = []

    def noted() -> Flow[T]:
        with OperationRun(operation) as run:
            call = run.start()
            while call is not None:
                answer = yield call
                if call.effect is not Effect.READ:
                    made.append((call, sandbox.requests[-1]))
                call = run.send(answer)
            return run.result

    _ = market.run(Operation(operation.name, noted, {}))
    return made


def _patterns(once: Sequence[_Made], again: Sequence[_Made]) -> list[RequestPattern]:
    """The requests of an operation that was run twice, on other things: where their paths differ, an id stands."""
    found: list[RequestPattern] = []
    for (_, request), (_, other) in zip(once, again, strict=True):
        parts = zip(request.path.split("/"), other.path.split("/"), strict=True)
        path = "/".join(re.escape(part) if part == another else ANY_ID for part, another in parts)
        earlier = sum(each.meets(request.method, request.path, request.operation) for each in found)
        found.append(RequestPattern(request.method, path, request.operation, earlier))
    return found


def _costing(made: Sequence[_Made], patterns: Sequence[RequestPattern]) -> list[RequestPattern]:
    return [
        pattern
        for (call, _), pattern in zip(made, patterns, strict=True)
        if call.takes_money and not call.may_be_repeated
    ]


def _costly(made: Sequence[_Made], patterns: Sequence[RequestPattern]) -> RequestPattern:
    """The one that takes the money; the last one where none does."""
    takes = [pattern for (call, _), pattern in zip(made, patterns, strict=True) if call.takes_money]
    return takes[0] if takes else patterns[-1]
