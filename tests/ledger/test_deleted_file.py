"""The ledger's file is deleted or replaced under a hub that has it open: it is told, before anything is sent."""

from __future__ import annotations

from pathlib import Path
from shutil import copyfile

import pytest

from crowdhub import Hub, Money, TaskDraft
from crowdhub.errors import LedgerError
from crowdhub.sandbox import Sandbox
from crowdhub_rapidworkers.sandbox import RapidWorkersSandbox

DRAFT = TaskDraft(title="T", instructions="I", proof="P", reward=Money("0.10", "USD"), category="Survey", slots=1)


@pytest.mark.parametrize("replaced", [False, True], ids=["deleted", "replaced"])
def test_nothing_is_sent(replaced: bool, tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite3"
    with Sandbox("rapidworkers") as box, Hub(box.accounts, ledger=file, clock=box.clock) as hub:
        market = hub["rapidworkers"]
        market.publish(DRAFT, key="before")
        if replaced:
            copyfile(file, tmp_path / "copy")
            (tmp_path / "copy").replace(file)
        else:
            file.unlink()
        with pytest.raises(LedgerError, match="was deleted or replaced while it was open") as caught:
            market.publish(DRAFT, key="after")
        assert not caught.value.sent
        assert "start the program again" in caught.value.next_step
        with pytest.raises(LedgerError, match="was deleted or replaced"):
            hub.unresolved()
        assert len(box.market(RapidWorkersSandbox).books().charges) == 1
