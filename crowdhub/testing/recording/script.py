"""What there is to record of a provider, as its plugin says it.

A plugin's recordings are found by the provider's name in the entry-point group ``crowdhub.recordings``. They are
operations of the provider, or flows of several, so that one piece of code records, and replays sync and async::

    def _balance(provider: RapidWorkers, given: Given) -> Operation[Money]:
        return provider.balance()

    SCRIPT = Script(
        provider="rapidworkers",
        endpoints=[Endpoint("get-balance", "POST", "/account/get_balance")],
        recordings=[Recording("get-balance", "get-balance", _balance)],
        account={"api_key": "replayed"},
    )
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeGuard
from urllib.parse import parse_qsl, urlsplit

from crowdhub.entrypoints import Group
from crowdhub.errors import CrowdhubError
from crowdhub.protocol import Flow, Operation
from crowdhub.testing.recording.errors import RecordingError

Given = Mapping[str, Any]
"""What a recording works on (ids, mostly), by name. It is kept in the file, for the replay."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint of the marketplace. ``path`` is the end of its address, ``{}`` any one segment of it; ``query``
    holds the parameters, and ``operation`` what the script's ``operation_header`` says, that tell it from others with
    the same path."""

    name: str
    method: str | None
    """None: any (a function that can go by GET and by POST, say)."""
    path: str
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    operation: str | None = None

    def matches(self, method: str, url: str, operation: str | None = None) -> bool:
        """Whether a request is to this endpoint."""
        parts = urlsplit(url)
        pattern = "[^/?]+".join(re.escape(piece) for piece in self.path.split("{}"))
        query = dict(parse_qsl(parts.query))
        return (
            self.method in (None, method)
            and self.operation in (None, operation)
            and re.search(f"{pattern}$", parts.path) is not None
            and all(query.get(name) == value for name, value in self.query.items())
        )


@dataclass(frozen=True, slots=True)
class Recording:
    """One file: what is asked of one endpoint, its refusals included."""

    name: str
    endpoint: str
    play: Callable[[Any, Given], Operation[object] | Flow[object]]
    """Takes the provider and the given values. Its result is kept in the file; a replay must come to the same."""
    prepare: Callable[[Any, Any], Operation[Given] | Flow[Given]] | None = None
    """In a sandbox, before: takes the provider and the sandbox, and returns the given values. Not recorded."""
    needs: Mapping[str, str] = field(default_factory=dict[str, str])
    """The given values and what each is; against the live service a person names them."""
    account: Mapping[str, object] = field(default_factory=dict[str, object])
    """Settings that differ from the account's (a wrong key, say)."""
    sandbox: Mapping[str, object] = field(default_factory=dict[str, object])
    """Options of the sandbox."""
    not_live: str | None = None
    """Why it is not recorded against the live service."""


@dataclass(frozen=True, slots=True)
class Script:
    """Everything to record of one provider."""

    provider: str
    endpoints: Sequence[Endpoint]
    recordings: Sequence[Recording]
    account: Mapping[str, object]
    """The account for replays: plainly false keys, no addresses."""
    settings: Mapping[str, object] = field(default_factory=dict[str, object])
    """Settings that recording and replay need besides (a switch that opens an endpoint, say)."""
    operation_header: str | None = None
    """The header that names the operation, where all share one path (``X-Amz-Target``): it is part of what tells one
    recorded request from another."""

    def recording(self, name: str) -> Recording:
        for each in self.recordings:
            if each.name == name:
                return each
        names = ", ".join(each.name for each in self.recordings)
        raise RecordingError(f"There is no recording {name!r} of {self.provider}; there are {names}.")

    def endpoint(self, name: str) -> Endpoint:
        return next(each for each in self.endpoints if each.name == name)

    def operation_of(self, headers: Mapping[str, str]) -> str | None:
        """The operation that a request with these headers asks for, as `Endpoint.operation` names it."""
        wanted = (self.operation_header or "").lower()
        return next((value for name, value in headers.items() if name.lower() == wanted), None)


def refused(operation: Operation[object] | Flow[object], *kinds: type[CrowdhubError]) -> Flow[dict[str, object]]:
    """Run an operation that the marketplace must refuse in one of these ways; the result says how it did."""
    try:
        result = yield from operation
    except kinds as error:
        told: dict[str, object] = {
            "refused": type(error).__name__,
            "http_status": error.http_status,
            "code": error.provider_code,
            "words": error.provider_message,
        }
        return {name: value for name, value in told.items() if value is not None}
    expected = " or ".join(kind.__name__ for kind in kinds)
    raise RecordingError(f"The marketplace should have refused it ({expected}), but did it: {result!r}.")


def _is_script(found: object) -> TypeGuard[Script]:
    return isinstance(found, Script)


def _error(message: str, *, name: str, next_step: str) -> RecordingError:
    return RecordingError(message, provider=name, next_step=next_step)


SCRIPTS = Group("crowdhub.recordings", "recording script", "a crowdhub.testing.recording.Script", _is_script, _error)


def script_names() -> list[str]:
    """The providers with recordings; imports none of them."""
    return SCRIPTS.names()


def load_script(name: str) -> Script:
    """The recordings of a provider. Raises `RecordingError` where there are none."""
    return SCRIPTS.load(name)
