"""What became of one attempt, and whether it may be made again.

==============================  ==============  ====================  =========================
what happened                   READ            SETTLE                SPEND
==============================  ==============  ====================  =========================
never left (no connection,      again           again                 again
DNS, TLS), 429
4xx                             the error       the error             the error
5xx, 408, a broken connection,  again           again, then           OutcomeUnknown at once
a time-out, an unreadable                       OutcomeUnknown
answer
==============================  ==============  ====================  =========================
"""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from crowdhub.engine import http
from crowdhub.errors import (
    ConfigurationError,
    CrowdhubError,
    InvalidRequest,
    Issue,
    Lost,
    OutcomeUnknown,
    ProviderUnavailable,
    RateLimited,
    UnreadableResponse,
)
from crowdhub.protocol import Call, Effect, Provider

NEVER_SENT = (http.ConnectError, http.ConnectTimeout, http.PoolTimeout, http.UnsupportedProtocol)
LONGEST_WORDS = 1000  # characters of what a marketplace says that go into an error
LONGEST_RETRY_AFTER = 24 * 3600.0  # a later date is a mistake or an attack


class Failure(Exception):
    """One attempt that failed: the error it means, and whether the call may be sent again."""

    def __init__(self, error: CrowdhubError, *, again: bool, retry_after: float | None = None) -> None:
        super().__init__(type(error).__name__)  # its words are cleaned later
        self.error = error
        self.again = again
        self.retry_after = retry_after


class NotSendable(Exception):
    """The request cannot be written: a text, a number or a file in it. ``credentials``: a header cannot hold it."""

    def __init__(self, what: str, *, credentials: bool = False) -> None:
        super().__init__(what)
        self.credentials = credentials


class AnswerTooLarge(Exception):
    """The body passed the engine's cap."""


class AnswerTooSlow(Exception):
    """The body did not end within the call's total time."""


LOST = (http.HTTPError, AnswerTooLarge, AnswerTooSlow, NotSendable)
"""What an attempt may end with instead of an answer."""


def of_transport(call: Call, failure: Exception, sent_at: datetime, status: int | None = None) -> Failure:
    """The failure that an exception of the HTTP library means. ``status``: where the answer had begun already."""
    words = f"{type(failure).__name__}: {failure}" if str(failure) else type(failure).__name__
    if isinstance(failure, NEVER_SENT):
        reason = f"The marketplace was not reached ({words})."
        return Failure(ProviderUnavailable(reason, sent=False), again=True)
    if isinstance(failure, (NotSendable, http.LocalProtocolError)):
        return Failure(_not_sendable(failure), again=False)
    if isinstance(failure, AnswerTooLarge):
        lost, reason = Lost.ANSWERED, f"The answer is too large: {failure}."
    elif isinstance(failure, (http.TimeoutException, AnswerTooSlow)):
        lost, reason = Lost.TIMED_OUT, f"The marketplace did not answer in time ({words})."
    elif isinstance(failure, http.DecodingError):
        lost, reason = Lost.ANSWERED, f"The answer could not be decoded ({words})."
    else:
        lost, reason = Lost.BROKEN, f"The connection broke before the answer was complete ({words})."
    if status is not None and status < 300:
        lost = Lost.ACCEPTED
    again = call.effect is not Effect.SPEND and not isinstance(failure, AnswerTooLarge)
    if call.effect is not Effect.READ:
        return Failure(OutcomeUnknown(reason, lost=lost, sent_at=sent_at), again=again)
    if isinstance(failure, (AnswerTooLarge, http.DecodingError)):
        return Failure(UnreadableResponse(reason), again=again)
    return Failure(ProviderUnavailable(reason), again=again)


def _not_sendable(failure: Exception) -> CrowdhubError:
    if isinstance(failure, NotSendable) and not failure.credentials:
        return InvalidRequest(issues=[Issue("request", f"cannot be sent: {failure}")])
    # The library's own words would show the header, and with it the key.
    return ConfigurationError(
        "A header of the request cannot be sent: the account's key holds a line break or another character "
        "that no header can.",
        next_step="Correct the key in the account's settings; nothing was sent.",
    )


def of_answer(provider: Provider[Any], call: Call, answer: http.Response, sent_at: datetime) -> Failure | None:
    """The failure that an answer means, or None for a good one."""
    try:
        error = provider.error(call, answer)
    except UnreadableResponse as unread:
        error = unread
    if error is None:
        return None
    _shorten(error)
    error.sent = True
    status = answer.status_code
    wait = retry_after(answer, sent_at)
    if isinstance(error, RateLimited) or status == 429:
        limited = error if isinstance(error, RateLimited) else RateLimited(error.message, http_status=status)
        limited.retry_after = limited.retry_after if limited.retry_after is not None else wait
        return Failure(limited, again=True, retry_after=limited.retry_after)
    certain = (400 <= status < 500 and status != 408) or (status < 300 and not isinstance(error, UnreadableResponse))
    if certain:
        return Failure(error, again=False)
    transient = status == 408 or status >= 500 or isinstance(error, (ProviderUnavailable, UnreadableResponse))
    if call.effect is Effect.READ:
        if isinstance(error, ProviderUnavailable):
            error.retry_after = wait
        return Failure(error, again=transient, retry_after=wait)
    lost = _lost(status, has_retry_after=wait is not None)
    unknown = OutcomeUnknown(
        error.message,
        lost=lost,
        sent_at=sent_at,
        http_status=status,
        provider_code=error.provider_code,
        provider_message=error.provider_message,
    )
    return Failure(unknown, again=transient and call.effect is Effect.SETTLE, retry_after=wait)


def _shorten(error: CrowdhubError) -> None:
    """A marketplace can put megabytes where its error code should be."""
    for name in ("message", "provider_code", "provider_message"):
        text = getattr(error, name)
        if isinstance(text, str) and len(text) > LONGEST_WORDS:
            setattr(error, name, text[:LONGEST_WORDS] + "…")
    error.args = (error.message,)


def _lost(status: int, *, has_retry_after: bool) -> Lost:
    """What a status leaves open. Gateways say 502, 503 and 504 for a marketplace that may still be at work."""
    if status < 300:
        return Lost.ACCEPTED
    if status in (408, 502) or (status == 503 and not has_retry_after):
        return Lost.BROKEN
    if status in (500, 501, 503, 505) or status < 500:
        return Lost.ANSWERED
    return Lost.TIMED_OUT  # 504, and what gateways have made up: 522, 524, 598 …


def retry_after(answer: http.Response, now: datetime) -> float | None:
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
