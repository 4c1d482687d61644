"""What tests of several layers share: a clock moved by hand, and the three worlds a market lives in."""

from __future__ import annotations

import gc
import inspect
import itertools
import os
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import anyio
import pytest

from crowdhub import AsyncHub, AsyncMarket, Hub, Market, Watch
from crowdhub.engine.session import Session
from crowdhub.protocol import AnyProvider
from tests.support.hand_clock import HandClock


@pytest.fixture
def clock() -> HandClock:
    return HandClock(datetime(2026, 1, 15, 9, tzinfo=UTC))  # as a sandbox's


class World:
    """Runs one operation of a market in ordinary code, under asyncio or under trio.

    The operation is typed as one of ordinary code: under an event loop it meets the same names, awaited.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def __repr__(self) -> str:
        return self.kind

    def market(self, session: Session, op: Callable[[Market[Any]], object], provider: AnyProvider | None = None) -> Any:
        """``op`` on a market over ``session``; an iterator becomes a list."""
        provider = provider or session.provider
        if self.kind == "sync":
            market: Market[Any] = Market(provider, session)
            try:
                return _listed(op(market))
            finally:
                market.close()

        async def main() -> Any:
            market: Any = AsyncMarket(provider, session)
            try:
                return await _finished(op(market))
            finally:
                await market.close()

        return anyio.run(main, backend=self.kind)

    def hub(self, accounts: Mapping[str, Mapping[str, Any]], op: Callable[[Hub], object], **options: Any) -> Any:
        """``op`` on a hub of these accounts; an iterator becomes a list."""
        if self.kind == "sync":
            with Hub(accounts, **options) as hub:
                return _listed(op(hub))

        async def main() -> Any:
            hub: Any
            async with AsyncHub(accounts, **options) as hub:
                return await _finished(op(hub))

        return anyio.run(main, backend=self.kind)


def _listed(result: Any) -> Any:
    return list(result) if inspect.isgenerator(result) or isinstance(result, Watch) else result


async def _finished(result: Any) -> Any:
    if inspect.isawaitable(result):
        return await result
    if hasattr(result, "__aiter__"):
        return [item async for item in result]
    return result


@pytest.fixture(params=["sync", "asyncio", "trio"])
def world(request: pytest.FixtureRequest) -> World:
    return World(request.param)


@pytest.fixture
def ordinary() -> World:
    """Ordinary code only, where the other two worlds would prove nothing more."""
    return World("sync")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first: else the others wait for it at the end."""
    items.sort(key=lambda item: "tests/prover" not in item.nodeid)


def pytest_collection_finish() -> None:
    """What is loaded by now stays: the collector need not go through it again and again, a tenth of all time. Not where
    Hypothesis is yet to be loaded: it would not find what holds its random numbers."""
    if "hypothesis" in sys.modules:
        _ = gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)


HOMES = itertools.count()


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes what belongs to whoever runs it: his ledger, his settings, his plugin cache; nor what
    belongs to another test, such as the requests that a key has left."""
    home = tmp_path_factory.getbasetemp() / "homes" / str(next(HOMES))
    for name in ("DATA", "CONFIG", "CACHE", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
    for name in list(os.environ):
        if name.startswith("CROWDHUB_"):
            monkeypatch.delenv(name)
