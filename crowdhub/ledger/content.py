"""What was asked, in one canonical form: the same request always has the same fingerprint."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import TypeAlias, cast, overload

from pydantic import BaseModel, SecretBytes, SecretStr

from crowdhub.errors import ConfigurationError, InvalidRequest, Issue
from crowdhub.model import Money, ProviderOptions, TaskDraft
from crowdhub.model.content import why_unreadable
from crowdhub.protocol import Upload

LONGEST_RESULT = 1_000_000  # characters; a longer one is kept without the provider's own answer
LONGEST_TEXT = 10_000  # characters of each text in such a one
DEEPEST = 200  # lists and objects in each other; nobody nests what is meant so deep
TOO_LONG = {"too_long": True}
"""Stands for a step's answer that is longer than ``LONGEST_RESULT`` or cannot be written as JSON."""
Redact: TypeAlias = Callable[[str], str]


def canonical(value: object, redact: Redact = str) -> object:
    """``value`` as plain JSON values: exact numbers as text, files and bytes as their hash, nothing that is unset.

    A draft's ``reference`` is left out: it marks the attempt, not what was asked. Raises `InvalidRequest` for a
    file that cannot be read or for values that are nested too deeply, and `ConfigurationError` for a secret, which
    has no place in a ledger.
    """
    return _redacted(value, redact, _asked)


def _redacted(value: object, redact: Redact, leaf: Callable[[object, Redact], object]) -> object:
    """The plain values of ``value`` without secrets. They are looked for in all of it at once: hardly any content
    holds one, and text by text it takes longer than all else."""
    plain = _walk(value, str, leaf)
    text = as_json(plain)
    return plain if redact(text) == text else _walk(value, redact, leaf)


def _walk(value: object, redact: Redact, leaf: Callable[[object, Redact], object], depth: int = 0) -> object:
    if depth > DEEPEST:
        raise InvalidRequest(f"A value is nested more than {DEEPEST} levels deep; the ledger cannot keep it.")
    match value:
        case None | bool() | int():
            return value
        case Enum():
            return _walk(value.value, redact, leaf, depth)
        case str():
            return redact(value)
        case Mapping():
            pairs = cast("Mapping[object, object]", value).items()
            return {redact(str(name)): _walk(each, redact, leaf, depth + 1) for name, each in pairs}
        case set() | frozenset():
            return sorted((_walk(each, redact, leaf, depth + 1) for each in cast("set[object]", value)), key=as_json)
        case list() | tuple():
            return [_walk(each, redact, leaf, depth + 1) for each in cast("list[object]", value)]
        case _:
            return leaf(value, redact)


def _asked(value: object, redact: Redact) -> object:
    match value:
        case SecretStr() | SecretBytes():
            raise ConfigurationError("A secret is part of what is asked; it cannot be written into the ledger.")
        case Money():
            return f"{_plain(value.amount)} {value.currency}"
        case BaseModel():
            return _model(value, redact)
        case Path():
            return _file(value)
        case Upload():
            return {"filename": value.filename, "content": canonical(value.content, redact)}
        case float():
            return repr(value)
        case Decimal():
            return _plain(value)
        case timedelta():
            return f"{_plain(Decimal(str(value / timedelta(seconds=1))))} s"
        case _:
            return _leaf(value)


def _answered(value: object, _redact: Redact) -> object:
    match value:
        case float():
            return value
        case Decimal() | Path():
            return str(value)
        case timedelta():
            return value / timedelta(seconds=1)
        case _:
            return _leaf(value)


def _leaf(value: object) -> object:
    match value:
        case datetime():
            return (value.astimezone(UTC) if value.tzinfo else value).isoformat()
        case date():
            return value.isoformat()
        case bytes() | bytearray():
            return {"sha256": hashlib.sha256(value).hexdigest(), "bytes": len(value)}
        case _:
            raise TypeError(f"a {type(value).__name__} cannot be written into the ledger")


def _model(model: BaseModel, redact: Redact) -> dict[str, object]:
    found: dict[str, object] = {}
    if isinstance(model, ProviderOptions):
        found["options for"] = model.provider
    for name in type(model).model_fields:
        value = getattr(model, name)
        if value is None or value == () or (isinstance(model, TaskDraft) and _says_nothing(name, value)):
            continue  # what is not set: a field that a later version adds then changes no fingerprint
        found[name] = canonical(value, redact)
    return found


def _says_nothing(field: str, value: object) -> bool:
    return field == "reference" or (field == "metadata" and not value)


def _file(path: Path) -> dict[str, object]:
    if what := why_unreadable(path):
        raise InvalidRequest(issues=[Issue("file", what)])
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
            return {"sha256": digest.hexdigest(), "bytes": file.tell()}
    except OSError as error:  # it has gone since, or its disk
        what = f"{str(path)!r} cannot be read ({error.strerror})"
    raise InvalidRequest(issues=[Issue("file", what)])


def _plain(number: Decimal) -> str:
    if not number.is_finite() or abs(number.adjusted()) > 100:
        return str(number)
    return f"{number.normalize():f}"


def as_json(value: object) -> str:
    """ASCII text, so that no character can trouble any database."""
    return json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":"))


def fingerprint(content: object) -> str:
    return hashlib.sha256(as_json(content).encode()).hexdigest()


def reads_files(value: object) -> bool:
    """Whether a file that can change is part of what is asked."""
    match value:
        case Path():
            return True
        case BaseModel():
            return any(reads_files(each) for each in vars(value).values())
        case Upload():
            return isinstance(value.content, Path)
        case Mapping():
            return any(reads_files(each) for each in cast("Mapping[object, object]", value).values())
        case list() | tuple():
            return any(reads_files(each) for each in cast("list[object]", value))
        case _:
            return False


def difference(before: object, now: object, where: str = "") -> list[Issue]:
    """One issue for each field in which two canonical contents differ."""
    old, new = _fields(before), _fields(now)
    if old is not None and new is not None:
        found: list[Issue] = []
        for name in sorted({*old, *new}):
            found += difference(old.get(name), new.get(name), f"{where}.{name}" if where else name)
        return found
    if before == now:
        return []
    return [Issue(where or "content", f"was {_shown(before)}, now {_shown(now)}")]


def _fields(value: object) -> dict[str, object] | None:
    return cast("dict[str, object]", value) if isinstance(value, dict) else None


def _shown(value: object) -> str:
    text = "not set" if value is None else json.dumps(value, ensure_ascii=True)
    return text if len(text) <= 120 else f"{text[:117]}…"


def result_text(result: object, redact: Redact = str) -> str:
    """A result as JSON to be read back with ``type(result).model_validate``. Never fails: what was done must be kept.

    ``raw``, the provider's own answer, is left out where it is too long or cannot be written; of other texts that are
    so long the beginning is kept. What has no readable form, or an endless id, cannot be read back.
    """
    for left_out in (set[str](), {"raw"}):
        if (text := _answer_text(result, redact, left_out)) is not None:
            return text
    made = str(getattr(result, "id", ""))

    def shortened(text: str) -> str:
        return redact(text)[:LONGEST_TEXT]

    if len(made) <= LONGEST_TEXT and (text := _answer_text(result, shortened, {"raw"})) is not None:
        return text
    return as_json({"id": redact(made)[:200]})


def step_text(answer: Mapping[str, object], redact: Redact = str) -> str:
    """A step's answer as JSON; `TOO_LONG` where it cannot be kept. Never fails: the step was carried out."""
    return _answer_text(answer, redact) or as_json(TOO_LONG)


def _answer_text(answer: object, redact: Redact, left_out: Collection[str] = ()) -> str | None:
    try:
        if isinstance(answer, BaseModel):
            answer = answer.model_dump(mode="python", exclude=set(left_out))
        text = as_json(_redacted(answer, redact, _answered))
    except (InvalidRequest, ValueError, TypeError, OverflowError):
        return None
    return text if len(text) <= LONGEST_RESULT else None


@overload
def safe_text(text: str, redact: Redact = str, longest: int = 4000) -> str: ...
@overload
def safe_text(text: str | None, redact: Redact = str, longest: int = 4000) -> str | None: ...
def safe_text(text: str | None, redact: Redact = str, longest: int = 4000) -> str | None:
    """Plain text as every database takes it: no NUL, no half characters."""
    if text is None:
        return None
    clean = redact(text).replace("\x00", "\N{REPLACEMENT CHARACTER}")
    return clean.encode("utf-8", "replace").decode("utf-8")[:longest]
