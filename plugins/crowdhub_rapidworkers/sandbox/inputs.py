"""Reading requests: every field checked, all faults of one request in one message."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TypeVar

from crowdhub.sandbox.images import is_image
from crowdhub.sandbox.values import JsonObject, is_list, is_object, is_whole, list_of, parsed
from crowdhub_rapidworkers.sandbox.readymade import MINIMUM, READY_MADE, UNIT_PRICE
from crowdhub_rapidworkers.sandbox.refusal import RapidWorkersRefusal
from crowdhub_rapidworkers.sandbox.state import JobRequest

T = TypeVar("T")

FORBIDDEN = ("password", "credit card", "illegitimate")
"""Words that the legitimacy check does not let through, in any case."""

_REQUIRED = "This field is required."
_PRICE = re.compile(r"\d{1,8}(\.\d{1,2})?")
_LINK = re.compile(r"https?://[^\s/]+\.[^\s]+", re.IGNORECASE)
_COUNTRY = re.compile(r"[A-Z]{2}")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def json_object(body: bytes) -> JsonObject:
    """The JSON object of a request; no body at all is an empty one, as the sample for get_balance sends it."""
    if not body.strip():
        return {}
    try:
        value = parsed(body)
    except ValueError as fault:
        raise RapidWorkersRefusal(400, f"JSON parse error - {fault}") from fault
    if not is_object(value):
        raise RapidWorkersRefusal(400, "The request body must be a JSON object.")
    return value


class _Faults:
    """Collects what is wrong with a request."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def add(self, name: str, what: str) -> None:
        self.found.append(f"{name}: {what}")

    def stop(self) -> None:
        if self.found:
            raise RapidWorkersRefusal(400, " ".join(self.found))


def job_request(form: Mapping[str, Sequence[str | bytes]]) -> JobRequest:
    """A job from the multipart form: text values, and bytes where a part was a file."""
    faults = _Faults()
    texts = {name: _text(name, values[-1], faults) for name, values in form.items() if name != "campaign_image"}

    def required(name: str) -> str:
        value = texts.get(name, "").strip()
        if not value:
            faults.add(name, _REQUIRED)
        return value

    title, description = required("title"), required("description")
    reward = _price(required("pay_rate"), faults)
    slots = _slots(required("total_availabilities"), faults)
    proof, category = required("proof_required_description"), required("category")
    countries = _form_countries(form.get("countries", ()), faults)
    automatic = texts.get("approve_once_full", "").strip().lower() or "false"
    if automatic not in _BOOLEANS:
        faults.add("approve_once_full", "Must be a valid boolean.")
    image = _image(form.get("campaign_image", ()), faults)
    faults.stop()
    _check_legitimacy(title, description, proof)
    return JobRequest(
        title=title,
        description=description,
        reward=reward,
        slots=slots,
        proof=proof,
        category=category,
        sub_category=texts.get("sub_category", "").strip() or None,
        countries=countries,
        auto_approve=_BOOLEANS[automatic],
        image=image,
    )


def ready_made_request(name: str, body: Mapping[str, object]) -> JobRequest:
    """A ready-made job from its JSON body."""
    faults = _Faults()
    link, quantity, slots = body.get("link"), body.get("quantity"), MINIMUM
    if link is None or link == "":
        faults.add("link", _REQUIRED)
    elif not isinstance(link, str) or not _LINK.fullmatch(link):
        faults.add("link", "Enter a valid URL.")
    if isinstance(quantity, str) and quantity.isdecimal():
        quantity = int(quantity)
    if quantity is None:
        faults.add("quantity", _REQUIRED)
    elif not is_whole(quantity):
        faults.add("quantity", "A valid integer is required.")
    elif quantity < MINIMUM:
        faults.add("quantity", f"Ensure this value is greater than or equal to {MINIMUM}.")
    else:
        slots = quantity
    automatic = _of_kind(body, "approve_once_full", True, "Must be a valid boolean.", faults)
    language = _of_kind(body, "language", "en", "Not a valid string.", faults)
    countries = _countries(body.get("countries", []), faults)
    faults.stop()
    return JobRequest(
        title=READY_MADE[name],
        description=f"Open the link and follow the steps: {link}",
        reward=UNIT_PRICE,
        slots=slots,
        proof="A screenshot that shows it is done",
        category="Social Media",
        sub_category=READY_MADE[name].split()[0],
        countries=countries,
        language=language,
        auto_approve=automatic,
    )


def notes(body: Mapping[str, object], *, required: bool = False) -> str | None:
    """The words for the worker."""
    value = body.get("notes")
    if value is not None and not isinstance(value, str):
        raise RapidWorkersRefusal(400, "notes: Not a valid string.")
    text = (value or "").strip()
    if required and not text:
        raise RapidWorkersRefusal(400, "Rejection reason is required")
    return text or None


def worker_id(body: Mapping[str, object]) -> int | str:
    """The worker to block or unblock."""
    value = body.get("worker_id")
    if value is None or value == "":
        raise RapidWorkersRefusal(400, "worker_id is required")
    if not (isinstance(value, str) or is_whole(value)):
        raise RapidWorkersRefusal(400, "worker_id: A valid id is required.")
    return value


def _of_kind(body: Mapping[str, object], name: str, default: T, wrong: str, faults: _Faults) -> T:
    value = body.get(name, default)
    if isinstance(value, type(default)):
        return value
    faults.add(name, wrong)
    return default


def _text(name: str, value: str | bytes, faults: _Faults) -> str:
    if isinstance(value, str):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        faults.add(name, "Not a valid string.")
        return "?"


def _price(text: str, faults: _Faults) -> Decimal:
    if not text:
        return Decimal(1)
    if not _PRICE.fullmatch(text):
        faults.add("pay_rate", "A valid number with at most two decimal places is required.")
        return Decimal(1)
    if not Decimal(text):
        faults.add("pay_rate", "Must be greater than zero.")
    return Decimal(text).quantize(Decimal("0.01"))


def _slots(text: str, faults: _Faults) -> int:
    if not text:
        return 1
    if not (text.isascii() and text.isdecimal()):
        faults.add("total_availabilities", "A valid integer is required.")
        return 1
    if not int(text):
        faults.add("total_availabilities", "Ensure this value is greater than or equal to 1.")
    return int(text)


def _form_countries(values: Sequence[str | bytes], faults: _Faults) -> tuple[str, ...]:
    """A JSON array as text; the bare field may also be repeated, as forms do with lists."""
    texts = [_text("countries", value, faults) for value in values]
    if len(texts) == 1 and texts[0].strip():
        if not texts[0].lstrip().startswith("["):
            return _countries([texts[0].strip()], faults)
        try:
            return _countries(parsed(texts[0]), faults)
        except ValueError:
            faults.add("countries", "Value must be valid JSON.")
            return ()
    return _countries([text for text in texts if text.strip()], faults)


def _countries(value: object, faults: _Faults) -> tuple[str, ...]:
    codes = [item for item in list_of(value) if isinstance(item, str) and _COUNTRY.fullmatch(item)]
    if not is_list(value) or len(codes) != len(value):
        faults.add("countries", "Expected a list of two-letter country codes.")
    return tuple(codes)


def _image(values: Sequence[str | bytes], faults: _Faults) -> bytes | None:
    if not values or not values[-1]:
        return None
    content = values[-1]
    if not isinstance(content, bytes) or not is_image(content):
        faults.add("campaign_image", "Upload a valid image.")
        return None
    return content


def _check_legitimacy(*texts: str) -> None:
    words = " ".join(texts).lower()
    for word in FORBIDDEN:
        if word in words:
            raise RapidWorkersRefusal(403, f"Job rejected by legitimacy check: it mentions {word!r}.")
