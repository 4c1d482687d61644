"""Options of a sandbox that are the fields of a dataclass: switches for what the documentation leaves open."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TypeVar

from crowdhub.sandbox.errors import SandboxError

S = TypeVar("S")


def switched(kind: type[S], given: Mapping[str, object], market: str) -> S:
    """A dataclass of switches, all at their defaults but these. Raises `SandboxError` for other names."""
    assert is_dataclass(kind)
    known = [field.name for field in fields(kind)]
    for name in given:
        if name not in known:
            raise SandboxError(f"The {market} sandbox has no option {name!r}; quirks: {', '.join(known)}")
    switches = kind()
    for name, value in given.items():
        setattr(switches, name, value)
    return switches
