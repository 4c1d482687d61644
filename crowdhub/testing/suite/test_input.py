"""What is wrong with the application's own input is found before any request, all of it at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pytest

from crowdhub.errors import ConfigurationError, CrowdhubError, InvalidRequest, NotSupported
from crowdhub.model import Capability, Decision, Money, Submission, Verdict, Worker
from crowdhub.operations.settling import operation_for
from crowdhub.protocol import Call, Operation
from crowdhub.testing.bench import Ask, Bench, Either
from crowdhub.testing.drafts import ASKED
from crowdhub.testing.exercises import settle
from crowdhub.testing.spoiling import first_call

BAD: Mapping[str, object] = {
    "title": "  ",
    "reward": Money("-1", "XDR"),
    "slots": 0,
    "countries": ("Atlantis",),
    "image": Path("no-such-file.png"),
}
"""Nonsense for the fields of a draft that have any."""


def refused(bench: Bench, world: str, ask: Ask) -> InvalidRequest:
    before = bench.requests()
    with pytest.raises(InvalidRequest) as caught:
        _ = bench.do(world, ask)
    assert bench.requests() == before, "a request was made with bad input"
    assert not caught.value.sent
    return caught.value


@pytest.mark.crowdhub_needs(Capability.PUBLISH)
def test_a_bad_draft(bench: Bench, world: str) -> None:
    """Everything wrong is named, on its field, in one error."""
    bad = {name: value for name, value in BAD.items() if name in bench.provider.declares.draft_fields}
    draft, since = bench.draft().copy_with(**bad), bench.since()
    asks: tuple[Ask, ...] = (lambda m: m.publish(draft), lambda m: m.publish(draft, dry_run=True))
    for ask in asks:
        error = refused(bench, world, ask)
        named = {issue.where.partition("[")[0].partition(".")[0] for issue in error.issues}
        assert not set(bad) - named, f"not named: {set(bad) - named} (named: {sorted(named)})"
    if bench.has(Capability.ESTIMATE):
        _ = refused(bench, world, lambda m: m.estimate(draft))
    assert since.moved().nothing


@pytest.mark.crowdhub_needs(Capability.PUBLISH)
@pytest.mark.parametrize("name", BAD)
def test_each_issue_alone(bench: Bench, name: str) -> None:
    draft = bench.draft().copy_with(**{name: BAD[name]})
    if name not in bench.provider.declares.draft_fields:
        with pytest.raises((NotSupported, InvalidRequest)):
            _ = bench.market.publish(draft)
        return
    error = refused(bench, "sync", lambda m: m.publish(draft))
    assert any(issue.where.startswith(name) for issue in error.issues), f"the error does not name {name}: {error}"


@pytest.mark.crowdhub_needs(Capability.PUBLISH)
def test_what_a_draft_may_not_ask(bench: Bench, world: str) -> None:
    """Fields that the marketplace has no place for are refused together, by name and with a reason."""
    lacking = {name: value for name, value in ASKED.items() if name not in bench.provider.declares.draft_fields}
    _ = lacking.pop("slots", None)
    good = bench.draft()
    if good.proof:
        _ = lacking.pop("questions", None)  # what is asked for stands in the proof
    if good.questions is not None:
        _ = lacking.pop("proof", None)
    if "reward" in lacking:
        lacking["reward"] = Money("1", bench.provider.currency)
    if not lacking:
        pytest.skip(f"{bench.name} has a place for every field of a draft")
    draft, before = good.copy_with(**lacking), bench.requests()
    with pytest.raises(NotSupported) as caught:
        _ = bench.do(world, lambda m: m.publish(draft))
    assert bench.requests() == before
    assert set(caught.value.fields) == set(lacking)
    assert all(caught.value.reasons.values())


@pytest.mark.crowdhub_needs(Capability.REJECT)
def test_a_rejection_without_a_reason(bench: Bench, world: str) -> None:
    (one,) = bench.pending()
    error = refused(bench, world, lambda m: m.reject(one, "  "))
    assert error.issues[0].where == "reason", f"the issue is named {error.issues[0].where!r}, not 'reason'"


@pytest.mark.crowdhub_needs(Capability.REQUEST_REDO)
def test_a_redo_without_a_reason(bench: Bench, world: str) -> None:
    (one,) = bench.pending()
    _ = refused(bench, world, lambda m: m.request_redo(one, ""))


@pytest.mark.crowdhub_needs(Capability.REJECT)
def test_a_rejection_that_the_marketplace_would_refuse(bench: Bench) -> None:
    """`decision_issues` names them all before the first is carried out."""
    good, poor = bench.pending(2)
    decisions = [bench.subject.decision(good, Verdict.REJECT), Decision.reject(poor, "x")]
    if not bench.provider.decision_issues(decisions[1]):
        assert not bench.provider.decision_issues(decisions[0]), "`Subject.decision` makes one that is not accepted"
        return
    error = refused(bench, "sync", lambda m: m.review(decisions))
    assert all(issue.where.startswith("decisions[1]") for issue in error.issues), str(error)


@pytest.mark.crowdhub_needs(Capability.PAY_BONUS)
def test_a_bad_bonus(bench: Bench, world: str) -> None:
    (one,) = bench.pending()
    error = refused(bench, world, lambda m: m.pay_bonus(one, Money("-1", "XDR"), " "))
    assert {issue.where for issue in error.issues} >= {"amount", "reason"}
    assert len(error.issues) >= 3


@pytest.mark.crowdhub_needs(Capability.EXTEND)
def test_a_bad_extension(bench: Bench, world: str) -> None:
    past = bench.clock.now()
    asks: tuple[Ask, ...] = (
        lambda m: m.extend("1"),
        lambda m: m.extend("1", slots=0),
        lambda m: m.extend("1", until=past),
    )
    for ask in asks:
        _ = refused(bench, world, ask)


@pytest.mark.crowdhub_needs(Capability.MESSAGE)
def test_a_message_without_a_text(bench: Bench, world: str) -> None:
    (one,) = bench.pending()
    _ = refused(bench, world, lambda m: m.message(one, " \n"))


@pytest.mark.crowdhub_needs(Capability.APPROVE)
def test_work_of_another_account(bench: Bench, world: str) -> None:
    """Ids of two accounts can be equal: what belongs to the other is never settled here."""
    (one,) = bench.pending()
    for change in ({"account": "another"}, {"provider": "another"}, {"environment": "live"}):
        foreign = bench.subject.decision(one.copy_with(**change), Verdict.APPROVE)
        _ = refused(bench, world, partial(_settle, foreign))


def _settle(decision: Decision, market: Either) -> object:
    return settle(market, decision)


EVIL = ("../../account", "1/../2", "a?b=c", "a#b", "a/b", "%2e%2e%2f", "a\nb: c", "")


@pytest.mark.parametrize("evil", EVIL)
def test_an_id_leads_nowhere_else(bench: Bench, evil: str) -> None:
    """An id is one piece of a path, whatever is in it."""
    provider, decision = bench.provider, bench.subject.decision
    work = Submission(**provider.identity, id=evil, task_id=evil, worker=Worker(id="1"))
    operations: dict[Capability, Callable[[], Operation[object]]] = {
        Capability.TASK: lambda: provider.task(evil),
        Capability.SUBMISSIONS: lambda: provider.submissions(evil),
        Capability.APPROVE: lambda: operation_for(provider, decision(work, Verdict.APPROVE)),
        Capability.REJECT: lambda: operation_for(provider, decision(work, Verdict.REJECT)),
        Capability.CANCEL: lambda: provider.cancel(evil),
        Capability.PAUSE: lambda: provider.pause(evil),
        Capability.WORKER: lambda: provider.worker(evil),
    }
    for capability, make in operations.items():
        call = _first_call(make) if bench.has(capability) else None
        if call is None:
            continue
        strange = [each for each in ("..", "?", "#", "%2e", "\n") if each in call.path]
        assert not strange, f"{capability} of the id {evil!r} asks for {call.path!r}; use `path_segment`"
        assert "//" not in call.path.partition("://")[2 if "://" in call.path else 0], f"{call.path!r} lacks the id"


def _first_call(make: Callable[[], Operation[object]]) -> Call | None:
    """The first call of an operation; None where it refuses or asks nothing."""
    try:
        return first_call(make())
    except CrowdhubError:
        return None


def test_wrong_settings(bench: Bench) -> None:
    """An account with a misspelt setting is refused before any request."""
    with bench.hub(account={**bench.account, "zzz": "1"}) as hub, pytest.raises(ConfigurationError) as caught:
        _ = hub[bench.name]
    assert "zzz" in str(caught.value)
