"""Replays: no network at all, and where the recordings are."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from crowdhub.testing.recording import Replay, recording, script_names
from crowdhub.testing.recording.run import told

CASSETTES = Path(__file__).parents[2] / "cassettes"


class NetworkUsedError(BaseException):
    """Not an Exception: nobody handles it on the way."""


class _Guard:
    """Python reports every use of a socket to audit hooks, also of `_socket` underneath: below these nothing in
    Python reaches the network. A hook stays for good, so this one has a switch."""

    def __init__(self) -> None:
        self.on = False
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.on or not event.startswith("socket."):
            return
        # Pairs of local sockets are how event loops wake themselves.
        if event == "socket.__new__" and arguments[1] == getattr(__import__("socket"), "AF_UNIX", None):
            return
        if event in ("socket.__new__", "socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind") or (
            event.startswith("socket.get")
        ):
            self.on = False  # else its own traceback could set it off again
            raise NetworkUsedError(f"{event}{arguments[1:]}")


_guard = _Guard()


@pytest.fixture
def no_network() -> Iterator[type[NetworkUsedError]]:
    """Whoever opens a socket in this test fails."""
    _guard.on = True
    try:
        yield NetworkUsedError
    finally:
        _guard.on = False


@pytest.fixture
def cassettes() -> Path:
    return CASSETTES


@pytest.fixture(params=["sync", "asyncio", "trio"])
def play(request: pytest.FixtureRequest) -> Any:
    """Plays a recording in one of the three worlds: returns its result and the requests that were not made."""

    def play(replay: Replay, path: Path) -> tuple[Any, list[str]]:
        with recording(replay.provider, path) as recorder:
            result = replay.run() if request.param == "sync" else anyio.run(replay.run_async, backend=request.param)
            return result, recorder.left

    return play


@pytest.fixture
def documented(world: Any, clock: Any, no_network: Any) -> Any:
    """Plays a flow on the documented exchange of this name, through a hub; everything expected must be in its result,
    and every exchange must have been made."""

    def documented(provider: str, account: dict[str, Any], name: str, play: Any, expected: Any) -> Any:
        with recording(provider, CASSETTES / provider / "documented" / f"{name}.yaml") as recorder:
            result = world.hub(
                {provider: account}, lambda hub: hub[provider].run(play(hub[provider].provider)), clock=clock
            )
            assert recorder.left == []
        found = told(result)
        assert _contains(found, expected), found
        return found

    return documented


def _contains(found: Any, expected: Any) -> bool:
    if isinstance(expected, dict):
        return isinstance(found, dict) and all(_contains(found.get(name), each) for name, each in expected.items())
    if isinstance(expected, list):
        return isinstance(found, list) and len(found) == len(expected) and all(map(_contains, found, expected))
    return bool(found == expected)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """``provider_name``: each with recordings; ``recorded``: each recorded file."""
    if "provider_name" in metafunc.fixturenames:
        metafunc.parametrize("provider_name", script_names())
    if "recorded" in metafunc.fixturenames:
        files = sorted(CASSETTES.glob("*/recorded/*.yaml"))
        metafunc.parametrize("recorded", files, ids=[f"{file.parts[-3]}-{file.stem}" for file in files])
