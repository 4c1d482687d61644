"""What both engines share about one account: where calls go, how they are built, what their failures mean."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NoReturn, Protocol, TypeVar, cast

from crowdhub.clock import Clock
from crowdhub.engine import classify, http
from crowdhub.engine.classify import Failure
from crowdhub.engine.policy import RetryPolicy
from crowdhub.engine.redact import Redactor, shown
from crowdhub.engine.transport import CALL, DEADLINE, TOKEN
from crowdhub.errors import ConfigurationError, CrowdhubError, InvalidRequest, Issue, RateLimited, UnreadableResponse
from crowdhub.protocol import LOOPBACK, Call, Flow, Lazy, Page, Provider, ProviderSettings, RateLimit, Token

LARGEST_ANSWER = 64 * 1024 * 1024  # bytes; a page of 1,000 submissions is about half a million
RENEW_BEFORE = 30.0  # seconds before its end that a token is fetched anew

T = TypeVar("T")

log = logging.getLogger("crowdhub")


class Gate(Protocol):
    """Keeps an account inside its request limits. The engine asks before each attempt."""

    blocking: bool
    """Whether asking may wait on a disk or a database (the async engine then asks in a thread)."""

    def enter(self, call: Call, limits: Sequence[RateLimit]) -> float:
        """Take a place for this call: 0 when it may go now, else the seconds after which to ask again."""
        ...

    def left(self, limits: Sequence[RateLimit]) -> int | None:
        """The calls left in the present window; None where there is no limit."""
        ...


class OpenGate:
    """For a provider without limits."""

    blocking = False

    def enter(self, call: Call, limits: Sequence[RateLimit]) -> float:  # noqa: ARG002
        return 0.0

    def left(self, limits: Sequence[RateLimit]) -> int | None:  # noqa: ARG002
        return None


@dataclass
class Options:
    """How an engine behaves."""

    timeout: float = 60.0
    """Seconds for each wait on the network; the whole answer may take four times as long."""
    max_wait: float = 60.0
    """Seconds that one call may wait in all: for its place in the request budget and between attempts."""
    in_flight: int = 8
    """Calls at the same time, per account: more slows the HTTP library down."""
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    clock: Clock = field(default_factory=Clock)


class Session:
    """One account: its provider, its secrets, its addresses."""

    def __init__(self, provider: Provider[Any], options: Options, gate: Gate | None = None) -> None:
        self.provider = provider
        self.options = options
        self.clock = options.clock
        provider.now = options.clock.now
        self.gate: Gate = gate or OpenGate()
        settings: ProviderSettings = provider.settings
        places = provider.credential_places
        self.redact = Redactor(settings.secrets(), (*places.headers, *places.query, *places.json))
        self.bases: dict[str, str] = {
            name: value
            for name in type(settings).model_fields
            if name.endswith("_url") and isinstance(value := getattr(settings, name), str)
        }
        self._origins = {_origin(self._checked(name, url)) for name, url in self.bases.items()}
        self.token: Token | None = None
        self.needs_token = provider.has_tokens()
        self.requests = 0
        self.timeout = http.Timeout(options.timeout, connect=min(10.0, options.timeout)).as_dict()

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
        timeout = self.timeout
        if call.timeout is not None:
            timeout = http.Timeout(call.timeout, connect=min(10.0, call.timeout)).as_dict()
        longest = 4 * (call.timeout or self.options.timeout)
        extensions = {
            "timeout": timeout,
            CALL: call,
            TOKEN: self.token if call.authenticated else None,
            DEADLINE: self.clock.monotonic() + longest,
        }
        self.requests += 1
        try:
            return http.Request(call.method, self.address(call), extensions=extensions)
        except http.InvalidURL:
            raise InvalidRequest(issues=[Issue("address", f"{call.path!r} is no part of an address")]) from None

    def token_is_due(self) -> bool:
        """Whether a token has to be fetched before the next call."""
        if not self.needs_token:
            return False
        if self.token is None:
            return True
        ends = self.token.expires_at
        return ends is not None and (ends - self.clock.now()).total_seconds() < RENEW_BEFORE

    def keep_token(self, token: Token) -> None:
        self.redact.add(token.value.get_secret_value())
        self.token = token

    def wait_at_gate(self, call: Call, waited: float) -> float:
        """Seconds to wait before asking the gate again; 0: go. Raises the failure when it would be too long."""
        try:
            seconds = self.gate.enter(call, self.provider.rate_limits)
        except CrowdhubError as broken:  # the ledger, which the limits are shared through; nothing was sent
            raise Failure(broken, again=False) from None
        if seconds and waited + seconds > self.options.max_wait:
            error = RateLimited(
                f"The request budget of this account is used up for {seconds:.0f} more seconds.",
                retry_after=seconds,
                sent=False,
            )
            raise Failure(error, again=False)
        return seconds

    def lost(self, call: Call, failure: Exception, sent_at: datetime, status: int | None) -> Failure:
        found = classify.of_transport(call, failure, sent_at, status)
        found.error.__cause__ = self._harmless(failure)
        return found

    def _harmless(self, error: Exception) -> Exception:
        """The same error without what may hold a key: the transport's frames, and the errors that it came from."""
        error.__traceback__ = error.__cause__ = error.__context__ = None
        unsendable = isinstance(error, http.LocalProtocolError)  # its words are the header that cannot be sent
        error.args = tuple("" if unsendable else self.redact(str(each)) for each in error.args)
        return error

    def judge(self, call: Call, answer: http.Response, sent_at: datetime) -> Failure | None:
        return classify.of_answer(self.provider, call, answer, sent_at)

    def describe(self, error: CrowdhubError, operation: str | None = None) -> CrowdhubError:
        """Fill in the evidence and take every secret out.

        The frames go as well: their locals are answers as they came, and an answer can repeat a key.
        """

        def clean(text: str) -> str:
            return shown(self.redact(text))

        chain: list[BaseException] = [error]
        for each in chain:  # also what it came from: a look that failed, say
            each.__traceback__ = None
            if each.__suppress_context__:
                each.__context__ = None  # never printed, but pickled
            if isinstance(each, CrowdhubError):
                each.clean(clean)
            else:
                each.args = tuple(clean(part) if isinstance(part, str) else part for part in each.args)
            chain += [e for e in (each.__cause__, each.__context__) if e is not None and e not in chain]
        return error.locate(operation=operation, **self.provider.identity)

    def described(self, result: T, operation: str) -> T:
        """A result; the errors of a page's unreadable records are described like those that are raised."""
        found: object = result
        if not isinstance(found, Page):
            return result
        page = cast("Page[Any]", found)
        errors = page.unreadable  # looked at only when they are asked for: the records may not have been read yet
        described = Lazy(lambda: [self._described_error(error, operation) for error in errors])
        return cast("T", replace(page, unreadable=described))

    def _described_error(self, error: UnreadableResponse, operation: str) -> UnreadableResponse:
        self.describe(error, operation)
        return error

    def trace(self, call: Call, failure: Failure | None, status: int | None) -> None:
        if log.isEnabledFor(logging.DEBUG):
            said = status if failure is None else f"{status or 'no answer'}, {type(failure.error).__name__}"
            log.debug("%s %s %s -> %s", self.provider.account, call.method, self.redact(call.path), said)


def operation_of(flow: Flow[Any]) -> str:
    return getattr(flow, "__name__", type(flow).__name__)


def one_encoding(answer: http.Response) -> None:
    """Refuse what is packed twice: a few bytes of it unpack to gigabytes in one step. Nobody packs so in earnest."""
    encoding = answer.headers["content-encoding"].lower()
    if "," in encoding:
        raise classify.AnswerTooLarge("it is packed more than once")
    if encoding.strip() in ("br", "zstd"):  # with the packages for them installed, as bad, and not asked for
        raise classify.AnswerTooLarge("it is packed in a way that was not asked for")


def too_large() -> NoReturn:
    raise classify.AnswerTooLarge(f"unpacked, it passed {LARGEST_ANSWER:,} bytes")


def _origin(url: http.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
