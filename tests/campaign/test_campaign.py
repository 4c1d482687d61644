"""The campaign in short: nothing is paid twice and nothing is lost; and the campaign would notice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crowdhub.ledger import Intent, Ledger
from crowdhub.model import Decision, Submission, SubmissionStatus
from crowdhub.operations import settling
from crowdhub.operations.spending import once
from crowdhub.protocol import AnyProvider, Flow, Operation, Page, no_call
from crowdhub.testing.campaign import Face, LedgerHost, names, run
from crowdhub.testing.campaign.audit import UNEXPLAINED
from crowdhub.testing.campaign.processes import Processes
from tests.campaign.playing import played

pytestmark = pytest.mark.campaign


@pytest.mark.parametrize("provider", names())
def test_whatever_goes_wrong_nothing_is_paid_twice_and_nothing_lost(
    provider: str, host: LedgerHost, processes: Processes
) -> None:
    report = run(provider, host, operations=60, seed=11, kills=False, compare=40, processes=processes)
    findings = report.findings
    assert report.good, findings.duplicates + findings.lost
    assert findings.done["published"] >= 5
    assert 0 < findings.async_operations < findings.operations
    assert findings.faults.total() > 20
    assert findings.faults["ledger locked"] == 2
    assert findings.faults["disk full"] == 1
    assert findings.faults["several processes with one key"] == 3
    assert not any(UNEXPLAINED in reason for reason in findings.unknown), findings.unknown
    assert report.naive is not None
    # MTurk's tokens and Prolific's drafts keep it from paying twice; what it paid for it does not know of all the same.
    wrong = report.naive.lost if provider in ("mturk", "prolific") else report.naive.duplicates
    assert wrong > 0, "the same faults make an ordinary program pay twice, or lose what it paid for"


def test_the_same_with_a_real_postgresql_that_goes_away_and_comes_back(
    postgres_host: LedgerHost, processes: Processes
) -> None:
    report = run("rapidworkers", postgres_host, operations=40, seed=5, kills=False, compare=0, processes=processes)
    assert report.good, report.findings.duplicates + report.findings.lost
    assert report.findings.faults["PostgreSQL away"] == 2
    assert report.findings.faults["several processes with one key"] == 3


@pytest.mark.parametrize("face", ["sync", "async"])
def test_a_seed_is_a_campaign(host: LedgerHost, face: Face) -> None:
    # On a busy machine an ordinary answer must not come after the time-out, which would be one fault more.
    first, again, other = (played("crowdsdom", host, seed, operations=25, face=face, timeout=1.5) for seed in (3, 3, 4))
    assert first.operations == again.operations
    assert (first.faults, first.done) == (again.faults, again.done)
    assert first.faults != other.faults


# The deliberate defects below have to be found, or the campaign's silence would mean nothing.


async def no_look(*_: object) -> None:
    """It is absent."""
    return


@pytest.mark.parametrize("face", ["sync", "async"])
def test_sending_again_without_a_look_is_found(host: LedgerHost, monkeypatch: pytest.MonkeyPatch, face: Face) -> None:
    monkeypatch.setattr(once, "look_for_lost", no_look)
    assert any("bought" in case for case in played("rapidworkers", host, seed=3, face=face).duplicates)


def test_an_unknown_outcome_taken_for_undone_is_found(host: LedgerHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Ledger, "unknown", Ledger.fail)
    findings = played("capsolver", host, operations=60)
    assert findings.duplicates or findings.lost


def test_an_outcome_that_is_not_written_down_is_found(host: LedgerHost, monkeypatch: pytest.MonkeyPatch) -> None:
    def forget(self: Ledger, intent: Intent, *_: object, **__: object) -> Intent:
        return self.fail(intent, "forgotten")

    monkeypatch.setattr(Ledger, "finish", forget)
    assert any("the ledger says not_done" in case for case in played("capsolver", host, rate=0, operations=20).lost)


def test_a_decision_reported_but_not_carried_out_is_found(host: LedgerHost, monkeypatch: pytest.MonkeyPatch) -> None:
    real = settling.operation_for

    def lazy(provider: AnyProvider, decision: Decision) -> Operation[Submission]:
        if decision.verdict == "reject":
            return Operation("reject", lambda: no_call(decision.submission), {})
        return real(provider, decision)

    monkeypatch.setattr(settling, "operation_for", lazy)
    assert any("was to be rejected" in case for case in played("crowdsdom", host, rate=0, operations=20).lost)


def test_work_that_is_never_shown_is_found(host: LedgerHost, monkeypatch: pytest.MonkeyPatch) -> None:
    from crowdhub_crowdsdom import CrowdSDOM

    real = CrowdSDOM.submissions

    def forgetful(self: CrowdSDOM, task_id: str, status: SubmissionStatus | None = None) -> Operation[Page[Submission]]:
        def without_the_first() -> Flow[Page[Submission]]:
            page = yield from real(self, task_id, status)
            return replace(page, items=list(page.items)[1:])

        return Operation("submissions", without_the_first, {})

    monkeypatch.setattr(CrowdSDOM, "submissions", forgetful)
    assert any("were seen" in case for case in played("crowdsdom", host, rate=0, operations=20).lost)
