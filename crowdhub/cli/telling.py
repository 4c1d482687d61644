"""How an error is told to a program that reads: one line of JSON with the same names for every kind."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping

TOLD = (
    *("message", "next_step", "provider", "account", "environment", "operation"),
    *("http_status", "provider_code", "provider_message", "excerpt", "sent", "money_may_be_spent"),
)
ECHOED = 500  # characters of one thing that was given; more of it says nothing
_LONG = re.compile(rf"\S{{{ECHOED},}}|'[^'\n]{{{ECHOED},}}'")


def wants_json() -> bool:
    """Whether the command line asks for JSON; known before anything has read it."""
    return "--json" in sys.argv[1:]


def error_json(kind: str, told: Mapping[str, object], issues: Iterable[tuple[str, str]] = ()) -> str:
    """The line; what is not known is null."""
    named: dict[str, object] = {name: told.get(name) for name in TOLD}
    listed = [{"where": shortened(where), "what": shortened(what)} for where, what in issues]
    cut = {name: shortened(value) if isinstance(value, str) else value for name, value in named.items()}
    return json.dumps({"error": {**cut, "kind": kind, "issues": listed}}) + "\n"


def shortened(text: str) -> str:
    """Without the middle of what is as long as only an attack or a mistake is: a message is read by a person."""
    return _LONG.sub(lambda found: f"{found[0][:100]}…{found[0][-20:]} ({len(found[0])} characters)", text)
