"""A draft as the arguments of ``CreateHIT``, and everything that can be wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from crowdhub.errors import Issue
from crowdhub.model import ExternalForm, HtmlForm, TaskDraft
from crowdhub_mturk.forms import document_of, form_issues, no_xml, overview_of, questions_of
from crowdhub_mturk.functions.hits import WholeHIT
from crowdhub_mturk.options import LIFETIME, options_of
from crowdhub_mturk.reading import annotation_of
from crowdhub_mturk.structures import Locale, QualificationRequirement
from crowdhub_mturk.words import Comparator

TITLE, DESCRIPTION, KEYWORDS = 128, 2000, 1000  # characters, each less than that
YEAR = 365 * 24 * 3600
RANGES = {
    "lifetime": (30, YEAR),
    "assignment_duration": (30, YEAR),
    "auto_approval_delay": (0, 30 * 24 * 3600),
}
MOST_SLOTS = 1_000_000_000
MOST_COUNTRIES = 30
MOST_REQUIREMENTS = 10
COUNTRY = "00000000000000000071"
"""The qualification ``Worker_Locale``, which every worker has."""
MASTERS = {"live": "2F1QJWKUDD8XADTFD2Q0G6UTO95ALH", "sandbox": "2ARFPLSP75KLA8M8DH1HTEQVJT3SY6"}


def lifetime_of(draft: TaskDraft, now: datetime) -> int:
    """For how many seconds workers may take it: until the draft's deadline."""
    if draft.deadline is None:
        lifetime = options_of(draft).lifetime
        return LIFETIME if lifetime is None else lifetime
    left = draft.deadline if isinstance(draft.deadline, timedelta) else draft.deadline - now
    return left // timedelta(seconds=1)


def delay_of(draft: TaskDraft) -> int | None:
    """After how many seconds work that nobody decided on is approved by itself; None: the marketplace's 30 days."""
    if isinstance(draft.auto_approve, timedelta):
        return draft.auto_approve // timedelta(seconds=1)
    return options_of(draft).auto_approval_delay


def requirements_of(draft: TaskDraft, environment: str) -> tuple[QualificationRequirement, ...]:
    options = options_of(draft)
    found = [*options.qualifications]
    if options.masters:
        kind = MASTERS["live" if environment == "live" else "sandbox"]
        found.append(QualificationRequirement(qualification_type_id=kind, comparator=Comparator.EXISTS))
    if draft.countries:
        places = tuple(Locale(country=each) for each in draft.countries)
        found.append(
            QualificationRequirement(qualification_type_id=COUNTRY, comparator=Comparator.IN, locale_values=places)
        )
    return tuple(found)


def is_for_masters(requirements: tuple[QualificationRequirement, ...]) -> bool:
    return any(each.qualification_type_id in MASTERS.values() for each in requirements)


def arguments_of(draft: TaskDraft, environment: str, now: datetime) -> WholeHIT:
    """What ``CreateHIT`` is given. The draft has passed `issues`."""
    options, questions, reward = options_of(draft), questions_of(draft), draft.reward
    assert questions is not None
    assert reward is not None
    asked: WholeHIT = {
        "title": draft.title,
        "description": options.description if options.description is not None else draft.instructions,
        "reward": reward,
        "lifetime_in_seconds": lifetime_of(draft, now),
        "assignment_duration_in_seconds": options.assignment_duration,
        "max_assignments": draft.slots,
        "question": document_of(questions, overview_of(draft)),
    }
    delay, annotation = delay_of(draft), annotation_of(draft.reference)
    if delay is not None:
        asked["auto_approval_delay_in_seconds"] = delay
    if options.keywords:
        asked["keywords"] = ", ".join(options.keywords)
    if annotation is not None and draft.reference is not None:
        asked["requester_annotation"] = annotation
        asked["unique_request_token"] = draft.reference
    if requirements := requirements_of(draft, environment):
        asked["qualification_requirements"] = requirements
    return asked


def issues(draft: TaskDraft, now: datetime) -> Iterator[Issue]:
    """What is wrong beyond the rules that hold on every marketplace."""
    options = options_of(draft)
    yield from _length("title", draft.title, TITLE)
    yield from no_xml("title", draft.title)
    yield from no_xml("instructions", draft.instructions)
    if options.description is None:
        if not draft.instructions.strip():
            yield Issue("instructions", "are empty; the marketplace requires a description")
        more = "; give MTurkOptions(description=…), and the form shows the instructions"
        yield from _length("instructions", draft.instructions, DESCRIPTION, more)
    else:
        if not options.description.strip():
            yield Issue("options.description", "is empty; leave it out")
        yield from _length("options.description", options.description, DESCRIPTION)
        yield from no_xml("options.description", options.description)
        if isinstance(draft.questions, (ExternalForm, HtmlForm)) and draft.instructions.strip():
            yield Issue("options.description", "takes the place of the instructions, which a page of yours has to show")
    if draft.slots > MOST_SLOTS:
        yield Issue("slots", f"{draft.slots:,} are more than {MOST_SLOTS:,}")
    yield from _time_issues(draft, now)
    yield from _audience_issues(draft)
    yield from form_issues(draft)


def _time_issues(draft: TaskDraft, now: datetime) -> Iterator[Issue]:
    options = options_of(draft)
    if draft.deadline is not None and options.lifetime is not None:
        yield Issue("options.lifetime", "and the draft's deadline say the same; give one of the two")
    else:
        where = "deadline" if draft.deadline is not None else "options.lifetime"
        yield from _range("lifetime", lifetime_of(draft, now), where)
    yield from _range("assignment_duration", options.assignment_duration)
    if draft.auto_approve is False:
        longest = "timedelta(days=30), and review in time"
        yield Issue("auto_approve", f"cannot be switched off; give the longest delay, {longest}")
    if isinstance(draft.auto_approve, timedelta) and options.auto_approval_delay is not None:
        yield Issue("options.auto_approval_delay", "and auto_approve say the same; give one of the two")
    else:
        where = "auto_approve" if isinstance(draft.auto_approve, timedelta) else "options.auto_approval_delay"
        yield from _range("auto_approval_delay", delay_of(draft), where)


def _audience_issues(draft: TaskDraft) -> Iterator[Issue]:
    options = options_of(draft)
    for word in options.keywords:
        if not word.strip() or "," in word:
            yield Issue("options.keywords", f"{word!r} is empty or holds a comma, which separates keywords")
        yield from no_xml("options.keywords", word)
    yield from _length("options.keywords", ", ".join(options.keywords), KEYWORDS)
    if len(draft.countries) > MOST_COUNTRIES:
        yield Issue("countries", f"{len(draft.countries)} are more than {MOST_COUNTRIES}")
    many = len(options.qualifications) + options.masters + bool(draft.countries)
    if many > MOST_REQUIREMENTS:
        yield Issue("options.qualifications", f"with countries and masters, {many} are more than {MOST_REQUIREMENTS}")


def _length(where: str, text: str, limit: int, more: str = "") -> Iterator[Issue]:
    if len(text) >= limit:
        yield Issue(where, f"has {len(text):,} characters; MTurk takes fewer than {limit:,}{more}")


def _range(name: str, value: int | None, where: str | None = None) -> Iterator[Issue]:
    low, high = RANGES[name]
    if value is not None and not low <= value <= high:
        yield Issue(where or f"options.{name}", f"{value:,} seconds are outside {low:,} to {high:,}")
