"""Job types: what several jobs have in common, so that workers go from one to the next."""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import TypedDict  # the one of 3.11 cannot be checked at run time

from crowdhub.errors import Issue
from crowdhub.model import Answer, Money
from crowdhub.protocol import int_or_none, text_or_none
from crowdhub_crowdsdom.drafts import given, keyword_issues, range_issue, reward_member
from crowdhub_crowdsdom.wire import keywords_of, price


class JobTypeSettings(TypedDict, total=False):
    """What a job type may say besides. Durations in seconds; the limits are those of a job."""

    keywords: Sequence[str]
    lifetime: int | None
    task_duration: int | None
    max_tasks: int | None
    auto_approval_delay: int | None


class JobType(Answer):
    """A job type: what the jobs that name it have in common. ``raw`` is the marketplace's own answer."""

    id: str
    title: str | None = None
    description: str | None = None
    reward: Money | None = None
    keywords: tuple[str, ...] = ()
    lifetime: int | None = None
    task_duration: int | None = None
    max_tasks: int | None = None
    auto_approval_delay: int | None = None


def issues(description: str, settings: JobTypeSettings) -> list[Issue]:
    """What is wrong beyond the rules for title and reward, which are those of a draft."""
    found = keyword_issues(settings.get("keywords", ()))
    found += range_issue("lifetime", settings.get("lifetime"))
    found += range_issue("task_duration", settings.get("task_duration"))
    found += range_issue("max_tasks", settings.get("max_tasks"))
    found += range_issue("auto_approval_delay", settings.get("auto_approval_delay"))
    if not description.strip():
        found.append(Issue("description", "is empty; the marketplace requires one"))
    return found


def members(title: str, description: str, reward: Money, settings: JobTypeSettings) -> dict[str, object]:
    """The body of ``POST /jobTypes``."""
    return given(
        title=title,
        description=description,
        reward=reward_member(reward),
        keywords=list(settings.get("keywords", ())) or None,
        lifetime=settings.get("lifetime"),
        taskDuration=settings.get("task_duration"),
        maxTasks=settings.get("max_tasks"),
        autoApprovalDelay=settings.get("auto_approval_delay"),
    )


def fields(row: dict[str, object]) -> dict[str, object]:
    """The answer of ``POST /jobTypes`` as the fields of a `JobType`."""
    return {
        "id": text_or_none(row["id"]),
        "title": text_or_none(row.get("title")),
        "description": text_or_none(row.get("description")),
        "reward": price(row.get("reward")),
        "keywords": keywords_of(row)[0],
        "lifetime": int_or_none(row.get("lifetime")),
        "task_duration": int_or_none(row.get("taskDuration")),
        "max_tasks": int_or_none(row.get("maxTasks")),
        "auto_approval_delay": int_or_none(row.get("autoApprovalDelay")),
        "raw": row,
    }
