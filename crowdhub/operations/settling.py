"""Settling one submission: it may be sent again, and where the answer leaves a doubt, its state is looked at."""

from __future__ import annotations

from crowdhub.errors import Conflict, CrowdhubError, OutcomeUnknown, UnreadableResponse
from crowdhub.model import Decision, Submission, SubmissionStatus, Verdict
from crowdhub.operations.port import Port
from crowdhub.protocol import AnyProvider, Operation

WANTED = {
    Verdict.APPROVE: frozenset({SubmissionStatus.APPROVED}),
    Verdict.REJECT: frozenset({SubmissionStatus.REJECTED}),
    Verdict.REDO: frozenset({SubmissionStatus.REDO, SubmissionStatus.IN_PROGRESS}),
}
UNSETTLED = frozenset({SubmissionStatus.PENDING, SubmissionStatus.UNKNOWN})


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


async def settle_once(port: Port, decision: Decision) -> Submission:
    """Carry out one decision. Settled that way before is a success, marked ``replayed``.

    Raises `Conflict` where it was settled another way, `OutcomeUnknown` where its state does not tell.
    """
    provider = port.provider
    try:
        return await port.run(operation_for(provider, decision))
    except CrowdhubError as error:
        unclear = isinstance(error, (*provider.unclear_refusals, OutcomeUnknown, UnreadableResponse))
        if not unclear or not error.sent:
            raise
        doubt = error
    try:
        actual = await port.run(provider.state_of(decision.submission))
    except CrowdhubError as blind:
        raise doubt from blind
    if actual is None or actual.status in UNSETTLED:
        raise doubt
    if actual.status not in WANTED[decision.verdict]:
        raise Conflict(
            f"Submission {decision.submission.id} is already {actual.status}, which {decision.verdict} cannot change.",
            actual=actual,
            http_status=doubt.http_status,
            provider_code=doubt.provider_code,
            provider_message=doubt.provider_message,
        ) from doubt
    return actual.copy_with(replayed=not isinstance(doubt, UnreadableResponse))
