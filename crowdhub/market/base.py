"""What both markets share: one account, and what can be told without a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from crowdhub.engine.engine import Engine
from crowdhub.frames import also_half_made
from crowdhub.model import Capabilities, TaskDraft
from crowdhub.operations.account import Account
from crowdhub.operations.checks import OnUnsupported
from crowdhub.operations.port import AccountPort
from crowdhub.operations.spending import SpendingPolicy
from crowdhub.protocol import AnyProvider

if TYPE_CHECKING:
    from crowdhub.ledger import Ledger

P = TypeVar("P", bound=AnyProvider, covariant=True)


class MarketBase(Generic[P]):
    def __init__(self, provider: P, engine: Engine, policy: SpendingPolicy, on_unsupported: OnUnsupported) -> None:
        self._provider = provider
        self._engine = engine
        self.operations = Account(
            AccountPort(engine),
            policy,
            on_unsupported=on_unsupported,
            timeout=engine.session.options.timeout,
        )
        """The same verbs as coroutines, for what spans several markets."""

    @property
    def provider(self) -> P:
        """The marketplace's own operations, for `run`."""
        return self._provider

    @property
    def name(self) -> str:
        """The account's name."""
        return self._provider.account

    @property
    def environment(self) -> str:
        """``live`` or ``sandbox``."""
        return self._provider.environment

    @property
    def currency(self) -> str:
        return self._provider.currency

    @property
    def capabilities(self) -> Capabilities:
        """What this marketplace can do, with limits, and why not what it cannot."""
        return self._provider.capabilities

    @property
    def ledger(self) -> Ledger | None:
        """The ledger that is at work for this account (None: turned off)."""
        return self.operations.policy.ledger

    @property
    def requests(self) -> int:
        """How many requests were sent through this market so far, repetitions included."""
        return self._engine.session.counter.requests

    def check(self, draft: TaskDraft) -> TaskDraft:
        """The draft as it would be sent. Makes no request.

        Raises `NotSupported` naming all fields the marketplace has no place for, `InvalidRequest` naming all
        issues.
        """
        return self.operations.check(draft)

    @also_half_made
    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} ({self.environment})>"
