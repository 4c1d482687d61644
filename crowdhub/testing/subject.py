"""What a plugin's author tells the conformance kit: a draft, how work is handed in, and what the sandbox then knows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from inspect import isclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeGuard, TypeVar, cast

from crowdhub import errors
from crowdhub.entrypoints import Group
from crowdhub.errors import ConfigurationError, CrowdhubError
from crowdhub.model import Decision, Money, QuestionForm, Submission, TaskDraft, Verdict
from crowdhub.testing.plans import CampaignPlan, DemoPlan

if TYPE_CHECKING:
    import typing_extensions  # TypeVar has a default in Python itself from 3.13 on

    from crowdhub.sandbox import MarketSandbox

    B = typing_extensions.TypeVar("B", bound=MarketSandbox, default=Any, contravariant=True)
else:
    B = TypeVar("B")

CLOSE = timedelta(minutes=1)
"""How far two moments may be apart that are meant to be the same: some marketplaces count in minutes."""


@dataclass(frozen=True, slots=True)
class HandedIn:
    """What a worker handed in, as the marketplace has it. None: it has no such thing.

    ``files`` are their contents, in order. ``answers`` is what `Submission.answers` must be equal to.
    """

    text: str | None = None
    files: Sequence[bytes] | None = None
    answers: object = None


class Subject(Generic[B]):
    """A provider under test. Subclass it in the plugin (``conformance.py``), for the type of its sandbox, and name
    the class, under the provider's name, in the entry-point group ``crowdhub.conformance``.

    ``provider``, ``draft`` and `published` have to be written, and `hand_in`, `handed_in` and `told` where people
    hand in work and are told of decisions; the rest has defaults that fit most marketplaces.
    """

    provider: ClassVar[str]
    """The provider's name, in `crowdhub.providers` and `crowdhub.sandboxes`."""
    sandbox_options: ClassVar[Mapping[str, object]] = {}
    """For the sandbox: much money, no scripted workers (only `hand_in` hands in), no request limit."""
    readings: ClassVar[Mapping[str, Mapping[str, object]]] = {}
    """Where the marketplace's own pages contradict one another, or leave something open: other ways in which its server
    may read them, by name, each with the sandbox's options that play it. The kit runs all of it in each of them."""
    reading: str | None = None
    """The reading that this subject plays; None: as ``sandbox_options`` alone have it."""
    poor_options: ClassVar[Mapping[str, object]] = {"balance": "0"}
    """For the sandbox of an account that has no money."""
    page_rows: ClassVar[int | None] = None
    """Submissions a page; None where all come in one answer."""
    tasks_rows: ClassVar[int | None] = None
    """Tasks a page; None where all come in one answer."""
    tasks_options: ClassVar[Mapping[str, object]] = {}
    """More options for the sandbox in which the pages of tasks are counted (a small page, say)."""
    most_slots: ClassVar[int | None] = None
    """The most slots that a task can have; None: as many as one likes."""
    least_in_bulk: ClassVar[int] = 2
    """From how many decisions on the provider may take them together."""
    rejection_is_final: ClassVar[bool] = True
    """False where a rejection only asks the marketplace's own people, who decide later, or reports the work to them: it
    stays as it was."""
    unknown_id: ClassVar[str] = "999999999"
    """An id of the right form that no task has."""
    status_words: ClassVar[Sequence[str]] = ("status",)
    """The members of an answer that hold a status as a word, in any case; the end of the name is enough."""
    statuses: ClassVar[Mapping[int, type[CrowdhubError]]] = {
        400: errors.InvalidRequest,
        401: errors.AuthenticationFailed,
        402: errors.InsufficientFunds,
        403: errors.PermissionDenied,
        404: errors.NotFound,
        409: errors.Conflict,
        429: errors.RateLimited,
        500: errors.ProviderError,
        502: errors.ProviderUnavailable,
        503: errors.ProviderUnavailable,
        504: errors.ProviderUnavailable,
    }
    """The error that an HTTP status with the sandbox's own error body stands for, where it is not this one."""
    values: ClassVar[Mapping[str, object]] = {}
    """For fields of a draft whose values the marketplace restricts: another good value than the draft's. A mapping
    changes several fields at once (``{"questions": {"proof": None, "questions": …}}``)."""
    words: ClassVar[Mapping[Verdict, str]] = {
        Verdict.APPROVE: "Thank you, well done.",
        Verdict.REJECT: "Please look at the second step again.",
        Verdict.REDO: "Please do the second step again.",
    }
    """What a worker is told with each decision: as long as the marketplace wants it."""
    untold: ClassVar[Mapping[Verdict, str]] = {}
    """The decisions whose words the marketplace has no place for, each with the reason; the kit says it."""
    bonus_words: ClassVar[str] = "For the good photographs."
    campaign: ClassVar[CampaignPlan] = CampaignPlan()
    """What `crowdhub chaos` has to know besides."""
    demo: ClassVar[DemoPlan] = DemoPlan()
    """What `crowdhub demo` has to know besides."""

    @property
    def name(self) -> str:
        """The provider's name, with that of the reading behind a colon where it plays one: as `load` takes it."""
        return self.provider if self.reading is None else f"{self.provider}:{self.reading}"

    @property
    def played_options(self) -> Mapping[str, object]:
        """The sandbox's options, those of the reading over ``sandbox_options``."""
        return {**self.sandbox_options, **(self.readings[self.reading] if self.reading is not None else {})}

    # --- what to ask

    def draft(self) -> TaskDraft:
        """A good draft, of one slot where slots can be chosen."""
        raise NotImplementedError

    def decision(self, submission: Submission, verdict: Verdict) -> Decision:
        """A good decision: override where the marketplace asks for more than words."""
        return Decision(submission=submission, verdict=verdict, comment=self.words[verdict])

    def bonus(self, submission: Submission, currency: str) -> Money:
        """A bonus that may be paid for this submission, twice."""
        del submission
        return Money("0.10", currency)

    def cost_of_work(self, draft: TaskDraft) -> Money | None:
        """What publishing a draft takes from the balance for its workers, commission aside; None: no rule is known."""
        return None if draft.reward is None else draft.reward * draft.slots

    # --- what the workers do

    def hand_in(self, sandbox: B, task_id: str, count: int = 1) -> None:
        """Let ``count`` different workers hand in on a task of the provider's sandbox, so that it is pending."""
        raise NotImplementedError

    def hand_in_by(self, sandbox: B, task_id: str, worker_id: str) -> None:
        """Let this worker hand in on a task, where the sandbox can choose; else anybody does."""
        del worker_id
        self.hand_in(sandbox, task_id, 1)

    def hand_in_again(self, sandbox: B, submission: Submission) -> None:
        """Let the worker of a submission that was sent back hand in other work, where work can be sent back."""
        raise NotImplementedError

    def apply(self, sandbox: B, task_id: str, count: int = 1) -> None:
        """Let ``count`` different workers apply for a task, where the marketplace has applications."""
        raise NotImplementedError

    # --- what the sandbox knows

    def published(self, sandbox: B, task_id: str) -> Mapping[str, object] | None:
        """A task as its workers see it, by the names of a draft's fields: one entry for each field that the provider
        has a place for. None where it is not on the market (a draft that was never published, say).

        Texts as they are shown, ``reward`` as Money, ``countries`` as codes, ``image`` as its bytes, ``deadline``
        as a moment, ``auto_approve`` as in a draft; `arrived` compares them.
        """
        raise NotImplementedError(f"write {type(self).__name__}.published: what the sandbox has of a task")

    def handed_in(self, sandbox: B, submission: Submission) -> HandedIn:
        """What the worker handed in, as the sandbox has it."""
        raise NotImplementedError(f"write {type(self).__name__}.handed_in: what the sandbox has of a submission")

    def told(self, sandbox: B, submission: Submission) -> str | None:
        """What the worker was told with the decision on a submission; None: nothing."""
        raise NotImplementedError(f"write {type(self).__name__}.told: what the sandbox told the worker of a submission")

    def messages(self, sandbox: B, worker_id: str) -> Sequence[str]:
        """What was written to a worker, where the marketplace has messages."""
        raise NotImplementedError(f"write {type(self).__name__}.messages: what the sandbox told a worker")

    def arrived(self, name: str, asked: object, there: object) -> bool:
        """Whether what a draft asks for in a field is what the marketplace has (`published`).

        A text may have something around it (a mark), countries may come in any order, a form is there with the texts
        of its questions. Override where the marketplace words it otherwise.
        """
        del name
        match asked:
            case str():
                return isinstance(there, str) and asked.strip() in there
            case datetime():
                return isinstance(there, datetime) and abs(there - asked) <= CLOSE
            case Path():
                return there == asked.read_bytes()
            case QuestionForm():
                return all(each.text in str(there) for each in asked.questions)
            case tuple():
                several = cast("Collection[object]", there) if isinstance(there, Collection) else ()
                return set(several) == set(cast("tuple[object, ...]", asked))
            case _:
                return there == asked


def _is_subject(found: object) -> TypeGuard[type[Subject]]:
    return isclass(found) and issubclass(found, Subject)


def _error(message: str, *, name: str, next_step: str) -> ConfigurationError:
    return ConfigurationError(message, provider=name, next_step=next_step)


SUBJECTS = Group("crowdhub.conformance", "conformance subject", "a crowdhub.testing.Subject class", _is_subject, _error)


def load(name: str) -> Subject:
    """The subject of an installed provider, in one of its readings where ``name`` has that behind a colon
    (``crowdsdom:post``). Raises `ConfigurationError` where its plugin names none."""
    provider, _, reading = name.partition(":")
    kind = SUBJECTS.load(provider)
    if kind.provider != provider:
        raise ConfigurationError(
            f"The conformance subject {provider!r} is {kind.__name__}, which describes the provider {kind.provider!r}.",
            provider=provider,
            next_step=f"Name it as its provider in the entry-point group {SUBJECTS.name!r}.",
        )
    subject = kind()
    if reading or name != provider:
        if reading not in kind.readings:
            known = ", ".join(kind.readings) or "none"
            raise ConfigurationError(f"{provider} has no reading {reading!r}; it has: {known}.", provider=provider)
        subject.reading = reading
    return subject


def readings_of(name: str) -> list[str]:
    """What `load` takes for a provider: it as it is, and in each of its readings. A name with a reading is itself, and
    one with a colon alone (``crowdsdom:``) is the provider as it is."""
    return [name.removesuffix(":")] if ":" in name else [name, *(f"{name}:{each}" for each in load(name).readings)]
