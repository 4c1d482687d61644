"""A hub's ledger, budget and request limits: opened on first use, one for all its markets."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crowdhub.clock import Clock
from crowdhub.engine.redact import Redactor
from crowdhub.errors import ConfigurationError
from crowdhub.operations.port import identity_of
from crowdhub.operations.spending import Confirm, SpendingPolicy
from crowdhub.protocol import LOOPBACK, AnyProvider, ProviderSettings

if TYPE_CHECKING:
    from crowdhub.engine.session import Gate
    from crowdhub.ledger import Budget, Ledger
    from crowdhub.ratelimit import Gates

DEFAULT = "default"


class HubResources:
    """``ledger``: ``"default"`` (the file in the user's data folder), a path or database URL, or None for none.

    By default an embedded sandbox has a ledger of its own that goes with the hub: its tasks are gone tomorrow,
    and must not answer for tomorrow's keys.
    """

    def __init__(
        self,
        ledger: str | os.PathLike[str] | None,
        budget: Mapping[str, object] | None,
        confirm: Confirm | None,
        *,
        accounts: list[str],
        max_wait: float,
        clock: Clock,
    ) -> None:
        if budget and ledger is None:
            raise ConfigurationError("A budget is counted in the ledger, and ledger=None turns that off.")
        self._target = ledger
        self._given_budget = budget
        self._accounts = accounts
        self._confirm = confirm
        self._max_wait = max_wait
        self._clock = clock
        self._redact = Redactor()
        self._lock = threading.RLock()
        self._ledgers: dict[str, tuple[Ledger, Gates]] = {}
        self._memory: Gates | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def open(self, provider: AnyProvider) -> tuple[SpendingPolicy, Gate]:
        """What stands before this account's spending, and before each of its requests."""
        settings: ProviderSettings = provider.settings
        with self._lock:
            if self._target is None:
                if self._memory is None:
                    from crowdhub.ratelimit import Gates

                    self._memory = Gates(clock=self._clock)
                return self._policy(None), self._memory.of(identity_of(provider), settings.secrets())
            ledger, gates = self._opened(self._place(provider, settings))
            self._redact.add(*settings.secrets())
            ledger.redact = self._redact
            return self._policy(ledger), gates.of(identity_of(provider), settings.secrets())

    def ledger(self) -> Ledger | None:
        """The ledger of the live accounts (None: turned off)."""
        with self._lock:
            return None if self._target is None else self._opened("")[0]

    def warm_up(self) -> None:
        """Open a ledger that the application chose, which may be a database far away; nothing for the others."""
        if self._target not in (None, DEFAULT):
            self.ledger()

    def _place(self, provider: AnyProvider, settings: ProviderSettings) -> str:
        embedded = provider.environment == "sandbox" and (urlsplit(settings.base_url).hostname or "") in LOOPBACK
        return "embedded" if embedded and self._target == DEFAULT else ""

    def _opened(self, place: str) -> tuple[Ledger, Gates]:
        if place not in self._ledgers:
            from crowdhub.ledger import Ledger
            from crowdhub.ratelimit import Gates

            if place == "embedded":
                self._folder = tempfile.TemporaryDirectory(prefix="crowdhub-", ignore_cleanup_errors=True)
                ledger = Ledger.open(Path(self._folder.name) / "ledger.sqlite3", clock=self._clock)
                gates = Gates(clock=self._clock)
            else:
                ledger = Ledger.open(None if self._target == DEFAULT else self._target, clock=self._clock)
                gates = Gates(ledger.database)
            self._ledgers[place] = ledger, gates
        return self._ledgers[place]

    def _policy(self, ledger: Ledger | None) -> SpendingPolicy:
        budget: Budget | None = None
        if ledger is not None and self._given_budget not in (None, {}):
            from crowdhub.ledger import Budget

            budget = Budget.of(self._given_budget, self._accounts)
        return SpendingPolicy(ledger=ledger, budget=budget, confirm=self._confirm, max_wait=self._max_wait)

    def close(self) -> None:
        with self._lock:
            for ledger, gates in self._ledgers.values():
                gates.close()
                ledger.close()
            self._ledgers.clear()
            if self._folder is not None:
                self._folder.cleanup()
                self._folder = None
