"""Results that are longer than the ledger keeps."""

from __future__ import annotations

from typing import Any

import pytest

from crowdhub.errors import Conflict
from crowdhub.ledger import Ledger
from crowdhub.ledger.content import LONGEST_RESULT, LONGEST_TEXT
from crowdhub.model import Task

LONG = "x" * (LONGEST_RESULT + 1)


def finished(ledger: Ledger, identity: dict[str, Any], task: Task) -> None:
    begun = ledger.begin(identity, "publish", "work", key="k")
    ledger.sending(begun.intent)
    ledger.finish(begun.intent, task)


def test_the_beginning_of_long_texts_is_kept(file_ledger: Ledger, identity: dict[str, Any]) -> None:
    finished(file_ledger, identity, Task(**identity, id="7", title=LONG, raw={"title": LONG}))
    again = file_ledger.begin(identity, "publish", "work", key="k").intent.read(Task)
    assert (again.id, again.title, again.replayed) == ("7", LONG[:LONGEST_TEXT], True)


def test_an_endless_id_is_one_clear_error(file_ledger: Ledger, identity: dict[str, Any]) -> None:
    finished(file_ledger, identity, Task(**identity, id=LONG, title="t"))
    with pytest.raises(Conflict, match="already done under the key 'k', with a result that was not kept"):
        file_ledger.begin(identity, "publish", "work", key="k").intent.read(Task)
