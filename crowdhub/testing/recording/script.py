"""What there is to record of a provider, as its plugin says it.

A plugin's recordings are found by the provider's name in the entry-point group ``crowdhub.recordings``. They are
flows, like the provider's operations, so that one piece of code records, and replays in the sync and the async
engine::

    def _balance(provider: RapidWorkers, given: Given) -> Flow[Money]:
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
from importlib.metadata import entry_points
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from crowdhub.errors import CrowdhubError
from crowdhub.protocol import Flow
from crowdhub.testing.recording.errors import RecordingError

GROUP = "crowdhub.recordings"

Given = Mapping[str, Any]
"""What a recording works on (ids, mostly), by name. It is kept in the file, for the replay."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint of the marketplace. ``path`` is the end of its address, ``{}`` any one segment of it; ``query``
    holds the parameters that tell it from others with the same path."""

    name: str
    method: str | None
    """None: any (a function that can go by GET and by POST, say)."""
    path: str
    query: Mapping[str, str] = field(default_factory=dict[str, str])

    def matches(self, method: str, url: str) -> bool:
        """Whether a request is to this endpoint."""
        parts = urlsplit(url)
        pattern = "[^/?]+".join(re.escape(piece) for piece in self.path.split("{}"))
        query = dict(parse_qsl(parts.query))
        return (
            self.method in (None, method)
            and re.search(f"{pattern}$", parts.path) is not None
            and all(query.get(name) == value for name, value in self.query.items())
        )


@dataclass(frozen=True, slots=True)
class Recording:
    """One file: what is asked of one endpoint, its refusals included."""

    name: str
    endpoint: str
    play: Callable[[Any, Given], Flow[Any]]
    """Takes the provider and the given values. Its result is kept in the file; a replay must come to the same."""
    prepare: Callable[[Any, Any], Flow[Given]] | None = None
    """In a sandbox, before: takes the provider and the sandbox, and returns the given values. Not recorded."""
    needs: Mapping[str, str] = field(default_factory=dict[str, str])
    """The given values and what each is; against the live service a person names them."""
    account: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Settings that differ from the account's (a wrong key, say)."""
    sandbox: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Options of the sandbox."""
    not_live: str | None = None
    """Why it is not recorded against the live service."""


@dataclass(frozen=True, slots=True)
class Script:
    """Everything to record of one provider."""

    provider: str
    endpoints: Sequence[Endpoint]
    recordings: Sequence[Recording]
    account: Mapping[str, Any]
    """The account for replays: plainly false keys, no addresses."""
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Settings that recording and replay need besides (a switch that opens an endpoint, say)."""

    def recording(self, name: str) -> Recording:
        for each in self.recordings:
            if each.name == name:
                return each
        names = ", ".join(each.name for each in self.recordings)
        raise RecordingError(f"There is no recording {name!r} of {self.provider}; there are {names}.")

    def endpoint(self, name: str) -> Endpoint:
        return next(each for each in self.endpoints if each.name == name)


def refused(flow: Flow[Any], *kinds: type[CrowdhubError]) -> Flow[dict[str, Any]]:
    """Run a flow that the marketplace must refuse in one of these ways; the result says how it did."""
    try:
        result = yield from flow
    except kinds as error:
        told = {
            "refused": type(error).__name__,
            "http_status": error.http_status,
            "code": error.provider_code,
            "words": error.provider_message,
        }
        return {name: value for name, value in told.items() if value is not None}
    expected = " or ".join(kind.__name__ for kind in kinds)
    raise RecordingError(f"The marketplace should have refused it ({expected}), but did it: {result!r}.")


def script_names() -> list[str]:
    """The providers with recordings; imports none of them."""
    return sorted({entry.name for entry in entry_points(group=GROUP)})


def load_script(name: str) -> Script:
    """The recordings of a provider. Raises `RecordingError` where there are none."""
    found = {entry.value: entry for entry in entry_points(group=GROUP, name=name)}
    if len(found) != 1:
        known = ", ".join(script_names()) or "none"
        what = "no recordings" if not found else f"several sets of recordings ({', '.join(found)})"
        raise RecordingError(f"There are {what} for a provider {name!r}. With recordings: {known}.")
    (entry,) = found.values()
    loaded = entry.load()
    if not isinstance(loaded, Script):
        raise RecordingError(f"{entry.value} is no crowdhub.testing.recording.Script.")
    return loaded
