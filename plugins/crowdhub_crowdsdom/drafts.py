"""A draft as the members of ``POST /jobs``, and everything that can be wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from crowdhub.errors import Issue
from crowdhub.model import Money, TaskDraft
from crowdhub_crowdsdom.forms import form_issues, form_members, questions_of
from crowdhub_crowdsdom.options import CrowdSDOMOptions
from crowdhub_crowdsdom.wire import reference_keyword

RANGES = {
    "lifetime": (600, 2_592_000),
    "task_duration": (300, 86_400),
    "auto_approval_delay": (0, 2_592_000),
    "max_tasks": (1, 10_000),
}
"""The documented limits, in seconds (``max_tasks``: workers)."""

LONGEST_DELAY = timedelta(seconds=RANGES["auto_approval_delay"][1])


def options_of(draft: TaskDraft) -> CrowdSDOMOptions:
    found = draft.options_for("crowdsdom")
    return found if isinstance(found, CrowdSDOMOptions) else CrowdSDOMOptions()


def lifetime_of(draft: TaskDraft, now: datetime) -> int | None:
    """How long workers may take the job: until the draft's deadline."""
    options = options_of(draft)
    if draft.deadline is None:
        return options.lifetime
    left = draft.deadline if isinstance(draft.deadline, timedelta) else draft.deadline - now
    return left // timedelta(seconds=1)


def delay_of(draft: TaskDraft) -> int | None:
    """After how long unreviewed work is approved by itself; None: the marketplace's default, a day."""
    if isinstance(draft.auto_approve, timedelta):
        return draft.auto_approve // timedelta(seconds=1)
    return options_of(draft).auto_approval_delay


def range_issue(name: str, value: int | None, where: str | None = None) -> list[Issue]:
    low, high = RANGES[name]
    if value is None or low <= value <= high:
        return []
    unit = "workers" if name == "max_tasks" else "seconds"
    return [Issue(where or name, f"{value:,} {unit} are outside {low:,} to {high:,}")]


def keyword_issues(keywords: Sequence[str]) -> list[Issue]:
    return [
        Issue("options.keywords", f"{word!r} is empty or holds a comma, which separates keywords")
        for word in keywords
        if not word.strip() or "," in word
    ]


def issues(draft: TaskDraft, now: datetime) -> list[Issue]:
    """What is wrong beyond the rules that hold on every marketplace."""
    options = options_of(draft)
    found = _carried(draft, options) if options.job_type_id is not None else []
    if options.job_type_id is None and not draft.instructions.strip():
        found.append(Issue("instructions", "are empty; the marketplace requires a description"))
    if draft.slots >= 1:
        found += range_issue("max_tasks", draft.slots, "slots")
    if draft.deadline is not None and options.lifetime is not None:
        found.append(Issue("options.lifetime", "and the draft's deadline say the same; give one of the two"))
    else:
        where = "deadline" if draft.deadline is not None else "options.lifetime"
        found += range_issue("lifetime", lifetime_of(draft, now), where)
    found += range_issue("task_duration", options.task_duration, "options.task_duration")
    if draft.auto_approve is False:
        found.append(
            Issue(
                "auto_approve", "cannot be switched off; give the longest delay, timedelta(days=30), and review in time"
            )
        )
    if isinstance(draft.auto_approve, timedelta) and options.auto_approval_delay is not None:
        found.append(Issue("options.auto_approval_delay", "and auto_approve say the same; give one of the two"))
    else:
        where = "auto_approve" if isinstance(draft.auto_approve, timedelta) else "options.auto_approval_delay"
        found += range_issue("auto_approval_delay", delay_of(draft), where)
    return found + keyword_issues(options.keywords) + form_issues(draft)


def _carried(draft: TaskDraft, options: CrowdSDOMOptions) -> list[Issue]:
    """A job type's settings cannot be changed by a job: what the draft says beside it would be lost silently."""
    said = {
        "title": draft.title,
        "instructions": draft.instructions,
        "deadline": draft.deadline is not None,
        "auto_approve": draft.auto_approve is not None,
        "options.keywords": options.keywords,
        "options.lifetime": options.lifetime is not None,
        "options.task_duration": options.task_duration is not None,
        "options.auto_approval_delay": options.auto_approval_delay is not None,
    }
    return [
        Issue(name, "is carried by the job type and cannot be changed; leave it out") for name, it in said.items() if it
    ]


def reward_member(reward: Money) -> dict[str, object]:
    """A Decimal is written into JSON as the exact number that it is."""
    return {"amount": reward.plain, "currencyCode": reward.currency}


def given(**members: object) -> dict[str, object]:
    """The members that have a value."""
    return {name: value for name, value in members.items() if value is not None and value != ()}


def job_members(draft: TaskDraft, now: datetime) -> dict[str, object]:
    """The body of ``POST /jobs``. The draft has passed `issues`."""
    options = options_of(draft)
    questions = questions_of(draft)
    in_form = draft.reference if options.job_type_id is not None else None
    form = form_members(questions, in_form) if questions is not None else {}
    if options.job_type_id is not None:
        return {"jobTypeId": options.job_type_id, "maxTasks": draft.slots, **form}
    keywords = [*options.keywords, *([reference_keyword(draft.reference)] if draft.reference else [])]
    return given(
        title=draft.title,
        description=draft.instructions,
        reward=reward_member(draft.reward) if draft.reward is not None else None,
        keywords=keywords or None,
        lifetime=lifetime_of(draft, now),
        taskDuration=options.task_duration,
        maxTasks=draft.slots,
        autoApprovalDelay=delay_of(draft),
        **form,
    )
