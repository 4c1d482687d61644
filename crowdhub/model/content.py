"""What is in a file: given as bytes, or as the path where it lies."""

from __future__ import annotations

import base64
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, cast

from pydantic import PlainSerializer, PlainValidator

LARGEST = 64 * 1024 * 1024  # bytes, which are held in memory as often as a request is written


def why_unreadable(path: Path) -> str | None:
    """Why a file cannot be sent; a pipe or a device would be read for ever."""
    name = repr(str(path))
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            return f"{name} is no plain file"
        if found.st_size > LARGEST:
            return f"{name} has {found.st_size:,} bytes; at most {LARGEST:,} are sent"
        path.open("rb").close()
    except FileNotFoundError:
        return f"there is no file {name}"
    except (OSError, ValueError) as error:  # a name with a NUL is a ValueError
        return f"{name} cannot be read ({error.strerror if isinstance(error, OSError) else error})"
    return None


def _read(value: object) -> bytes | Path:
    match value:
        case bytes() | Path():
            return value
        case str():
            return Path(value)
        case Mapping():
            stored = cast("Mapping[object, object]", value)
            text = stored.get("base64")
            if len(stored) == 1 and isinstance(text, str):
                with suppress(ValueError):
                    return base64.b64decode(text, validate=True)
        case _:
            pass
    raise ValueError('give bytes or a path; in JSON {"base64": "…"} or the path as text')


def _written(value: bytes | Path) -> str | dict[str, str]:
    return str(value) if isinstance(value, Path) else {"base64": base64.b64encode(value).decode("ascii")}


FileContent = Annotated[
    bytes | Path,
    PlainValidator(_read, json_schema_input_type=str | dict[str, str]),
    PlainSerializer(_written, when_used="json"),
]
"""Bytes, or the path of a file (text is taken for one). In JSON bytes are ``{"base64": "…"}``, and a path is text."""
