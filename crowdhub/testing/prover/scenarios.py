"""What is gone through: an operation of a provider, by one client or two, on a scene that was set before."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from crowdhub.engine.redact import Redactor
from crowdhub.errors import CrowdhubError
from crowdhub.hub.config import settings_of
from crowdhub.ledger import Budget
from crowdhub.model import Capability, Money, Submission, SubmissionStatus, TaskDraft, Verdict
from crowdhub.operations.account import Account
from crowdhub.operations.spending import SpendingPolicy
from crowdhub.sandbox import SandboxClock
from crowdhub.sandbox.registry import load_sandbox
from crowdhub.testing.campaign.profile import MarketProfile, profile_of
from crowdhub.testing.prover.checks import Judge, PathFindings, PurchaseJudge, ReviewJudge
from crowdhub.testing.prover.marketplace import Marketplace
from crowdhub.testing.prover.process import Program, account_of
from crowdhub.testing.prover.scheduler import SOON, Call, Meanwhile
from crowdhub.testing.prover.snapshot import Snapshot
from crowdhub.testing.prover.waiting import Book, Send, Sleep
from crowdhub.testing.prover.world import World

T = TypeVar("T")

OPERATIONS = ("publish", "purchase", "bonus", "review", "bulk")
VARIANTS = ("one", "two", "ledgers", "keys", "budget")
ADDRESS = "http://127.0.0.1:1"
"""Where the marketplaces seem to be; nothing is ever sent there."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What one client asks for. ``ledger``: the number of the one that it writes into."""

    key: str
    call: Call
    ledger: int = 0


@dataclass(frozen=True, slots=True)
class Scenario:
    """One operation with its clients, and the scene at its beginning."""

    provider: str
    operation: str
    variant: str
    application: Program
    state: Snapshot
    now: datetime
    settles_within: timedelta
    asks: Sequence[Ask]
    judge: Callable[[World, PathFindings], Judge]
    meanwhile: Meanwhile | None = None

    @property
    def name(self) -> str:
        return f"{self.provider}/{self.operation}/{self.variant}"

    @property
    def is_replayed(self) -> bool:
        """Whether what was done once is told again by the ledger alone."""
        return self.operation in ("publish", "purchase", "bonus")

    @property
    def is_interleaved(self) -> bool:
        """Two ledgers at one moment cannot know of each other: there the second client comes after the first."""
        return self.variant != "ledgers"


class Scene:
    """A fresh sandbox of a provider, on which everything goes well."""

    def __init__(self, profile: MarketProfile, options: Mapping[str, object]) -> None:
        self.profile = profile
        self.clock = SandboxClock()
        sandbox = load_sandbox(profile.name)(clock=self.clock, seed=0, **{**profile.options, **options})
        given = {**sandbox.account(ADDRESS), **profile.subject.campaign.purchase_settings, "environment": "sandbox"}
        settings = settings_of(profile.provider, profile.name, given)
        self.application = Program(profile.provider, profile.name, settings, Redactor(settings.secrets()))
        self.marketplace = Marketplace(sandbox, self.clock)
        self.account = account_of(self.application, self.clock, SpendingPolicy(), self)

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run what an application asks for to its end."""
        return run_well(work, self.marketplace, self.clock)

    def submissions(self, task_id: str) -> list[Submission]:
        return self.do(_all_submissions(self.account, task_id))


async def _all_submissions(account: Account, task_id: str) -> list[Submission]:
    return [each async for batch in account.submissions(task_id, None) for each in batch]


def run_well(work: Coroutine[Any, Any, T], marketplace: Marketplace, clock: SandboxClock) -> T:
    """Run a coroutine with a marketplace that answers at once, and nothing out of the ordinary."""
    answer: object = None
    while True:
        try:
            step = work.send(answer)
        except StopIteration as stop:
            found: T = stop.value
            return found
        answer = None
        match step:
            case Sleep():
                _ = clock.advance(seconds=step.seconds)
            case Book():
                answer = step.work()
            case Send():
                answer = marketplace.answer(step.request)
            case _:
                raise RuntimeError(f"{step!r} is nothing that the core waits for")


def scenarios(provider: str, operations: Sequence[str] = OPERATIONS) -> Iterator[Scenario]:
    """All of an installed provider's. Raises `CannotBeCopied`."""
    profile = profile_of(provider)
    for operation in operations:
        if left_out(profile, operation) is None:
            yield from _MAKERS[operation](profile)


def scenario_of(name: str) -> Scenario:
    """A scenario by its name. Raises `LookupError`."""
    provider, _, rest = name.partition("/")
    operation, _, variant = rest.partition("/")
    if not variant:
        raise LookupError("it is marketplace/operation/variant/choices, as `prove` prints it.")
    if operation not in OPERATIONS:
        raise LookupError(f"There is no operation {operation!r}.")
    for scenario in scenarios(provider, [operation]):
        if scenario.name == name:
            return scenario
    raise LookupError(f"There is no scenario {name!r}.")


def left_out(profile: MarketProfile, operation: str) -> str | None:
    """Why an operation is left out; None where it is not."""
    match operation:
        case "publish":
            return None if profile.can(Capability.PUBLISH) else _absent(profile, Capability.PUBLISH)
        case "purchase":
            return None if profile.subject.campaign.purchase else "its plan names no purchase of its own"
        case "bonus":
            return None if profile.can(Capability.PAY_BONUS) else _absent(profile, Capability.PAY_BONUS)
        case "review":
            return None if profile.verdicts else "nothing is decided there"
        case _:
            if not profile.verdicts:
                return "nothing is decided there"
            return None if profile.can(Capability.BULK_REVIEW) else _absent(profile, Capability.BULK_REVIEW)


def _absent(profile: MarketProfile, capability: Capability) -> str:
    return profile.provider.capabilities[capability].reason or "the marketplace cannot do it"


def _draft(profile: MarketProfile, number: int, slots: int = 1) -> TaskDraft:
    """A draft whose texts a marketplace may alter."""
    plain = profile.draft(number, slots)
    if not plain.title:
        return plain
    return plain.copy_with(title=f'{plain.title} & "more"', instructions=plain.instructions.replace(" ", "  ", 1))


def _in_variants(
    scene: Scene, operation: str, same: Callable[[int], Call], *, makes_tasks: bool = True, price: Money | None = None
) -> Iterator[Scenario]:
    """The operation by one client, by two with one key, by two with a ledger each, and by two with two keys; the last
    also with a budget for one of them, where the ``price`` is known.

    ``same`` makes the call for a number: another number, another thing.
    """
    first = Ask("key-1", same(1))
    variants = {
        "one": (first,),
        "two": (first, first),
        "ledgers": (first, Ask("key-1", same(1), ledger=1)),
        "keys": (first, Ask("key-2", same(2))),
    }
    for variant, asks in variants.items():
        marked = operation == "publish" and scene.profile.can(Capability.FIND_PUBLISHED)
        if variant == "ledgers" and not marked:
            continue  # only what carries a mark can be found by another ledger
        yield _scenario(scene, operation, variant, asks, _judge(variant, makes_tasks=makes_tasks))
    if price is not None:
        judge = _judge("budget", makes_tasks=makes_tasks, limit=price.amount)
        scenario = _scenario(scene, operation, "budget", variants["keys"], judge)
        budget = Budget.of({price.currency: str(price.amount)})
        yield replace(scenario, application=replace(scene.application, budget=budget))


def _judge(variant: str, *, makes_tasks: bool, limit: Decimal | None = None) -> Callable[[World, PathFindings], Judge]:
    def judge(world: World, findings: PathFindings) -> Judge:
        return PurchaseJudge(world, findings, makes_tasks=makes_tasks, alone=variant != "ledgers", limit=limit)

    return judge


def _scenario(
    scene: Scene, operation: str, variant: str, asks: Sequence[Ask], judge: Callable[[World, PathFindings], Judge]
) -> Scenario:
    state, profile = Snapshot(scene.marketplace.sandbox), scene.profile
    settles = profile.provider.settles_within
    return Scenario(profile.name, operation, variant, scene.application, state, scene.clock.now(), settles, asks, judge)


def _publish(profile: MarketProfile) -> Iterator[Scenario]:
    scene = Scene(profile, {})
    draft = _draft(profile, 1)

    def call(number: int) -> Call:
        return lambda account: account.publish(draft, f"key-{number}")

    price = None
    if profile.can(Capability.ESTIMATE):
        price = scene.do(scene.account.estimate(draft))
    yield from _in_variants(scene, "publish", call, price=price)


def _purchase(profile: MarketProfile) -> Iterator[Scenario]:
    scene = Scene(profile, {})
    make = profile.subject.campaign.purchase
    assert make is not None

    def call(number: int) -> Call:
        return lambda account: account.run(make(account.port.provider, number), key=f"key-{number}", amount=None)

    yield from _in_variants(scene, "purchase", call)


def _bonus(profile: MarketProfile) -> Iterator[Scenario]:
    scene = Scene(profile, {})
    works = _handed_in(scene, 1, 1)
    works += _handed_in(scene, 2, 1, works[0].worker.id)  # two to one worker can be mistaken for each other
    if profile.can(Capability.APPROVE):
        works = [scene.do(scene.account.settle(profile.decision(each, profile.verdicts[0]))) for each in works]
    amount = profile.bonus(works[0], profile.provider.currency)

    def call(number: int) -> Call:
        work = works[number - 1]
        return lambda account: account.pay_bonus(work, amount, profile.subject.bonus_words, f"key-{number}")

    yield from _in_variants(scene, "bonus", call, makes_tasks=False)


def _review(profile: MarketProfile) -> Iterator[Scenario]:
    yield from _decided(profile, "review", 1)


def _bulk(profile: MarketProfile) -> Iterator[Scenario]:
    yield from _decided(profile, "bulk", profile.subject.least_in_bulk)


def _decided(profile: MarketProfile, operation: str, count: int) -> Iterator[Scenario]:
    scene = Scene(profile, {})
    most = profile.subject.most_slots or count
    works: list[Submission] = []
    while len(works) < count:
        works += _handed_in(scene, len(works), min(most, count - len(works)))
    decisions = [profile.decision(each, profile.verdicts[0]) for each in works]
    tasks = sorted({each.task_id for each in works})

    def judge(world: World, findings: PathFindings) -> Judge:
        return ReviewJudge(world, findings, decisions, lambda: _statuses(scene.application, world, tasks))

    def call(account: Account) -> Coroutine[Any, Any, object]:
        return account.review(decisions, None)

    ask = Ask("review", call)
    for variant, asks in {"one": (ask,), "two": (ask, ask)}.items():
        yield replace(_scenario(scene, operation, variant, asks, judge), meanwhile=_sent_back(scene, works[0]))


def _sent_back(scene: Scene, work: Submission) -> Meanwhile | None:
    """Somebody else sends a piece of work back, and it is handed in anew."""
    profile = scene.profile
    if Verdict.REDO not in profile.verdicts:
        return None

    def happen(world: World) -> None:
        there = world.marketplace
        assert there is not None
        account = account_of(scene.application, world.clock, SpendingPolicy(), world)
        world.pass_time(SOON)
        try:
            _ = run_well(account.settle(profile.decision(work, Verdict.REDO)), there, world.clock)
        except CrowdhubError:
            return  # it is settled by now
        world.pass_time(SOON)
        profile.hand_in(there.sandbox, work.task_id, 1)
        world.handed_in_anew.add(work.id)

    return Meanwhile(f"{work.id} is sent back, and handed in anew", happen)


def _statuses(application: Program, world: World, tasks: Sequence[str]) -> dict[str, SubmissionStatus]:
    """What each piece of work is now, by the provider's own listing."""
    there = world.marketplace
    assert there is not None
    account = account_of(application, world.clock, SpendingPolicy(), world)
    found = [each for task in tasks for each in run_well(_all_submissions(account, task), there, world.clock)]
    return {each.id: each.status for each in found}


def _handed_in(scene: Scene, number: int, count: int, by: str | None = None) -> list[Submission]:
    """So much pending work, on a task of its own; ``by``: of this worker, where the sandbox can choose."""
    task = scene.do(scene.account.publish(scene.profile.draft(1000 + number, count), None))
    if by is None:
        scene.profile.hand_in(scene.marketplace.sandbox, task.id, count)
    else:
        scene.profile.subject.hand_in_by(scene.marketplace.sandbox, task.id, by)
    return scene.submissions(task.id)


_MAKERS: Mapping[str, Callable[[MarketProfile], Iterator[Scenario]]] = {
    "publish": _publish,
    "purchase": _purchase,
    "bonus": _bonus,
    "review": _review,
    "bulk": _bulk,
}

__all__ = ["OPERATIONS", "VARIANTS", "Ask", "Scenario", "left_out", "scenario_of", "scenarios"]
