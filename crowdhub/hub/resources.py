"""A hub's ledger, budget and request limits: opened on first use, one for all its markets."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from crowdhub.clock import Clock
from crowdhub.embedded import running_at
from crowdhub.engine.pause import Pause
from crowdhub.engine.redact import Redactor
from crowdhub.errors import ConfigurationError
from crowdhub.operations.port import identity_of
from crowdhub.operations.spending import Confirm, SpendingPolicy
from crowdhub.protocol import AnyProvider, ProviderSettings, is_loopback

if TYPE_CHECKING:
    from crowdhub.engine.session import Gate
    from crowdhub.ledger import Budget, Ledger
    from crowdhub.ratelimit import Gates

DEFAULT = "default"


class LedgerFile(NamedTuple):
    """Where a ledger is; without a file where the hub was told, or in the user's data folder."""

    file: Path | None = None
    is_embedded: bool = False


OWN = LedgerFile()


def _budget(given: Mapping[str, object] | None, accounts: Sequence[str]) -> Budget | None:
    if given in (None, {}):
        return None
    from crowdhub.ledger import Budget

    return Budget.of(given, accounts)


class HubResources:
    """``ledger``: ``"default"`` (the file in the user's data folder), a path or database URL, or None for none.

    By default sandboxes have ledgers of their own: one of this process a ledger that goes with it, for its tasks are
    gone tomorrow and must not answer for tomorrow's keys; those on this machine that run by themselves share a lasting
    file beside the live accounts' one.
    """

    def __init__(
        self,
        ledger: str | os.PathLike[str] | None,
        budget: Mapping[str, object] | None,
        confirm: Confirm | None,
        *,
        accounts: Sequence[str],
        max_wait: float,
        clock: Clock,
    ) -> None:
        if budget and ledger is None:
            raise ConfigurationError("A budget is counted in the ledger, and ledger=None turns that off.")
        self._target = ledger
        self._budget = _budget(budget, accounts)
        self._confirm = confirm
        self._max_wait = max_wait
        self._clock = clock
        self.redact = Redactor()
        """Cleans what the ledgers keep."""
        self._lock = threading.RLock()
        self.creates = True
        """Whether a ledger's file that is not there is made. Else an empty ledger stands for it, which goes with the
        hub: who only reads leaves nothing behind."""
        self._ledgers: dict[LedgerFile, tuple[Ledger, Gates]] = {}
        self._stand_ins = ExitStack()
        self._memory: Gates | None = None
        self._pauses: dict[str, Pause] = {}

    def open(self, provider: AnyProvider) -> tuple[SpendingPolicy, Gate, Pause]:
        """What stands before this account's spending, and before each of its requests."""
        settings: ProviderSettings = provider.settings
        with self._lock:
            if self._target is None:
                if self._memory is None:
                    from crowdhub.ratelimit import Gates

                    self._memory = Gates(clock=self._clock)
                gate = self._memory.of(identity_of(provider), settings.secrets())
                return self._policy(None), gate, self._pause(provider, settings)
            ledger, gates = self._opened(self._place(provider.environment, settings.base_url))
            self.redact.add(*settings.secrets())
            ledger.redact = self.redact
            gate = gates.of(identity_of(provider), settings.secrets())
            return self._policy(ledger), gate, self._pause(provider, settings)

    def _pause(self, provider: AnyProvider, settings: ProviderSettings) -> Pause:
        """One for each key, whatever the accounts that it opens are called."""
        key = hashlib.sha256(
            "\0".join([provider.name, settings.base_url, *sorted(settings.secrets())]).encode("utf-8", "surrogatepass")
        )
        return self._pauses.setdefault(key.hexdigest(), Pause(self._clock))

    def ledger(self, accounts: Iterable[tuple[str, str]]) -> Ledger | None:
        """The ledger at work for these accounts (environment, base URL); where they have several, that of the live
        ones. None: turned off."""
        with self._lock:
            if self._target is None:
                return None
            places = {self._place(environment, base_url) for environment, base_url in accounts}
            return self._opened(places.pop() if len(places) == 1 else OWN)[0]

    def warm_up(self) -> None:
        """Open a ledger that the application chose, which may be a database far away; nothing for the others."""
        if self._target not in (None, DEFAULT):
            with self._lock:
                _ = self._opened(OWN)

    def _place(self, environment: str, base_url: str) -> LedgerFile:
        """Where the ledger for such an account is."""
        if self._target != DEFAULT or environment != "sandbox":
            return OWN
        here = running_at(base_url)
        if here is not None:
            return LedgerFile(here.folder / "ledger.sqlite3", is_embedded=True)
        if not is_loopback(base_url):
            return OWN
        from crowdhub.store import sandbox_path

        return LedgerFile(sandbox_path())

    def _opened(self, place: LedgerFile) -> tuple[Ledger, Gates]:
        if place not in self._ledgers:
            from crowdhub.ledger import Ledger
            from crowdhub.ratelimit import Gates

            own = None if self._target == DEFAULT else self._target
            target = own if place.file is None else place.file
            ledger = Ledger.open(target if self.creates else self._there(target), clock=self._clock)
            gates = Gates(clock=self._clock) if place.is_embedded else Gates(ledger.database)
            self._ledgers[place] = ledger, gates
        return self._ledgers[place]

    def _there(self, target: str | os.PathLike[str] | None) -> str | os.PathLike[str] | None:
        """The ledger that is meant, or where its file is not there, one that stands for it."""
        from crowdhub.store import is_missing

        if not is_missing(target):
            return target
        folder = self._stand_ins.enter_context(TemporaryDirectory(prefix="crowdhub-", ignore_cleanup_errors=True))
        return Path(folder, "ledger.sqlite3")

    def _policy(self, ledger: Ledger | None) -> SpendingPolicy:
        return SpendingPolicy(ledger=ledger, budget=self._budget, confirm=self._confirm, max_wait=self._max_wait)

    def close(self) -> None:
        with self._lock:
            for ledger, gates in self._ledgers.values():
                gates.close()
                ledger.close()
            self._ledgers.clear()
            self._stand_ins.close()
