"""What is gone through: an operation of a provider, by one client or two, on a scene that was set before."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from crowdhub.engine.redact import Redactor
from crowdhub.hub.config import settings_of
from crowdhub.ledger import Budget
from crowdhub.model import Capability, Money, Submission, SubmissionStatus, Task, TaskDraft
from crowdhub.operations.account import Account
from crowdhub.operations.spending import SpendingPolicy
from crowdhub.sandbox import SandboxClock
from crowdhub.sandbox.registry import load_sandbox
from crowdhub.testing.campaign.profile import MarketProfile, profile_of
from crowdhub.testing.prover.checks import Judge, PathFindings, PurchaseJudge, ReviewJudge
from crowdhub.testing.prover.marketplace import Marketplace, run_well
from crowdhub.testing.prover.others import CLOCKS, Happening, Others, no_budget_left
from crowdhub.testing.prover.process import Program, account_of
from crowdhub.testing.prover.scheduler import Call
from crowdhub.testing.prover.snapshot import Snapshot
from crowdhub.testing.prover.world import World

T = TypeVar("T")

OPERATIONS = ("publish", "batch", "purchase", "bonus", "review", "bulk")
PUBLISHING = ("publish", "batch")
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
    others: Sequence[Happening] = ()

    @property
    def name(self) -> str:
        return f"{self.provider}/{self.operation}/{self.variant}"

    @property
    def is_replayed(self) -> bool:
        """Whether what was done once is told again by the ledger alone."""
        return self.operation in (*PUBLISHING, "purchase", "bonus")

    @property
    def is_held_up(self) -> bool:
        """Whether time passes before the steps of a client that is alone."""
        return self.variant == "one" and self.operation in ("publish", "bonus")

    @property
    def can_share_a_machine(self) -> bool:
        """Whether its two clients may run on one computer: there one learns of the other by more than its lease."""
        return self.variant == "two"

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
        case "publish" | "batch":
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
    scene: Scene,
    operation: str,
    same: Callable[[int], Call],
    *,
    makes_tasks: bool = True,
    price: Money | None = None,
    others: Sequence[Happening] = (),
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
        marked = operation in PUBLISHING and scene.profile.can(Capability.FIND_PUBLISHED)
        if variant == "ledgers" and not marked:
            continue  # only what carries a mark can be found by another ledger
        judge = _judge(variant, makes_tasks=makes_tasks)
        yield _scenario(scene, operation, variant, asks, judge, others if variant == "one" else ())
    if price is not None:
        judge = _judge("budget", makes_tasks=makes_tasks, limit=price.amount)
        taken_away = no_budget_left(price.currency)
        scenario = _scenario(scene, operation, "budget", variants["keys"], judge, [taken_away])
        budget = Budget.of({price.currency: str(price.amount)})
        yield replace(scenario, application=replace(scene.application, budget=budget))


def _judge(variant: str, *, makes_tasks: bool, limit: Decimal | None = None) -> Callable[[World, PathFindings], Judge]:
    def judge(world: World, findings: PathFindings) -> Judge:
        return PurchaseJudge(world, findings, makes_tasks=makes_tasks, alone=variant != "ledgers", limit=limit)

    return judge


def _scenario(
    scene: Scene,
    operation: str,
    variant: str,
    asks: Sequence[Ask],
    judge: Callable[[World, PathFindings], Judge],
    others: Sequence[Happening] = (),
) -> Scenario:
    """What others do is looked at with one client alone, as it is the same for two."""
    return Scenario(
        scene.profile.subject.name,
        operation,
        variant,
        scene.application,
        Snapshot(scene.marketplace.sandbox),
        scene.clock.now(),
        scene.profile.provider.settles_within,
        asks,
        judge,
        [*others, *(CLOCKS if variant == "one" else ())],
    )


def _publish(profile: MarketProfile) -> Iterator[Scenario]:
    yield from _published(profile, "publish", Account.publish)


def _batch(profile: MarketProfile) -> Iterator[Scenario]:
    yield from _published(profile, "batch", _published_in_a_batch)


async def _published_in_a_batch(account: Account, draft: TaskDraft, key: str) -> Task:
    """By `publish_many`, of one draft: what is charged on a path is told apart by who asks, not by the draft."""
    (outcome,) = (await account.publish_many([(key, draft)])).outcomes
    if outcome.error is not None:
        raise outcome.error
    assert outcome.task is not None
    return outcome.task


def _published(
    profile: MarketProfile, operation: str, publish: Callable[[Account, TaskDraft, str], Coroutine[Any, Any, Task]]
) -> Iterator[Scenario]:
    scene = Scene(profile, {})
    draft = _draft(profile, 1)

    def call(number: int) -> Call:
        return lambda account: publish(account, draft, f"key-{number}")

    price = None
    if profile.can(Capability.ESTIMATE):
        price = scene.do(scene.account.estimate(draft))
    others = [Others(profile, scene.application).publish(draft)]
    yield from _in_variants(scene, operation, call, price=price, others=others)


def _purchase(profile: MarketProfile) -> Iterator[Scenario]:
    scene = Scene(profile, {})
    make = profile.subject.campaign.purchase
    assert make is not None

    def call(number: int) -> Call:
        return lambda account: account.run(make(account.port.provider, number), key=f"key-{number}", amount=None)

    yield from _in_variants(scene, "purchase", call, others=_bystander(scene))


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

    yield from _in_variants(scene, "bonus", call, makes_tasks=False, others=_bystander(scene))


def _bystander(scene: Scene) -> Sequence[Happening]:
    """Somebody else spends on something else."""
    if left_out(scene.profile, "publish"):
        return ()
    return [Others(scene.profile, scene.application).publish(scene.profile.draft(2000))]


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

    def judged(variant: str) -> Callable[[World, PathFindings], Judge]:
        def judge(world: World, findings: PathFindings) -> Judge:
            statuses = _Statuses(scene.application, world, tasks)
            return ReviewJudge(world, findings, decisions, statuses, alone=variant == "one")

        return judge

    def call(account: Account) -> Coroutine[Any, Any, object]:
        return account.review(decisions, None)

    others = Others(profile, scene.application)
    hands = [each for each in (others.send_back(works[0]), others.reject(works[0])) if each is not None]
    while_down = [replace(each, while_down=True) for each in hands[:1]]  # two: one may have looked already
    ask = Ask("review", call)
    for variant, asks in {"one": (ask,), "two": (ask, ask)}.items():
        yield _scenario(scene, operation, variant, asks, judged(variant), hands if variant == "one" else while_down)


class _Statuses:
    """What each piece of work is now, by the provider's own listing; read anew when something can have changed it."""

    def __init__(self, application: Program, world: World, tasks: Sequence[str]) -> None:
        self._world = world
        self._tasks = tasks
        self._account = account_of(application, world.clock, SpendingPolicy(), world)
        self._read_at: tuple[datetime, int] | None = None
        self._found: dict[str, SubmissionStatus] = {}

    def __call__(self) -> Mapping[str, SubmissionStatus]:
        world = self._world
        if self._read_at != (world.clock.now(), len(world.happened)):  # every request takes its time
            listed = (
                run_well(_all_submissions(self._account, task), world.marketplace, world.clock) for task in self._tasks
            )
            self._found = {each.id: each.status for some in listed for each in some}
            self._read_at = world.clock.now(), len(world.happened)
        return self._found


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
    "batch": _batch,
    "purchase": _purchase,
    "bonus": _bonus,
    "review": _review,
    "bulk": _bulk,
}

__all__ = ["OPERATIONS", "VARIANTS", "Ask", "Scenario", "left_out", "scenario_of", "scenarios"]
