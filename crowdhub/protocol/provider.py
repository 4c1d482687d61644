"""What a plugin author writes: one marketplace's protocol, as a class of operations.

Subclass `Provider`, set the class variables, override the operations that the marketplace has, and name the
class in the entry-point group ``crowdhub.providers``. Everything else (sending, repeating, waiting, redacting,
the ledger, sync and async) comes from crowdhub.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from types import UnionType
from typing import ClassVar, Generic, TypeVar, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

from crowdhub.errors import Conflict, CrowdhubError, Issue, NotSupported
from crowdhub.frames import also_half_made
from crowdhub.model import (
    Application,
    BatchReport,
    Capabilities,
    Capability,
    Decision,
    File,
    Money,
    Quote,
    Submission,
    SubmissionStatus,
    Task,
    TaskDraft,
    TaskStatus,
    Worker,
)
from crowdhub.protocol.call import Call, PreparedRequest
from crowdhub.protocol.declaration import NEUTRAL, Declaration, operation_of
from crowdhub.protocol.flow import Flow, Operation, is_operation, no_call, operation
from crowdhub.protocol.page import Page, first_match
from crowdhub.protocol.refusals import country_issues, error_of_no_json, error_of_status
from crowdhub.protocol.response import Response
from crowdhub.protocol.settings import (
    LOOPBACK,
    CredentialPlaces,
    Environment,
    Identity,
    ProviderSettings,
    RateLimit,
    Token,
)
from crowdhub.protocol.spellings import Spellings

S = TypeVar("S", bound=ProviderSettings, covariant=True)


class Provider(Generic[S]):
    """One marketplace, bound to one account's settings. Pure: nothing here does I/O.

    An operation that is not overridden raises `NotSupported` before any request; `capabilities` are computed
    from what is overridden, once for each class, with the words of ``declares``.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    currency: str
    """What the account pays in: a class attribute where it is always the same, else set in ``__init__``."""
    settings_type: ClassVar[type[ProviderSettings]]
    credential_places: ClassVar[CredentialPlaces] = CredentialPlaces()
    recorded_headers: ClassVar[Sequence[str]] = ()
    """Headers of its answers that recordings keep (one that leads to the next page, say), beside those that any client
    may act upon (``Retry-After``, ``Location``, rate limits); all others are dropped."""
    rate_limits: ClassVar[Sequence[RateLimit]] = ()
    sandbox_hosts: ClassVar[Sequence[str]] = ()
    declares: ClassVar[Declaration] = Declaration()
    capabilities: ClassVar[Capabilities] = Declaration().capabilities(frozenset())
    """What this marketplace can do, with limits, and why not what it cannot. Not to be set: it is computed."""
    reward_decimals: ClassVar[int | None] = None
    """How many decimals a reward or a bonus can have (2: it is paid in cents); more are an issue. None: as many as one
    likes."""
    copies_keep_marks: ClassVar[bool] = False
    """Whether the marketplace itself makes tasks out of tasks, with their texts: several with one mark then say nothing
    of how often it was published."""
    settles_within: ClassVar[timedelta] = timedelta(minutes=5)
    """How long after a request left the marketplace may still carry it out. Only then is the absence of what it would
    have made a proof, after a time-out or a crash. No marketplace documents it; five minutes are our assumption."""

    auto_approval_untold: ClassVar[str | None] = "the marketplace does not tell when it approves work by itself"
    """Why no submission says when it will be approved by itself, in words. None: each pending one has its
    ``auto_approves_at``."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name in NEUTRAL:
            if name in vars(cls) and not is_operation(vars(cls)[name]):
                raise TypeError(f"{cls.__name__}.{name} needs the decorator @operation")
        written = frozenset(each for each in Capability if cls._overrides(operation_of(each)))
        cls.capabilities = cls.declares.capabilities(written)

    def __init__(self, settings: S, *, account: str | None = None) -> None:
        self.settings: S = settings
        self.account = account or self.name
        self.environment: Environment = settings.environment or self._environment_of(settings.base_url)
        self.now: Callable[[], datetime] = _now
        """The present moment, aware; the engine puts its own clock here."""
        self.spellings = Spellings()
        """What was learned of the ways in which calls can be written, where the marketplace's pages contradict one
        another."""

    def _environment_of(self, url: str) -> Environment:
        try:
            host = urlsplit(url).hostname or ""
        except ValueError:  # not an address at all: the engine refuses it
            host = ""
        return "sandbox" if host in LOOPBACK or host in self.sandbox_hosts else "live"

    @property
    def identity(self) -> Identity:
        """``provider``, ``account`` and ``environment``, which every model read from here carries."""
        return {"provider": self.name, "account": self.account, "environment": self.environment}

    @also_half_made
    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.account} ({self.environment})>"

    # --- how the engine speaks for it ---------------------------------------------------------------

    def sign(self, call: Call, token: Token | None = None) -> Call:
        """The call with its credentials, before its body is written. Called in the transport, on a copy that nothing
        else ever sees, anew for each attempt."""
        return call

    def seal(self, request: PreparedRequest, token: Token | None = None) -> Mapping[str, str]:
        """More headers, made from the final bytes and URL (a signature over the body, say). Called last in the
        transport, anew for each attempt."""
        return {}

    def authenticate(self) -> Operation[Token]:
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
        marketplace's own codes; an answer that says nothing was done must become the fitting error here, and one
        that says that this very request was carried out before an error with ``was_done=True``.
        """
        return error_of_status(response) or error_of_no_json(response)

    def balance_told(self, call: Call, response: Response) -> Money | None:
        """The account's money, where a good answer tells it by the way (that of a publish, say): it then need not be
        asked before the next request that takes money."""
        return None

    # --- what an application asks -----------------------------------------------------------------------

    def estimate(self, draft: TaskDraft) -> Operation[Quote]:
        """What publishing the draft will take from the balance."""
        raise self._unsupported(Capability.ESTIMATE)

    def publish(self, draft: TaskDraft) -> Operation[Task]:
        """Publish a draft, and read the answer; nothing else. A lost answer is looked for by `find_published`.

        Where it takes several steps (a draft, then its publishing), each is a call: what was answered is kept, and
        the same key goes on from there.
        """
        raise self._unsupported(Capability.PUBLISH)

    def find_published(self, draft: TaskDraft, since: datetime | None = None) -> Operation[Task | None]:
        """The task that an earlier publish of this draft (with its ``reference``) put on the market, or None if there
        is none. READ only. ``since``: when the lost request left; None where none is in question.

        Raise `Conflict` where what is listed may be it and nothing proves it.
        """
        raise self._unsupported(Capability.FIND_PUBLISHED)

    def published_listing(self) -> Operation[Page[Task]]:
        """The first page of all that was ever put on the market, where `find_published` looks. The default is
        `tasks`; override where those leave something out (an archive)."""
        return self.tasks()

    def published_among(self, marked: Sequence[Task], draft: TaskDraft) -> Task | None:
        """Which of these tasks of the listing, all of which carry the draft's reference, it became; None where none of
        them was put on the market. The default is the first that is more than a draft."""
        del draft
        return next((task for task in marked if task.status is not TaskStatus.DRAFT), None)

    def describe_published(self, draft: TaskDraft) -> str:
        """What a person has to look for where `find_published` cannot tell."""
        return f'a task titled "{draft.title}" marked [ref {draft.reference}]'

    def task(self, task_id: str) -> Operation[Task]:
        """One task as it stands now."""
        raise self._unsupported(Capability.TASK)

    def tasks(self, status: TaskStatus | None = None) -> Operation[Page[Task]]:
        """The first page of the account's tasks."""
        raise self._unsupported(Capability.TASKS)

    def submissions(self, task_id: str, status: SubmissionStatus | None = None) -> Operation[Page[Submission]]:
        """The first page of a task's submissions."""
        raise self._unsupported(Capability.SUBMISSIONS)

    def approve(self, submission: Submission, note: str | None = None) -> Operation[Submission]:
        """Accept the work and pay for it: the call and its answer. Where that fails, the market asks `state_of`.

        Where the marketplace wants more than words, take one parameter more, here as in `reject` and `request_redo`:
        ``options: YourOptions | None = None``, which is given what a `Decision` has for this provider. Without it,
        such a decision is an issue.
        """
        raise self._unsupported(Capability.APPROVE)

    def reject(self, submission: Submission, reason: str) -> Operation[Submission]:
        """Refuse the work; nothing is paid. As `approve`."""
        raise self._unsupported(Capability.REJECT)

    def request_redo(self, submission: Submission, reason: str) -> Operation[Submission]:
        """Send the work back to its worker. As `approve`."""
        raise self._unsupported(Capability.REQUEST_REDO)

    unclear_refusals: ClassVar[tuple[type[CrowdhubError], ...]] = (Conflict,)
    """The errors of `approve`, `reject` and `request_redo` that may mean that it was settled before: after one of
    them, as after a lost answer, the market asks `state_of`."""

    rejection_leaves: ClassVar[SubmissionStatus | None] = None
    """What the work is after `reject` where the marketplace only takes note of a rejection (a ticket to its staff, a
    report); None: rejected. Any other status in a result is a doubt, after which `state_of` is asked."""

    @operation
    def state_of(self, submission: Submission) -> Flow[Submission | None]:
        """The submission as it stands now; None where it is not listed. READ only.

        The default looks through `submissions`; override where there is a shorter way.
        """
        return (yield from first_match(self.submissions(submission.task_id), lambda each: each.id == submission.id))

    def batch_key(self, decision: Decision) -> Hashable:
        """Decisions with an equal key may be handed to `review_batch` together; None: only one by one."""
        return None

    def batch_pays(self, decisions: Sequence[Decision], task: Task | None) -> bool:
        """Whether `review_batch` may take fewer calls than they would one by one.

        ``task``: theirs, as it was within the last minute; None where nothing is known of it, or they are of several.
        """
        return True

    batch_size: ClassVar[int] = 1_000_000
    submissions_a_page: ClassVar[int | None] = None
    """How many submissions a page of their listing holds, where it can have several."""

    def review_batch(self, decisions: Sequence[Decision]) -> Operation[BatchReport]:
        """Carry out several decisions in few calls, as far as that is safe; hand back the rest."""
        raise self._unsupported(Capability.BULK_REVIEW)

    def pay_bonus(
        self, submission: Submission, amount: Money, reason: str, reference: str | None = None
    ) -> Operation[Submission]:
        """Pay a worker extra. SPEND. ``reference``: the payment's own mark, the same when it is sent again."""
        raise self._unsupported(Capability.PAY_BONUS)

    def find_bonus(
        self,
        submission: Submission,
        amount: Money,
        reason: str,
        reference: str | None = None,
        since: datetime | None = None,
    ) -> Operation[Submission | None]:
        """The submission with the bonus that an earlier `pay_bonus`, begun at ``since``, paid; None if none is listed.

        Of ``submission`` only the ids are certain. Asked after a crash or a lost answer only. Raise `Conflict` where
        what is listed may be another bonus; None is not a proof that it will not be paid yet, and nothing is sent
        again.
        """
        raise self._unsupported(Capability.FIND_BONUS)

    def cancel(self, task_id: str) -> Operation[Task]:
        """Take a task off the market."""
        raise self._unsupported(Capability.CANCEL)

    def extend(self, task_id: str, slots: int | None = None, until: datetime | None = None) -> Operation[Task]:
        """Give a task more places, more time, or both. What the marketplace cannot extend is an issue of
        `extension_issues`.

        Take one parameter more, ``reference: str | None = None``, to put the payment's own mark on the wire: it is
        the same when it is sent again.
        """
        raise self._unsupported(Capability.EXTEND)

    def pause(self, task_id: str) -> Operation[Task]:
        """Take a task off the market for a while."""
        raise self._unsupported(Capability.PAUSE)

    def resume(self, task_id: str) -> Operation[Task]:
        """Put a paused task back on the market."""
        raise self._unsupported(Capability.RESUME)

    def message(self, worker_id: str, text: str) -> Operation[None]:
        """Write to a worker."""
        raise self._unsupported(Capability.MESSAGE)

    def worker(self, worker_id: str) -> Operation[Worker]:
        """A worker's profile."""
        raise self._unsupported(Capability.WORKER)

    def block(self, worker_id: str, reason: str | None = None) -> Operation[Worker]:
        """Keep a worker away from this account's tasks."""
        raise self._unsupported(Capability.BLOCK)

    def unblock(self, worker_id: str) -> Operation[Worker]:
        """Let a blocked worker work again."""
        raise self._unsupported(Capability.UNBLOCK)

    def blocked_workers(self) -> Operation[Page[Worker]]:
        """The workers that are blocked."""
        raise self._unsupported(Capability.BLOCKED_WORKERS)

    def applications(self, task_id: str) -> Operation[Page[Application]]:
        """Who asks to be given a task."""
        raise self._unsupported(Capability.APPLICATIONS)

    def accept(self, application: Application) -> Operation[Application]:
        """Give the task to this worker."""
        raise self._unsupported(Capability.ACCEPT)

    def decline(self, application: Application) -> Operation[Application]:
        """Refuse this worker."""
        raise self._unsupported(Capability.DECLINE)

    def balance(self) -> Operation[Money]:
        """The money on the account; a `Balance` where the marketplace tells of held money or several currencies."""
        raise self._unsupported(Capability.BALANCE)

    @operation
    def locate_file(self, submission: Submission, file: File) -> Flow[File]:
        """The file with a link that works now; asked right before a download, for links that cost a call or live a
        minute. The default hands the file back as it is."""
        return no_call(file)

    # --- what follows from the above ---------------------------------------------------------------------

    def _unsupported(self, capability: Capability) -> NotSupported:
        error = NotSupported(capability, self.name, reason=self.capabilities[capability].reason)
        return error.located(operation=operation_of(capability), **self.identity)

    def unsupported_fields(self, draft: TaskDraft) -> dict[str, str]:
        """The fields that the draft asks for and the marketplace has no place for, each with the reason."""
        absent = self.capabilities.absent_fields
        return {name: why for name, why in absent.items() if getattr(draft, name) not in (None, (), False, "")}

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
            found.extend(self.amount_issues("reward", draft.reward))
        if draft.slots < 1:
            found.append(Issue("slots", f"{draft.slots} is less than 1"))
        found.extend(country_issues(draft.countries))
        return found

    def currency_issues(self, where: str, amount: Money) -> list[Issue]:
        """What is wrong with the currency of an amount."""
        if amount.currency == self.currency:
            return []
        return [Issue(where, f"{amount} is not in {self.currency}, which {self.title} pays in")]

    def amount_issues(self, where: str, amount: Money) -> list[Issue]:
        """What is wrong with an amount that workers are paid: its currency, or its decimals."""
        found = self.currency_issues(where, amount)
        if self.reward_decimals is not None and -int(amount.plain.as_tuple().exponent) > self.reward_decimals:
            limit = f"{self.reward_decimals} decimals, which is what {self.title} pays in"
            found.append(Issue(where, f"{amount} has more than {limit}"))
        return found

    def decision_issues(self, decision: Decision) -> list[Issue]:
        """What is wrong with a decision, before any request (a reason that is too short, a category that is missing).

        Asked of all decisions of a review before the first is carried out. Extend it with the marketplace's rules.
        """
        return []

    def extension_cost(self, task: Task, slots: int) -> Money | None:
        """What so many places more will take from the balance; None where it is not known."""
        return None if task.reward is None else task.reward * slots

    def bonus_cost(self, amount: Money) -> Money:
        """What a bonus of this amount takes from the balance, where the marketplace takes a commission of bonuses; for
        budget and ledger."""
        return amount

    def approval_cost(self, task: Task) -> Money | None:
        """What one approval on a task takes, commission included where it is known; None where that is not known."""
        return task.reward

    def extension_issues(self, slots: int | None, until: datetime | None) -> list[Issue]:
        """What of an extension the marketplace cannot do or would refuse, before any request."""
        return []


@cache
def result_type(name: str) -> tuple[type, ...]:
    """What a neutral operation has to return."""
    *_, result = get_args(get_type_hints(getattr(Provider, name))["return"])
    several = get_args(result) if isinstance(result, UnionType) else (result,)
    return tuple(get_origin(each) or each for each in several)


def _now() -> datetime:
    return datetime.now(UTC)


__all__ = ["LOOPBACK", "Provider", "result_type"]
