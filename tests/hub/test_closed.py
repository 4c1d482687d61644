"""A market that outlives its hub: one error of ours, whatever is asked of it, and nothing is left behind."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from crowdhub import AsyncHub, Hub, Money, TaskDraft
from crowdhub.errors import ConfigurationError
from crowdhub.sandbox import Sandbox

DRAFT = TaskDraft(
    title="Say what you see", instructions="One.", proof="It.", reward=Money("0.50", "USD"), category="Survey"
)
ASKS: dict[str, Callable[[Any], Any]] = {
    "balance": lambda market: market.balance(),
    "publish": lambda market: market.publish(DRAFT, key="k"),
    "review": lambda market: market.review([]),
    "recover": lambda market: market.recover(),
}


@pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS)
def test_in_ordinary_code(ask: Callable[[Any], Any]) -> None:
    with Sandbox("rapidworkers") as box:
        with Hub(box.accounts) as hub:
            market = hub["rapidworkers"]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            gc.collect()  # what others left is not told of here
            warnings.simplefilter("error")
            with pytest.raises(ConfigurationError, match="The hub is closed"):
                ask(market)
            gc.collect()


def test_a_listing_in_ordinary_code() -> None:
    with Sandbox("rapidworkers") as box:
        with Hub(box.accounts) as hub:
            market = hub["rapidworkers"]
        with pytest.raises(ConfigurationError, match="The hub is closed"):
            list(market.tasks())


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS)
def test_under_an_event_loop(ask: Callable[[Any], Any], backend: str) -> None:
    async def main() -> None:
        with Sandbox("rapidworkers") as box:
            async with AsyncHub(box.accounts) as hub:
                market = hub["rapidworkers"]
            with pytest.raises(ConfigurationError, match="The hub is closed"):
                await ask(market)

    anyio.run(main, backend=backend)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_an_iterator_that_is_held_over_the_close(backend: str) -> None:
    """Its next page was under way."""

    async def main() -> None:
        options = {"rapidworkers": {"work_rate": 0, "campaign_page": True, "campaign_page_size": 3}}
        with Sandbox("rapidworkers", options=options) as box:
            async with AsyncHub(box.accounts) as hub:
                market = hub["rapidworkers"]
                for _ in range(10):
                    await market.publish(DRAFT)
                items = market.tasks()
                await anext(items)
            with pytest.raises(ConfigurationError, match="The hub is closed"):
                _ = [each async for each in items]

    anyio.run(main, backend=backend)
