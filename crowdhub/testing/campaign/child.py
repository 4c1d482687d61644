"""Processes made to be killed: one that has everything imported and forks a fresh one for each job.

A job is a line of JSON on its input; the answer, a line of JSON on its output, is a list with one entry for each
copy of the job: what it returned, or ``{"killed": 9}``.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime
from typing import Any

from crowdhub import Hub
from crowdhub.errors import CrowdhubError
from crowdhub.model import Decision, Submission, Worker
from crowdhub.operations.recovering import RecoverReport
from crowdhub.testing.campaign.clock import DrivenClock
from crowdhub.testing.campaign.points import Points
from crowdhub.testing.campaign.stages import STAGES

PACE = 0.002
"""Real seconds for a driven one: two processes that wait for each other have to let time pass."""


def work(job: dict[str, Any]) -> dict[str, Any]:
    """One job, in this process. What it says is JSON."""
    points = Points(job.get("kill_at"))
    points.install()
    clock = DrivenClock(datetime.fromisoformat(job["now"]), pace=PACE)
    with Hub(job["accounts"], ledger=job["ledger"], clock=clock, timeout=job["timeout"], max_wait=600) as hub:
        return {**carry_out(hub, job), "points": points.names}


def carry_out(hub: Hub, job: dict[str, Any]) -> dict[str, Any]:
    """What a job asks for, on a hub: ``said``, or the ``error`` that it ended in."""
    stage = STAGES[job["stage"]]
    market = hub[stage.name]
    try:
        match job["do"]:
            case "publish":
                said: Any = market.publish(stage.draft(job["number"]), key=job["key"]).id
            case "bonus":
                assert stage.bonus is not None
                about = _submission(market.provider.identity, job["task"], job["work"])
                said = market.pay_bonus(about, stage.bonus, "well done", key=job["key"]).id
            case "review":
                decisions = [
                    Decision(submission=_submission(market.provider.identity, job["task"], name), **how)
                    for name, how in job["decisions"].items()
                ]
                said = {each.decision.submission.id: str(each.result) for each in market.review(decisions).outcomes}
            case "recover":
                said = _told(hub.recover())
            case other:
                raise ValueError(f"no such job: {other}")
    except CrowdhubError as error:
        return {"error": type(error).__name__, "words": str(error)}
    return {"said": said}


def _told(report: RecoverReport) -> dict[str, Any]:
    return {
        "intents": [each.model_dump(mode="json") for each in report.intents],
        "reviews": {each.decision.submission.id: str(each.result) for each in report.reviews},
    }


def _submission(identity: Any, task_id: str, name: str) -> Submission:
    return Submission(**identity, id=name, task_id=task_id, worker=Worker(id=""))


def _fork(job: dict[str, Any]) -> tuple[int, int]:
    read, write = os.pipe()
    child = os.fork()
    if child:
        os.close(write)
        return child, read
    os.close(read)
    try:
        answer = json.dumps(work(job))
    except BaseException as defect:  # noqa: BLE001 - told to the parent, where it is an error
        answer = json.dumps({"defect": repr(defect)})
    with os.fdopen(write, "w") as pipe:
        pipe.write(answer)
    os._exit(0)


def _answer_of(child: int, read: int) -> dict[str, Any]:
    with os.fdopen(read) as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return {"killed": os.WTERMSIG(status)}
    found: dict[str, Any] = json.loads(text)
    return found


def _prepare() -> None:
    """Import everything that a job needs before the first fork, so that no job has to."""
    from crowdhub import registry
    from crowdhub.engine import http, sync
    from crowdhub.ledger import Ledger
    from crowdhub.ratelimit import Gates

    del sync, Ledger, Gates
    for name in STAGES:
        _ = registry.load(name)
    http.HTTPTransport().close()


def main() -> None:
    """Until its input ends."""
    _prepare()
    for line in sys.stdin:
        job = json.loads(line)
        running = [_fork(job) for _ in range(job.get("copies", 1))]
        sys.stdout.write(json.dumps([_answer_of(*each) for each in running]) + "\n")
        sys.stdout.flush()
