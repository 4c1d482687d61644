"""How many requests a keyed publish takes at each marketplace, with the default ledger: what docs/money.md says."""

from __future__ import annotations

from pathlib import Path

import pytest

from crowdhub import Hub, Money, TaskDraft
from crowdhub.sandbox import Sandbox
from crowdhub_etxt import EtxtOptions

PLAIN = TaskDraft(title="T", instructions="I", proof="P", category="Survey", reward=Money("0.10", "USD"))
DRAFTS = {
    "rapidworkers": PLAIN,
    "crowdsdom": PLAIN.copy_with(category=None, reward=Money(1, "CNY")),
    "etxt": TaskDraft(
        title="T", instructions="I", reward=Money(300, "RUB"), options=[EtxtOptions(id_category=1, size=2000)]
    ),
}
EXPECTED = {
    # The first one; the next, at once; one more, after a minute.
    "rapidworkers": (3, 2, 3),
    "crowdsdom": (3, 2, 2),  # with a token
    "etxt": (5, 5, 5),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_keyed_publish(name: str, tmp_path: Path) -> None:
    with Sandbox(name) as box, Hub(box.accounts, ledger=tmp_path / "l", clock=box.clock) as hub:
        side = box[name]
        counts: list[int] = []
        for number, later in enumerate((0, 1, 61)):
            box.clock.advance(seconds=later)
            side.clear_requests()
            assert not hub[name].publish(DRAFTS[name], key=f"k{number}").replayed
            counts.append(side.request_count)
    assert tuple(counts) == EXPECTED[name]
