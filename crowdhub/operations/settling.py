"""Settling one submission: it may be sent again, and where the answer leaves a doubt, its state is looked at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeVar

from crowdhub.engine.engine import Witness
from crowdhub.errors import Conflict, CrowdhubError, Lost, OutcomeUnknown, UnreadableResponse
from crowdhub.model import Decision, Submission, SubmissionStatus, Verdict
from crowdhub.operations.port import Port
from crowdhub.protocol import AnyProvider, Operation

T = TypeVar("T")

WANTED = {
    Verdict.APPROVE: frozenset({SubmissionStatus.APPROVED}),
    Verdict.REJECT: frozenset({SubmissionStatus.REJECTED}),
    Verdict.REDO: frozenset({SubmissionStatus.REDO, SubmissionStatus.IN_PROGRESS}),
}
UNSETTLED = frozenset({SubmissionStatus.PENDING, SubmissionStatus.UNKNOWN})


class Payment(Witness, Protocol):
    """What stands before the calls of one run that take money."""

    @property
    def is_free(self) -> bool:
        """Whether it has come to no call that takes money so far."""
        ...

    @property
    def has_paid(self) -> bool:
        """Whether one was answered."""
        ...


class Till(Protocol):
    """Where decisions are carried out: a call of theirs that takes money is preceded by an intent in the ledger, and
    asked of the budget and the application. One that takes none costs nothing here."""

    async def __call__(
        self,
        port: Port,
        operation: Operation[T],
        decisions: Sequence[Decision],
        send: Callable[[Payment], Awaitable[T]],
    ) -> T:
        """Carry ``operation`` out by ``send``; what that returns or raises is what became of it."""
        ...


def operation_for(provider: AnyProvider, decision: Decision) -> Operation[Submission]:
    """The provider's operation that carries out a decision, given the options that the decision has for it."""
    operation = _spoken(provider, decision)
    options = decision.options_for(provider.name)
    return operation if options is None else operation.given(options=options)


def _spoken(provider: AnyProvider, decision: Decision) -> Operation[Submission]:
    match decision.verdict:
        case Verdict.APPROVE:
            return provider.approve(decision.submission, decision.comment)
        case Verdict.REJECT:
            return provider.reject(decision.submission, decision.comment or "")
        case Verdict.REDO:
            return provider.request_redo(decision.submission, decision.comment or "")


async def settle_once(port: Port, decision: Decision, till: Till) -> Submission:
    """Carry out one decision. Settled that way before is a success, marked ``replayed``.

    Raises `Conflict` where it was settled another way, `OutcomeUnknown` where its state does not tell.
    """
    provider = port.provider
    operation = operation_for(provider, decision).taken()
    looked = False

    async def send(payment: Payment) -> Submission:
        nonlocal looked
        try:
            told = await port.run(operation, payment)
        except CrowdhubError as error:
            unclear = payment.has_paid or isinstance(error, (OutcomeUnknown, UnreadableResponse))
            if not unclear or not error.sent:
                raise
            was_taken = isinstance(error, UnreadableResponse)
            doubt: CrowdhubError = _unread(decision, error) if was_taken else error
        else:
            if fits(provider, decision, told):
                return told
            doubt, was_taken = unfit(decision, told), True
        looked = True
        return await as_it_stands(port, decision, doubt, was_taken=was_taken)

    try:
        return await till(port, operation, [decision], send)
    except CrowdhubError as error:
        # A refusal took no money; that it was settled so before is found outside of what is paid for.
        if looked or not error.sent or not isinstance(error, provider.unclear_refusals):
            raise
        refused = error
    return await as_it_stands(port, decision, refused)


def fits(provider: AnyProvider, decision: Decision, told: Submission) -> bool:
    """Whether a result is that of the decision: the same submission, settled as was decided."""
    if told.id != decision.submission.id:
        return False
    noted = decision.verdict is Verdict.REJECT and told.status == provider.rejection_leaves
    return noted or told.status in WANTED[decision.verdict]


def _unread(decision: Decision, error: CrowdhubError) -> OutcomeUnknown:
    """The doubt that a good answer leaves which cannot be read."""
    lost = OutcomeUnknown(error.message, lost=Lost.ACCEPTED, **error.evidence)
    lost.__cause__ = error
    return lost.looking_for(_state_of(decision))


def _state_of(decision: Decision) -> str:
    return f"the state of submission {decision.submission.id} of task {decision.submission.task_id}"


def unfit(decision: Decision, told: Submission | None) -> OutcomeUnknown:
    """The doubt that a good answer leaves which tells of something else than what was decided."""
    of = decision.submission
    said = "nothing of it" if told is None else f"submission {told.id} as {told.status}"
    return OutcomeUnknown(
        f"The marketplace took the decision {decision.verdict} on submission {of.id}, and its answer shows {said}.",
        lost=Lost.ACCEPTED,
    ).looking_for(_state_of(decision))


async def as_it_stands(port: Port, decision: Decision, doubt: CrowdhubError, *, was_taken: bool = False) -> Submission:
    """What became of a decision, by the state of its submission. ``was_taken``: the marketplace said yes, so that it
    was settled by this very decision. Raises `Conflict`, or the ``doubt`` where the state does not tell."""
    try:
        actual = await port.run(port.provider.state_of(decision.submission))
    except CrowdhubError as blind:
        raise doubt from blind
    if actual is None or actual.status in UNSETTLED:
        raise doubt
    if actual.status not in WANTED[decision.verdict]:
        raise Conflict(
            f"Submission {decision.submission.id} is already {actual.status}, which {decision.verdict} cannot change.",
            actual=actual,
            **doubt.evidence,
        ) from doubt
    return actual.copy_with(replayed=not was_taken)
