"""How long to look: always the same few hundred cases by default, or as many and as random ones as one likes."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar, cast

from hypothesis import HealthCheck, settings

F = TypeVar("F", bound=Callable[..., object])
VARIABLE = "CROWDHUB_FUZZ"
FACTOR = int(os.environ.get(VARIABLE, "0"))
"""How many times the usual number of cases, drawn at random; 0: the usual ones, always the same."""


def cases(number: int) -> Callable[[F], F]:
    """Try so many cases."""
    return settings(
        max_examples=number * max(1, FACTOR),
        deadline=None,
        derandomize=not FACTOR,
        database=None,
        suppress_health_check=cast("list[HealthCheck]", list(HealthCheck)),
    )
