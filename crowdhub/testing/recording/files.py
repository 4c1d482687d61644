"""The files: YAML that a person can read and vcrpy can play, written whole or not at all.

Before a file is written, everything that will be in it is searched for the account's secrets.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NotRequired, TypeAlias, TypedDict, cast

import yaml

from crowdhub.engine.redact import Redactor
from crowdhub.testing.recording.errors import RecordingError, SecretInRecording
from crowdhub.testing.recording.hosts import is_loopback

VERSION = 1  # of vcrpy's format

About: TypeAlias = dict[str, Any]
"""What is said about a recording, as plain data."""


class _Request(TypedDict):
    method: str
    uri: str
    headers: dict[str, list[str]]
    body: str | bytes | None


class _Status(TypedDict):
    code: int
    message: str


class _Body(TypedDict):
    string: str | bytes


class _Response(TypedDict):
    status: _Status
    headers: dict[str, list[str]]
    body: _Body


class Interaction(TypedDict):
    """An exchange in vcrpy's format."""

    request: _Request
    response: _Response


class _File(TypedDict):
    version: int
    metadata: NotRequired[About | None]
    interactions: list[Interaction]


@dataclass(slots=True)
class Exchange:
    """One request and its answer, scrubbed."""

    method: str
    uri: str
    headers: dict[str, str]
    body: bytes | None
    status: int
    reason: str
    answer_headers: dict[str, list[str]]
    answer: bytes

    def to_dict(self) -> Interaction:
        return {
            "request": {
                "method": self.method,
                "uri": self.uri,
                "headers": {name: [value] for name, value in sorted(self.headers.items())},
                "body": None if self.body is None else _text(self.body),
            },
            "response": {
                "status": {"code": self.status, "message": self.reason},
                "headers": dict(sorted(self.answer_headers.items())),
                "body": {"string": _text(self.answer)},
            },
        }

    @classmethod
    def from_dict(cls, data: Interaction) -> Exchange:
        request, response = data["request"], data["response"]
        return cls(
            method=request["method"],
            uri=request["uri"],
            headers={name: values[0] for name, values in request["headers"].items()},
            body=None if request["body"] is None else _bytes(request["body"]),
            status=response["status"]["code"],
            reason=response["status"]["message"],
            answer_headers=response["headers"],
            answer=_bytes(response["body"]["string"]),
        )


@dataclass(slots=True)
class Cassette:
    """The content of one file. ``about`` says where it comes from, and what it was recorded with."""

    about: About = field(default_factory=dict[str, Any])
    exchanges: list[Exchange] = field(default_factory=list[Exchange])


def read(path: Path) -> Cassette:
    """Raises `RecordingError` for a file that is missing or is not a recording."""
    try:
        data = cast("_File", yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader))  # noqa: S506 - a SafeLoader
        exchanges = [Exchange.from_dict(each) for each in data["interactions"]]
        return Cassette(data.get("metadata") or {}, exchanges)
    except FileNotFoundError:
        raise RecordingError(f"There is no recording {path.name} in {path.parent.name}/.") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise RecordingError(f"{path.name} is not a recording: {type(error).__name__}.") from None


def write(path: Path, cassette: Cassette, secrets: Iterable[str]) -> None:
    """Write a file, after a last look for secrets and for addresses that are nobody else's.

    Raises `SecretInRecording` and `RecordingError`; then nothing was written, and an older file still stands.
    """
    check(cassette, secrets)
    data = {
        "version": VERSION,
        "metadata": cassette.about,
        "interactions": [exchange.to_dict() for exchange in cassette.exchanges],
    }
    text = yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1 << 30)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text if text.endswith("\n") else text + "\n")
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def check(cassette: Cassette, secrets: Iterable[str]) -> None:
    """The last net: neither a secret, in any form in which it can travel, nor a loopback address."""
    redact = Redactor(secrets)
    for where, text in _places(cassette):
        if redact(text) != text:
            raise SecretInRecording(f"A secret of the account is in {where}; no file was written.")
    for number, exchange in enumerate(cassette.exchanges, 1):
        if is_loopback(exchange.uri):
            raise RecordingError(
                f"Exchange {number} was with {exchange.uri.partition('?')[0]}, which is not an address to keep.",
                next_step="Give `recording` the provider itself, or `real_hosts`.",
            )


def _places(cassette: Cassette) -> Iterator[tuple[str, str]]:
    """Every text that will be in the file, with the place it is in."""
    for each in _texts(cassette.about):
        yield "what is said about the recording", each
    for number, exchange in enumerate(cassette.exchanges, 1):
        # An address can hold a secret itself: only its path, and only up to a point, is said.
        name = f"exchange {number} ({exchange.method})"
        yield f"the address of {name}", exchange.uri
        for each in _texts(exchange.headers):
            yield f"the request headers of {name}", each
        yield f"the status line of {name}", exchange.reason
        yield f"the request body of {name}", (exchange.body or b"").decode("utf-8", "replace")
        for each in _texts(exchange.answer_headers):
            yield f"the answer's headers of {name}", each
        yield f"the answer's body of {name}", exchange.answer.decode("utf-8", "replace")


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, inner in cast("Mapping[object, object]", value).items():
            yield str(name)
            yield from _texts(inner)
    elif isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        for inner in cast("Sequence[object]", value):
            yield from _texts(inner)
    else:
        yield str(value)


def _text(body: bytes) -> str | bytes:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body


def _bytes(body: str | bytes) -> bytes:
    return body.encode() if isinstance(body, str) else body


# Several times as fast, where the library underneath is there.
_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as blocks, no anchors."""

    def ignore_aliases(self, data: object) -> bool:
        del data
        return True


def _represent(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    del dumper
    return yaml.ScalarNode("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _represent)
