"""A traceback has one frame of crowdhub for each step, and none of an interpreter of steps."""

from __future__ import annotations

import traceback
from collections import Counter

import pytest

from crowdhub import Hub, TaskDraft
from crowdhub.errors import NotFound
from crowdhub.model import Money
from crowdhub.operations.spending import Spend
from crowdhub.sandbox import Sandbox


def frames(error: BaseException) -> Counter[tuple[str, str]]:
    found = [each for each in traceback.extract_tb(error.__traceback__) if "/crowdhub/" in each.filename]
    return Counter((each.filename, each.name) for each in found)


def test_an_error_of_ours_is_short() -> None:
    with Sandbox("rapidworkers") as box, Hub(box.accounts) as hub, pytest.raises(NotFound) as caught:
        hub["rapidworkers"].task("nobody")
    found = frames(caught.value)
    assert sum(found.values()) <= 5
    assert set(found.values()) == {1}


def test_a_foreign_exception_shows_each_step_once() -> None:
    def fails(spend: Spend) -> bool:
        raise KeyError(spend.operation)

    draft = TaskDraft(title="T", instructions="I", proof="P", reward=Money("0.50", "USD"), category="Survey")
    with Sandbox("rapidworkers") as box, Hub(box.accounts, confirm=fails) as hub, pytest.raises(KeyError) as caught:
        hub["rapidworkers"].publish(draft)
    assert {count for (_, name), count in frames(caught.value).items() if name != "<lambda>"} == {1}
