"""What can go wrong with a recording."""

from __future__ import annotations

from crowdhub.errors import CallerError


class RecordingError(CallerError):
    """A recording that cannot be made, written or played."""

    next_step = "Correct what is named; no file was changed."


class NotRecorded(RecordingError):
    """A request that the recording does not hold. Nothing was sent."""

    next_step = "Record it anew (`crowdhub record NAME`), or correct the request."


class SecretInRecording(RecordingError):
    """A secret of the account would have been written to a file. No file was written."""

    next_step = (
        "Name the place in the provider's `credential_places` (a field of a form or multipart body is one of `form`),"
        " then record again."
    )
