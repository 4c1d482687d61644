"""Recordings of exchanges with marketplaces, and their replay without a network. Needs ``crowdhub[record]``.

vcrpy is imported when a recording is opened, not before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crowdhub.testing.recording.errors import NotRecorded, RecordingError, SecretInRecording
from crowdhub.testing.recording.script import Endpoint, Given, Recording, Script, load_script, refused, script_names

if TYPE_CHECKING:
    from crowdhub.testing.recording.cassette import Recorder, recording
    from crowdhub.testing.recording.cli import RecordReport, cli_record
    from crowdhub.testing.recording.run import Replay, replayed

_LATER = {
    "Recorder": "cassette",
    "recording": "cassette",
    "RecordReport": "cli",
    "cli_record": "cli",
    "Replay": "run",
    "replayed": "run",
}

__all__ = [
    "Endpoint",
    "Given",
    "NotRecorded",
    "RecordReport",
    "Recorder",
    "Recording",
    "RecordingError",
    "Replay",
    "Script",
    "SecretInRecording",
    "cli_record",
    "load_script",
    "recording",
    "refused",
    "replayed",
    "script_names",
]


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
