"""What is recorded of eTXT: each of the 61 functions, under the function's own name, and refusals."""

from __future__ import annotations

from crowdhub.testing.recording import Endpoint, Recording, Script
from crowdhub_etxt.recordings import prepared, several
from crowdhub_etxt.recordings.functions import TABLE, of
from crowdhub_etxt.recordings.prepared import ORDER
from crowdhub_etxt.recordings.several import REVIEW

_QUIET = {"work_rate": 0}
_BY_GET = {"reads_by_get": True}

SCRIPT = Script(
    provider="etxt",
    endpoints=[Endpoint(name, None, "/api/json/", {"method": name}) for name, *_ in TABLE],
    recordings=[
        *(Recording(name, name, play, prepare, needs, sandbox=_QUIET) for name, play, prepare, needs in TABLE),
        Recording("publish", "tasks.saveTask", several.publish, sandbox=_QUIET),
        Recording(
            "listTasks-by-get", "tasks.listTasks", several.list_tasks, prepared.applied, of("task_id"), _BY_GET, _QUIET
        ),
        Recording(
            "getBalance-wrong-signature",
            "users.getBalance",
            several.wrong_signature,
            account={"api_pass": "not-the-right-one"},
        ),
    ],
    account={"token": "replayed-without-a-token", "api_pass": "replayed-without-a-pass"},
)

__all__ = ["ORDER", "REVIEW", "SCRIPT"]
