"""What the ledger itself can raise."""

from __future__ import annotations

from crowdhub.errors import LedgerError
from crowdhub.ledger.intent import Intent


class UnderWay(LedgerError):
    """The same key is being carried out at this moment, here or in another process. ``intent`` is its row."""

    intent: Intent
    next_step = "Call again with the same key in a moment: it then returns that call's result. Nothing was sent."

    def __init__(self, intent: Intent) -> None:
        since = f"{intent.created_at:%Y-%m-%d %H:%M:%S} UTC"
        super().__init__(
            f"{intent.operation} with the key {intent.key!r} is under way in {intent.owner_words} since {since}.",
            transient=True,
            provider=intent.provider,
            account=intent.account,
            environment=intent.environment,
            operation=intent.operation,
        )
        self._hold(intent=intent)


class PaidTwice(LedgerError):
    """Two requests under one key were carried out. ``first`` and ``second`` are their rows; both count as spent."""

    first: Intent
    second: Intent
    money_may_be_spent = True
    next_step = "Look at both at the marketplace, and cancel one of them. `recover` names them again."

    def __init__(self, first: Intent, second: Intent) -> None:
        both = [f"task {each.task_id}" if each.task_id else f"the intent {each.id}" for each in (first, second)]
        super().__init__(
            f"{first.operation} with the key {first.key!r} was carried out twice: {' and '.join(both)}.",
            sent=True,
            provider=first.provider,
            account=first.account,
            environment=first.environment,
            operation=first.operation,
        )
        self._hold(first=first, second=second)


class NotHeld(LedgerError):
    """The intent was taken over: this caller's lease on it had ended. ``intent`` is its row as it is now."""

    intent: Intent
    next_step = "Look at the intent's present state in the ledger; nothing was changed by this call."

    def __init__(self, intent: Intent) -> None:
        super().__init__(f"This caller does not hold the intent {intent.id} any more; it is {intent.state} now.")
        self._hold(intent=intent)
