"""The campaign in short: nothing is paid twice and nothing is lost; and the campaign would notice."""

from dataclasses import replace

import pytest

from crowdhub.errors import Lost
from crowdhub.ledger import Ledger
from crowdhub.operations import reviewing
from crowdhub.protocol import flow
from crowdhub.testing.campaign import run
from crowdhub.testing.campaign.chapter import Chapter
from crowdhub.testing.campaign.stages import STAGES


@pytest.mark.parametrize("provider", list(STAGES))
def test_whatever_goes_wrong_nothing_is_paid_twice_and_nothing_lost(provider, place, processes):
    result = run(provider, place, operations=60, seed=11, kills=False, compare=40, processes=processes)
    tally = result.tally
    assert result.good, tally.duplicates + tally.lost
    assert tally.done["published"] >= 5
    assert tally.faults.total() > 20
    assert tally.faults["ledger locked"] == 2
    assert tally.faults["disk full"] == 1
    assert tally.faults["several processes with one key"] == 3
    assert all(STAGES[provider].why_unknown in reason for reason in tally.unknown), tally.unknown
    if not STAGES[provider].why_unknown:
        assert not tally.unknown
    assert result.naive is not None
    assert result.naive.duplicates > 0, "the same weather makes an ordinary program pay twice"


def test_the_same_with_a_real_postgresql_that_goes_away_and_comes_back(postgres_place, processes):
    result = run("rapidworkers", postgres_place, operations=40, seed=5, kills=False, compare=0, processes=processes)
    assert result.good, result.tally.duplicates + result.tally.lost
    assert result.tally.faults["PostgreSQL away"] == 2
    assert result.tally.faults["several processes with one key"] == 3


def played(name, place, seed=2, operations=40, rate=0.3):
    with Chapter(STAGES[name], seed, place.new(), rate=rate) as chapter:
        chapter.play(operations)
        return chapter.audit()


def test_a_seed_is_a_campaign(place):
    first, again, other = (played("crowdsdom", place, seed, operations=25) for seed in (3, 3, 4))
    assert first.operations == again.operations
    assert (first.faults, first.done) == (again.faults, again.done)
    assert first.faults != other.faults


# The deliberate defects below have to be found, or the campaign's silence would mean nothing.


def test_sending_again_without_a_look_is_found(place, monkeypatch):
    monkeypatch.setattr(flow, "LOOKS", dict.fromkeys(Lost, ()))
    assert any("bought" in case for case in played("rapidworkers", place).duplicates)


def test_an_unknown_outcome_taken_for_undone_is_found(place, monkeypatch):
    monkeypatch.setattr(Ledger, "unknown", Ledger.fail)
    tally = played("capsolver", place, operations=60)
    assert tally.duplicates or tally.lost


def test_an_outcome_that_is_not_written_down_is_found(place, monkeypatch):
    monkeypatch.setattr(Ledger, "finish", lambda self, intent, *_, **__: Ledger.fail(self, intent, "forgotten"))
    assert any("the ledger says not_done" in case for case in played("capsolver", place, rate=0, operations=20).lost)


def test_a_decision_reported_but_not_carried_out_is_found(place, monkeypatch):
    real = reviewing.flow_of

    def lazy(provider, decision):
        if decision.verdict == "reject":
            return flow.nothing(decision.submission)
        return real(provider, decision)

    monkeypatch.setattr(reviewing, "flow_of", lazy)
    assert any("was to be rejected" in case for case in played("crowdsdom", place, rate=0, operations=20).lost)


def test_work_that_is_never_shown_is_found(place, monkeypatch):
    from crowdhub_crowdsdom import CrowdSDOM

    real = CrowdSDOM.submissions

    def forgetful(self, task_id, status=None):
        page = yield from real(self, task_id, status)
        return replace(page, items=list(page.items)[1:])

    monkeypatch.setattr(CrowdSDOM, "submissions", forgetful)
    assert any("were seen" in case for case in played("crowdsdom", place, rate=0, operations=20).lost)
