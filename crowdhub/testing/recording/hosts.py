"""Addresses in a recording: what was recorded on loopback is kept under the marketplace's real address."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast
from urllib.parse import quote, urlsplit

from crowdhub.protocol import LOOPBACK, AnyProvider
from crowdhub.testing.recording.errors import RecordingError


class Hosts:
    """Replaces the addresses that an account used by the real ones: in URLs, and in texts however they are escaped."""

    def __init__(self, real: Mapping[str, str]) -> None:
        pairs = {old.rstrip("/"): new.rstrip("/") for old, new in real.items()}
        for old, new in list(pairs.items()):
            pairs.setdefault(_origin(old), _origin(new))
        changed = {old: new for old, new in pairs.items() if old != new}
        self._forms: dict[str, str] = {}
        for old in sorted(changed, key=len, reverse=True):
            for form in (str, _escaped, _quoted):
                self._forms.setdefault(form(old), form(changed[old]))
        # What follows must not go on with the host or the port: :4000 is not a part of :40001.
        forms = "|".join(map(re.escape, self._forms))
        self._pattern = re.compile(f"(?:{forms})(?![0-9A-Za-z.:-])") if forms else None

    def __call__(self, text: str) -> str:
        return self._pattern.sub(lambda found: self._forms[found[0]], text) if self._pattern is not None else text

    def within(self, value: object) -> object:
        """The same data with every text in it rewritten."""
        if isinstance(value, str):
            return self(value)
        if isinstance(value, Mapping):
            return {name: self.within(inner) for name, inner in cast("Mapping[str, object]", value).items()}
        if isinstance(value, list):
            return [self.within(inner) for inner in cast("list[object]", value)]
        return value


def real_hosts_of(provider: AnyProvider) -> dict[str, str]:
    """Each address of the account with the one that its setting has by default.

    Raises `RecordingError` where two settings share an address but not its default: what belongs to which could
    not be told.
    """
    found: dict[str, str] = {}
    for name, field in provider.settings_type.model_fields.items():
        if not name.endswith("_url") or not isinstance(field.default, str):
            continue
        used = str(getattr(provider.settings, name)).rstrip("/")
        if found.setdefault(used, field.default) != field.default:
            raise RecordingError(f"Two settings have the address {used}; record with different ones.")
    return found


def is_loopback(url: str) -> bool:
    return (urlsplit(url).hostname or "") in LOOPBACK


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _escaped(url: str) -> str:
    return url.replace("/", "\\/")


def _quoted(url: str) -> str:
    return quote(url, safe="")
