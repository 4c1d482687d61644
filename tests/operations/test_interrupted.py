"""Ctrl-C at any moment of a publish: no key is stuck, no lock is held, nothing is paid twice or lost."""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path

from crowdhub import Hub, Money, TaskDraft
from crowdhub.errors import CrowdhubError
from crowdhub.sandbox import Sandbox
from crowdhub_rapidworkers.sandbox import RapidWorkersSandbox
from tests.support.interrupts import Interrupt
from tests.support.own_process import in_own_process

DRAFT = TaskDraft(title="T", instructions="I", proof="P", reward=Money("0.10", "USD"), category="Survey", slots=1)
KEYS = 100


def test_no_key_is_stuck(tmp_path: Path) -> None:
    in_own_process(publish_and_interrupt, tmp_path / "ledger.sqlite3")


def publish_and_interrupt(ledger: str) -> None:
    """An interrupt in a finalizer goes nowhere, one between a socket and whoever is to close it leaves that open, one
    between making an operation and running it drops it: Python tells of each."""
    places = random.Random(3)
    with (
        Sandbox("rapidworkers", options={"rapidworkers": {"rate_limit": None}}) as box,
        Hub(box.accounts, ledger=ledger, clock=box.clock) as hub,
    ):
        market = hub["rapidworkers"]
        market.publish(DRAFT, key="warm")
        whole = Interrupt()
        whole.around(lambda: market.publish(DRAFT, key="counted"))
        interrupted = 0
        for number in range(KEYS):
            work = partial(market.publish, DRAFT, key=f"k{number}")
            try:
                Interrupt(places.randrange(1, whole.count)).around(work)
            except (KeyboardInterrupt, CrowdhubError) as error:
                interrupted += isinstance(error, KeyboardInterrupt)
            box.advance(minutes=6)
            work()
        assert interrupted > KEYS / 2
        assert hub.ledger is not None
        assert hub.ledger.open_intents(under_way=True) == []
        assert hub.recover().to_look_at == ()
        assert len(box.market(RapidWorkersSandbox).books().charges) == KEYS + 2
