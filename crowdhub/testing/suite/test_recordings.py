"""What a plugin has to record is recorded against its sandbox, without secrets, and replays in both engines."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import anyio
import pytest

from crowdhub.testing.bench import Bench
from crowdhub.testing.leaks import Secrets
from crowdhub.testing.subject import Subject


def test_replays(subject: Subject, bench: Bench, recorded: str | None, tmp_path: Path) -> None:
    if recorded is None:
        pytest.skip(f"{subject.provider} has no recordings (entry-point group crowdhub.recordings)")
    if find_spec("vcr") is None:
        pytest.skip('recordings need vcrpy: pip install "crowdhub[record]"')
    from crowdhub.testing.recording import load_script, recording, replayed
    from crowdhub.testing.recording.run import record_in_sandbox

    script = load_script(subject.provider)
    path = record_in_sandbox(script, recorded, tmp_path)
    assert not Secrets(bench.provider).inside(path.read_text(encoding="utf-8")), "the recording holds a secret"
    replay, _ = replayed(script, recorded, tmp_path)
    with recording(replay.provider, path):
        assert replay.run() == replay.expected, (
            "the recording plays something else than was recorded. Of an answer's headers it keeps only what any client"
            " acts upon: name others that the plugin reads in `Provider.recorded_headers`"
        )
    again, _ = replayed(script, recorded, tmp_path)
    with recording(again.provider, path):
        assert anyio.run(again.run_async) == again.expected
