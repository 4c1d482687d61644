"""Replays: no network at all, and where the recordings are."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Protocol, TypeVar, cast

import anyio
import pytest

from crowdhub import AsyncHub, Hub
from crowdhub.clock import Clock
from crowdhub.protocol import Flow, Operation
from crowdhub.testing.recording import Replay, recording, script_names
from crowdhub.testing.recording.run import told
from tests.conftest import World

P = TypeVar("P")

CASSETTES = Path(__file__).parents[2] / "cassettes"


class NetworkUsedError(BaseException):
    """Not an Exception: nobody handles it on the way."""


class _Guard:
    """Python reports every use of a socket to audit hooks, also of `_socket` underneath: below these nothing in
    Python reaches the network. A hook stays for good, so this one has a switch."""

    def __init__(self) -> None:
        self.on = False
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[object, ...]) -> None:
        if (
            not self.on or not event.startswith("socket.") or event == "socket.gethostname"
        ):  # its own name, for the ledger
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


class Play(Protocol):
    def __call__(self, replay: Replay, path: Path) -> tuple[object, list[str]]: ...


@pytest.fixture(params=["sync", "asyncio", "trio"])
def play(request: pytest.FixtureRequest) -> Play:
    """Plays a recording in one of the three worlds: returns its result and the requests that were not made."""

    def play(replay: Replay, path: Path) -> tuple[object, list[str]]:
        with recording(replay.provider, path) as recorder:
            result = replay.run() if request.param == "sync" else anyio.run(replay.run_async, backend=request.param)
            return result, recorder.left

    return play


class Documented(Protocol):
    def __call__(
        self,
        provider: str,
        account: Mapping[str, object],
        name: str,
        play: Callable[[P], Operation[object] | Flow[object]],
        expected: object,
    ) -> object: ...


@pytest.fixture
def documented(world: World, clock: Clock, tmp_path: Path, no_network: type[NetworkUsedError]) -> Documented:
    """Plays an operation on the documented exchange of this name, through a hub; everything expected must be in its
    result, and every exchange must have been made."""

    def documented(
        provider: str,
        account: Mapping[str, object],
        name: str,
        play: Callable[[P], Operation[object] | Flow[object]],
        expected: object,
    ) -> object:
        with recording(provider, CASSETTES / provider / "documented" / f"{name}.yaml") as recorder:

            def run(hub: Hub | AsyncHub) -> object:
                asked = play(cast("P", hub[provider].provider))
                return hub[provider].run(asked if isinstance(asked, Operation) else Operation(name, lambda: asked, {}))

            result = world.hub({provider: account}, run, clock=clock, ledger=tmp_path / "ledger.sqlite3")
            assert recorder.left == []
        found: object = told(result)
        assert _contains(found, expected), found
        return found

    return documented


def _contains(found: object, expected: object) -> bool:
    if isinstance(expected, dict):
        members = cast("dict[str, object]", expected)
        return isinstance(found, dict) and all(
            _contains(cast("dict[str, object]", found).get(name), each) for name, each in members.items()
        )
    if isinstance(expected, list):
        items, listed = cast("list[object]", found), cast("list[object]", expected)
        return isinstance(found, list) and len(items) == len(listed) and all(map(_contains, items, listed))
    return bool(found == expected)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """``provider_name``: each with recordings; ``recorded``: each recorded file."""
    if "provider_name" in metafunc.fixturenames:
        metafunc.parametrize("provider_name", script_names())
    if "recorded" in metafunc.fixturenames:
        files = sorted(CASSETTES.glob("*/recorded/*.yaml"))
        metafunc.parametrize("recorded", files, ids=[f"{file.parts[-3]}-{file.stem}" for file in files])
