"""``kill -9`` at every step, in real processes; then recovery, and the same key again."""

import pytest

from crowdhub.testing.campaign.chapter import Chapter
from crowdhub.testing.campaign.kills import WEATHER, Kills
from crowdhub.testing.campaign.stages import STAGES

LOST = "with the answer lost, work done"


@pytest.fixture
def kills(place, processes):
    opened = []

    def open_one(name, ledger=None):
        chapter = Chapter(STAGES[name], 1, ledger or place.new(), rate=0)
        opened.append(chapter.__enter__())
        return Kills(chapter, processes, quick=True)

    yield open_one
    for chapter in opened:
        chapter.__exit__()


def test_the_steps_are_those_between_intent_and_outcome(kills):
    mine = kills("rapidworkers")
    names = mine._job("publish", number=1, key="k")["points"]
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
def test_publishing_killed_at_every_step(kills, name):
    mine = kills(name)
    mine.publishing(LOST, WEATHER[LOST])
    assert mine.tally.good, mine.tally.duplicates + mine.tally.lost
    assert not mine.tally.unknown
    assert mine.tally.faults["kill -9"] >= 12


def test_publishing_killed_at_every_step_with_the_ledger_in_postgresql(kills, postgres_place):
    mine = kills("crowdsdom", postgres_place.new())
    mine.publishing("in fair weather", None)
    assert mine.tally.good, mine.tally.duplicates + mine.tally.lost
    assert mine.tally.faults["kill -9"] >= 10


def test_where_nothing_can_be_looked_up_a_person_is_asked_and_nothing_bought_again(kills):
    mine = kills("capsolver")
    mine.publishing("in fair weather", None)
    assert mine.tally.good, mine.tally.duplicates + mine.tally.lost
    assert sum(mine.tally.unknown.values()) >= 5


def test_recovery_killed_at_every_step_of_its_own(kills):
    mine = kills("rapidworkers")
    mine.recovering()
    assert mine.tally.good, mine.tally.duplicates + mine.tally.lost
    assert mine.tally.faults["kill -9"] >= 5


@pytest.mark.parametrize("how", ["alike", "mixed"])
def test_a_review_killed_at_every_step_is_carried_on(kills, how):
    """All of one kind go in one bulk call at RapidWorkers, mixed ones each in its own."""
    mine = kills("rapidworkers")
    verdicts = STAGES["rapidworkers"].verdicts
    mine.reviewing(how, list(verdicts[:1] if how == "alike" else verdicts))
    assert mine.tally.good, mine.tally.duplicates + mine.tally.lost
    assert mine.tally.faults["kill -9"] >= 8


def test_what_was_settled_the_other_way_meanwhile_is_a_conflict(kills):
    """Killed after the decisions were written; then somebody rejects on the website what was to be approved."""
    mine = kills("rapidworkers")
    task, works = mine._task_with_work(3)
    decisions = {name: {"verdict": "approve", "words": None} for name in works}
    job = {"task": task, "decisions": decisions}
    probe = mine._job("review", **{**job, "kill_at": 2})  # before, in the middle of, and now after the writing
    assert "killed" in probe
    market = mine.chapter.market
    other = next(each for each in market.submissions(task) if each.id == works[1])
    market.approve(next(each for each in market.submissions(task) if each.id == works[0]))
    market.reject(other, "No total.")
    report = mine.chapter.hub.recover()
    found = {each.decision.submission.id: each for each in report.reviews}
    assert [str(found[name].result) for name in works] == ["already", "failed", "approved"]
    assert "already rejected" in str(found[works[1]].error)
    assert found[works[1]].error.actual.status == "rejected"
    assert mine.chapter.hub.recover().reviews == ()
    assert mine.chapter.truth.problems() == []
