"""Processes made to be killed: one that has everything imported and forks a fresh one for each job.

On a line of its input stand the number of copies and the job; on a line of its output, the answer of each copy.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from crowdhub import Hub
from crowdhub.errors import CrowdhubError
from crowdhub.model import Submission, Verdict, Worker
from crowdhub.protocol import AnyProvider
from crowdhub.testing.campaign.clock import DrivenClock
from crowdhub.testing.campaign.jobs import ChildJob, JobResult
from crowdhub.testing.campaign.points import KillPoints
from crowdhub.testing.campaign.profile import profile_of

PACE = 0.002
"""Real seconds for a driven one: two processes that wait for each other have to let time pass."""


def work(job: ChildJob) -> JobResult:
    """One job, in this process."""
    points = KillPoints(job.kill_at)
    points.install()
    clock = DrivenClock(datetime.fromisoformat(job.now), pace=PACE)
    with Hub(job.accounts, ledger=job.ledger, clock=clock, timeout=job.timeout, max_wait=600) as hub:
        return replace(carry_out(hub, job), points=points.names)


def carry_out(hub: Hub, job: ChildJob) -> JobResult:
    """What a job asks for, on a hub."""
    profile = profile_of(job.provider)
    market = hub[profile.name]
    try:
        match job.do:
            case "publish":
                return JobResult(id=market.publish(profile.draft(job.number), key=job.key).id)
            case "bonus":
                about = _submission(market.provider, job.task, job.work, job.worker)
                bonus = profile.bonus(about, market.currency)
                return JobResult(id=market.pay_bonus(about, bonus, profile.subject.bonus_words, key=job.key).id)
            case "review":
                decisions = [
                    profile.decision(_submission(market.provider, job.task, name), Verdict(verdict))
                    for name, verdict in job.decisions.items()
                ]
                outcomes = market.review(decisions).outcomes
                return JobResult(results={each.decision.submission.id: str(each.result) for each in outcomes})
            case "recover":
                report = hub.recover()
                results = {each.decision.submission.id: str(each.result) for each in report.reviews}
                return JobResult(intents=[str(each.settled) for each in report.intents], results=results)
    except CrowdhubError as error:
        return JobResult(error=type(error).__name__, words=str(error))


def _submission(provider: AnyProvider, task_id: str, name: str, worker: str = "") -> Submission:
    return Submission(**provider.identity, id=name, task_id=task_id, worker=Worker(id=worker))


def _fork(job: ChildJob) -> tuple[int, int]:
    read, write = os.pipe()
    child = os.fork()
    if child:
        os.close(write)
        return child, read
    os.close(read)
    try:
        answer = work(job)
    except BaseException as defect:  # noqa: BLE001 - told to the parent, where it is an error
        answer = JobResult(defect=repr(defect))
    with os.fdopen(write, "w") as pipe:
        pipe.write(answer.to_json())
    os._exit(0)


def _answer_of(child: int, read: int) -> JobResult:
    with os.fdopen(read) as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return JobResult(killed=os.WTERMSIG(status))
    return JobResult.from_json(text)


@lru_cache(maxsize=16)
def _prepare(provider: str) -> None:
    """Import everything that a job needs before the first fork, so that no job has to."""
    from crowdhub.engine import http
    from crowdhub.ledger import Ledger
    from crowdhub.ratelimit import Gates

    del Ledger, Gates
    http.HTTPTransport().close()
    _ = profile_of(provider)


def main() -> None:
    """Until its input ends."""
    for line in sys.stdin:
        copies, text = json.loads(line)
        job = ChildJob.from_json(text)
        _prepare(job.provider)
        running = [_fork(job) for _ in range(copies)]
        sys.stdout.write(json.dumps([_answer_of(*each).to_json() for each in running]) + "\n")
        sys.stdout.flush()
