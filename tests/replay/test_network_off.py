"""The fixture that keeps replays off the network really does."""

from __future__ import annotations

import _socket
import asyncio
import socket
from collections.abc import Callable
from typing import cast

import anyio
import anyio.lowlevel
import httpx
import pytest

ATTEMPTS: dict[str, Callable[[], object]] = {
    "connect": lambda: socket.create_connection(("192.0.2.1", 80), timeout=0.1),
    "loopback": lambda: socket.create_connection(("127.0.0.1", 9), timeout=0.1),
    "stream": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM),
    "datagram": lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM),
    "raw": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
    "underneath": lambda: _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM),
    "names": lambda: socket.getaddrinfo("name.invalid", 80),
    "name": lambda: socket.gethostbyname("name.invalid"),
    "httpx": lambda: httpx.get("https://192.0.2.1/", timeout=0.1),
    "asyncio": lambda: asyncio.run(_open()),
    "trio": lambda: anyio.run(anyio.connect_tcp, "192.0.2.1", 80, backend="trio"),
}


async def _open() -> None:
    await asyncio.open_connection("192.0.2.1", 80)


@pytest.mark.parametrize("way", ATTEMPTS)
def test_there_is_no_way_out(way: str, no_network: type[BaseException]) -> None:
    with pytest.raises(BaseException) as caught:  # noqa: PT011 - trio wraps it in a group
        ATTEMPTS[way]()
    raised: BaseException = caught.value
    while isinstance(raised, BaseExceptionGroup):
        raised = cast("BaseExceptionGroup[BaseException]", raised).exceptions[0]
    assert isinstance(raised, no_network)


def test_event_loops_still_run(no_network: type[BaseException]) -> None:
    async def nothing() -> str:
        await anyio.lowlevel.checkpoint()
        return "ran"

    assert anyio.run(nothing, backend="asyncio") == "ran"
    assert anyio.run(nothing, backend="trio") == "ran"


def test_it_is_over_after_the_test() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as there:
        assert there.fileno() >= 0
