"""Reading requests: everything checked as the developer guide says."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast

from crowdhub_crowdsdom.sandbox.state import Refusal

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


def json_object(body: bytes) -> dict[str, Any]:
    """The JSON object of a request; no body at all is an empty one, as the sample code sends it."""
    if not body.strip():
        return {}
    try:
        value: object = json.loads(body, parse_float=Decimal)
    except ValueError as fault:
        raise Refusal(400, f"Unexpected token: {fault}", "plain") from fault
    if not isinstance(value, dict):
        raise Refusal(400, "The body must be an object", "plain")
    return cast("dict[str, Any]", value)


def feedback(body: Mapping[str, Any]) -> str | None:
    words = body.get("feedback")
    if words is not None and not isinstance(words, str):
        raise Refusal(422, "feedback must be a string")
    return words


def common(body: Mapping[str, Any]) -> tuple[dict[str, Any], Decimal]:
    """What jobs and job types share: the settings with their defaults, and the reward."""
    settings: dict[str, Any] = {}
    for name in ("title", "description"):
        value = body.get(name)
        if not isinstance(value, str) or not value.strip():
            raise Refusal(422, f"`{name}` can't be blank")
        settings[name] = value
    settings["keywords"] = _keywords(body.get("keywords", []))
    for name in LIMITS:
        settings[name] = whole(body, name)
    return settings, _reward(body.get("reward"))


def whole(body: Mapping[str, Any], name: str) -> int:
    """A whole number within its limits, or its default."""
    least, most, default = LIMITS[name]
    value = body.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise Refusal(422, f"`{name}` must be an integer from {least} to {most}")
    return value


def _keywords(value: Any) -> list[str]:
    if isinstance(value, str):
        return [word.strip() for word in value.split(",") if word.strip()]
    words = cast("list[object]", value) if isinstance(value, list) else [None]
    if not all(isinstance(word, str) for word in words):
        raise Refusal(422, "`keywords` must be strings")
    return cast("list[str]", words)


def _reward(value: Any) -> Decimal:
    told = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
    amount = told.get("amount")
    if isinstance(amount, bool) or not isinstance(amount, int | Decimal) or amount <= 0:
        raise Refusal(422, "`reward.amount` must be a number above 0")
    if told.get("currencyCode") != "CNY":
        raise Refusal(422, "`reward.currencyCode` must be CNY")
    return Decimal(amount)


def form(body: Mapping[str, Any]) -> dict[str, Any]:
    """The form of a job, checked."""
    kind = body.get("questionsType")
    if kind not in FORMS:
        raise Refusal(422, "`questionsType` is not one of " + ", ".join(FORMS))
    content: Any = body.get(kind)
    if not isinstance(content, dict):
        raise Refusal(422, f"`{kind}` is required")
    given = cast("dict[str, Any]", content)
    if kind == "internalQuestionsForm":
        _questions(given.get("questions"))
    elif kind == "externalQuestionsForm":
        if not isinstance(given.get("url"), str) or not re.match(r"https?://", given["url"]):
            raise Refusal(422, "`externalQuestionsForm.url` must be a URL")
    elif not isinstance(given.get("content"), str) or not _FORM_TAG.search(given["content"]):
        raise Refusal(422, "`htmlQuestionsForm.content` has no form with the id crowdsdom_form")
    return {"questionsType": kind, kind: given}


def _questions(value: Any) -> None:
    questions = cast("list[Any]", value) if isinstance(value, list) else []
    if not questions:
        raise Refusal(422, "`questions` must hold at least one question")
    for each in questions:
        question = cast("dict[str, Any]", each) if isinstance(each, dict) else {}
        if not isinstance(question.get("id"), str) or not isinstance(question.get("isRequired"), bool):
            raise Refusal(422, "a question needs `id` and `isRequired`")
        kind = question.get("answerType")
        if kind not in ("freeTextAnswer", "selectionAnswer"):
            raise Refusal(422, "`answerType` must be freeTextAnswer or selectionAnswer")
        spec: Any = question.get(f"{kind}Spec", {} if kind == "freeTextAnswer" else None)
        if not isinstance(spec, dict):
            raise Refusal(422, f"`{kind}Spec` must be an object")
        if kind == "selectionAnswer":
            _selection(cast("dict[str, Any]", spec))


def _selection(spec: Mapping[str, Any]) -> None:
    options: Any = spec.get("optionSpecs")
    if not isinstance(options, list) or not options:
        raise Refusal(422, "`optionSpecs` must hold at least one option")
    for each in cast("list[Any]", options):
        option = cast("dict[str, Any]", each) if isinstance(each, dict) else {}
        if not isinstance(option.get("id"), str) or not isinstance(option.get("text"), str):
            raise Refusal(422, "an option needs `id` and `text`")
    least, most = spec.get("minSelectionCount", 1), spec.get("maxSelectionCount", 1)
    style = spec.get("style", "checkbox")
    if style not in STYLES or (style != "checkbox" and most != 1):
        raise Refusal(422, "`style` and `maxSelectionCount` do not fit")
    if not isinstance(least, int) or not isinstance(most, int) or not 0 <= least <= most:
        raise Refusal(422, "`minSelectionCount` and `maxSelectionCount` do not fit")
