"""Where all operations share one path, a recording is told by the operation too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from crowdhub import Hub, Market, Money, registry
from crowdhub.engine.engine import blocking_engine
from crowdhub.engine.runtime import drive
from crowdhub.engine.session import Options, Session
from crowdhub.protocol import Operation
from crowdhub.sandbox import Sandbox
from crowdhub.testing.recording import NotRecorded, cli_record, load_script, recording, replayed
from crowdhub.testing.recording.files import read
from tests.replay.conftest import Play
from tests.replay.one_path import HEADER, OnePath, OnePathSandbox, OnePathSettings
from tests.support.distributions import distributions

BALANCE, HELD = Money("7.00", "USD"), Money("2.50", "USD")


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The marketplace, as a distribution of somebody else's brings it."""
    named = {"providers": "OnePath", "sandboxes": "OnePathSandbox", "recordings": "SCRIPT"}
    with distributions(tmp_path / "site", monkeypatch) as site:
        for group, what in named.items():
            target = f"tests.replay.one_path:{what}"
            site.install("onepath", None, group=f"crowdhub.{group}", target=target, distribution=f"onepath-{group}")
        registry.load.cache_clear()
        yield
    registry.load.cache_clear()


@pytest.fixture
def kept(installed: None, tmp_path: Path) -> Path:
    """A recording of the balance, then of what is held: two requests with equal bodies."""
    report = cli_record("onepath", folder=tmp_path, only=["get-held"])
    assert report.failed == {}
    return report.written[0]


@pytest.fixture
def market(installed: None) -> Iterator[Market[OnePath]]:
    with Hub({"onepath": {"key": "another-key"}}) as hub:
        yield hub.market(OnePath)


def ask(provider: OnePath, operation: Operation[Money]) -> Money:
    engine = blocking_engine(Session(provider, Options()))
    try:
        return drive(engine.run(operation))
    finally:
        drive(engine.close())


def test_the_operation_is_in_the_file(kept: Path) -> None:
    cassette = read(kept)
    assert [each.headers[HEADER.lower()] for each in cassette.exchanges] == ["GetBalance", "GetHeld"]
    assert cassette.about["operation_header"] == HEADER
    assert cassette.exchanges[0].body == cassette.exchanges[1].body


def test_each_operation_gets_its_own_answer_in_another_order(
    kept: Path, market: Market[OnePath], no_network: type[BaseException]
) -> None:
    with recording("onepath", kept) as recorder:
        assert market.run(market.provider.held()) == HELD
        assert market.balance() == BALANCE
        assert recorder.left == []


def test_it_replays_in_every_world(kept: Path, play: Play, no_network: type[BaseException]) -> None:
    replay, path = replayed(load_script("onepath"), kept.stem, kept.parent)
    assert play(replay, path) == (["7.00 USD", "2.50 USD"], [])


def test_an_operation_that_is_not_held_is_another_request(
    kept: Path, market: Market[OnePath], no_network: type[BaseException]
) -> None:
    with pytest.raises(NotRecorded, match=r"differs in operation\)"), recording("onepath", kept):
        market.run(market.provider.earned())


def test_an_endpoint_is_told_by_it(kept: Path) -> None:
    script = load_script("onepath")
    first, second = read(kept).exchanges
    for endpoint, its, others in (("get-balance", first, second), ("get-held", second, first)):
        known = script.endpoint(endpoint)
        assert known.matches(its.method, its.uri, script.operation_of(its.headers))
        assert not known.matches(others.method, others.uri, script.operation_of(others.headers))


def test_a_file_made_without_a_script_says_it_itself(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    with Sandbox(OnePathSandbox) as box:
        mine = OnePath(OnePathSettings.model_validate(box.accounts["onepath"]))
        with recording(mine, path, "all", operation_header=HEADER):
            assert (ask(mine, mine.balance()), ask(mine, mine.held())) == (BALANCE, HELD)
    mine = OnePath(OnePathSettings(key=SecretStr("another-key")))
    with recording(mine, path):
        assert (ask(mine, mine.held()), ask(mine, mine.balance())) == (HELD, BALANCE)
