"""Where the reference of a draft can be seen."""

from __future__ import annotations

from crowdhub.model import TaskDraft
from crowdhub_crowdsdom.drafts import options_of
from crowdhub_crowdsdom.wire import reference_keyword


def describe(draft: TaskDraft) -> str:
    """What a person has to look for."""
    job_type = options_of(draft).job_type_id
    if job_type is None:
        what = f'a job titled "{draft.title}" whose keywords hold'
    else:
        what = f"a job of the job type {job_type} whose form, at its end, holds"
    return f"{what} {reference_keyword(draft.reference or '')}"
