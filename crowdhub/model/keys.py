"""What an application may call one of its spends."""

from __future__ import annotations

from crowdhub.errors import Issue

LONGEST_KEY = 200


def key_issues(key: str | None) -> list[Issue]:
    """What is wrong with a key; nothing with none."""
    if key is None or (key.strip() and len(key) <= LONGEST_KEY and key.isprintable()):
        return []
    return [Issue("key", f"must be 1 to {LONGEST_KEY} printable characters")]
