"""The `recording` block itself, `crowdhub record`, and the last net."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from crowdhub import Hub, Money
from crowdhub.errors import ConfigurationError
from crowdhub.protocol import CredentialPlaces, Flow, Operation
from crowdhub.sandbox import Sandbox
from crowdhub.testing.recording import (
    NotRecorded,
    RecordingError,
    SecretInRecording,
    cli_record,
    load_script,
    recording,
)
from crowdhub.testing.recording.files import Cassette, Exchange, check, read, write
from crowdhub.testing.recording.hosts import real_hosts_of
from crowdhub_etxt import Etxt, EtxtSettings
from crowdhub_rapidworkers import RapidWorkers, RapidWorkersSettings


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox("rapidworkers") as box:
        yield box


@pytest.fixture
def hub(box: Sandbox) -> Iterator[Hub]:
    with Hub(box.accounts) as hub:
        yield hub


def exchange(
    *,
    method: str = "GET",
    uri: str = "https://api.rapidworkers.io/",
    headers: dict[str, str] | None = None,
    body: bytes | None = None,
    answer_headers: dict[str, list[str]] | None = None,
    answer: bytes = b"{}",
) -> Exchange:
    return Exchange(method, uri, headers or {}, body, 200, "OK", answer_headers or {}, answer)


# --- recording and replaying by hand ------------------------------------------------------------------------


def test_once_records_and_then_replays(hub: Hub, box: Sandbox, tmp_path: Path) -> None:
    market, path = hub["rapidworkers"], tmp_path / "balance.yaml"
    with recording(market.provider, path, "once"):
        first = market.balance()
    sent = box["rapidworkers"].request_count
    box["rapidworkers"].set_balance("1.00")  # type: ignore[attr-defined]
    with recording(market.provider, path, "once") as recorder:
        assert market.balance() == first == Money("1000.00", "USD")
        assert recorder.played == 1
    assert box["rapidworkers"].request_count == sent
    assert [each.uri for each in read(path).exchanges] == ["https://api.rapidworkers.io/account/get_balance"]


def test_what_was_recorded_on_loopback_replays_for_the_real_address(hub: Hub, tmp_path: Path) -> None:
    path = tmp_path / "balance.yaml"
    with recording(hub["rapidworkers"].provider, path, "all"):
        hub["rapidworkers"].balance()
    with (
        Hub({"rapidworkers": {"api_key": "another"}}) as real,
        recording("rapidworkers", path) as recorder,
    ):
        assert real["rapidworkers"].balance() == Money("1000.00", "USD")
        assert recorder.left == []


def test_a_block_that_fails_writes_nothing(hub: Hub, tmp_path: Path) -> None:
    path = tmp_path / "balance.yaml"

    def fail() -> None:
        with recording(hub["rapidworkers"].provider, path, "all"):
            hub["rapidworkers"].balance()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_a_missing_or_broken_file_is_told(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="no recording"), recording("rapidworkers", tmp_path / "none.yaml"):
        pass
    for text in ("", "interactions: 7", "a: [", "interactions:\n- request: {}"):
        (tmp_path / "broken.yaml").write_text(text)
        with pytest.raises(RecordingError), recording("rapidworkers", tmp_path / "broken.yaml"):
            pass


@pytest.mark.usefixtures("no_network")
def test_a_request_that_is_not_held_is_named_without_its_secrets(tmp_path: Path) -> None:
    settings = EtxtSettings(token=SecretStr("the-secret-token"), api_pass=SecretStr("the-other-secret"))
    provider = Etxt(settings)
    held = exchange(
        uri="https://www.etxt.ru/api/json/?method=users.getUser&token=SCRUBBED&sign=SCRUBBED", method="POST"
    )
    write(tmp_path / "a.yaml", Cassette({}, [held]), ())
    accounts = {"etxt": {"token": "the-secret-token", "api_pass": "the-other-secret"}}
    with (
        pytest.raises(NotRecorded, match=r"method=users\.getBalance") as caught,
        Hub(accounts) as hub,
        recording(provider, tmp_path / "a.yaml"),
    ):
        hub["etxt"].balance()
    assert "token=SCRUBBED" in str(caught.value)
    assert "differs in" in str(caught.value)
    assert "the-secret-token" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.usefixtures("no_network")
def test_an_answer_is_given_once(cassettes: Path) -> None:
    path = cassettes / "rapidworkers" / "documented" / "get-balance.yaml"

    def twice(hub: Hub) -> None:
        with recording("rapidworkers", path):
            hub["rapidworkers"].balance()
            hub["rapidworkers"].balance()

    with (
        Hub({"rapidworkers": {"api_key": "another"}}) as hub,
        pytest.raises(NotRecorded, match="more than the recorded number of times"),
    ):
        twice(hub)


def test_nothing_is_logged_that_holds_an_address(hub: Hub, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("vcr.cassette").setLevel(logging.DEBUG)
    with caplog.at_level(logging.DEBUG), recording(hub["rapidworkers"].provider, tmp_path / "a.yaml", "all"):
        hub["rapidworkers"].balance()
    assert [record for record in caplog.records if record.name.startswith("vcr")] == []


def test_vcrpy_is_imported_only_when_a_recording_is_opened() -> None:
    code = (
        "import sys, crowdhub.hub; from crowdhub.testing import recording; recording.load_script('rapidworkers');"
        "assert 'vcr' not in sys.modules and 'yaml' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- the last net -------------------------------------------------------------------------------------------


class Leaky(RapidWorkers):
    """A provider that forgot to say where its key travels."""

    credential_places = CredentialPlaces()


def test_a_key_in_a_place_that_nobody_named_stops_the_file(box: Sandbox, tmp_path: Path) -> None:
    from crowdhub.engine.engine import blocking_engine
    from crowdhub.engine.runtime import drive
    from crowdhub.engine.session import Options, Session

    account = box.accounts["rapidworkers"]
    provider = Leaky(RapidWorkersSettings(api_key=SecretStr(account["api_key"]), base_url=account["base_url"]))
    path = tmp_path / "balance.yaml"
    path.write_text("what was there before")
    engine = blocking_engine(Session(provider, Options()))
    with pytest.raises(SecretInRecording, match=r"request headers of exchange 1 \(POST\)") as caught:  # noqa: SIM117
        with recording(provider, path, "all"):
            drive(engine.run(provider.balance()))
    drive(engine.close())
    assert account["api_key"] not in str(caught.value)
    assert path.read_text() == "what was there before"
    assert [each.name for each in tmp_path.iterdir()] == ["balance.yaml"]
    with Hub(box.accounts) as hub:  # vcrpy's patches are gone: requests are sent again
        assert hub["rapidworkers"].balance() == Money("1000.00", "USD")


SECRET = "k3y+with/odd chars"


@pytest.mark.parametrize(
    ("cassette", "place"),
    [
        (Cassette({"given": {"id": SECRET}}, []), "said about"),
        (Cassette({}, [exchange(uri="https://x.example/?a=k3y%2Bwith%2Fodd%20chars")]), "address"),
        (Cassette({}, [exchange(uri="https://x.example/?a=k3y%2Bwith%2Fodd+chars")]), "address"),
        (Cassette({}, [exchange(headers={"x": f"a {SECRET}"})]), "request headers"),
        (Cassette({}, [exchange(headers={"authorization": "Basic azN5K3dpdGgvb2RkIGNoYXJz"})]), "request headers"),
        (Cassette({}, [exchange(body=f'{{"a": "{SECRET}"}}'.encode())]), "request body"),
        (Cassette({}, [exchange(body=b"\xff" + SECRET.encode())]), "request body"),
        (Cassette({}, [exchange(answer_headers={"location": [f"/{SECRET}"]})]), "answer's headers"),
        (Cassette({}, [exchange(answer=f"wrong key: {SECRET}".encode())]), "answer's body"),
    ],
)
def test_the_last_net(cassette: Cassette, place: str, tmp_path: Path) -> None:
    with pytest.raises(SecretInRecording, match=place) as caught:
        write(tmp_path / "a.yaml", cassette, [SECRET])
    assert SECRET not in str(caught.value)
    assert list(tmp_path.iterdir()) == []
    check(cassette, ["another-secret"])


def test_an_address_that_only_this_machine_has_is_not_kept(hub: Hub, tmp_path: Path) -> None:
    with (
        pytest.raises(RecordingError, match="not an address to keep"),
        recording("rapidworkers", tmp_path / "a", "all"),
    ):
        hub["rapidworkers"].balance()
    base = str(hub["rapidworkers"].provider.settings.base_url)
    real = {base: "https://elsewhere.example"}
    with recording("rapidworkers", tmp_path / "a.yaml", "all", real_hosts=real):
        hub["rapidworkers"].balance()
    assert read(tmp_path / "a.yaml").exchanges[0].uri == "https://elsewhere.example/account/get_balance"


def test_two_settings_with_one_address_cannot_be_told_apart() -> None:
    from crowdhub_crowdsdom import CrowdSDOM, CrowdSDOMSettings

    same = "http://127.0.0.1:4000"
    settings = CrowdSDOMSettings(access_token=SecretStr("a-token-value"), base_url=same, account_url=same)
    with pytest.raises(RecordingError, match="Two settings"):
        real_hosts_of(CrowdSDOM(settings))


# --- crowdhub record ----------------------------------------------------------------------------------------


def _live(box: Sandbox) -> dict[str, object]:
    """The sandbox in the part of the live service."""
    return {**box.accounts["rapidworkers"], "environment": "live"}


def test_recording_live_asks_first(box: Sandbox, tmp_path: Path) -> None:
    questions: list[str] = []
    with pytest.raises(RecordingError, match="nothing was sent"):
        cli_record("rapidworkers", live=True, account=_live(box), folder=tmp_path, confirm=questions.append)  # type: ignore[arg-type]
    assert len(questions) == 1
    assert box["rapidworkers"].request_count == 0
    with pytest.raises(RecordingError, match="somebody to ask"):
        cli_record("rapidworkers", live=True, account=_live(box), folder=tmp_path)


def test_recording_live_spends_nothing_that_was_not_allowed(box: Sandbox, tmp_path: Path) -> None:
    questions: list[str] = []

    def confirm(question: str) -> bool:
        questions.append(question)
        return len(questions) == 1  # the first, whether to record at all

    before = box["rapidworkers"].books().balance
    report = cli_record("rapidworkers", live=True, account=_live(box), folder=tmp_path, confirm=confirm)
    assert box["rapidworkers"].books().balance == before
    assert box["rapidworkers"].jobs() == []  # type: ignore[attr-defined]
    assert {path.stem for path in report.written} == {"get-balance", "campaigns", "workers-blocked"}
    assert {"jobs-add", "facebook-likes", "youtube-likes"} <= report.failed.keys()
    assert all("not allowed" in why for why in report.failed.values())
    assert {"approve", "bulk-action", "get-balance-wrong-key"} <= report.skipped.keys()
    assert "task_id" in report.skipped["approve"]
    assert any("POST /jobs/add can SPEND MONEY" in question for question in questions)
    assert report.notice is not None


def test_recording_live_works_on_what_it_is_given(box: Sandbox, tmp_path: Path) -> None:
    market = box["rapidworkers"]
    with Hub(box.accounts) as hub:
        script = load_script("rapidworkers")
        prepare = script.recording("approve").prepare
        assert prepare is not None
        provider = hub["rapidworkers"].provider
        given = hub["rapidworkers"].run(Operation("prepare", lambda: prepare(provider, market), {}))
    report = cli_record(
        "rapidworkers",
        live=True,
        account=_live(box),
        folder=tmp_path,
        only=["approve"],
        given=given,
        confirm=lambda question: True,
    )
    assert report.failed == {}
    cassette = read(tmp_path / "approve.yaml")
    assert cassette.about["environment"] == "live"
    assert cassette.about["given"] == {"task_id": given["task_id"]}
    assert cassette.about["result"]["approved"]["status"] == "approved"
    text = (tmp_path / "approve.yaml").read_text()
    assert box.accounts["rapidworkers"]["api_key"] not in text
    assert "127.0.0.1" not in text


def test_a_sandbox_is_not_recorded_as_live(box: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is a sandbox"):
        cli_record(
            "rapidworkers",
            live=True,
            account=box.accounts["rapidworkers"],
            folder=tmp_path,
            confirm=lambda question: True,
        )


def test_a_wrong_name_says_which_there_are() -> None:
    with pytest.raises(RecordingError, match="rapidworkers"):
        cli_record("nobody")
    with pytest.raises(RecordingError, match="get-balance"):
        cli_record("rapidworkers", only=["get-ballance"])


def test_a_marketplace_that_does_not_refuse_is_found_out() -> None:
    from crowdhub.errors import NotFound
    from crowdhub.protocol import no_call
    from crowdhub.testing.recording import refused

    flow: Flow[object] = refused(no_call("done"), NotFound)
    with pytest.raises(RecordingError, match="should have refused"):
        next(flow)
