"""A traceback with locals shows objects that were not made to their end: none of their reprs raises."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from enum import Enum
from typing import Any, cast

import pytest

import crowdhub
from crowdhub.hub.base import HubBase

APART = ("sandbox", "testing", "demo", "scaffold")


def _classes() -> Iterator[type]:
    for module in pkgutil.walk_packages(crowdhub.__path__, "crowdhub."):
        if module.name.split(".")[1] in APART or module.name.endswith("__main__"):
            continue
        found = vars(importlib.import_module(module.name)).values()
        yield from (
            each
            for each in found
            if isinstance(each, type) and each.__module__ == module.name and not issubclass(each, Enum)
        )


def _is_written_by_hand(kind: type) -> bool:
    written = vars(kind).get("__repr__")
    return callable(written) and inspect.getfile(inspect.unwrap(written)).startswith(crowdhub.__path__[0])


CLASSES = sorted({each for each in _classes() if _is_written_by_hand(each)}, key=lambda each: each.__qualname__)


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__qualname__)
def test_its_repr_does_not_raise(kind: type) -> None:
    assert repr(cast("Any", kind).__new__(kind))


def test_those_that_hold_much_are_among_them() -> None:
    assert HubBase in CLASSES
    assert len(CLASSES) > 10
