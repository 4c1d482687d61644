"""What a result, or an error, tells of the money that it took."""

from __future__ import annotations

from crowdhub.model import Money, Task


def charged_by(result: object) -> Money | None:
    """What the marketplace said it took: the ``charged`` of a `Task`, or of a plugin's own model or error that has one.
    None where it said nothing."""
    told = getattr(result, "charged", None)
    return told if isinstance(told, Money) else None


def task_id_of(result: object) -> str | None:
    """The task that it made or belongs to, for a task's own budget; None where it names none."""
    if isinstance(result, Task):
        return result.id
    told = getattr(result, "task_id", None)
    return told if isinstance(told, str) else None
