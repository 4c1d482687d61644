"""The synchronous hub."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from types import TracebackType
from typing import Self, TypeVar, cast

from crowdhub.engine.runtime import drive
from crowdhub.hub.base import HubBase
from crowdhub.hub.split import SplitReport
from crowdhub.market import Market
from crowdhub.market.watch import Watch
from crowdhub.model import Decision, DueReport, Money, PublishReport, ReviewReport, SubmissionStatus, Task, TaskDraft
from crowdhub.operations.spending import Recovered, RecoverReport
from crowdhub.operations.watching import PATIENCE
from crowdhub.protocol import AnyProvider

P = TypeVar("P", bound=AnyProvider)


class Hub(HubBase[Market[AnyProvider]]):
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
    _waits = False

    def market(self, kind: type[P], account: str | None = None) -> Market[P]:
        """The market of a provider class, typed; ``account`` where there are several of it."""
        return cast("Market[P]", self[self._account_of(kind, account)])

    def watch(
        self,
        tasks: Sequence[Task],
        *,
        status: SubmissionStatus | str | None = "pending",
        interval: float = 30.0,
        rounds: int | None = None,
        patience: float = PATIENCE,
        resume: str | None = None,
    ) -> Watch:
        """New submissions of tasks on any of the markets, in one stream; each once, in rounds as `Market.watch`, which
        says what ``resume`` is. The markets are asked side by side.

        A market that fails in a round keeps none of the others' work from you: what it missed is made up for in the
        next round, and its error is raised, at a round's end, only after ``patience`` seconds of that.
        """
        return Watch(*self._watch(tasks, status, self._sleep, interval, rounds, patience, resume))

    async def _sleep(self, seconds: float) -> None:
        self._clock.sleep(seconds)

    def publish_many(self, drafts: Sequence[tuple[str, str, TaskDraft]]) -> PublishReport:
        """Publish many drafts on any of the accounts, each given as account, key and draft:
        ``[("rapidworkers", "k1", draft), ("etxt", "k2", draft), …]``. As `Market.publish_many`: one outcome each.

        The drafts of an account come one after another; accounts do too, but in an `AsyncHub` they go side by side.
        ``confirm`` is asked once for all of them, and where the sum does not fit the budget nothing is sent on any. A
        key belongs to its account: two accounts may have the same.

        Raises `InvalidRequest` naming every bad draft and account, and `ConfigurationError` for wrong settings, before
        any request.
        """
        return drive(self._publish_many(drafts))

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
        return drive(self._publish_split(draft, slots, rewards, key))

    def review(self, decisions: Sequence[Decision], *, progress: Callable[[int], None] | None = None) -> ReviewReport:
        """Carry out decisions on work of any of the accounts, as `Market.review`: one outcome each, in their order.
        Account after account; in an `AsyncHub` side by side. ``progress`` is called with the number of decisions just
        done.

        Raises `InvalidRequest` naming every bad decision, before anything is sent.
        """
        return drive(self._review(decisions, progress))

    def due(self, *, within: timedelta | None = None) -> DueReport:
        """Work that marketplaces will approve, and pay for, by themselves ``within`` that time (None: whenever), on all
        accounts, soonest first, with the sum by currency: see `Market.due`.

        Accounts whose marketplace does not tell such moments are named in ``untold``, and one that cannot be asked in
        ``failed``, with its error; it hides none of the others.
        """
        return drive(self._due(within))

    def recover(self) -> RecoverReport:
        """Settle what earlier processes left open on all accounts: see `Market.recover`.

        Accounts whose settings are missing now are left alone.
        """
        return drive(self._recover())

    def unresolved(self) -> list[Recovered]:
        """What may have been paid and cannot be told, oldest first, with what to look for: all that the ledgers of
        these accounts know, also of accounts that are not named here any more.

        From the ledger alone: no marketplace is asked. `recover` asks, and settles what it can.
        """
        return drive(self._unresolved())

    def close(self) -> None:
        """Close all connections."""
        for market in self._take_markets():
            market.close()
        self._resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()
