"""What one marketplace's part in the demo is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from crowdhub.model import Money, Submission, TaskDraft


@dataclass(frozen=True, slots=True)
class Lost:
    """The request whose answer is lost on purpose, after the marketplace has done the work.

    ``path`` is a regular expression on its path (eTXT: on its function); ``skip`` lets so many through before.
    """

    path: str
    method: str | None = None
    skip: int = 0


@dataclass(frozen=True, slots=True)
class Scene:
    """One marketplace's part. Another marketplace joins by one more file in ``scenes``.

    ``slots`` and ``reward`` are its share of the one draft, ``settings`` its own options in that draft. Where the
    draft has no place, ``fitting`` makes drafts that do, from the one draft and the pictures. ``judge`` gives the
    reason to refuse a piece of work, or None for good work.
    """

    name: str
    reward: Money
    slots: int
    judge: Callable[[Submission], str | None]
    fitting: Callable[[TaskDraft, Sequence[bytes]], Sequence[TaskDraft]] | None = None
    fits: str = ""
    """What ``fitting`` makes, in words."""
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    lost: Sequence[Lost] = ()
    singly: int = 3
    """Approvals made as the work comes; the rest waits for the review in the end."""
    how: str = "one by one"
    """How the marketplace takes many decisions."""
    bonus: Money | None = None
    """What the first good work earns on top, where the marketplace can pay that."""
    sandbox: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """The sandbox's options."""
    prepare: Callable[[Any, Sequence[bytes]], None] | None = None
    """Tells the sandbox what its side has to know about the pictures."""


def words_of(work: Submission) -> str:
    """What was handed in, on one line: the text, or the answers of a form."""
    if work.text:
        return work.text
    answers: Any = work.answers
    return ", ".join(f"{name}: {', '.join(map(str, told))}" for name, told in answers.items()) if answers else ""
