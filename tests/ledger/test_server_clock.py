"""Machines whose clocks differ share a ledger in PostgreSQL: ages and leases go by the server's clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crowdhub.clock import Clock
from crowdhub.ledger import Ledger
from crowdhub.ledger.owner import Here
from crowdhub.store import Database, ticks
from tests.support import postgres
from tests.support.hand_clock import HandClock

WRONG = timedelta(seconds=360)


class OtherMachine(Here):
    def me(self) -> tuple[str, str, str, str]:
        return "another machine", "1", "1", "other"


@pytest.fixture
def wrong_clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """From now on this is a machine whose clock is wrong by so much, in a boot of its own."""

    def set_to(by: timedelta) -> None:
        def now(_: Clock) -> datetime:
            return datetime.now(UTC) + by

        monkeypatch.setattr(Clock, "now", now)
        monkeypatch.setattr(ticks, "_boot", lambda: f"a boot {by}")

    return set_to


@pytest.mark.parametrize("by", [WRONG, -WRONG], ids=["ahead", "behind"])
def test_another_clock_changes_no_age_and_ends_no_lease(
    by: timedelta, wrong_clock: Callable[[timedelta], None], identity: dict[str, Any]
) -> None:
    url = postgres.new_database()
    with Ledger.open(url) as here:
        mine = here.begin(identity, "publish", "work", key="mine").intent
        here.sending(mine)
        wrong_clock(by)
        with Ledger(Database(url), here=OtherMachine()) as there:
            assert there.is_under_way(mine)
            assert there.begin(identity, "publish", "work", key="mine").status == "under way"
            assert timedelta() <= there.age(mine) < timedelta(minutes=1)
            assert timedelta() <= there.known_for(mine) < timedelta(minutes=1)
            theirs = there.begin(identity, "publish", "work", key="theirs").intent
            there.sending(theirs)
        wrong_clock(timedelta())
        assert here.is_under_way(theirs)
        assert timedelta() <= here.age(theirs) < timedelta(minutes=1)


def test_time_that_is_moved_by_hand_stays_that() -> None:
    clock = HandClock()
    database = Database(postgres.new_database(), clock=clock)
    try:
        assert database.now() == clock.now()
    finally:
        database.close()
