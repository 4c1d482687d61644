"""A deliberate bug: one edit of a provider's source."""

from __future__ import annotations

from dataclasses import dataclass

SCAFFOLD, ONEDOOR = "mutant-market", "onedoor"
RAPIDWORKERS, CROWDSDOM, ETXT = "rapidworkers", "crowdsdom", "etxt"


@dataclass(frozen=True, slots=True)
class Bug:
    """``old`` becomes ``new`` in ``file``, where it must stand exactly once; ``seen_by`` is the test file that is
    expected to see it first. ``short``: part of the short run."""

    name: str
    file: str
    old: str
    new: str
    seen_by: str
    provider: str = SCAFFOLD
    short: bool = False


P, W = "provider.py", "wire.py"
