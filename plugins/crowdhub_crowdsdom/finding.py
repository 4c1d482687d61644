"""Whether a listed job is the one that a draft became: by its reference, or, without it, whether it may be."""

from __future__ import annotations

from crowdhub.model import Task, TaskDraft
from crowdhub_crowdsdom.drafts import options_of
from crowdhub_crowdsdom.forms import form_kind, questions_of
from crowdhub_crowdsdom.wire import reference_keyword


def describe(draft: TaskDraft) -> str:
    """What a person has to look for."""
    job_type = options_of(draft).job_type_id
    if job_type is None:
        what = f'a job titled "{draft.title}" whose keywords hold'
    else:
        what = f"a job of the job type {job_type} whose form, at its end, holds"
    return f"{what} {reference_keyword(draft.reference or '')}"


def is_it(task: Task, draft: TaskDraft) -> bool:
    """Whether the job carries the draft's reference, which proves it."""
    return draft.reference is not None and task.reference == draft.reference


def may_be_it(task: Task, draft: TaskDraft) -> bool:
    """Whether a job without the draft's reference may be the draft's all the same: its answer has no place where the
    reference would show, and it is like the draft as far as both are known."""
    if draft.reference is not None and _would_show(task, draft):
        return False
    questions = questions_of(draft)
    pairs: list[tuple[object, object]] = [
        (task.title, draft.title or None),
        (task.slots, draft.slots),
        (task.raw.get("jobTypeId"), options_of(draft).job_type_id),
        (task.raw.get("questionsType"), form_kind(questions) if questions is not None else None),
    ]
    return all(None in pair or pair[0] == pair[1] for pair in pairs)


def _would_show(task: Task, draft: TaskDraft) -> bool:
    """Whether the job's answer has the place of the reference, so that its absence means something. Only a draft of a
    job type has no title: its jobs carry it in their form, all others among their keywords."""
    return (str(task.raw.get("questionsType")) if not draft.title.strip() else "keywords") in task.raw
