"""All the application's markets."""

from __future__ import annotations

import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, cast

import anyio.to_thread

from crowdhub import registry
from crowdhub.clock import Clock
from crowdhub.engine.policy import RetryPolicy
from crowdhub.engine.session import Options, Session
from crowdhub.errors import ConfigurationError, CrowdhubError
from crowdhub.hub import config
from crowdhub.hub.resources import DEFAULT, Books
from crowdhub.hub.split import Share, SplitReport, by_account, parts, share_of
from crowdhub.market import AsyncMarket, Market
from crowdhub.market.base import MarketBase
from crowdhub.model import Capability, Money, Submission, SubmissionStatus, Task, TaskDraft
from crowdhub.operations.checks import OnUnsupported
from crowdhub.operations.recovering import RecoverReport
from crowdhub.operations.spending import Confirm
from crowdhub.protocol import Provider

if TYPE_CHECKING:
    from crowdhub.ledger import Ledger

P = TypeVar("P", bound=Provider[Any])
M = TypeVar("M", bound=MarketBase[Any])

MAX_WAIT = 60.0
TIMEOUT = 60.0


class HubBase(Generic[M]):
    """What both hubs share: the accounts, and one market for each, made on first use."""

    _market_type: type[M]

    def __init__(
        self,
        accounts: Mapping[str, Mapping[str, Any]],
        *,
        ledger: str | os.PathLike[str] | None = DEFAULT,
        budget: Mapping[str, Any] | None = None,
        confirm: Confirm | None = None,
        on_unsupported: OnUnsupported = "error",
        max_wait: float = MAX_WAIT,
        timeout: float = TIMEOUT,
        clock: Clock | None = None,
        path: Path | None = None,
    ) -> None:
        if on_unsupported not in ("error", "warn"):
            raise ConfigurationError(f"on_unsupported = {on_unsupported!r} is neither 'error' nor 'warn'.")
        # The argument's name as well: a traceback with locals must not show keys.
        accounts = self._accounts = {name: config.Hidden(settings) for name, settings in accounts.items()}
        self._on_unsupported: OnUnsupported = on_unsupported
        self._max_wait = _seconds("max_wait", max_wait)
        self._timeout = _seconds("timeout", timeout)
        self._clock = clock or Clock()
        self._path = path
        self._books = Books(
            ledger, budget, confirm, accounts=list(self._accounts), max_wait=self._max_wait, clock=self._clock
        )
        self._markets: dict[str, M] = {}
        self._lock = threading.Lock()
        self._closed = False

    @classmethod
    def from_config(cls, path: str | Path | None = None, **options: Any) -> Self:
        """A hub from ``crowdhub.toml`` (searched upwards, then in the user's config folder) and variables.

        ``options`` win over the file's ``[hub]``. Raises `ConfigurationError` with file, line and setting.
        """
        found = config.load(path)
        settings: dict[str, Any] = {**found.hub, "path": found.path, **options}
        return cls(found.accounts, **settings)

    @property
    def ledger(self) -> Ledger | None:
        """The ledger, to list and to settle by hand (None: turned off)."""
        return self._books.ledger()

    @property
    def accounts(self) -> list[str]:
        """The names of the accounts."""
        return list(self._accounts)

    def __getitem__(self, account: str) -> M:
        """The market of one account. Raises `ConfigurationError` for an unknown name or wrong settings."""
        with self._lock:
            if self._closed:
                raise ConfigurationError("The hub is closed; use it inside its `with` block.")
            if account not in self._markets:
                self._markets[account] = self._open(account)
            return self._markets[account]

    def __iter__(self) -> Iterator[str]:
        return iter(self._accounts)

    def __len__(self) -> int:
        return len(self._accounts)

    def __contains__(self, account: object) -> bool:
        return account in self._accounts

    def _open(self, account: str) -> M:
        settings = self._accounts.get(account)
        if settings is None:
            raise ConfigurationError(
                f"There is no account {account!r}. Accounts: {', '.join(self._accounts) or 'none'}.",
                next_step='Add it to the accounts that the hub is given, or to "crowdhub.toml".',
            )
        kind = registry.load(str(settings.get("provider", account)))
        checked = config.settings_of(kind, account, settings, path=self._path)
        provider = kind(checked, account=account)
        options = Options(
            timeout=self._timeout,
            max_wait=self._max_wait,
            clock=self._clock,
            policy=RetryPolicy(max_wait=self._max_wait),
        )
        guard, gate = self._books.open(provider)
        session = Session(provider, options, gate)
        make = cast("Callable[..., M]", self._market_type)
        return make(provider, session, on_unsupported=self._on_unsupported, guard=guard)

    def _account_of(self, kind: type[Provider[Any]], account: str | None) -> str:
        if account is not None:
            return account
        fitting = [name for name, given in self._accounts.items() if given.get("provider", name) == kind.name]
        if len(fitting) == 1:
            return fitting[0]
        raise ConfigurationError(
            f"There are {len(fitting)} accounts of {kind.name}: {', '.join(fitting) or 'none'}.",
            provider=kind.name,
            next_step="Name one: hub.market(…, account=…)." if fitting else "Add one to the hub's accounts.",
        )

    def _take_markets(self) -> list[M]:
        with self._lock:
            self._closed = True
            taken = list(self._markets.values())
            self._markets.clear()
        return taken

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self._accounts)})"


class Hub(HubBase[Market[Any]]):
    """All accounts of an application, for ordinary code::

        with Hub({"rapidworkers": {"api_key": "…"}}) as hub:
            hub["rapidworkers"].balance()

    ``accounts`` maps names to settings; a name is the provider's, or any with ``"provider"`` among the settings.
    ``ledger``: by default a file in the user's data folder; a path or a database URL; None turns it off.
    ``budget``: the most that may be spent, such as ``{"USD": "50"}``. ``confirm`` is asked before anything is
    spent. ``on_unsupported="warn"`` publishes a draft without what a marketplace has no place for. ``max_wait``:
    seconds that one call may wait, for its place in the request budget and between attempts. ``timeout``: seconds for
    each wait on the network. ``clock`` replaces time, for tests.
    """

    _market_type = Market

    def market(self, kind: type[P], account: str | None = None) -> Market[P]:
        """The market of a provider class, typed; ``account`` where there are several of it."""
        return self[self._account_of(kind, account)]

    def watch(
        self,
        tasks: Sequence[Task],
        *,
        status: SubmissionStatus | str | None = "pending",
        interval: float = 30.0,
        rounds: int | None = None,
    ) -> Iterator[Submission]:
        """New submissions of tasks on any of the markets, in one stream; each once, in rounds as `Market.watch`.

        A market that fails in a round does not keep the others' work from you: its error is raised at the
        round's end.
        """
        watches = [(self[name], self[name].watched(mine, status)) for name, mine in by_account(tasks).items()]
        done = 0
        while watches:
            failed: CrowdhubError | None = None
            for market, watch in watches:
                try:
                    yield from market.rounds(watch)
                except CrowdhubError as error:
                    failed = failed or error
            if failed is not None:
                raise failed
            watches = [(market, watch) for market, watch in watches if not watch.ended]
            done += 1
            if not watches or done == rounds:
                return
            self._clock.sleep(interval)

    def publish_split(
        self,
        draft: TaskDraft,
        slots: Mapping[str, int],
        *,
        rewards: Mapping[str, Money] | None = None,
        key: str | None = None,
    ) -> SplitReport:
        """Publish one draft on several markets: ``{"rapidworkers": 60, "crowdsdom": 40}`` slots each.

        ``rewards`` gives the reward where a market pays in another currency than the draft's. Every share is
        reported; one that fails keeps none of the others from being published. With a ``key``, calling again
        publishes only what is missing. Raises `InvalidRequest` for a split that names no account or no slots.
        """
        shares: list[Share] = []
        for name, part, part_key in parts(self.accounts, draft, slots, rewards, key):
            try:
                market = self[name]
                quote = market.estimate(part) if Capability.ESTIMATE in market.capabilities else None
                shares.append(share_of(name, part, market.publish(part, key=part_key), quote))
            except CrowdhubError as error:
                shares.append(Share(account=name, slots=part.slots, error=error))
        return SplitReport(shares=tuple(shares))

    def recover(self) -> RecoverReport:
        """Settle what earlier processes left open on all accounts: see `Market.recover`.

        Accounts whose settings are missing now are left alone.
        """
        report = RecoverReport()
        for name in self._accounts:
            report += self[name].recover()
        return report

    def close(self) -> None:
        """Close all connections."""
        for market in self._take_markets():
            market.close()
        self._books.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()


class AsyncHub(HubBase[AsyncMarket[Any]]):
    """All accounts of an application, for asyncio and trio: the names of `Hub`, awaited."""

    _market_type = AsyncMarket

    def market(self, kind: type[P], account: str | None = None) -> AsyncMarket[P]:
        """The market of a provider class, typed; ``account`` where there are several of it."""
        return self[self._account_of(kind, account)]

    async def watch(
        self,
        tasks: Sequence[Task],
        *,
        status: SubmissionStatus | str | None = "pending",
        interval: float = 30.0,
        rounds: int | None = None,
    ) -> AsyncIterator[Submission]:
        """New submissions of tasks on any of the markets, in one stream; each once, in rounds as `Market.watch`.

        A market that fails in a round does not keep the others' work from you: its error is raised at the
        round's end.
        """
        watches = [(self[name], self[name].watched(mine, status)) for name, mine in by_account(tasks).items()]
        done = 0
        while watches:
            failed: CrowdhubError | None = None
            for market, watch in watches:
                try:
                    async for submission in market.rounds(watch):
                        yield submission
                except CrowdhubError as error:
                    failed = failed or error
            if failed is not None:
                raise failed
            watches = [(market, watch) for market, watch in watches if not watch.ended]
            done += 1
            if not watches or done == rounds:
                return
            await self._clock.sleep_async(interval)

    async def publish_split(
        self,
        draft: TaskDraft,
        slots: Mapping[str, int],
        *,
        rewards: Mapping[str, Money] | None = None,
        key: str | None = None,
    ) -> SplitReport:
        """Publish one draft on several markets: ``{"rapidworkers": 60, "crowdsdom": 40}`` slots each.

        ``rewards`` gives the reward where a market pays in another currency than the draft's. Every share is
        reported; one that fails keeps none of the others from being published. With a ``key``, calling again
        publishes only what is missing. Raises `InvalidRequest` for a split that names no account or no slots.
        """
        shares: list[Share] = []
        for name, part, part_key in parts(self.accounts, draft, slots, rewards, key):
            try:
                market = self[name]
                quote = await market.estimate(part) if Capability.ESTIMATE in market.capabilities else None
                shares.append(share_of(name, part, await market.publish(part, key=part_key), quote))
            except CrowdhubError as error:
                shares.append(Share(account=name, slots=part.slots, error=error))
        return SplitReport(shares=tuple(shares))

    async def recover(self) -> RecoverReport:
        """Settle what earlier processes left open on all accounts: see `Market.recover`.

        Accounts whose settings are missing now are left alone.
        """
        report = RecoverReport()
        for name in self._accounts:
            report += await self[name].recover()
        return report

    async def close(self) -> None:
        """Close all connections."""
        for market in self._take_markets():
            await market.close()
        self._books.close()

    async def __aenter__(self) -> Self:
        await anyio.to_thread.run_sync(self._books.warm_up)  # so that the first market does not hold up the loop
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self.close()


def _seconds(name: str, value: Any) -> float:
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise ConfigurationError(f"{name} = {value!r} is no number of seconds.")
    return seconds
