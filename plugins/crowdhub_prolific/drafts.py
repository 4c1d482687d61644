"""A draft as the study that is sent, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlsplit

from crowdhub.errors import Issue
from crowdhub.model import ExternalForm, TaskDraft
from crowdhub_prolific.options import CodeAction, CompletionCode, ProlificOptions, StudyFilter

BLOCKLIST = "participant_group_blocklist"
OURS = frozenset(
    {
        "name",
        "internal_name",
        "description",
        "external_study_url",
        "prolific_id_option",
        "total_available_places",
        "estimated_completion_time",
        "reward",
        "completion_codes",
        "project",
        "filters",
    }
)
"""The members of a study that are made of a draft's own fields: `ProlificOptions.more` cannot say them otherwise."""


def options_of(draft: TaskDraft) -> ProlificOptions:
    found = draft.options_for("prolific")
    return found if isinstance(found, ProlificOptions) else ProlificOptions()


def issues_of(draft: TaskDraft) -> list[Issue]:
    """What Prolific would refuse, beside what holds everywhere."""
    found: list[Issue] = []
    if not draft.instructions.strip():
        found.append(Issue("instructions", "are empty; a study needs a description"))
    match draft.questions:
        case ExternalForm(url=url) if _is_link(url):
            pass
        case ExternalForm(url=url):
            found.append(Issue("questions", f"{url!r} is not an http(s) address"))
        case _:
            found.append(Issue("questions", "must be an ExternalForm: a study is a page of yours"))
    if isinstance(draft.auto_approve, timedelta):
        found.append(Issue("auto_approve", "is a time; Prolific approves with the completion code, or after 21 days"))
    elif draft.auto_approve is False:
        found.append(
            Issue("auto_approve", "is False; Prolific approves after 21 days what nobody reviewed: leave it out")
        )
    return [*found, *_option_issues(options_of(draft))]


def _is_link(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _option_issues(options: ProlificOptions) -> list[Issue]:
    found: list[Issue] = []
    minutes, most = options.estimated_completion_time, options.maximum_allowed_time
    if minutes is None:
        found.append(Issue("options.estimated_completion_time", "is missing: minutes, in ProlificOptions"))
    elif minutes < 1:
        found.append(Issue("options.estimated_completion_time", f"{minutes} is less than 1"))
    if most is not None and most < max(1, minutes or 1):
        found.append(Issue("options.maximum_allowed_time", f"{most} minutes are less than the work takes"))
    if not options.completion_codes:
        found.append(Issue("options.completion_codes", "hold none; a study needs one, in ProlificOptions"))
    for each in options.completion_codes:
        found.extend(_code_issues(each))
    found += [
        Issue("options.filters", f"{each.filter_id or 'one without a filter_id'} chooses nothing")
        for each in options.filters
        if not each.filter_id or (not each.selected_values and each.selected_range is None)
    ]
    found += [Issue("options.more", f"{name} is made of the draft's own fields") for name in OURS & options.more.keys()]
    return found


def _code_issues(code: CompletionCode) -> Sequence[Issue]:
    found: list[Issue] = []
    if not code.code.strip():
        found.append(Issue("options.completion_codes", "hold an empty one"))
    if {CodeAction.AUTOMATICALLY_APPROVE, CodeAction.MANUALLY_REVIEW} <= set(code.actions):
        found.append(Issue("options.completion_codes", f"{code.code} is both approved by itself and reviewed"))
    return found


def study_of(draft: TaskDraft, project: str, kept_out: Sequence[str]) -> dict[str, object]:
    """The study that is sent. ``kept_out``: the participant groups whose people do not see it."""
    options = options_of(draft)
    assert draft.reward is not None
    assert isinstance(draft.questions, ExternalForm)
    study: dict[str, object] = {
        **options.more,
        "name": draft.title,
        "internal_name": _marked(options.internal_name or draft.title, draft.reference),
        "description": draft.instructions,
        "external_study_url": draft.questions.url,
        "prolific_id_option": options.prolific_id_option,
        "total_available_places": draft.slots,
        "estimated_completion_time": options.estimated_completion_time,
        "reward": draft.reward.minor,
        "completion_codes": [_code(each, automatic=draft.auto_approve is True) for each in options.completion_codes],
        "project": project,
    }
    if filters := _filters(options.filters, kept_out):
        study["filters"] = filters
    if options.device_compatibility:
        study["device_compatibility"] = list(options.device_compatibility)
    if options.maximum_allowed_time is not None:
        study["maximum_allowed_time"] = options.maximum_allowed_time
    if options.study_labels:
        study["study_labels"] = list(options.study_labels)
    return study


def _marked(name: str, reference: str | None) -> str:
    """In one line, which is what an internal name has."""
    return f"{name} [ref {reference}]" if reference else name


def _code(code: CompletionCode, *, automatic: bool) -> dict[str, object]:
    usual = CodeAction.AUTOMATICALLY_APPROVE if automatic else CodeAction.MANUALLY_REVIEW
    actions = [{"action": each.value, **code.more.get(each.value, {})} for each in code.actions or (usual,)]
    actor = {} if code.actor is None else {"actor": code.actor}
    return {"code": code.code, "code_type": code.code_type, "actions": actions, **actor}


def _filters(chosen: Sequence[StudyFilter], kept_out: Sequence[str]) -> list[dict[str, object]]:
    """The draft's own, with the groups of those who are kept out in its block list."""
    filters: list[dict[str, object]] = []
    blocked = [*kept_out]
    for each in chosen:
        if each.filter_id == BLOCKLIST:
            blocked += each.selected_values
        elif each.selected_range is not None:
            filters.append({"filter_id": each.filter_id, "selected_range": dict(each.selected_range)})
        else:
            filters.append({"filter_id": each.filter_id, "selected_values": list(each.selected_values)})
    if blocked:
        filters.append({"filter_id": BLOCKLIST, "selected_values": list(dict.fromkeys(blocked))})
    return filters
