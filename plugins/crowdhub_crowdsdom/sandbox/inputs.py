"""Reading requests: everything checked as the developer guide says."""

import re
from decimal import Decimal

from crowdhub.sandbox.values import (
    JsonObject,
    is_list,
    is_number,
    is_object,
    is_whole,
    list_of,
    object_of,
    parsed,
)
from crowdhub_crowdsdom.sandbox.state import CrowdSDOMRefusal, Form, JobTerms

LIMITS = {
    "lifetime": (600, 2592000, 604800),
    "taskDuration": (300, 86400, 300),
    "maxTasks": (1, 10000, 1),
    "autoApprovalDelay": (0, 2592000, 86400),
}
"""Least, most and default."""
FORMS = ("internalQuestionsForm", "externalQuestionsForm", "htmlQuestionsForm")
STYLES = ("radiobutton", "checkbox", "dropdown")
_FORM_TAG = re.compile(
    r"<form\b[^>]*\bid\s*=\s*(?:\"crowdsdom_form\"|'crowdsdom_form'|crowdsdom_form\b)", re.IGNORECASE
)


def json_object(body: bytes) -> JsonObject:
    """The JSON object of a request; no body at all is an empty one, as the sample code sends it."""
    if not body.strip():
        return {}
    try:
        value = parsed(body, number=Decimal)
    except ValueError as fault:
        raise CrowdSDOMRefusal(400, f"Unexpected token: {fault}", "plain") from fault
    if not is_object(value):
        raise CrowdSDOMRefusal(400, "The body must be an object", "plain")
    return value


def feedback(body: JsonObject) -> str | None:
    words = body.get("feedback")
    if words is not None and not isinstance(words, str):
        raise CrowdSDOMRefusal(422, "feedback must be a string")
    return words


def terms(body: JsonObject) -> JobTerms:
    """What jobs and job types share, with the defaults filled in."""
    return JobTerms(
        title=_text(body, "title"),
        description=_text(body, "description"),
        keywords=_keywords(body.get("keywords", [])),
        lifetime=whole(body, "lifetime"),
        task_duration=whole(body, "taskDuration"),
        max_tasks=whole(body, "maxTasks"),
        auto_approval_delay=whole(body, "autoApprovalDelay"),
        reward=_reward(body.get("reward")),
    )


def _text(body: JsonObject, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value.strip():
        raise CrowdSDOMRefusal(422, f"`{name}` can't be blank")
    return value


def whole(body: JsonObject, name: str) -> int:
    """A whole number within its limits, or its default."""
    least, most, default = LIMITS[name]
    value = body.get(name, default)
    if not is_whole(value) or not least <= value <= most:
        raise CrowdSDOMRefusal(422, f"`{name}` must be an integer from {least} to {most}")
    return value


def _keywords(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(word.strip() for word in value.split(",") if word.strip())
    words = tuple(word for word in list_of(value) if isinstance(word, str))
    if not is_list(value) or len(words) != len(value):
        raise CrowdSDOMRefusal(422, "`keywords` must be strings")
    return words


def _reward(value: object) -> Decimal:
    told = object_of(value)
    amount = told.get("amount")
    if not is_number(amount) or amount <= 0:
        raise CrowdSDOMRefusal(422, "`reward.amount` must be a number above 0")
    if told.get("currencyCode") != "CNY":
        raise CrowdSDOMRefusal(422, "`reward.currencyCode` must be CNY")
    return Decimal(amount)


def form(body: JsonObject) -> Form:
    """The form of a job, checked."""
    kind = body.get("questionsType")
    if not isinstance(kind, str) or kind not in FORMS:
        raise CrowdSDOMRefusal(422, "`questionsType` is not one of " + ", ".join(FORMS))
    content = body.get(kind)
    if not is_object(content):
        raise CrowdSDOMRefusal(422, f"`{kind}` is required")
    if kind == "internalQuestionsForm":
        _questions(content.get("questions"))
    elif kind == "externalQuestionsForm":
        url = content.get("url")
        if not isinstance(url, str) or not re.match(r"https?://", url):
            raise CrowdSDOMRefusal(422, "`externalQuestionsForm.url` must be a URL")
    else:
        page = content.get("content")
        if not isinstance(page, str) or not _FORM_TAG.search(page):
            raise CrowdSDOMRefusal(422, "`htmlQuestionsForm.content` has no form with the id crowdsdom_form")
    return Form(kind, content)


def _questions(value: object) -> None:
    questions = [object_of(each) for each in list_of(value)]
    if not questions:
        raise CrowdSDOMRefusal(422, "`questions` must hold at least one question")
    for question in questions:
        if not isinstance(question.get("id"), str) or not isinstance(question.get("isRequired"), bool):
            raise CrowdSDOMRefusal(422, "a question needs `id` and `isRequired`")
        kind = question.get("answerType")
        if kind not in ("freeTextAnswer", "selectionAnswer"):
            raise CrowdSDOMRefusal(422, "`answerType` must be freeTextAnswer or selectionAnswer")
        spec = question.get(f"{kind}Spec", {} if kind == "freeTextAnswer" else None)
        if not is_object(spec):
            raise CrowdSDOMRefusal(422, f"`{kind}Spec` must be an object")
        if kind == "selectionAnswer":
            _selection(spec)


def _selection(spec: JsonObject) -> None:
    options = [object_of(each) for each in list_of(spec.get("optionSpecs"))]
    if not options:
        raise CrowdSDOMRefusal(422, "`optionSpecs` must hold at least one option")
    for option in options:
        if not isinstance(option.get("id"), str) or not isinstance(option.get("text"), str):
            raise CrowdSDOMRefusal(422, "an option needs `id` and `text`")
    least, most = spec.get("minSelectionCount", 1), spec.get("maxSelectionCount", 1)
    style = spec.get("style", "checkbox")
    if style not in STYLES or (style != "checkbox" and most != 1):
        raise CrowdSDOMRefusal(422, "`style` and `maxSelectionCount` do not fit")
    if not isinstance(least, int) or not isinstance(most, int) or not 0 <= least <= most:
        raise CrowdSDOMRefusal(422, "`minSelectionCount` and `maxSelectionCount` do not fit")
