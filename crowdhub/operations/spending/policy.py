"""What stands between a wish to spend and the request: the ledger, the budget, and the application's own word."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from crowdhub.errors import ConfigurationError
from crowdhub.model import Model, Money, Quote
from crowdhub.operations.port import Port

if TYPE_CHECKING:
    from crowdhub.ledger import Budget, Ledger


class Spend(Model):
    """What is about to be spent: what a ``confirm`` hook is asked about. ``amount`` None: not known before.

    For a batch it is asked once: ``operation`` is ``publish_many``, ``items`` has each thing by itself, ``amount`` is
    their sum (None as well where they are in several currencies: see ``totals``), and of several accounts all are
    named, with ``live`` as the environment where any of them is.
    """

    operation: str
    provider: str
    account: str
    environment: str
    amount: Money | None
    title: str | None = None
    key: str | None = None
    items: tuple[Spend, ...] = ()

    @property
    def assumption(self) -> str | None:
        """What of the amount the marketplace has not promised, in words: it is an estimate then. None: nothing."""
        told = (each.amount.assumption for each in self.items or (self,) if isinstance(each.amount, Quote))
        return "; ".join(dict.fromkeys(filter(None, told))) or None

    @property
    def totals(self) -> dict[str, Money]:
        """What is known of the amount, by currency."""
        amounts = (each.amount for each in self.items or (self,))
        return Money.total(each for each in amounts if each is not None)


Confirm = Callable[[Spend], "bool | Awaitable[bool]"]
"""Says whether it may be spent. An `AsyncHub` waits for one that is an ``async def``."""


async def is_confirmed(port: Port, confirm: Confirm, asked: Spend) -> bool:
    """Ask the application. Raises `ConfigurationError` where what it answers is neither yes nor no."""
    answer: object = await port.blocking(lambda: confirm(asked))
    if inspect.isawaitable(answer):
        answer = await cast("Awaitable[object]", answer)
    if answer and answer is not True:
        raise ConfigurationError(f"confirm returned {answer!r}, which is neither True nor False; nothing was bought.")
    return answer is True


def for_ordinary_code(confirm: Confirm) -> Confirm:
    """The same, refusing to wait: there is no event loop. Raises `ConfigurationError`."""

    def ask(asked: Spend) -> bool:
        answer = confirm(asked)
        if inspect.isawaitable(answer):
            if inspect.iscoroutine(answer):
                answer.close()
            raise ConfigurationError(
                "confirm is asynchronous, and this Hub has no event loop to wait for it; nothing was bought.",
                next_step="Give a plain function that returns True or False, or use AsyncHub.",
            )
        return answer

    return ask


@dataclass(frozen=True)
class SpendingPolicy:
    """``ledger`` None: turned off. ``confirm`` is asked before anything is spent. ``max_wait``: seconds to wait for
    another call with the same key."""

    ledger: Ledger | None = None
    budget: Budget | None = None
    confirm: Confirm | None = None
    max_wait: float = 60.0
