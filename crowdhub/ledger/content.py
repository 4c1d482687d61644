"""What was asked, in one canonical form: the same request always has the same fingerprint."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel, SecretBytes, SecretStr

from crowdhub.errors import ConfigurationError, InvalidRequest, Issue
from crowdhub.model import Money, ProviderOptions, TaskDraft

LONGEST_RESULT = 1_000_000  # characters; a longer one is kept without the provider's own answer
Redact = Callable[[str], str]


def canonical(value: Any, redact: Redact = str) -> Any:
    """``value`` as plain JSON values: exact numbers as text, files and bytes as their hash, nothing that is unset.

    A draft's ``reference`` is left out: it marks the attempt, not what was asked. Raises `InvalidRequest` for a
    file that cannot be read and `ConfigurationError` for a secret, which has no place in a ledger.
    """
    return _walk(value, redact, _asked)


def _walk(value: Any, redact: Redact, leaf: Callable[[Any, Redact], Any]) -> Any:
    match value:
        case None | bool() | int():
            return value
        case Enum():
            return _walk(value.value, redact, leaf)
        case str():
            return redact(value)
        case Mapping():
            pairs = cast("Mapping[Any, Any]", value).items()
            return {redact(str(name)): _walk(each, redact, leaf) for name, each in pairs}
        case set() | frozenset():
            return sorted((_walk(each, redact, leaf) for each in cast("set[Any]", value)), key=as_json)
        case list() | tuple():
            return [_walk(each, redact, leaf) for each in cast("list[Any]", value)]
        case _:
            return leaf(value, redact)


def _asked(value: Any, redact: Redact) -> Any:
    match value:
        case SecretStr() | SecretBytes():
            raise ConfigurationError("A secret is part of what is asked; it cannot be written into the ledger.")
        case Money():
            return f"{_plain(value.amount)} {value.currency}"
        case BaseModel():
            return _model(value, redact)
        case Path():
            return _file(value)
        case float():
            return repr(value)
        case Decimal():
            return _plain(value)
        case timedelta():
            return f"{_plain(Decimal(str(value / timedelta(seconds=1))))} s"
        case _:
            return _leaf(value)


def _answered(value: Any, _redact: Redact) -> Any:
    match value:
        case float():
            return value
        case Decimal() | Path():
            return str(value)
        case timedelta():
            return value / timedelta(seconds=1)
        case _:
            return _leaf(value)


def _leaf(value: Any) -> Any:
    match value:
        case datetime():
            return (value.astimezone(UTC) if value.tzinfo else value).isoformat()
        case date():
            return value.isoformat()
        case bytes() | bytearray():
            return {"sha256": hashlib.sha256(value).hexdigest(), "bytes": len(value)}
        case _:
            raise TypeError(f"a {type(value).__name__} cannot be written into the ledger")


def _model(model: BaseModel, redact: Redact) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if isinstance(model, ProviderOptions):
        found["options for"] = model.provider
    for name in type(model).model_fields:
        value = getattr(model, name)
        if value is None or value == () or (name == "reference" and isinstance(model, TaskDraft)):
            continue  # what is not set: a field that a later version adds then changes no fingerprint
        found[name] = canonical(value, redact)
    return found


def _file(path: Path) -> dict[str, Any]:
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
                size += len(chunk)
    except OSError as error:
        raise InvalidRequest(issues=[Issue(str(path), f"cannot be read ({error.strerror})")]) from None
    return {"sha256": digest.hexdigest(), "bytes": size}


def _plain(number: Decimal) -> str:
    if not number.is_finite() or abs(number.adjusted()) > 100:
        return str(number)
    return f"{number.normalize():f}"


def as_json(value: Any) -> str:
    """ASCII text, so that no character can trouble any database."""
    return json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":"))


def fingerprint(content: Any) -> str:
    return hashlib.sha256(as_json(content).encode()).hexdigest()


def difference(before: Any, now: Any, where: str = "") -> list[Issue]:
    """One issue for each field in which two canonical contents differ."""
    if isinstance(before, dict) and isinstance(now, dict):
        old, new = cast("dict[str, Any]", before), cast("dict[str, Any]", now)
        found: list[Issue] = []
        for name in sorted({*old, *new}):
            found += difference(old.get(name), new.get(name), f"{where}.{name}" if where else name)
        return found
    if before == now:
        return []
    return [Issue(where or "content", f"was {_shown(before)}, now {_shown(now)}")]


def _shown(value: Any) -> str:
    text = "not set" if value is None else json.dumps(value, ensure_ascii=True)
    return text if len(text) <= 120 else f"{text[:117]}…"


def result_text(result: Any, redact: Redact = str) -> str:
    """A result as JSON to be read back with ``type(result).model_validate``. Never fails: what was done must be kept.

    ``raw``, the provider's own answer, is left out where it is too long or cannot be written.
    """
    for left_out in (set[str](), {"raw"}):
        try:
            data: Any = result
            if isinstance(result, BaseModel):
                data = result.model_dump(mode="python", exclude=left_out)
            text = as_json(_walk(data, redact, _answered))
        except (RecursionError, ValueError, TypeError, OverflowError):
            continue
        if len(text) <= LONGEST_RESULT:
            return text
    return as_json({"id": str(getattr(result, "id", ""))[:200]})


def safe_text(text: str | None, redact: Redact = str, longest: int = 4000) -> str | None:
    """Plain text as every database takes it: no NUL, no half characters."""
    if text is None:
        return None
    clean = redact(text).replace("\x00", "\N{REPLACEMENT CHARACTER}")
    return clean.encode("utf-8", "replace").decode("utf-8")[:longest]
