"""What the ledger itself can raise."""

from __future__ import annotations

from typing import Any

from crowdhub.errors import CallerError


class LedgerError(CallerError):
    """The ledger could not be read or written: locked, full, damaged, unreachable.

    Raised before a request, nothing was sent, for the intent has to be on disk first. Raised after it
    (``sent`` is True), the work may be done while the ledger still calls it open: `recover` asks the marketplace.
    ``transient``: the same call may succeed in a moment.
    """

    next_step = "Put right what is named above and call again; nothing was sent."

    def __init__(self, message: str, *, transient: bool = False, **evidence: Any) -> None:
        super().__init__(message, **evidence)
        self.transient = transient

    def after_sending(self) -> LedgerError:
        """The same error where the marketplace had already been asked."""
        self.sent = True
        self.money_may_be_spent = True
        self.next_step = (
            "The marketplace was asked already and the intent is still open in the ledger: "
            "put right what is named above, then recover. Do not simply repeat the call."
        )
        return self


class UnderWay(LedgerError):
    """The same key is being carried out at this moment, here or in another process. ``intent`` is its row."""

    next_step = "Call again with the same key in a moment: it then returns that call's result. Nothing was sent."

    def __init__(self, intent: Any) -> None:
        since = f"{intent.created_at:%Y-%m-%d %H:%M:%S} UTC"
        super().__init__(
            f"{intent.operation} with the key {intent.key!r} is under way in {intent.owner_words} since {since}.",
            transient=True,
            provider=intent.provider,
            account=intent.account,
            environment=intent.environment,
            operation=intent.operation,
        )
        self.intent = intent


class NotHeld(LedgerError):
    """The intent was taken over: this caller's lease on it had ended. ``intent`` is its row as it is now."""

    next_step = "Look at the intent's present state in the ledger; nothing was changed by this call."

    def __init__(self, intent: Any) -> None:
        super().__init__(f"The intent {intent.id} is no longer held by this caller; it is {intent.state} now.")
        self.intent = intent
