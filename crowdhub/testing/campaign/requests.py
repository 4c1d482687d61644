"""Which of a marketplace's requests cost something: learned by making them once, in a sandbox of their own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from crowdhub import Hub
from crowdhub.market import Market
from crowdhub.model import Capability, TaskDraft
from crowdhub.operations.spending import with_reference
from crowdhub.protocol import AnyProvider, Call, Effect, Flow, Operation, OperationRun
from crowdhub.sandbox import Fault, Faults, MarketSandbox, RequestRecord, Sandbox
from crowdhub.testing.campaign.profile import MarketProfile, profile_of

T = TypeVar("T")
ANY_ID = "[^/]+"


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
    """Publish one task and, where that is possible, pay one bonus; look at what was sent."""
    with Sandbox(profile.name, options={profile.name: profile.options}) as box, Hub(box.accounts) as hub:
        market, sandbox = hub[profile.name], box[profile.name]
        draft = with_reference(market.provider, profile.draft(0), None)
        published = _made(market, sandbox, market.provider.publish(draft))
        steps = _patterns(published, ())
        paid: list[tuple[Call, RequestRecord]] = []
        ids: list[str] = []
        if profile.can(Capability.PAY_BONUS):
            paid, ids = _paid(profile, market, sandbox, profile.draft(1))
        bonus = _patterns(paid, ids)
        costing = [each for calls, found in ((published, steps), (paid, bonus)) for each in _costing(calls, found)]
        return CostlyRequests(
            publish=_costly(published, steps),
            publish_steps=steps,
            bonus=_costly(paid, bonus) if bonus else None,
            repeated=costing,
        )


def _paid(
    profile: MarketProfile, market: Market[AnyProvider], sandbox: MarketSandbox, draft: TaskDraft
) -> tuple[list[tuple[Call, RequestRecord]], list[str]]:
    """The requests of a bonus, and the ids that can stand in their paths."""
    task = market.publish(draft)
    profile.hand_in(sandbox, task.id, 1)
    work = next(iter(market.submissions(task)))
    bonus = market.provider.pay_bonus(work, profile.bonus(work, market.currency), profile.subject.bonus_words)
    return _made(market, sandbox, bonus), [task.id, work.id, work.worker.id]


def _made(
    market: Market[AnyProvider], sandbox: MarketSandbox, operation: Operation[T]
) -> list[tuple[Call, RequestRecord]]:
    """Each call of an operation that goes well and is more than a reading, and the request that the sandbox saw."""
    made: list[tuple[Call, RequestRecord]] = []

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


def _patterns(made: Iterable[tuple[Call, RequestRecord]], ids: Sequence[str]) -> list[RequestPattern]:
    found: list[RequestPattern] = []
    for _, request in made:
        path = re.escape(request.path)
        for each in sorted(filter(None, ids), key=len, reverse=True):
            path = path.replace(f"/{re.escape(each)}", f"/{ANY_ID}")
        earlier = sum(each.meets(request.method, request.path, request.operation) for each in found)
        found.append(RequestPattern(request.method, path, request.operation, earlier))
    return found


def _costing(made: Sequence[tuple[Call, RequestRecord]], patterns: Sequence[RequestPattern]) -> list[RequestPattern]:
    return [
        pattern
        for (call, _), pattern in zip(made, patterns, strict=True)
        if call.takes_money and not call.may_be_repeated
    ]


def _costly(made: Sequence[tuple[Call, RequestRecord]], patterns: Sequence[RequestPattern]) -> RequestPattern:
    """The one that takes the money; the last one where none does."""
    takes = [pattern for (call, _), pattern in zip(made, patterns, strict=True) if call.takes_money]
    return takes[0] if takes else patterns[-1]
