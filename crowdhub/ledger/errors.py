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


class NotHeld(LedgerError):
    """The intent was taken over: this caller's lease on it had ended. ``intent`` is its row as it is now."""

    intent: Intent
    next_step = "Look at the intent's present state in the ledger; nothing was changed by this call."

    def __init__(self, intent: Intent) -> None:
        super().__init__(f"This caller does not hold the intent {intent.id} any more; it is {intent.state} now.")
        self._hold(intent=intent)
