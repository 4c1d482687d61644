"""The machine's own clock, set an hour forward or back under a ledger: no age is believed because of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crowdhub.clock import Clock
from crowdhub.ledger import Ledger
from crowdhub.store import ticks

HOUR = timedelta(hours=1)


@pytest.mark.skipif(ticks.tick(Clock()) is None, reason="the system has no counter that goes on while it sleeps")
def test_a_clock_that_is_set_proves_nothing(
    tmp_path: Path, identity: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Clock.now

    def set_by(change: timedelta) -> None:
        def now(self: Clock) -> datetime:
            return real(self) + change

        monkeypatch.setattr(Clock, "now", now)

    with Ledger.open(tmp_path / "ledger.sqlite3") as ledger:
        intent = ledger.begin(identity, "publish", "work", key="k").intent
        ledger.sending(intent)
        set_by(HOUR)
        assert ledger.age(intent) < HOUR
        set_by(-HOUR)
        assert ledger.known_for(intent) > timedelta()
