"""What a reporter of errors sends of a traceback: the locals of every frame, as Sentry's client serialises them.

A mapping is taken apart into its items, a sequence, a set and a dataclass into their parts, five levels deep; of
everything else its repr is sent.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Generator, Mapping, Sequence, Set
from contextlib import contextmanager
from functools import cache
from types import CodeType, FrameType
from typing import cast

from tests.secrets.evidence import TESTS, chain_of

DEEPEST = 5
ROOT = TESTS.removesuffix("tests")


def sent(value: object, depth: int = 0) -> str:
    try:
        return _sent(value, depth)
    except Exception as error:  # noqa: BLE001 - as a reporter does: an interrupt leaves things of libraries half made
        return f"<{type(error).__name__}>"


def _sent(value: object, depth: int) -> str:
    if depth < DEEPEST and isinstance(value, Mapping):
        pairs = cast("Mapping[object, object]", value)
        return "{" + ", ".join(f"{key}: {sent(pairs[key], depth + 1)}" for key in pairs) + "}"
    if depth < DEEPEST and isinstance(value, (Sequence, Set)) and not isinstance(value, (str, bytes, bytearray)):
        each = cast("Sequence[object]", value)
        return "[" + ", ".join(sent(part, depth + 1) for part in each) + "]"
    if depth < DEEPEST and dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = {field.name: getattr(value, field.name, None) for field in dataclasses.fields(value)}
        return repr(value) + sent(parts, depth + 1)
    return repr(value)


def reported(error: BaseException) -> dict[str, str]:
    """The locals of each frame, by the frame; without the tests' own."""
    found: dict[str, str] = {}
    for each in chain_of(error):
        trace = each.__traceback__
        while trace is not None:
            code = trace.tb_frame.f_code
            if not code.co_filename.startswith(TESTS):
                place = (
                    f"{code.co_filename.removeprefix(ROOT)}:{trace.tb_lineno} {code.co_name} of {type(each).__name__}"
                )
                found[place] = sent(dict(trace.tb_frame.f_locals))
            trace = trace.tb_next
    return found


@cache
def _is_ours(code: CodeType) -> bool:
    name = code.co_filename
    if not name.startswith(ROOT) or name.startswith(TESTS) or "sandbox" in name:
        return False
    # Not in the instant in which frames are left out; nor where the HTTP library takes and gives back its pool's lock:
    # left taken by an interrupt, it would never let the pool be closed.
    return not name.endswith(("crowdhub/frames.py", "httpcore/_synchronization.py"))


class Interrupts:
    """Ctrl-C at the ``at``-th call of a function of ours; ``calls`` is how many there were."""

    def __init__(self, at: int | None = None) -> None:
        self._at = at
        self.calls = 0

    def _profile(self, frame: FrameType, event: str, _: object) -> None:
        if event != "call" or not _is_ours(frame.f_code):
            return
        self.calls += 1
        if self.calls == self._at:
            sys.setprofile(None)
            raise KeyboardInterrupt

    @contextmanager
    def __call__(self) -> Generator[None]:
        sys.setprofile(self._profile)
        try:
            yield
        finally:
            sys.setprofile(None)
