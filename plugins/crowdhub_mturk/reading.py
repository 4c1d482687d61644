"""The API's records in the neutral model."""

from __future__ import annotations

from datetime import datetime

from crowdhub.model import File, Money, Submission, SubmissionStatus, Task, TaskStatus, Worker
from crowdhub.protocol import Identity, mark, unmark
from crowdhub_mturk.answers import GivenAnswer, NoAnswer, parsed
from crowdhub_mturk.records import HIT, Assignment
from crowdhub_mturk.words import AssignmentStatus, HITStatus

STATUS = {
    AssignmentStatus.SUBMITTED: SubmissionStatus.PENDING,
    AssignmentStatus.APPROVED: SubmissionStatus.APPROVED,
    AssignmentStatus.REJECTED: SubmissionStatus.REJECTED,
}
ASKED = {status: word for word, status in STATUS.items()}


def annotation_of(reference: str | None) -> str | None:
    """The draft's mark as a HIT carries it: workers never see it."""
    return mark("", reference).strip() or None


def task_of(hit: HIT, identity: Identity, now: datetime) -> Task:
    completed, slots = hit.number_of_assignments_completed, hit.max_assignments
    available, in_hands = hit.number_of_assignments_available, hit.number_of_assignments_pending
    pending: int | None = None
    if slots is not None and available is not None and in_hands is not None and completed is not None:
        pending = max(slots - available - in_hands - completed, 0)
    settled = 0 if completed == 0 else None  # how many of them were approved is not told
    return Task(
        **identity,
        id=hit.hit_id,
        title=hit.title,
        instructions=hit.description,
        reward=hit.reward,
        status=status_of(hit, now),
        slots=slots,
        remaining=available,
        in_progress=in_hands,
        pending=pending,
        approved=settled,
        rejected=settled,
        created_at=hit.creation_time,
        expires_at=hit.expiration,
        reference=unmark(hit.requester_annotation)[1],
        replayed=hit.replayed,
        raw=hit.raw,
    )


def status_of(hit: HIT, now: datetime) -> TaskStatus:
    """``HITStatus`` tells whether a HIT can be taken and whether work is in hands, and not why."""
    match hit.hit_status:
        case HITStatus.ASSIGNABLE:
            return TaskStatus.OPEN
        case HITStatus.UNASSIGNABLE:
            return TaskStatus.FULL
        case HITStatus.REVIEWABLE | HITStatus.REVIEWING:
            if hit.max_assignments is not None and hit.number_of_assignments_completed == hit.max_assignments:
                return TaskStatus.COMPLETED
            return TaskStatus.EXPIRED if is_over(hit, now) and hit.number_of_assignments_available else TaskStatus.FULL
        case HITStatus.DISPOSED:
            return TaskStatus.COMPLETED
        case _:
            return TaskStatus.UNKNOWN


def is_over(hit: HIT, now: datetime) -> bool:
    return hit.expiration is not None and hit.expiration <= now


def submission_of(work: Assignment, identity: Identity, link: str, hit_id: str | None = None) -> Submission:
    """``link``: what stands for the address of a file until it is asked for."""
    status = STATUS.get(work.assignment_status or AssignmentStatus.UNKNOWN, SubmissionStatus.UNKNOWN)
    try:
        answers = parsed(work.answer)
    except NoAnswer:  # the work can be judged, and paid, without: `raw` has what came
        answers = {}
    return Submission(
        **identity,
        id=work.assignment_id,
        task_id=work.hit_id or hit_id or "",
        worker=Worker(id=work.worker_id or ""),
        status=status,
        submitted_at=work.submit_time,
        auto_approves_at=work.auto_approval_time if status is SubmissionStatus.PENDING else None,
        auto_approved=status is SubmissionStatus.APPROVED and _ran_out(work),
        text=_text_of(answers),
        files=tuple(
            File(id=question, url=link, name=question) for question, given in answers.items() for _ in given.files
        ),
        answers={question: given.value for question, given in answers.items()} or None,
        feedback=work.requester_feedback,
        raw=work.raw,
    )


def _text_of(answers: dict[str, GivenAnswer]) -> str | None:
    """What was written: of one text as it is, of several each under the id of its question."""
    texts = {question: "\n".join(given.texts) for question, given in answers.items() if given.texts}
    if len(texts) == 1:
        return next(iter(texts.values()))
    return "\n".join(f"{question}: {text}" for question, text in texts.items()) or None


def _ran_out(work: Assignment) -> bool:
    """Whether work was approved when its time was over: a person's approval comes before that, but for one that
    overrides a rejection."""
    if work.approval_time is None or work.auto_approval_time is None or work.rejection_time is not None:
        return False
    return work.approval_time >= work.auto_approval_time


def paid_with(submission: Submission, bonus: Money) -> Money:
    """What a worker has got with a bonus, as far as it is known: the reward is not told with the work."""
    return bonus if submission.amount_paid is None else submission.amount_paid + bonus
