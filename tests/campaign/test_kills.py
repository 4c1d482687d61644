"""``kill -9`` at every step, in real processes; then recovery, and the same key again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Protocol

import pytest

from crowdhub import Hub
from crowdhub.errors import ConfigurationError, Conflict
from crowdhub.model import Submission
from crowdhub.testing.campaign import LedgerHost
from crowdhub.testing.campaign.experiment import Experiment
from crowdhub.testing.campaign.jobs import ChildJob
from crowdhub.testing.campaign.kills import CONDITIONS, Kills
from crowdhub.testing.campaign.processes import Processes
from crowdhub.testing.campaign.profile import profile_of

pytestmark = pytest.mark.campaign

LOST = "with the answer lost, work done"


class OpenKills(Protocol):
    def __call__(self, name: str, ledger: str | None = None) -> Kills: ...


@pytest.fixture
def kills(host: LedgerHost, processes: Processes) -> Iterator[OpenKills]:
    with ExitStack() as opened:

        def open_one(name: str, ledger: str | None = None) -> Kills:
            experiment = opened.enter_context(Experiment(profile_of(name), 1, ledger or host.new(), rate=0))
            return Kills(experiment, processes, quick=True)

        yield open_one


def test_an_operation_whose_steps_have_no_end_is_named(kills: OpenKills, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crowdhub.testing.campaign.kills.MOST_STEPS", 2)
    with pytest.raises(ConfigurationError, match="more than 2 steps") as caught:
        kills("rapidworkers").publishing("without a fault", None)
    assert "CampaignPlan(sandbox=…)" in caught.value.next_step


def test_the_steps_are_those_between_intent_and_outcome(kills: OpenKills) -> None:
    mine = kills("rapidworkers")
    names = list(mine.do(ChildJob(do="publish", number=1, key="k")).points)
    order = [
        "before writing the intent",
        "in the middle of writing the intent",
        "after writing the intent",
        "before POST is sent",
        "POST is half sent",
        "POST is done, its answer not read",
        "before writing the outcome",
        "in the middle of writing the outcome",
        "after writing the outcome",
    ]
    places = [names.index(name) for name in order]
    assert places == sorted(places)
    with_a_look = [each for each in names if each.startswith("GET")]
    assert with_a_look, "the key is looked for at the marketplace before it is published"


@pytest.mark.parametrize("name", ["rapidworkers", "etxt"])
def test_publishing_killed_at_every_step(kills: OpenKills, name: str) -> None:
    mine = kills(name)
    mine.publishing(LOST, CONDITIONS[LOST])
    assert mine.findings.good, mine.findings.duplicates + mine.findings.lost
    assert not mine.findings.unknown
    assert mine.findings.faults["kill -9"] >= 12


def test_publishing_killed_at_every_step_with_the_ledger_in_postgresql(
    kills: OpenKills, postgres_host: LedgerHost
) -> None:
    mine = kills("crowdsdom", postgres_host.new())
    mine.publishing("with nothing else wrong", None)
    assert mine.findings.good, mine.findings.duplicates + mine.findings.lost
    assert mine.findings.faults["kill -9"] >= 10


def test_where_nothing_can_be_looked_up_a_person_is_asked_and_nothing_bought_again(kills: OpenKills) -> None:
    mine = kills("capsolver")
    mine.publishing("with nothing else wrong", None)
    assert mine.findings.good, mine.findings.duplicates + mine.findings.lost
    assert sum(mine.findings.unknown.values()) >= 5


def test_recovery_killed_at_every_step_of_its_own(kills: OpenKills) -> None:
    mine = kills("rapidworkers")
    mine.recovering()
    assert mine.findings.good, mine.findings.duplicates + mine.findings.lost
    assert mine.findings.faults["kill -9"] >= 5


@pytest.mark.parametrize("how", ["alike", "mixed"])
def test_a_review_killed_at_every_step_is_carried_on(kills: OpenKills, how: str) -> None:
    """All of one kind go in one bulk call at RapidWorkers, mixed ones each in its own."""
    mine = kills("rapidworkers")
    verdicts = mine.profile.verdicts
    mine.reviewing(how, verdicts[:1] if how == "alike" else verdicts)
    assert mine.findings.good, mine.findings.duplicates + mine.findings.lost
    assert mine.findings.faults["kill -9"] >= 8


def test_what_was_settled_the_other_way_meanwhile_is_a_conflict(kills: OpenKills) -> None:
    """Killed after the decisions were written; then somebody rejects on the website what was to be approved."""
    mine = kills("rapidworkers")
    task, known = mine.task_with_work(3)
    works = list(known)
    job = ChildJob(do="review", task=task, decisions=dict.fromkeys(works, "approve"))
    probe = mine.do(replace(job, kill_at=2))  # before, in the middle of, and now after the writing
    assert probe.killed is not None
    market = mine.experiment.market
    listed = {each.id: each for each in market.submissions(task)}
    # By a program with a ledger of its own: in this one the newer decision would end the older.
    with Hub(mine.experiment.box.accounts, ledger=None, clock=mine.experiment.clock) as elsewhere:
        elsewhere[market.name].approve(listed[works[0]])
        elsewhere[market.name].reject(listed[works[1]], "No total.")
    report = mine.experiment.hub.recover()
    found = {each.decision.submission.id: each for each in report.reviews}
    assert [str(found[name].result) for name in works] == ["already", "failed", "approved"]
    assert "already rejected" in str(found[works[1]].error)
    conflict = found[works[1]].error
    assert isinstance(conflict, Conflict)
    assert isinstance(conflict.actual, Submission)
    assert conflict.actual.status == "rejected"
    assert mine.experiment.hub.recover().reviews == ()
    assert mine.experiment.charges.problems() == []
