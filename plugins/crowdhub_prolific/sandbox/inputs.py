"""Reading requests: every field checked, all that is wrong with one request in one answer."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from crowdhub.sandbox.values import JsonObject, is_list, is_object, is_whole, list_of, object_of, parsed
from crowdhub_prolific.sandbox.refusal import ProlificRefusal, invalid

REQUIRED = "This field is required."
ID_OPTIONS = ("question", "url_parameters", "not_required")
DEVICES = ("desktop", "tablet", "mobile")
ACTIONS = (
    "AUTOMATICALLY_APPROVE",
    "MANUALLY_REVIEW",
    "ADD_TO_PARTICIPANT_GROUP",
    "REMOVE_FROM_PARTICIPANT_GROUP",
    "REQUEST_RETURN",
    "DYNAMIC_PAYMENT",
    "FIXED_SCREEN_OUT_PAYMENT",
)
CHANGEABLE = frozenset(
    {"internal_name", "total_available_places", "access_details", "data_collection_metadata", "submissions_config"}
)
"""What of a published study can be changed."""


def json_object(body: bytes) -> JsonObject:
    """The JSON object of a request; no body at all is an empty one."""
    if not body.strip():
        return {}
    try:
        value = parsed(body, number=Decimal)
    except ValueError as fault:
        raise ProlificRefusal(400, "Parse error", f"JSON parse error - {fault}") from fault
    if not is_object(value):
        raise ProlificRefusal(400, "Validation error", "Invalid data. Expected a dictionary.")
    return value


def study_faults(asked: Mapping[str, object]) -> dict[str, list[str]]:
    """What is wrong with a study, by its fields."""
    faults: dict[str, list[str]] = {}
    for name in ("name", "description", "external_study_url", "prolific_id_option"):
        if name not in asked or not str(asked[name] or "").strip():
            faults[name] = [REQUIRED]
    for name in ("total_available_places", "estimated_completion_time", "reward"):
        faults.update(_count_fault(asked, name))
    option = asked.get("prolific_id_option")
    if "prolific_id_option" not in faults and option not in ID_OPTIONS:
        faults["prolific_id_option"] = [f'"{option}" is not a valid choice.']
    if not all(each in DEVICES for each in list_of(asked.get("device_compatibility"))):
        faults["device_compatibility"] = ["Not a valid choice."]
    codes = list_of(asked.get("completion_codes"))
    if not codes or not all(_is_code(object_of(each)) for each in codes):
        faults["completion_codes"] = ["At least one code with its code_type and its actions is required."]
    filters = asked.get("filters", [])
    if not is_list(filters) or not all("filter_id" in object_of(each) for each in filters):
        faults["filters"] = ["Expected a list of filters."]
    return faults


def _count_fault(asked: Mapping[str, object], name: str) -> dict[str, list[str]]:
    value = asked.get(name)
    if value is None:
        return {name: [REQUIRED]}
    if not is_whole(value):
        return {name: ["A valid integer is required."]}
    return {} if value >= 1 else {name: ["Ensure this value is greater than or equal to 1."]}


def _is_code(code: JsonObject) -> bool:
    actions = [object_of(each).get("action") for each in list_of(code.get("actions"))]
    both = "AUTOMATICALLY_APPROVE" in actions and "MANUALLY_REVIEW" in actions
    known = all(each in ACTIONS for each in actions)
    return bool(code.get("code")) and bool(code.get("code_type")) and bool(actions) and known and not both


def refuse(faults: Mapping[str, list[str]]) -> None:
    if faults:
        raise ProlificRefusal(400, "Validation error", faults, 140001)


def count(body: Mapping[str, object], name: str) -> int:
    refuse(_count_fault(body, name))
    value = body[name]
    assert isinstance(value, int)
    return value


def text(body: Mapping[str, object], name: str, *, required: bool = False) -> str | None:
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise invalid(**{name: "Not a valid string."})
    if required and not value:
        raise invalid(**{name: REQUIRED})
    return value


def texts(body: Mapping[str, object], name: str) -> list[str]:
    value = body.get(name)
    listed = [each for each in list_of(value) if isinstance(each, str)]
    if not is_list(value) or len(listed) != len(value):
        raise invalid(**{name: "Expected a list of texts."})
    return listed


def bonus_lines(csv: str) -> list[tuple[str, int]]:
    """The lines of ``csv_bonuses``: an id and an amount in whole units, as cents."""
    lines: list[tuple[str, int]] = []
    for line in filter(None, map(str.strip, csv.splitlines())):
        name, _, written = line.partition(",")
        try:
            amount = Decimal(written.strip())
        except InvalidOperation:
            raise invalid(csv_bonuses=f"The amount of the line {line!r} is no number.") from None
        cents = amount.scaleb(2)
        if not amount.is_finite() or amount <= 0 or cents != cents.to_integral_value():
            raise invalid(csv_bonuses=f"The amount of the line {line!r} is not valid.")
        lines.append((name.strip(), int(cents)))
    if not lines:
        raise invalid(csv_bonuses=REQUIRED)
    return lines


def page(query: Mapping[str, str], most: int, usual: int = 20) -> tuple[int, int]:
    """The page that is asked for, and how many rows it has."""
    number, rows = query.get("page", "1"), query.get("page_size", str(usual))
    if not (number.isdecimal() and int(number) and rows.isdecimal() and int(rows)):
        raise ProlificRefusal(404, "Not found", "Invalid page.")
    return int(number), min(int(rows), most)
