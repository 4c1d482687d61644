"""Every exchange recorded against a sandbox, replayed in both engines with the network off."""

from __future__ import annotations

from pathlib import Path

import pytest

from crowdhub.testing.recording import NotRecorded, cli_record, load_script, recording, replayed
from crowdhub.testing.recording.run import record_in_sandbox
from tests.replay.conftest import Play


@pytest.mark.usefixtures("no_network")
def test_replays_to_the_same_result(recorded: Path, play: Play) -> None:
    replay, path = replayed(load_script(recorded.parts[-3]), recorded.stem, recorded.parent)
    result, left = play(replay, path)
    assert result == replay.expected
    assert left == []


def test_every_recording_has_its_file(provider_name: str, cassettes: Path) -> None:
    script = load_script(provider_name)
    files = {path.stem for path in (cassettes / provider_name / "recorded").glob("*.yaml")}
    assert files == {each.name for each in script.recordings}


def test_recording_again_makes_the_same_file(provider_name: str, cassettes: Path, tmp_path: Path) -> None:
    """So the files are what the plugin and its sandbox say today. `crowdhub record NAME` renews them."""
    report = cli_record(provider_name, folder=tmp_path)
    assert report.failed == {}
    stale = [
        path.stem
        for path in report.written
        if path.read_bytes() != (cassettes / provider_name / "recorded" / path.name).read_bytes()
    ]
    assert stale == []


@pytest.mark.usefixtures("no_network")
def test_a_tampered_body_is_another_request(cassettes: Path, tmp_path: Path) -> None:
    path = cassettes / "rapidworkers" / "recorded" / "approve.yaml"
    tampered = tmp_path / path.name
    text = path.read_text()
    assert '"notes": "Great work!"' in text
    tampered.write_text(text.replace('"notes": "Great work!"', '"notes": "Great word!"'))
    replay, _ = replayed(load_script("rapidworkers"), "approve", tmp_path)
    with pytest.raises(NotRecorded, match="differs in body"), recording(replay.provider, tampered):
        replay.run()


@pytest.mark.usefixtures("no_network")
def test_a_tampered_answer_is_another_result(cassettes: Path, tmp_path: Path) -> None:
    path = cassettes / "rapidworkers" / "recorded" / "get-balance.yaml"
    (tmp_path / path.name).write_text(path.read_text().replace('"balance": "1000.00"', '"balance": "999.00"'))
    replay, changed = replayed(load_script("rapidworkers"), "get-balance", tmp_path)
    with recording(replay.provider, changed):
        assert replay.run() != replay.expected


def test_a_plugin_that_sends_something_else_does_not_replay(tmp_path: Path) -> None:
    """The files are compared with what is sent, not with what was once recorded."""
    script = load_script("rapidworkers")
    path = record_in_sandbox(script, "workers-unblock", tmp_path)
    replay, _ = replayed(script, "workers-unblock", tmp_path)
    plain = replay.provider.unblock
    replay.provider.unblock = lambda worker_id: plain(worker_id + "0")  # type: ignore[method-assign]
    with pytest.raises(NotRecorded), recording(replay.provider, path):
        replay.run()
