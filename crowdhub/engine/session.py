"""One account as the engine knows it: where calls go, how they are built, what their failures mean."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, TypeVar, cast

from crowdhub.clock import Clock
from crowdhub.engine import classify, http
from crowdhub.engine.classify import Failure
from crowdhub.engine.environment import proxy_secrets
from crowdhub.engine.pause import Pause
from crowdhub.engine.policy import RetryPolicy
from crowdhub.engine.redact import Redactor, shown
from crowdhub.engine.round_trip import ROUND_TRIP, RoundTrip
from crowdhub.engine.told import ToldBalance
from crowdhub.engine.transport import CALL, TOKEN
from crowdhub.errors import ConfigurationError, CrowdhubError, InvalidRequest, Issue, RateLimited
from crowdhub.model import Money
from crowdhub.protocol import (
    LOOPBACK,
    AnyProvider,
    Call,
    Lazy,
    Page,
    ProviderSettings,
    RateLimit,
    Response,
    Token,
)

RENEW_BEFORE = 30.0  # seconds before its end that a token is fetched anew; half of its life where that is shorter
LONGEST_ENDED = timedelta(minutes=30)
"""How long a token is used that had ended when it came, as some marketplaces write one without an end: until it is
refused, and no longer than this."""

T = TypeVar("T")
E = TypeVar("E", bound=CrowdhubError)

log = logging.getLogger("crowdhub")


class Gate(Protocol):
    """Keeps an account inside its request limits. The engine asks before each attempt."""

    blocking: bool
    """Whether asking may wait on a disk or a database (the async engine then asks in a thread)."""

    def enter(self, call: Call, limits: Sequence[RateLimit], *, look: bool = False) -> float:
        """Take a place for this call: 0 when it may go now, else the seconds after which to ask again. ``look``: take
        none, only say it."""
        ...

    def left(self, limits: Sequence[RateLimit]) -> int | None:
        """The calls left in the present window; None where there is no limit."""
        ...


class OpenGate:
    """For a provider without limits."""

    blocking = False

    def enter(self, call: Call, limits: Sequence[RateLimit], *, look: bool = False) -> float:  # noqa: ARG002
        return 0.0

    def left(self, limits: Sequence[RateLimit]) -> int | None:  # noqa: ARG002
        return None


@dataclass
class Options:
    """How an engine behaves."""

    timeout: float = 60.0
    """Seconds for each wait on the network; a request and its whole answer may take four times as long."""
    max_wait: float = 60.0
    """Seconds that one call may wait in all: for its place in the request budget and between attempts."""
    in_flight: int = 8
    """Calls at the same time, per account: more slows the HTTP library down."""
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    clock: Clock = field(default_factory=Clock)


@dataclass(slots=True)
class Counter:
    """Requests that were sent, repetitions included."""

    requests: int = 0


class Session:
    """One account: its provider, its secrets, its addresses."""

    def __init__(
        self, provider: AnyProvider, options: Options, gate: Gate | None = None, pause: Pause | None = None
    ) -> None:
        self.provider = provider
        self.options = options
        self.clock = options.clock
        provider.now = options.clock.now
        self.gate: Gate = gate or OpenGate()
        self.pause = pause or Pause(options.clock)
        settings: ProviderSettings = provider.settings
        places = provider.credential_places
        self.redact = Redactor((*settings.secrets(), *proxy_secrets()), (*places.headers, *places.query, *places.json))
        self.bases: dict[str, str] = {
            name: value
            for name in type(settings).model_fields
            if name.endswith("_url") and isinstance(value := getattr(settings, name), str)
        }
        self._packages = {_package(kind.__module__) for kind in type(provider).__mro__} - {"crowdhub"}
        self._origins = {_origin(self._checked(name, url)) for name, url in self.bases.items()}
        self.counter = Counter()
        self.told = ToldBalance()
        self.token: Token | None = None
        self._renew_token_at: datetime | None = None
        self.needs_token = provider.has_tokens()

    @property
    def urls(self) -> list[str]:
        """The account's addresses, one at least."""
        return list(self.bases.values()) or ["https://localhost"]

    def _checked(self, name: str, url: str) -> http.URL:
        try:
            target = http.URL(url)
        except http.InvalidURL:
            target = http.URL("")
        if target.scheme == "https" or (target.scheme == "http" and target.host in LOOPBACK):
            return target
        raise ConfigurationError(
            f"The setting {name} = {self.redact(url)!r} is refused: keys travel over https only (except to loopback).",
            **self.provider.identity,
        )

    def address(self, call: Call) -> str:
        """The full URL of a call, on one of the account's own hosts and nowhere else."""
        if "://" not in call.path:
            base = self.bases[call.base]
            # Always with a slash between: "@host" or ".host" after a bare base would be another host.
            return f"{base.rstrip('/')}/{call.path.removeprefix('/')}" if call.path else base
        if _origin(http.URL(call.path)) not in self._origins:
            raise ConfigurationError(f"The address {call.path!r} is not one of the account's hosts; nothing was sent.")
        return call.path

    def request(self, call: Call) -> http.Request:
        """The request as the HTTP client sees it: no body, no query, no credentials; `SigningTransport` adds them."""
        seconds = self.options.timeout if call.timeout is None else call.timeout
        try:
            target = _parsed(self.address(call))
        except http.InvalidURL:
            raise InvalidRequest(issues=[Issue("address", f"{call.path!r} cannot be part of an address")]) from None
        trip = RoundTrip(time.monotonic() + 4 * seconds, secure=target.scheme == "https")
        extensions = {
            "timeout": trip.timeouts(http.Timeout(seconds, connect=min(10.0, seconds))),
            CALL: call,
            TOKEN: self.token if call.authenticated else None,
            ROUND_TRIP: trip,
        }
        return http.Request(call.method, target, extensions=extensions)

    def token_is_due(self) -> bool:
        """Whether a token has to be fetched before the next call."""
        if not self.needs_token:
            return False
        if self.token is None:
            return True
        return self._renew_token_at is not None and self.clock.now() > self._renew_token_at

    def keep_token(self, token: Token) -> None:
        self.redact.renew(*token.secrets())
        self.token = token
        self._renew_token_at = None
        if token.expires_at is not None:
            now = self.clock.now()
            life = token.expires_at - now
            if life <= timedelta():
                life = LONGEST_ENDED
            with suppress(OverflowError):  # later than the calendar
                self._renew_token_at = now + life - min(timedelta(seconds=RENEW_BEFORE), life / 2)

    def refused_by_limit(self, call: Call) -> str | None:
        """Why the call would not be sent now, in a sentence: it would have to wait for too long. It takes no place."""
        try:
            _ = self.pause_left(call, 0.0)
            _ = self._ask_gate(call, 0.0, look=True)
        except Failure as refused:
            return refused.error.message
        return None

    def wait_at_gate(self, call: Call, waited: float) -> float:
        """Seconds to wait before asking the gate again; 0: go. Raises the failure when it would be too long."""
        return self._ask_gate(call, waited)

    def _ask_gate(self, call: Call, waited: float, *, look: bool = False) -> float:
        try:
            seconds = self.gate.enter(call, self.provider.rate_limits, look=look)
        except CrowdhubError as broken:  # the ledger, which the limits are shared through; nothing was sent
            raise Failure(broken, again=False) from None
        self._refuse_too_long(call, waited, seconds, "The request budget of this account is used up for")
        return seconds

    def _refuse_too_long(self, call: Call, waited: float, seconds: float, words: str) -> None:
        """Raise the failure of a call that would have to wait for longer than it may."""
        if seconds and (call.at_once or waited + seconds > self.options.max_wait):
            error = RateLimited(f"{words} {seconds:.0f} more seconds.", retry_after=seconds, sent=False)
            raise Failure(error, again=False)

    def pause_left(self, call: Call, waited: float) -> float | None:
        """Seconds until one request may try again, after the marketplace refused others of this key; None: there is
        no pause. Raises the failure where that is too long."""
        left = self.pause.left
        self._refuse_too_long(call, waited, left or 0.0, "The marketplace lets nothing of this key through for")
        return left

    def pause_by(self, error: CrowdhubError, *, tries: bool) -> None:
        """What a request that failed says of the pause. ``tries``: it was the one that tried; only what the marketplace
        itself answered ends the pause then."""
        if isinstance(error, RateLimited) and classify.is_told_to_wait(error):
            self.pause.begin(error.retry_after, tried=tries)
        elif tries and error.http_status is not None:
            self.pause.end()

    def lost(
        self, request: http.Request, call: Call, failure: Exception, sent_at: datetime, status: int | None
    ) -> Failure:
        trip: RoundTrip = request.extensions[ROUND_TRIP]
        found = classify.of_transport(
            call, failure, sent_at, status, may_have_left=trip.may_have_left, is_over=trip.is_over
        )
        found.error.__cause__ = self._harmless(failure)
        return found

    def _harmless(self, error: BaseException) -> BaseException:
        """The same error without what may hold a key: the transport's frames, and the errors that it came from."""
        words = f"{type(error).__name__}: {error}"
        if isinstance(error, BaseExceptionGroup):  # what it holds cannot be taken out of it
            error = RuntimeError(words)
        error.__traceback__ = error.__cause__ = error.__context__ = None
        if hasattr(error, "__notes__"):
            error.__notes__ = [self._clean(str(each)) for each in error.__notes__]
        unsendable = isinstance(error, http.LocalProtocolError)  # its words are the header that cannot be sent
        error.args = tuple("" if unsendable else self._clean(str(each)) for each in error.args)
        return error

    def judge(self, call: Call, answer: Response, sent_at: datetime) -> Failure | None:
        return classify.of_answer(self.provider, call, answer, sent_at, self.redact.beginning)

    def balance_told(self, call: Call, answer: Response) -> Money | None:
        """The account's money, where a good answer told it by the way. Nothing depends on it: it is asked otherwise."""
        try:
            return self.provider.balance_told(call, answer)
        except Exception as error:  # noqa: BLE001 - whatever a plugin stumbles over
            log.warning("%s: the balance that an answer tells is not read: %s", self.provider.account, type(error))
            return None

    def _clean(self, text: str) -> str:
        return shown(self.redact(text))

    def cleaned(self, error: E) -> E:
        """The error without secrets, and with no more of the marketplace's words than it shows."""
        return classify.shortened(error, self.redact.beginning).redacted(self._clean)

    def described(self, error: E, operation: str | None = None) -> E:
        """The error with its evidence filled in and every secret taken out, and so all that it came from.

        Their frames are left out: the locals there are answers as they came, and an answer can repeat a key. The line
        of the plugin in which it arose is kept, as text.
        """
        origin = error.origin or origin_of(error.__traceback__, self._packages)
        found = self.cleaned(error).located(operation=operation, origin=origin, **self.provider.identity)
        cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        found.__cause__ = self._described_cause(cause, operation, {id(error)})
        return found

    def _described_cause(
        self, cause: BaseException | None, operation: str | None, seen: set[int]
    ) -> BaseException | None:
        if cause is None or id(cause) in seen:
            return None
        seen.add(id(cause))
        before = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
        if isinstance(cause, CrowdhubError):
            found: BaseException = self.cleaned(cause).located(operation=operation, **self.provider.identity)
        else:
            found = self._harmless(cause)
        found.__cause__ = self._described_cause(before, operation, seen)
        return found

    def described_result(self, result: T, operation: str) -> T:
        """A result; the errors of a page's unreadable records are described like those that are raised."""
        found: object = result
        if not isinstance(found, Page):
            return result
        page = cast("Page[Any]", found)
        errors = page.unreadable  # looked at only when they are asked for: the records may not have been read yet
        described = Lazy(lambda: [self.described(error, operation) for error in errors])
        return cast("T", replace(page, unreadable=described))

    def trace(self, call: Call, failure: Failure | None, status: int | None) -> None:
        if log.isEnabledFor(logging.DEBUG):
            said = status if failure is None else f"{status or 'no answer'}, {type(failure.error).__name__}"
            log.debug("%s %s -> %s", self.provider.account, self.redact(call.label), said)


def origin_of(traceback: TracebackType | None, packages: Collection[str]) -> str | None:
    """Where in a plugin, which is made of ``packages``, an error arose: ``crowdhub_NAME/file.py:12 in function``; None
    where no line of it was at work."""
    found: str | None = None
    while traceback is not None:
        frame = traceback.tb_frame
        if _package(str(frame.f_globals.get("__name__"))) in packages:
            path = Path(frame.f_code.co_filename)
            found = f"{path.parent.name}/{path.name}:{traceback.tb_lineno} in {frame.f_code.co_name}"
        traceback = traceback.tb_next
    return found


def _package(module: str) -> str:
    return module.partition(".")[0]


@lru_cache(maxsize=256)
def _parsed(address: str) -> http.URL:
    return http.URL(address)


def _origin(url: http.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
