"""What a plugin author writes: one marketplace's protocol, as a class of flows.

Subclass `Provider`, set the class variables, override the operations that the marketplace has, and name the
class in the entry-point group ``crowdhub.providers``. Everything else (sending, repeating, waiting, redacting,
the ledger, sync and async) comes from crowdhub.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypedDict, TypeVar, cast
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, SecretStr

from crowdhub import errors
from crowdhub.errors import CrowdhubError, Issue, NotSupported, UnreadableResponse
from crowdhub.model import (
    Application,
    BatchReport,
    Capabilities,
    Capability,
    Decision,
    Money,
    Quote,
    Submission,
    SubmissionStatus,
    Support,
    Task,
    TaskDraft,
    TaskStatus,
    Worker,
    country_code,
)
from crowdhub.protocol.flow import Call, Flow
from crowdhub.protocol.page import Page
from crowdhub.protocol.reading import body_text, mapping, text_or_none

if TYPE_CHECKING:
    from crowdhub.engine.http import Response as Response  # re-exported for plugins, as a type

Environment = Literal["live", "sandbox"]
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class ProviderSettings(BaseModel):
    """The settings of one account. Declare keys as `SecretStr`: they are then redacted everywhere.

    ``environment``: ``live`` or ``sandbox``; without it, a loopback address and the provider's own sandbox
    hosts are ``sandbox`` and everything else is ``live``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    base_url: str
    environment: Environment | None = None

    def secrets(self) -> list[str]:
        """The plain text of every secret setting."""
        values = (getattr(self, name) for name in type(self).model_fields)
        return [v.get_secret_value() for v in values if isinstance(v, SecretStr)]


S = TypeVar("S", bound=ProviderSettings)


class Identity(TypedDict):
    """Whose a model is."""

    provider: str
    account: str
    environment: str


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most ``calls`` in any ``seconds``; ``what`` names a limit that holds for some calls only."""

    calls: int
    seconds: float
    what: str | None = None


@dataclass(frozen=True, slots=True)
class CredentialPlaces:
    """Where this marketplace's credentials travel, by name, so that they can be taken out of recordings."""

    headers: Sequence[str] = ()
    query: Sequence[str] = ()
    json: Sequence[str] = ()
    answers: Sequence[str] = ()
    """Members of a JSON answer that are secret (an access token, say), at any depth; ``access_token.id`` is the
    member of that object only."""


@dataclass(frozen=True, slots=True)
class Token:
    """A credential that had to be fetched; ``expires_at`` is when to fetch a new one."""

    value: SecretStr
    expires_at: datetime | None = None


class Provider(Generic[S]):
    """One marketplace, bound to one account's settings. Pure: nothing here does I/O.

    An operation that is not overridden raises `NotSupported` before any request; `capabilities` are computed
    from what is overridden. ``absent`` gives the reasons in words, ``limits`` the limits.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    currency: ClassVar[str]
    settings_type: ClassVar[type[ProviderSettings]]
    credential_places: ClassVar[CredentialPlaces] = CredentialPlaces()
    rate_limits: ClassVar[Sequence[RateLimit]] = ()
    sandbox_hosts: ClassVar[Sequence[str]] = ()
    draft_fields: ClassVar[frozenset[str]] = frozenset({"title", "instructions", "reward", "slots"})
    """The fields of a draft that the marketplace has a place for."""
    settles_within: ClassVar[timedelta] = timedelta(minutes=5)
    """How long after a request left the marketplace may still carry it out. Only then is the absence of what it would
    have made a proof, after a time-out or a crash. No marketplace documents it; five minutes are our assumption."""
    absent: ClassVar[Mapping[str, str]] = {}
    """Why a capability or a draft field is absent, by its name."""
    limits: ClassVar[Mapping[str, str]] = {}
    """The limits of a capability, in words, by its name."""

    def __init__(self, settings: S, *, account: str | None = None) -> None:
        self.settings: S = settings
        self.account = account or self.name
        self.environment: Environment = settings.environment or self._environment_of(settings.base_url)
        self.now: Callable[[], datetime] = _now
        """The present moment, aware; the engine puts its own clock here."""

    def _environment_of(self, url: str) -> Environment:
        try:
            host = urlsplit(url).hostname or ""
        except ValueError:  # no address at all: the engine refuses it
            host = ""
        return "sandbox" if host in LOOPBACK or host in self.sandbox_hosts else "live"

    @property
    def identity(self) -> Identity:
        """``provider``, ``account`` and ``environment``, which every model read from here carries."""
        return {"provider": self.name, "account": self.account, "environment": self.environment}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.account} ({self.environment})>"

    # --- how the engine speaks for it ---------------------------------------------------------------

    def sign(self, call: Call, token: Token | None = None) -> Call:
        """The call with its credentials. Called in the transport, on a copy that nothing else ever sees."""
        return call

    def authenticate(self) -> Flow[Token]:
        """Fetch a token. Override where the marketplace has one: run once for many waiting calls, anew shortly
        before it expires, and once after a 401."""
        raise NotSupported("authenticate", self.name)

    @classmethod
    def has_tokens(cls) -> bool:
        """Whether `authenticate` is written, and so has to be run."""
        return cls._overrides("authenticate")

    @classmethod
    def _overrides(cls, operation: str) -> bool:
        return getattr(cls, operation) is not getattr(Provider, operation)

    def error(self, call: Call, response: Response) -> CrowdhubError | None:
        """The error that an answer stands for, or None for a good one. It is thrown into the flow.

        The default reads the HTTP status and the usual shapes of a JSON error. Override to read the
        marketplace's own codes; an answer that says nothing was done must become the fitting error here.
        """
        return error_of_status(response) or error_of_no_json(response)

    # --- what an application asks -----------------------------------------------------------------------

    def estimate(self, draft: TaskDraft) -> Flow[Quote]:
        """What publishing the draft will take from the balance."""
        raise self._unsupported(Capability.ESTIMATE)

    def publish(self, draft: TaskDraft) -> Flow[Task]:
        """Publish a draft. SPEND: a lost answer is looked for, never simply repeated."""
        raise self._unsupported(Capability.PUBLISH)

    def find_published(self, draft: TaskDraft, since: datetime | None = None) -> Flow[Task | None]:
        """The task that an earlier publish of this draft (with its ``reference``) made, or None if there is none."""
        raise self._unsupported(Capability.FIND_PUBLISHED)

    def task(self, task_id: str) -> Flow[Task]:
        """One task as it stands now."""
        raise self._unsupported(Capability.TASK)

    def tasks(self, status: TaskStatus | None = None) -> Flow[Page[Task]]:
        """The first page of the account's tasks."""
        raise self._unsupported(Capability.TASKS)

    def submissions(self, task_id: str, status: SubmissionStatus | None = None) -> Flow[Page[Submission]]:
        """The first page of a task's submissions."""
        raise self._unsupported(Capability.SUBMISSIONS)

    def approve(self, submission: Submission, note: str | None = None) -> Flow[Submission]:
        """Accept the work and pay for it."""
        raise self._unsupported(Capability.APPROVE)

    def reject(self, submission: Submission, reason: str) -> Flow[Submission]:
        """Refuse the work; nothing is paid."""
        raise self._unsupported(Capability.REJECT)

    def request_redo(self, submission: Submission, reason: str) -> Flow[Submission]:
        """Send the work back to its worker."""
        raise self._unsupported(Capability.REQUEST_REDO)

    def batch_key(self, decision: Decision) -> Hashable:
        """Decisions with an equal key may be handed to `review_batch` together; None: only one by one."""
        return None

    batch_size: ClassVar[int] = 1_000_000

    def review_batch(self, decisions: Sequence[Decision]) -> Flow[BatchReport]:
        """Carry out several decisions in few calls, as far as that is safe; hand back the rest."""
        raise self._unsupported(Capability.BULK_REVIEW)

    def pay_bonus(self, submission: Submission, amount: Money, reason: str) -> Flow[Submission]:
        """Pay a worker extra. SPEND."""
        raise self._unsupported(Capability.PAY_BONUS)

    def find_bonus(
        self, submission: Submission, amount: Money, reason: str, since: datetime | None = None
    ) -> Flow[Submission | None]:
        """The submission with the bonus that an earlier `pay_bonus`, begun at ``since``, paid; None if none is listed.

        Of ``submission`` only the ids are certain. Asked after a crash or a lost answer only. Raise `Conflict` where
        what is listed may be another bonus; None is no proof that it will not be paid yet, and nothing is sent again.
        """
        raise self._unsupported(Capability.FIND_BONUS)

    def cancel(self, task_id: str) -> Flow[Task]:
        """Take a task off the market."""
        raise self._unsupported(Capability.CANCEL)

    def worker(self, worker_id: str) -> Flow[Worker]:
        """A worker's profile."""
        raise self._unsupported(Capability.WORKER)

    def block(self, worker_id: str, reason: str | None = None) -> Flow[Worker]:
        """Keep a worker away from this account's tasks."""
        raise self._unsupported(Capability.BLOCK)

    def unblock(self, worker_id: str) -> Flow[Worker]:
        """Let a blocked worker work again."""
        raise self._unsupported(Capability.UNBLOCK)

    def blocked_workers(self) -> Flow[Page[Worker]]:
        """The workers that are blocked."""
        raise self._unsupported(Capability.BLOCKED_WORKERS)

    def applications(self, task_id: str) -> Flow[Page[Application]]:
        """Who asks to be given a task."""
        raise self._unsupported(Capability.APPLICATIONS)

    def accept(self, application: Application) -> Flow[Application]:
        """Give the task to this worker."""
        raise self._unsupported(Capability.ACCEPT)

    def decline(self, application: Application) -> Flow[Application]:
        """Refuse this worker."""
        raise self._unsupported(Capability.DECLINE)

    def balance(self) -> Flow[Money]:
        """The money on the account."""
        raise self._unsupported(Capability.BALANCE)

    # --- what follows from the above ---------------------------------------------------------------------

    def _unsupported(self, capability: Capability) -> NotSupported:
        return NotSupported(capability, self.name, reason=self.absent.get(capability.value))

    @classmethod
    def capabilities(cls) -> Capabilities:
        """What this marketplace can do, from what is written here."""
        table: dict[Capability, Support] = {}
        for capability in Capability:
            operation = "review_batch" if capability is Capability.BULK_REVIEW else capability.value
            if cls._overrides(operation):
                table[capability] = Support(True, limits=cls.limits.get(capability.value))
            else:
                table[capability] = Support(False, reason=cls.absent.get(capability.value))
        fields = {
            name: Support(True, limits=cls.limits.get(name))
            if name in cls.draft_fields
            else Support(False, reason=cls.absent.get(name))
            for name in TaskDraft.model_fields
            if name not in ("options", "reference")
        }
        return Capabilities(table, fields)

    def unsupported_fields(self, draft: TaskDraft) -> dict[str, str]:
        """The fields that the draft asks for and the marketplace has no place for, each with the reason."""
        return {
            name: support.reason or "this marketplace has no place for it"
            for name, support in self.capabilities().fields.items()
            if not support and getattr(draft, name) not in (None, (), False, "")
        }

    def draft_issues(self, draft: TaskDraft) -> list[Issue]:
        """Everything that is wrong with a draft, before any request. Extend it with the marketplace's own rules."""
        found: list[Issue] = []
        if not draft.title.strip():
            found.append(Issue("title", "is empty; workers choose by it"))
        if draft.reward is None:
            found.append(Issue("reward", f'is missing; give Money("0.50", "{self.currency}")'))
        else:
            if draft.reward.amount <= 0:
                found.append(Issue("reward", f"{draft.reward} is not more than 0"))
            if draft.reward.currency != self.currency:
                found.append(Issue("reward", f"{draft.reward} is not in {self.currency}, which {self.title} pays in"))
        if draft.slots < 1:
            found.append(Issue("slots", f"{draft.slots} is less than 1"))
        found.extend(country_issues(draft.countries))
        return found


def _now() -> datetime:
    return datetime.now(UTC)


def country_issues(countries: Sequence[str], where: str = "countries") -> list[Issue]:
    """One issue for each country that ISO 3166-1 does not know."""
    return [
        Issue(where, f"{country!r} is no ISO 3166 country (use codes such as US, GB)")
        for country in countries
        if country_code(country) is None
    ]


def error_of_status(response: Response) -> CrowdhubError | None:
    """The error that an HTTP status stands for; None for 2xx."""
    status = response.status_code
    if 200 <= status < 300:
        return None
    code, words = error_words(response)
    message = f"The marketplace refused it: {words}" if words else f"The marketplace answered with HTTP {status}."
    evidence: dict[str, Any] = {"http_status": status, "provider_code": code, "provider_message": words}
    if 300 <= status < 400:
        return errors.ProviderError(
            "The marketplace answered with a redirect, which is never followed; check `base_url`.", **evidence
        )
    kinds: dict[int, type[errors.MarketplaceError]] = {
        401: errors.AuthenticationFailed,
        402: errors.InsufficientFunds,
        403: errors.PermissionDenied,
        404: errors.NotFound,
        409: errors.Conflict,
        429: errors.RateLimited,
        502: errors.ProviderUnavailable,
        503: errors.ProviderUnavailable,
        504: errors.ProviderUnavailable,
    }
    kind = kinds.get(status)
    if kind is not None:
        return kind(message, **evidence)
    if 400 <= status < 500:
        return errors.InvalidRequest(message, sent=True, **evidence)
    return errors.ProviderError(message, **evidence)


def error_of_no_json(response: Response) -> UnreadableResponse | None:
    """The error for a good status whose body is no JSON object or list (a gateway's HTML page, say)."""
    body = response.content
    if body[:1] in (b"{", b"[") or body.lstrip()[:1] in (b"{", b"["):
        return None
    kind = response.headers.get("content-type", "no content type")
    return UnreadableResponse(
        f"The marketplace answered something that is not JSON ({kind}).",
        excerpt=body_text(response)[:300],
        http_status=response.status_code,
    )


def error_words(response: Response) -> tuple[str | None, str | None]:
    """The code and the words of a JSON error in any of the usual shapes; words only for short plain text."""
    try:
        data: Any = response.json()
    except (ValueError, RecursionError):
        text = body_text(response).strip()
        return None, text if text and len(text) <= 300 and not text.startswith("<") else None
    for _ in range(3):  # {"error": {"error": …}} is as deep as anybody nests it
        members = mapping(data)
        if members is None:
            break
        inner: Any = members.get("error")
        if isinstance(inner, str) and any(name in members for name in ("message", "error_description")):
            return inner, _short(members.get("message") or members.get("error_description"))
        if not isinstance(inner, (dict, str)):
            code = members.get("code") or members.get("name")
            said = members.get("message") or members.get("detail") or members.get("description")
            return (str(code) if code else None), _short(said)
        data = cast("Any", inner)
    return None, _short(text_or_none(data))


def _short(words: Any) -> str | None:
    return str(words)[:500] if words else None
