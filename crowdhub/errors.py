"""Everything that can go wrong, as one tree.

::

    CrowdhubError
    ├── CallerError              yours: change the program, the settings or the draft
    │   ├── ConfigurationError       a setting, an account, a plugin
    │   ├── NotSupported             the marketplace cannot do that; nothing was sent
    │   ├── InvalidRequest           bad data; every issue is named at once (also a ValueError)
    │   ├── BudgetExceeded           it would pass the budget; nothing that costs money was sent
    │   ├── NotConfirmed             the application's own `confirm` said no; nothing that costs money was sent
    │   └── LedgerError              the ledger could not be read or written
    └── MarketplaceError         theirs, or the way to them
        ├── AuthenticationFailed     no key, or not a good one
        ├── PermissionDenied         not yours, or refused by the marketplace's own rules
        ├── NotFound                 no such task, submission or worker
        ├── Conflict                 already settled, and not the way that was asked for
        ├── InsufficientFunds        the account's balance does not cover it
        ├── RateLimited              too many requests; ``retry_after`` seconds
        ├── ProviderUnavailable      not reached, or it says it cannot answer now
        ├── ProviderError            it answered with a failure of its own
        │   └── UnreadableResponse       it answered something that cannot be read
        └── OutcomeUnknown           the answer was lost: it may have been done, and paid

Errors are immutable: `CrowdhubError.with_` gives a changed copy. Each carries its evidence: ``provider``,
``account``, ``environment``, ``operation``, ``http_status``, ``provider_code``, ``provider_message``, ``excerpt`` (the
beginning of an answer, which is shown where no words were found in it), ``sent`` (whether a request went out),
``money_may_be_spent``, ``origin`` (the line of the plugin where it arose, as text) and ``next_step``, what to do now.
``str(error)`` says all of it but the origin, which a traceback shows as a note.
No error ever holds a key, a token or a signature.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Any, NamedTuple, Self, TypeVar, cast

__all__ = [
    "AuthenticationFailed",
    "BudgetExceeded",
    "CallerError",
    "ConfigurationError",
    "Conflict",
    "CrowdhubError",
    "InsufficientFunds",
    "InvalidRequest",
    "Issue",
    "LedgerError",
    "Lost",
    "MarketplaceError",
    "NotConfirmed",
    "NotFound",
    "NotSupported",
    "OutcomeUnknown",
    "PermissionDenied",
    "ProviderError",
    "ProviderUnavailable",
    "RateLimited",
    "UnreadableResponse",
]

Redact = Callable[[str], str]
E = TypeVar("E", bound="CrowdhubError")

QUOTED = 300
"""Characters of an answer's beginning that an error shows."""


class Issue(NamedTuple):
    """One thing wrong with a request: ``where`` (the field) and ``what`` (what is wrong and what would be right)."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


class CrowdhubError(Exception):
    """The root of the tree; catching it catches everything that crowdhub raises on purpose."""

    next_step: str = "Read the message; nothing more is known."
    was_done: bool = False
    """Whether what was asked for had been carried out by an earlier call, which may have cost something."""
    money_may_be_spent: bool = False
    foreign: bool = False
    """Whether the answer is not in the marketplace's own shape: a proxy's page in its place, which may be over soon."""

    message: str
    provider: str | None
    account: str | None
    environment: str | None
    operation: str | None
    http_status: int | None
    provider_code: str | None
    provider_message: str | None
    excerpt: str | None
    sent: bool
    origin: str | None

    def __init__(
        self,
        message: str,
        *,
        provider: str | None = None,
        account: str | None = None,
        environment: str | None = None,
        operation: str | None = None,
        http_status: int | None = None,
        provider_code: str | None = None,
        provider_message: str | None = None,
        excerpt: str | None = None,
        sent: bool = False,
        next_step: str | None = None,
    ) -> None:
        super().__init__(message)
        self._hold(
            message=message,
            provider=provider,
            account=account,
            environment=environment,
            operation=operation,
            http_status=http_status,
            provider_code=provider_code,
            provider_message=provider_message,
            excerpt=excerpt,
            sent=sent,
            origin=None,
        )
        if next_step is not None:
            self._hold(next_step=next_step)

    def _hold(self, **values: object) -> None:
        """Set attributes while the error is being made."""
        vars(self).update(values)

    def __setattr__(self, name: str, value: object) -> None:
        if not name.startswith("__"):  # Python itself sets __traceback__, __cause__ and __notes__
            raise AttributeError(f"errors are immutable; error.with_({name}=…) gives a changed copy")
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        if not name.startswith("__"):
            raise AttributeError("errors are immutable")
        super().__delattr__(name)

    def with_(self, **changes: object) -> Self:
        """A copy with other evidence (``error.with_(operation="publish")``), the same cause, and no traceback."""
        state = {name: value for name, value in vars(self).items() if name != "__notes__"}
        if unknown := [name for name in changes if name not in state and not hasattr(type(self), name)]:
            raise TypeError(f"{type(self).__name__} has no {', '.join(unknown)}")
        state.update(changes)
        copy = _rebuild(type(self), (state["message"],), state)
        copy.__cause__ = self.__cause__
        copy.__suppress_context__ = self.__suppress_context__
        place = None if self.origin is None else _place(self.origin)
        for note in getattr(self, "__notes__", ()):
            if note != place:
                copy.add_note(note)
        if copy.origin is not None:
            copy.add_note(_place(copy.origin))
        return copy

    @property
    def evidence(self) -> dict[str, Any]:
        """What the marketplace answered, as every error takes it."""
        names = ("http_status", "provider_code", "provider_message", "excerpt")
        return {name: getattr(self, name) for name in names}

    def located(self, **where: object) -> Self:
        """A copy with the evidence that is still missing (the engine knows what a provider's code does not)."""
        return self.with_(**{name: value for name, value in where.items() if getattr(self, name) is None})

    def redacted(self, redact: Redact) -> Self:
        """A copy whose every text went through ``redact``."""
        state = {name: value for name, value in vars(self).items() if name != "__notes__"}
        copy = self.with_(**{name: _redacted(value, redact) for name, value in state.items()})
        if hasattr(copy, "__notes__"):
            copy.__notes__ = [redact(note) for note in copy.__notes__]
        return copy

    def __str__(self) -> str:
        place = "/".join(p for p in (self.provider, self.account) if p)
        if self.provider == self.account and self.provider:
            place = self.provider
        if self.environment:
            place = f"{place} ({self.environment})" if place else f"({self.environment})"
        where = " ".join(p for p in (place, self.operation) if p)
        said = [self.message]
        code = self.provider_code if self.provider_code and self.provider_code not in self.message else None
        told = [f"HTTP {self.http_status}" if self.http_status is not None else None, code]
        if any(told):
            said.append(f"[{', '.join(filter(None, told))}]")
        words = self.provider_message or (self.excerpt or "")[: QUOTED + 1]
        if words and words not in self.message:
            said.append(f'The marketplace says: "{words}".')
        if self.sent and self.money_may_be_spent:
            said.append("Money may have been spent.")
        elif isinstance(self, MarketplaceError):
            said.append("Nothing more was spent." if self.was_done else "Nothing was spent.")
        said.append(self.next_step)
        return (f"{where}: " if where else "") + " ".join(said)

    def __reduce__(self) -> tuple[Any, ...]:
        # Errors cross process borders (worker pools); the keyword-only evidence travels as state.
        return _rebuild, (type(self), self.args, vars(self).copy())


def _place(origin: str) -> str:
    return f"In the plugin: {origin}."


def _redacted(value: Any, redact: Redact, depth: int = 0) -> Any:
    """Every text in a value passed through ``redact``: a marketplace can echo a key anywhere in its answer."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Issue):
        return Issue(redact(value.where), redact(value.what))
    if depth > 50 and isinstance(value, (list, tuple, dict)):
        return "…"  # no marketplace nests so deep; an attacker does
    if isinstance(value, (list, tuple)):
        parts: list[Any] = [_redacted(each, redact, depth + 1) for each in cast("Sequence[Any]", value)]
        return tuple(parts) if isinstance(value, tuple) else parts
    if isinstance(value, dict):
        members = cast("dict[Any, Any]", value)
        return {_redacted(name, redact): _redacted(each, redact, depth + 1) for name, each in members.items()}
    return value


def _rebuild(kind: type[E], args: tuple[Any, ...], state: Mapping[str, Any]) -> E:
    error = kind.__new__(kind, *args)
    vars(error).update(state)
    return error


class CallerError(CrowdhubError):
    """Yours: the same call fails again until the program, the settings or the draft change."""


class MarketplaceError(CrowdhubError):
    """Theirs, or the way to them."""

    def __init__(self, message: str, *, sent: bool = True, **evidence: Any) -> None:
        super().__init__(message, sent=sent, **evidence)


class ConfigurationError(CallerError):
    """A setting, an account name or a plugin is missing or wrong. Nothing was sent."""

    next_step = "Correct the setting named above; nothing was sent."


class NotSupported(CallerError):
    """The marketplace cannot do this. Nothing was sent.

    ``capability`` is the operation's (or, for a draft, PUBLISH); ``fields`` names **all** settings of
    a draft that the marketplace has no place for; ``reasons`` says why, in words.
    """

    next_step = "Ask `market.capabilities` first, or choose another marketplace; nothing was sent."

    capability: str
    fields: tuple[str, ...]
    reasons: Mapping[str, str]

    def __init__(
        self,
        capability: str,
        provider: str,
        *,
        fields: Mapping[str, str] | None = None,
        reason: str | None = None,
    ) -> None:
        name: str = getattr(capability, "value", capability)
        if fields:
            listed = "; ".join(f"{field}: {why}" for field, why in fields.items())
            message = f"{provider} cannot honour what the draft asks for: {listed}."
        else:
            message = f"{provider} does not support {name}" + (f": {reason}." if reason else ".")
        super().__init__(message, provider=provider)
        self._hold(capability=capability, fields=tuple(fields or ()), reasons=dict(fields or {}))


class InvalidRequest(CallerError, ValueError):
    """Bad data. ``issues`` names every one of them; ``sent`` tells whether crowdhub or the marketplace found it."""

    next_step = "Correct what is named above and call again."

    issues: tuple[Issue, ...]

    def __init__(self, message: str | None = None, *, issues: Iterable[Issue] = (), **evidence: Any) -> None:
        named = tuple(issues)
        if message is None:
            many = f"{len(named)} issues: " if len(named) > 1 else ""
            message = many + "; ".join(map(str, named)) + "."
        super().__init__(message, **evidence)
        self._hold(issues=named)


class BudgetExceeded(CallerError):
    """The call would pass a budget, or the budget does not name its currency. Nothing that costs money was sent.

    ``need`` and ``have`` are Money (``need`` None: not known before), ``budget`` names the limit.
    """

    next_step = "Raise the budget or wait until it is free again; nothing that costs money was sent."

    need: Any  # Money or None; it stands above the errors
    have: Any
    budget: str

    def __init__(self, need: Any, have: Any, *, budget: str = "budget", **evidence: Any) -> None:
        super().__init__(f"The {budget} has {have} left and this needs {need}.", **evidence)
        self._hold(need=need, have=have, budget=budget)


class NotConfirmed(CallerError):
    """The ``confirm`` hook said no. Nothing that costs money was sent; a free draft may have been made before."""

    next_step = "Nothing that costs money was sent; confirm it, or leave it."


class LedgerError(CallerError):
    """The ledger could not be read or written: locked, full, damaged, unreachable.

    Raised before a request, nothing was sent, for the intent has to be on disk first. Raised after it
    (``sent`` is True), the work may be done while the ledger still calls it open: `recover` asks the marketplace.
    ``transient``: the same call may succeed in a moment.
    """

    next_step = "Put right what is named above and call again; nothing was sent."

    transient: bool

    def __init__(self, message: str, *, transient: bool = False, **evidence: Any) -> None:
        super().__init__(message, **evidence)
        self._hold(transient=transient)

    def after_sending(self) -> Self:
        """The same error where the marketplace had already been asked."""
        return self.with_(
            sent=True,
            money_may_be_spent=True,
            next_step=(
                "The marketplace was asked already and the intent is still open in the ledger: "
                "put right what is named above, then recover. Do not simply repeat the call."
            ),
        )


class AuthenticationFailed(MarketplaceError):
    """The key, token or signature was refused (HTTP 401 or the marketplace's own code)."""

    next_step = "Check the account's key in your settings; nothing was done."


class PermissionDenied(MarketplaceError):
    """Not yours, or refused by the marketplace's own rules (a legitimacy check, say)."""

    next_step = "Read the marketplace's reason; the same request will be refused again."


class NotFound(MarketplaceError):
    """No such task, submission or worker on this account."""

    next_step = "Check the id and that it belongs to this account and environment."


class Conflict(MarketplaceError):
    """The thing is already in another state (already settled, already blocked …). ``actual`` is that state if known."""

    next_step = "Look at its present state; it was not changed."

    actual: object

    def __init__(self, message: str, *, actual: object = None, **evidence: Any) -> None:
        super().__init__(message, **evidence)
        self._hold(actual=actual)


class InsufficientFunds(MarketplaceError):
    """The balance at the marketplace does not cover it."""

    next_step = "Top up the account at the marketplace and call again; nothing was charged."


class RateLimited(MarketplaceError):
    """The marketplace's request limit is used up. ``retry_after``: seconds to wait, if known."""

    next_step = "Wait for `retry_after` seconds, or raise `max_wait`; nothing was done."

    retry_after: float | None

    def __init__(self, message: str, *, retry_after: float | None = None, **evidence: Any) -> None:
        super().__init__(message, **evidence)
        self._hold(retry_after=retry_after)


class ProviderUnavailable(MarketplaceError):
    """It could not be reached, or says that it cannot answer now. Nothing was done, or only something was read."""

    next_step = "Try again later; nothing was changed."

    retry_after: float | None

    def __init__(self, message: str, *, retry_after: float | None = None, **evidence: Any) -> None:
        super().__init__(message, **evidence)
        self._hold(retry_after=retry_after)


class ProviderError(MarketplaceError):
    """The marketplace answered with a failure of its own."""

    next_step = "Try again later, or ask the marketplace with the message above."


class UnreadableResponse(ProviderError):
    """The marketplace answered something that cannot be read. ``records`` holds the single records of a listing that
    could not be read while the others could."""

    next_step = "Report it with the excerpt: the marketplace may have changed its answers."

    records: tuple[Any, ...]

    def __init__(self, message: str, *, records: Sequence[Any] = (), **evidence: Any) -> None:
        super().__init__(message, **evidence)
        self._hold(records=tuple(records))


class Lost(Enum):
    """How an answer was lost, which decides what a later look can prove."""

    ANSWERED = "answered"
    """The marketplace answered: with a 5xx or a redirect, or with what cannot be unpacked. It may have done it, and may
    be at work on it still."""
    BROKEN = "broken"
    """The connection broke. It may finish at any later moment."""
    ACCEPTED = "accepted"
    """The marketplace said yes (a 2xx), and what else it said was lost or makes no sense. Never sent again."""
    TIMED_OUT = "timed out"
    """It did not answer in time. It may finish at any later moment."""


class OutcomeUnknown(MarketplaceError):
    """The answer was lost: the request may have been carried out, and paid for. It was **not** sent again.

    ``lost`` says how, ``sent_at`` when the request left, ``look_for`` what to look for at the marketplace, ``doubt``
    why looking did not tell (None: nobody looked).
    ``money_may_be_spent`` is False where the lost request costs nothing (it makes a draft, say).
    """

    money_may_be_spent = True
    next_step = "Do not simply repeat it. Look at the marketplace whether it was done."

    lost: Lost
    sent_at: datetime | None
    look_for: str | None
    doubt: str | None

    def __init__(
        self,
        message: str,
        *,
        lost: Lost = Lost.TIMED_OUT,
        sent_at: datetime | None = None,
        look_for: str | None = None,
        doubt: str | None = None,
        **evidence: Any,
    ) -> None:
        super().__init__(message, **evidence)
        self._hold(lost=lost, sent_at=sent_at, look_for=look_for, doubt=doubt)

    def looking_for(self, what: str) -> Self:
        """A copy that says what a person (or ``recover``) has to look for, and where."""
        return self.with_(look_for=what, next_step=f"Do not simply repeat it. Look for {what}.")

    def doubting(self, why: str) -> Self:
        """A copy that says, in a sentence, why looking did not tell."""
        return self.with_(doubt=why, next_step=f"{self.next_step} {why}")
