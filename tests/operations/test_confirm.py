"""What an application may give as ``confirm``, and what becomes of what it answers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any, cast

import pytest

from crowdhub import AsyncHub, Hub, Money, TaskDraft
from crowdhub.errors import ConfigurationError, InvalidRequest, NotConfirmed
from crowdhub.operations.spending import Spend
from crowdhub.sandbox import Sandbox
from crowdhub_rapidworkers import RapidWorkers

DRAFT = TaskDraft(title="T", instructions="I", proof="P", reward=Money("0.10", "USD"), category="Survey", slots=1)


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox("rapidworkers") as made:
        yield made


async def no(_: Spend) -> bool:
    await asyncio.sleep(0)
    return False


async def yes(spend: Spend) -> bool:
    return not await no(spend)


def charges(box: Sandbox) -> int:
    return len(box["rapidworkers"].books().charges)


@pytest.mark.parametrize("batch", [False, True], ids=["one", "a batch"])
def test_one_that_waits_is_waited_for(box: Sandbox, batch: bool) -> None:
    async def main(confirm: Any) -> None:
        async with AsyncHub(box.accounts, confirm=confirm) as hub:
            if batch:
                for failed in (await hub["rapidworkers"].publish_many([("k", DRAFT)])).failures:
                    assert failed.error is not None
                    raise failed.error
            else:
                await hub["rapidworkers"].publish(DRAFT, key="k")

    with pytest.raises(NotConfirmed):
        asyncio.run(main(no))
    assert charges(box) == 0
    asyncio.run(main(yes))
    assert charges(box) == 1


def test_ordinary_code_cannot_wait_for_one(box: Sandbox) -> None:
    with Hub(box.accounts, confirm=no) as hub:
        with pytest.raises(ConfigurationError, match="confirm is asynchronous"):
            hub["rapidworkers"].publish(DRAFT, key="k")
        with pytest.raises(ConfigurationError, match="confirm is asynchronous"):
            hub["rapidworkers"].publish_many([("k", DRAFT)])
    assert charges(box) == 0


@pytest.mark.parametrize("answer", ["no", 1, object()])
def test_an_answer_that_is_neither_yes_nor_no(box: Sandbox, answer: Any) -> None:
    with Hub(box.accounts, confirm=lambda _: answer) as hub:
        with pytest.raises(ConfigurationError, match="neither True nor False"):
            hub["rapidworkers"].publish(DRAFT, key="k")
        assert charges(box) == 0
        with Hub(box.accounts, confirm=lambda _: cast("bool", None)) as other, pytest.raises(NotConfirmed):
            other["rapidworkers"].publish(DRAFT, key="k")
    assert charges(box) == 0


def test_what_is_no_function(box: Sandbox) -> None:
    with pytest.raises(ConfigurationError, match=r"confirm is no function .* bool is given"):
        Hub(box.accounts, confirm=cast("Any", True))


def test_an_operation_of_another_account(box: Sandbox) -> None:
    both: dict[str, Any] = {name: {"provider": "rapidworkers", **box.accounts["rapidworkers"]} for name in ("a", "b")}
    with Hub(both) as hub:
        theirs = hub.market(RapidWorkers, "b").provider.publish(DRAFT)
        with pytest.raises(InvalidRequest, match="was made by the provider of rapidworkers/b/sandbox"):
            hub["a"].run(theirs, key="k")
    assert charges(box) == 0
