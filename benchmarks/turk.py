"""One job on Mechanical Turk's sandbox by the official client and by crowdhub: publish, list, approve 1,000, pay ten
bonuses; each in a process of its own, one after the other in one run."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crowdhub.sandbox import Sandbox

ROUNDS = 3
PLACES = 1_000
BONUSES = 10
REWARD = "0.05"
FORM = (
    '<QuestionForm xmlns="http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas/2017-11-06/QuestionForm.xsd">'
    "<Question><QuestionIdentifier>said</QuestionIdentifier><QuestionContent><Text>A word?</Text></QuestionContent>"
    "<AnswerSpecification><FreeTextAnswer/></AnswerSpecification></Question></QuestionForm>"
)
STEPS = ("import", "publish", "list", "approve", "bonuses")


def measure() -> None:
    from crowdhub.sandbox import Sandbox

    print(f"One job by each: publish, list and approve {PLACES:,}, {BONUSES} bonuses; median of {ROUNDS} rounds")
    options = {"mturk": {"every": 0, "balance": "10000000.00"}}
    with Sandbox("mturk", realtime=True, starting_at=datetime.now(UTC), options=options) as box:
        found: dict[str, list[Mapping[str, float]]] = {name: [] for name in JOBS}
        for number in range(ROUNDS):
            for name in list(JOBS)[:: 1 if number % 2 else -1]:
                found[name].append(_played(box, name))
        theirs, ours = (
            {key: statistics.median(each[key] for each in found[name]) for key in found[name][0]} for name in JOBS
        )
        print(f"  {'':<12}{'boto3':>12}{'crowdhub':>12}")
        for step in STEPS:
            print(f"  {step:<12}{theirs[step]:10.2f} s{ours[step]:10.2f} s{ours[step] / theirs[step]:8.2f} ×")
        print(f"  {'requests':<12}{theirs['requests']:>10.0f}  {ours['requests']:>10.0f}")
        print(f"  {'memory':<12}{theirs['memory']:>10.0f} M{ours['memory']:>10.0f} M   (peak of the process)")
        print("  an answer to CreateHIT that is lost:")
        for name in JOBS:
            print(f"    {name:<10}{_lost(box, name)}")


def _played(box: Sandbox, name: str) -> dict[str, float]:
    """What a job took, in a process of its own."""
    from crowdhub_mturk.sandbox import MTurkSandbox

    market, before = box.market(MTurkSandbox), len(box["mturk"].requests)
    with _job(box, name) as job:
        _ = market.hand_in(_line(job), PLACES, {"said": "a word"})
        _tell(job)
        took: dict[str, float] = json.loads(_line(job))
    return took | {"requests": len(box["mturk"].requests) - before}


def _lost(box: Sandbox, name: str) -> str:
    """How many HITs there are, of one that was asked for."""
    from crowdhub.sandbox import Fault
    from crowdhub_mturk.sandbox import MTurkSandbox

    faults, hits = box["mturk"].faults, box.market(MTurkSandbox).turk.hits
    before = len(hits)
    faults.add(Fault.drop("after"), operation="CreateHIT")
    with _job(box, name) as job:
        _ = _line(job)
        job.kill()
    faults.clear()
    return f"{len(hits) - before} HITs"


@contextmanager
def _job(box: Sandbox, name: str) -> Generator[subprocess.Popen[str]]:
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.turk", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "XDG_DATA_HOME": folder, "XDG_STATE_HOME": folder, "NO_PROXY": "127.0.0.1"},
        ) as job,
    ):
        _tell(job, json.dumps(box.accounts["mturk"]))
        yield job


def _line(job: subprocess.Popen[str]) -> str:
    assert job.stdout is not None
    return job.stdout.readline().strip()


def _tell(job: subprocess.Popen[str], words: str = "go on") -> None:
    assert job.stdin is not None
    print(words, file=job.stdin, flush=True)


# --- in the process of a job


@dataclass
class Watch:
    """Seconds of each step."""

    took: dict[str, float] = field(default_factory=dict[str, float])
    _since: float = field(default_factory=time.perf_counter)

    def step(self, name: str) -> None:
        now = time.perf_counter()
        self.took[name] = now - self._since
        self._since = now

    def published(self, number: str) -> None:
        self.step("publish")
        print(number, flush=True)
        _ = input()
        self._since = time.perf_counter()


def with_boto3(account: Mapping[str, Any], watch: Watch) -> None:
    import boto3

    client: Any = boto3.client(  # pyright: ignore[reportUnknownMemberType]
        "mturk",
        region_name=account["region"],
        endpoint_url=account["base_url"],
        aws_access_key_id=account["access_key_id"],
        aws_secret_access_key=account["secret_access_key"],
    )
    watch.step("import")
    hit: str = client.create_hit(
        Title="Say something", Description="A word is enough.", Reward=REWARD, MaxAssignments=PLACES, Question=FORM,
        AssignmentDurationInSeconds=600, LifetimeInSeconds=86_400,
    )["HIT"]["HITId"]  # fmt: skip
    watch.published(hit)
    pages = client.get_paginator("list_assignments_for_hit").paginate(HITId=hit, PaginationConfig={"PageSize": 100})
    work = [each for page in pages for each in page["Assignments"]]
    watch.step("list")
    for each in work:
        client.approve_assignment(AssignmentId=each["AssignmentId"], RequesterFeedback="Thank you.")
    watch.step("approve")
    for each in work[:BONUSES]:
        client.send_bonus(
            WorkerId=each["WorkerId"], AssignmentId=each["AssignmentId"], BonusAmount="1.00", Reason="Well said.",
            UniqueRequestToken=f"bonus-{each['AssignmentId']}",
        )  # fmt: skip
    watch.step("bonuses")


def with_crowdhub(account: Mapping[str, Any], watch: Watch) -> None:
    from crowdhub import Decision, Hub, Money, TaskDraft

    with Hub({"mturk": dict(account)}) as hub:
        market = hub["mturk"]
        watch.step("import")
        draft = TaskDraft(
            title="Say something", instructions="A word is enough.", proof="A word?", reward=Money(REWARD, "USD"),
            slots=PLACES,
        )  # fmt: skip
        task = market.publish(draft, key=f"job-{os.getpid()}")
        watch.published(task.id)
        work = list(market.submissions(task))
        watch.step("list")
        report = market.review([Decision.approve(each, "Thank you.") for each in work])
        assert report.count("approved") == len(work) == PLACES
        watch.step("approve")
        for each in work[:BONUSES]:
            market.pay_bonus(each, Money("1.00", "USD"), reason="Well said.", key=f"bonus-{each.id}")
        watch.step("bonuses")


JOBS: Mapping[str, Callable[[Mapping[str, Any], Watch], None]] = {"boto3": with_boto3, "crowdhub": with_crowdhub}


def _run(name: str) -> None:
    account = json.loads(input())
    watch = Watch()
    JOBS[name](account, watch)
    print(json.dumps(watch.took | {"memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}), flush=True)


if __name__ == "__main__":
    _run(sys.argv[1])
