"""A value in the words of an error: short, and whatever it is."""

from __future__ import annotations

import reprlib


class _Short(reprlib.Repr):
    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 3
        self.maxstring = self.maxlong = self.maxother = 200

    def repr_instance(self, x: object, level: int) -> str:  # noqa: ARG002 - the library's signature
        text = repr(x)
        return text if len(text) <= self.maxother else f"{text[: self.maxother]}…"


_SHORT = _Short()


def shown(value: object) -> str:
    """As ``repr`` writes it, without what lies deep in it and the middle of what is long. What cannot be written (a
    ``__repr__`` that raises, a number of thousands of digits) is named by its type."""
    try:
        return _SHORT.repr(value)
    except Exception:  # noqa: BLE001 - the value's own code
        return f"a {type(value).__name__}"
