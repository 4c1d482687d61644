"""What both hubs share: the accounts, and one market for each, made on first use."""

from __future__ import annotations

import os
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypedDict, TypeVar, Unpack, cast

from crowdhub import registry
from crowdhub.clock import Clock
from crowdhub.engine.policy import RetryPolicy
from crowdhub.engine.session import Options, Session
from crowdhub.errors import ConfigurationError, CrowdhubError, InvalidRequest, Issue
from crowdhub.frames import FramesLeftOut, also_half_made
from crowdhub.hub import config
from crowdhub.hub.many import due, publish_many, review
from crowdhub.hub.resources import DEFAULT, HubResources
from crowdhub.hub.split import SplitReport, by_account, publish_split
from crowdhub.market.base import MarketBase
from crowdhub.model import Decision, DueReport, Money, PublishReport, ReviewReport, SubmissionStatus, Task, TaskDraft
from crowdhub.operations import checks
from crowdhub.operations.account import Account
from crowdhub.operations.checks import OnUnsupported
from crowdhub.operations.market_watch import MarketWatch
from crowdhub.operations.spending import Confirm, Recovered, RecoverReport
from crowdhub.operations.spending.policy import for_ordinary_code
from crowdhub.operations.watching import Watching
from crowdhub.protocol import AnyProvider, Provider
from crowdhub.protocol.arguments import checked_arguments
from crowdhub.shown import shown

if TYPE_CHECKING:
    from crowdhub.ledger import Ledger

P = TypeVar("P", bound=AnyProvider)
M = TypeVar("M", bound=MarketBase[AnyProvider])

MAX_WAIT = 60.0
TIMEOUT = 60.0
LONGEST = 24 * 3600.0
"""Seconds: four times as many are as much as the system takes for a wait on the network."""


class HubOptions(TypedDict, total=False):
    """What a hub is told besides its accounts; see `Hub`."""

    ledger: str | os.PathLike[str] | None
    budget: Mapping[str, object] | None
    confirm: Confirm | None
    on_unsupported: OnUnsupported
    max_wait: float
    timeout: float
    clock: Clock | None


class HubBase(Generic[M]):
    """The accounts of an application, and one market for each, made on first use."""

    _market_type: type[M]
    _waits: ClassVar[bool]
    """Whether there is an event loop to wait for what the application gives."""

    def __init__(
        self,
        accounts: Mapping[str, Mapping[str, object]],
        *,
        ledger: str | os.PathLike[str] | None = DEFAULT,
        budget: Mapping[str, object] | None = None,
        confirm: Confirm | None = None,
        on_unsupported: OnUnsupported = "error",
        max_wait: float = MAX_WAIT,
        timeout: float = TIMEOUT,
        clock: Clock | None = None,
        path: Path | None = None,
    ) -> None:
        with FramesLeftOut():  # the arguments are among the locals here
            given = getattr(accounts, "clock", None)  # a sandbox's accounts bring the clock that they are to be used by
            hidden = config.hidden(accounts)
            if on_unsupported not in ("error", "warn"):
                raise ConfigurationError("on_unsupported is neither 'error' nor 'warn'.")
            if hidden is None:
                raise ConfigurationError(
                    "accounts: give settings by account name, such as {'rapidworkers': {'api_key': …}}."
                )
            if clock is not None and not isinstance(clock, Clock):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise ConfigurationError(f"clock is no crowdhub.Clock; {type(clock).__name__} is given.")
            _check_time(clock)
            if confirm is not None:
                confirm = self._usable(confirm)
            self._accounts = hidden
            self._on_unsupported: OnUnsupported = on_unsupported
            self._max_wait = _seconds("max_wait", max_wait)
            self._timeout = _seconds("timeout", timeout)
            self._clock: Clock = clock or given or Clock()
            self._path = path
            self._resources = HubResources(
                ledger, budget, confirm, accounts=list(self._accounts), max_wait=self._max_wait, clock=self._clock
            )
            self._markets: dict[str, M] = {}
            self._lock = threading.Lock()
            self._closed = False

    def _usable(self, confirm: Confirm) -> Confirm:
        if not callable(confirm):
            raise ConfigurationError(
                "confirm is no function that is given a Spend and says True or False;"
                f" {type(confirm).__name__} is given."
            )
        return confirm if self._waits else for_ordinary_code(confirm)

    @classmethod
    def from_config(cls, path: str | Path | None = None, **options: Unpack[HubOptions]) -> Self:
        """A hub from ``crowdhub.toml`` (searched upwards, then in the user's config folder) and variables.

        ``options`` win over the file's ``[hub]``. Raises `ConfigurationError` with file, line and setting.
        """
        found = config.load(path)
        settings = cast("HubOptions", {**found.hub, **options})
        accounts = cast("Mapping[str, Mapping[str, object]]", found.accounts)
        return cls(accounts, path=found.path, **settings)

    @property
    def ledger(self) -> Ledger | None:
        """The ledger at work, to list and to settle by hand (None: turned off).

        Sandboxes have others than live accounts by default: of a hub with both it is the live accounts', and
        ``hub[account].ledger`` that of each.
        """
        return self._resources.ledger(self._places())

    def _places(self) -> Iterator[tuple[str, str]]:
        """Environment and base URL of each account whose settings can be read."""
        for name in self._accounts:
            with suppress(CrowdhubError):
                provider = self._provider_of(name)
                yield provider.environment, provider.settings.base_url

    def now(self) -> datetime:
        """The present moment by the hub's clock, aware."""
        return self._clock.now()

    @property
    def settings_file(self) -> Path | None:
        """The file that `from_config` read; None where there was none."""
        return self._path

    @property
    def accounts(self) -> list[str]:
        """The names of the accounts."""
        return list(self._accounts)

    def __getitem__(self, account: str) -> M:
        """The market of one account. Raises `ConfigurationError` for an unknown name or wrong settings."""
        with self._lock:
            if self._closed:
                raise ConfigurationError("The hub is closed; use it inside its `with` block.")
            name = cast("object", account)
            if not isinstance(name, str):
                raise ConfigurationError(f"An account is called by its name; {type(name).__name__} is given.")
            if name not in self._markets:
                self._markets[name] = self._open(name)
            return self._markets[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._accounts)

    def __len__(self) -> int:
        return len(self._accounts)

    def __contains__(self, account: object) -> bool:
        return account in self._accounts

    def _provider_of(self, account: str) -> AnyProvider:
        settings = self._accounts.get(account)
        if settings is None:
            raise ConfigurationError(
                f"There is no account {account!r}. Accounts: {', '.join(self._accounts) or 'none'}.",
                next_step='Add it to the accounts that the hub is given, or to "crowdhub.toml".',
            )
        kind = registry.load(self._name_of_provider(account, settings))
        checked = config.settings_of(kind, account, settings, path=self._path)
        return kind(checked, account=account)

    def _name_of_provider(self, account: str, settings: config.Hidden) -> str:
        known = registry.PROVIDERS.names()
        for name in (account, *known):  # not what stands there, which may be a key
            if settings.get("provider", account) == name:
                return name
        raise ConfigurationError(
            f"The provider of the account {account!r} is no installed one. Installed: {', '.join(known)}."
        )

    def _open(self, account: str) -> M:
        with FramesLeftOut():  # which hold what a market's keys are told apart by
            return self._opened(self._provider_of(account))

    def _opened(self, provider: AnyProvider) -> M:
        options = Options(
            timeout=self._timeout,
            max_wait=self._max_wait,
            clock=self._clock,
            policy=RetryPolicy(max_wait=self._max_wait),
        )
        policy, gate, pause = self._resources.open(provider)
        session = Session(provider, options, gate, pause)
        session.redact.tell(self._resources.redact)
        make = cast("Callable[..., M]", self._market_type)
        return make(provider, session, on_unsupported=self._on_unsupported, policy=policy)

    def _account_of(self, kind: type[AnyProvider], account: str | None) -> str:
        given = cast("object", kind)
        if not (isinstance(given, type) and issubclass(given, Provider) and hasattr(kind, "name")):
            raise ConfigurationError(
                "hub.market(…) is given the class of a marketplace, such as RapidWorkers.",
                next_step='An account is chosen by its name with hub["name"]; nothing was sent.',
            )
        if account is not None:
            if not isinstance(self[account].provider, kind):
                raise ConfigurationError(f"The account {account!r} is not one of {kind.name}.", provider=kind.name)
            return account
        fitting = [name for name, given in self._accounts.items() if given.get("provider", name) == kind.name]
        if len(fitting) == 1:
            return fitting[0]
        raise ConfigurationError(
            f"There are {len(fitting)} accounts of {kind.name}: {', '.join(fitting) or 'none'}.",
            provider=kind.name,
            next_step="Name one: hub.market(…, account=…)." if fitting else "Add one to the hub's accounts.",
        )

    @checked_arguments
    def _watch(
        self,
        tasks: Sequence[Task],
        status: SubmissionStatus | str | None,
        sleep: Callable[[float], Awaitable[None]],
        interval: float,
        rounds: int | None,
        patience: float,
        resume: str | None,
    ) -> tuple[Watching, Callable[[Task | str], tuple[MarketWatch, str]]]:
        """The watch, and where a task that is added or dropped belongs."""
        shares = by_account(tasks)
        watches = {name: self[name].operations.watched(mine, status, resume) for name, mine in shares.items()}
        watching = Watching(watches, sleep, self._clock, interval=interval, rounds=rounds, patience=patience)

        def place(task: Task | str) -> tuple[MarketWatch, str]:
            if isinstance(task, str):
                raise InvalidRequest(issues=[Issue("task", "is an id; which account's it is, only the task tells")])
            given = cast("object", task)
            if not isinstance(given, Task):
                raise InvalidRequest(issues=[Issue("task", f"a Task is given as a {type(given).__name__}")])
            account = self[task.account].operations
            task_id = account.task_id(task)
            if task.account not in watching.watches:
                watching.watches[task.account] = account.watched([], status, resume)
            return watching.watches[task.account], task_id

        return watching, place

    @checked_arguments
    async def _publish_split(
        self,
        draft: TaskDraft,
        slots: Mapping[str, int],
        rewards: Mapping[str, Money] | None,
        key: str | None,
    ) -> SplitReport:
        return await publish_split(self.accounts, self._operations, draft, slots, rewards, key)

    @checked_arguments
    async def _publish_many(self, drafts: Sequence[tuple[str, str, TaskDraft]]) -> PublishReport:
        return await publish_many(self.accounts, self._operations, drafts)

    @checked_arguments
    async def _review(self, decisions: Sequence[Decision], progress: Callable[[int], None] | None) -> ReviewReport:
        return await review(self.accounts, self._operations, decisions, progress)

    @checked_arguments
    async def _due(self, within: timedelta | None) -> DueReport:
        _ = checks.checked_within(within)
        return await due(self.accounts, self._operations, within)

    async def _recover(self) -> RecoverReport:
        report = RecoverReport()
        for name in self._accounts:
            try:
                account = self._operations(name)
                report += await account.described(account.recover())
            except CrowdhubError as error:  # one that cannot be asked hides none of the others
                report += RecoverReport(failed={name: error.with_()})
        report += RecoverReport(failed=await self._not_asked(report))
        # One account can have two names here: what neither could settle is told once.
        return report.copy_with(intents=tuple({each.intent: each for each in report.intents}.values()))

    async def _not_asked(self, report: RecoverReport) -> dict[str, CrowdhubError]:
        """What is open of accounts that are not among this hub's: nobody asks their marketplaces."""
        told = {each.intent for each in report.intents}
        asked: set[tuple[str, str, str]] = set()
        for name in self._accounts:
            if name not in report.failed:
                asked |= await self._operations(name).called()
        found: dict[str, list[Recovered]] = {}
        for each in await self._unresolved():
            if each.intent not in told and (each.provider, each.account, each.environment) not in asked:
                found.setdefault(each.account, []).append(each)
        return {
            account: ConfigurationError(
                f"{len(left)} of its payments are open, and there is no such account of {left[0].provider}"
                f" ({left[0].environment}) among the settings, so nobody was asked about them.",
                next_step="Put the account back into the settings as it was and recover again;"
                " `crowdhub unresolved` lists what is open.",
            )
            for account, left in found.items()
            if account not in report.failed
        }

    async def _unresolved(self) -> list[Recovered]:
        found: dict[str, Recovered] = {}
        read: set[int] = set()
        for name in self._accounts:
            try:
                account = self._operations(name)
            except ConfigurationError:
                if name == self.accounts[-1] and not read:
                    raise
                continue  # its settings are wrong, which hides none of the others
            if id(account.policy.ledger) in read:  # it tells of all accounts
                continue
            read.add(id(account.policy.ledger))
            found.update((each.intent, each) for each in await account.described(account.unresolved()))
        return sorted(found.values(), key=lambda each: each.created_at)

    def _operations(self, name: str) -> Account:
        return self[name].operations

    def _take_markets(self) -> list[M]:
        with self._lock:
            self._closed = True
            taken = list(self._markets.values())
            self._markets.clear()
        return taken

    @also_half_made
    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self._accounts)})"


def _check_time(clock: Clock | None) -> None:
    now = None if clock is None else clock.now()
    if now is not None and (now.tzinfo is None or not 1970 <= now.year < 9000):
        raise ConfigurationError(
            f"clock = {shown(clock)} tells {now.isoformat()}, which is no moment with a time zone."
        )


def _seconds(name: str, value: float | str) -> float:
    try:
        seconds = -1.0 if isinstance(value, bool) else float(value)  # `true` is no second
    except (TypeError, ValueError, OverflowError):
        seconds = -1.0
    if not 0 <= seconds <= LONGEST:
        shown = f" = {value!r}" if isinstance(value, float) else ""  # a text may be a key that went astray
        raise ConfigurationError(f"{name}{shown} is not a number of seconds from 0 to {LONGEST:,.0f}.")
    if name == "timeout" and not seconds:
        raise ConfigurationError("timeout = 0 leaves no answer the time to come.")
    return seconds


def only_reads(hub: HubBase[Any]) -> None:
    """A hub that is to read its ledgers alone makes none where there is none."""
    hub._resources.creates = False  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
