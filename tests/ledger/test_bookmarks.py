"""How far a watch has come, on both databases."""

from __future__ import annotations

from typing import Any

from crowdhub.ledger import Bookmark, Ledger

FIRST, SECOND = ("1", "2026-01-15 09:00:00+00:00"), ("1", "2026-01-15 10:00:00+00:00")


def test_what_was_noted_is_read_and_once_alone(ledger: Ledger, identity: dict[str, Any]) -> None:
    marks = ledger.bookmarks("labels", identity, "owner")
    assert marks.read(["a", "b"]) == {}
    for _ in range(2):  # two programs of one name note the same
        marks.begin("a", [FIRST])
        marks.handed_out({"a": [FIRST, SECOND], "b": []})
    found = marks.read(["a", "b"])
    assert found.keys() == {"a"}
    assert (found["a"].begun, found["a"].settled_before) == (True, [FIRST])
    assert sorted(found["a"].handed_out) == [FIRST, SECOND]


def test_another_name_another_account_and_another_task_know_nothing(ledger: Ledger, identity: dict[str, Any]) -> None:
    ledger.bookmarks("labels", identity, "owner").begin("a", [])
    assert ledger.bookmarks("labels", identity, "owner").read(["a"]) == {"a": Bookmark(begun=True)}
    assert ledger.bookmarks("other", identity, "owner").read(["a"]) == {}
    assert ledger.bookmarks("labels", identity | {"account": "other"}, "of another").read(["a"]) == {}
    assert ledger.bookmarks("labels", identity | {"account": "renamed"}, "owner").read(["a", "b"]).keys() == {"a"}
