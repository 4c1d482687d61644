"""What became of one attempt, and whether it may be made again.

==============================  ==============  ====================  =========================
what happened                   READ            SETTLE                SPEND
==============================  ==============  ====================  =========================
never left (no connection,      again           again                 again
DNS, TLS, a proxy's refusal),
429
4xx, and a refusal with a 2xx   the error       the error             the error
that says what is wrong
5xx, 408, a broken connection,  again           again, then           OutcomeUnknown at once
a time-out, an unreadable                       OutcomeUnknown
answer, a failure told with
a 2xx
an answer that took all the     the error       OutcomeUnknown at     OutcomeUnknown at once
time there is, bit by bit                       once
==============================  ==============  ====================  =========================

A SPEND that the marketplace recognises when it is sent again (`Call.idempotent_for`) goes by the column of SETTLE.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar, cast

from crowdhub.engine import http
from crowdhub.errors import (
    QUOTED,
    ConfigurationError,
    CrowdhubError,
    InvalidRequest,
    Issue,
    Lost,
    OutcomeUnknown,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    UnreadableResponse,
)
from crowdhub.protocol import EVIDENCE, AnyProvider, Call, Effect, Response, beginning_of

NEVER_SENT = (http.ConnectError, http.ConnectTimeout, http.PoolTimeout, http.UnsupportedProtocol)
LONGEST = {"message": 1000, "provider_code": 1000, "provider_message": 1000}
"""Characters of what a marketplace says that an error shows. It can put megabytes where its error code should be."""
E = TypeVar("E", bound=CrowdhubError)
Beginning = Callable[[str, int], str]
"""So many characters of a text, without secrets."""
_HIDDEN = re.compile(r"<(script|style)\b.*?(?:</\1|\Z)", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[!?/a-z][^<>]*>?", re.IGNORECASE)
LONGEST_RETRY_AFTER = 24 * 3600.0  # a later date is a mistake or an attack


class Failure(Exception):
    """One attempt that failed: the error it means, and whether the call may be sent again."""

    def __init__(self, error: CrowdhubError, *, again: bool, retry_after: float | None = None) -> None:
        super().__init__(type(error).__name__)  # its words are cleaned later
        self.error = error
        self.again = again
        self.retry_after = retry_after


class NotSendable(Exception):
    """The request cannot be written: a text, a number or a file in it. ``credentials``: a header cannot hold it.
    ``error``: what the plugin itself says about it."""

    def __init__(self, what: str, *, credentials: bool = False, error: CrowdhubError | None = None) -> None:
        super().__init__(what)
        self.credentials = credentials
        self.error = error


class AnswerTooLarge(Exception):
    """The body passed the engine's cap."""


LOST = (http.HTTPError, AnswerTooLarge, NotSendable)
"""What an attempt may end with instead of an answer."""


def of_transport(
    call: Call,
    failure: Exception,
    sent_at: datetime,
    status: int | None = None,
    *,
    may_have_left: bool = True,
    is_over: bool = False,
) -> Failure:
    """The failure that an exception of the HTTP library means. ``status``: where the answer had begun already.
    ``may_have_left``: whether the network may have taken any of the request. ``is_over``: it took all the time that it
    may take, bit by bit: that is not waited for again."""
    words = f"{type(failure).__name__}: {failure}" if str(failure) else type(failure).__name__
    if isinstance(failure, (NotSendable, http.LocalProtocolError)):
        return Failure(_not_sendable(failure), again=False)
    if isinstance(failure, NEVER_SENT) or not may_have_left:
        reason = f"The marketplace was not reached ({words})."
        return Failure(ProviderUnavailable(reason, sent=False), again=True)
    if isinstance(failure, AnswerTooLarge):
        lost, reason = Lost.ANSWERED, f"The answer is too large: {failure}."
    elif isinstance(failure, http.TimeoutException):
        lost, reason = Lost.TIMED_OUT, f"The marketplace did not answer in time ({words})."
    elif isinstance(failure, http.DecodingError):
        lost, reason = Lost.ANSWERED, f"The answer could not be decoded ({words})."
    else:
        lost, reason = Lost.BROKEN, f"The connection broke before the answer was complete ({words})."
    if status is not None and status < 300:
        lost = Lost.ACCEPTED
    again = call.may_be_repeated and not is_over and not isinstance(failure, AnswerTooLarge)
    if call.effect is not Effect.READ:
        return Failure(unknown(call, reason, lost=lost, sent_at=sent_at), again=again)
    if isinstance(failure, (AnswerTooLarge, http.DecodingError)):
        return Failure(UnreadableResponse(reason), again=again)
    return Failure(ProviderUnavailable(reason), again=again)


def unknown(call: Call, message: str, *, lost: Lost, sent_at: datetime | None, **evidence: Any) -> OutcomeUnknown:
    """The error for a call whose answer was lost. One that is declared free, or fetches a token, never says that money
    may be spent."""
    error = OutcomeUnknown(message, lost=lost, sent_at=sent_at, **evidence)
    return error.with_(money_may_be_spent=False) if call.costs is False or not call.authenticated else error


def _not_sendable(failure: Exception) -> CrowdhubError:
    if isinstance(failure, NotSendable) and failure.error is not None:
        return failure.error
    if isinstance(failure, NotSendable) and not failure.credentials:
        return InvalidRequest(issues=[Issue("request", f"cannot be sent: {failure}")])
    # The library's own words would show the header, and with it the key.
    return ConfigurationError(
        "A header of the request cannot be sent: the account's key holds a line break or another character "
        "that no header can.",
        next_step="Correct the key in the account's settings; nothing was sent.",
    )


def of_answer(
    provider: AnyProvider, call: Call, answer: Response, sent_at: datetime, beginning: Beginning
) -> Failure | None:
    """The failure that an answer means, or None for a good one."""
    error = _error_of(provider, call, answer)
    if error is None:
        return None
    error = shortened(error, beginning, LONGEST).with_(sent=True)
    status = answer.status_code
    wait = retry_after(answer, sent_at)
    if status == 429 or (isinstance(error, RateLimited) and status < 500):
        limited = (
            error
            if isinstance(error, RateLimited)
            else RateLimited(error.message, **{**error.evidence, "http_status": status})
        )
        told = limited.retry_after if limited.retry_after is not None else wait
        return Failure(limited.with_(retry_after=told), again=True, retry_after=told)
    if (400 <= status < 500 and status != 408) or (status < 300 and _is_certain(call, error)):
        return Failure(error, again=False)
    transient = status == 408 or status >= 500 or isinstance(error, (ProviderUnavailable, UnreadableResponse))
    if call.effect is Effect.READ:
        if isinstance(error, ProviderUnavailable):
            error = error.with_(retry_after=wait)
        return Failure(error, again=transient, retry_after=wait)
    lost = unknown(
        call,
        error.message,
        lost=_lost(status, has_retry_after=wait is not None),
        sent_at=sent_at,
        **{**error.evidence, "http_status": status},
    )
    return Failure(lost, again=transient and call.may_be_repeated, retry_after=wait)


def is_told_to_wait(error: CrowdhubError) -> bool:
    """Whether the marketplace itself said that there were too many requests: by a 429, or as it says so elsewhere."""
    return isinstance(error, RateLimited) and error.http_status is not None


def _is_certain(call: Call, error: CrowdhubError) -> bool:
    """Whether a refusal with a good status shows that nothing was done. Of what may cost, only one that says what is
    wrong with it does: a failure of the marketplace's own, or an unknown word, leaves open when that came up."""
    if isinstance(error, UnreadableResponse):
        return False
    may_cost = call.effect is not Effect.READ and call.costs is not False
    return not (may_cost and (type(error) is ProviderError or isinstance(error, ProviderUnavailable)))


def _error_of(provider: AnyProvider, call: Call, answer: Response) -> CrowdhubError | None:
    try:
        found = cast("object", provider.error(call, answer))
        if found is None or isinstance(found, CrowdhubError):
            return found
        raise TypeError(f"`error` returned {found!r}, not an error of crowdhub.errors or None")
    except CrowdhubError as error:
        return error
    except Exception as foreign:  # noqa: BLE001 - a plugin that stumbles over an answer cannot read it
        return UnreadableResponse(
            f"The answer cannot be read: the plugin failed on it ({type(foreign).__name__}: {foreign}).",
            excerpt=beginning_of(answer),
            http_status=answer.status_code,
        )


def shortened(error: E, beginning: Beginning, names: Iterable[str] | None = None) -> E:
    """The error with no more of a marketplace's words than it shows. ``names``: where they are; else only what is
    nobody's but the marketplace's, and the whole of what cannot be read."""
    if names is None:
        names = LONGEST if isinstance(error, UnreadableResponse) else LONGEST.keys() - {"message"}
    texts = {name: getattr(error, name, None) for name in names}
    long = {name: text for name, text in texts.items() if isinstance(text, str) and len(text) > LONGEST[name]}
    changes = {name: beginning(text, LONGEST[name]) + "…" for name, text in long.items()}
    if error.excerpt is not None:
        # Its secrets go first: what is left out could stand in one, or keep one from being known.
        words = one_line(beginning(error.excerpt, EVIDENCE))
        changes["excerpt"] = words if len(words) <= QUOTED else words[:QUOTED] + "…"
    return error.with_(**changes) if changes else error


def one_line(text: str) -> str:
    """An answer as a person reads it; of a page without its tags, and without what a browser does not show."""
    if text.lstrip().startswith("<"):
        text = _TAG.sub(" ", _HIDDEN.sub(" ", text))
    return " ".join(text.split())


def _lost(status: int, *, has_retry_after: bool) -> Lost:
    """What a status leaves open. Gateways say 502, 503 and 504 for a marketplace that may still be at work."""
    if status < 300:
        return Lost.ACCEPTED
    if status in (408, 502) or (status == 503 and not has_retry_after):
        return Lost.BROKEN
    if status in (500, 501, 503, 505) or status < 500:
        return Lost.ANSWERED
    return Lost.TIMED_OUT  # 504, and what gateways have made up: 522, 524, 598 …


def retry_after(answer: Response, now: datetime) -> float | None:
    """``Retry-After`` in seconds, from its number or its date; None where it is absent or makes no sense."""
    text = answer.headers.get("retry-after", "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        return None
    return min(max((moment - now) / timedelta(seconds=1), 0.0), LONGEST_RETRY_AFTER)
