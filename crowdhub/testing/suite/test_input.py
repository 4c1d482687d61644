# pyright: basic
"""What is wrong with the application's own input is found before any request, all of it at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from crowdhub.errors import ConfigurationError, CrowdhubError, InvalidRequest, NotSupported
from crowdhub.model import Capability, FreeText, Money, QuestionForm, Submission, TaskDraft, Worker
from crowdhub.protocol import Call
from crowdhub.testing.bench import Bench
from crowdhub.testing.subject import Subject

BAD: dict[str, Any] = {
    "title": "  ",
    "reward": Money("-1", "XDR"),
    "slots": 0,
    "countries": ("Atlantis",),
    "image": Path("no-such-file.png"),
}
"""Nonsense for the fields of a draft that have any."""
ASKED: dict[str, Any] = {
    "title": "A title",
    "instructions": "What to do",
    "reward": Money("1", "USD"),
    "slots": 2,
    "proof": "A screenshot",
    "category": "Any",
    "subcategory": "Any",
    "countries": ("US",),
    "language": "en",
    "image": b"\x89PNG",
    "auto_approve": True,
    "questions": QuestionForm(questions=(FreeText(id="a", text="Which one?"),)),
}


def refused(bench: Bench, world: str, operation: Callable[[Any], Any]) -> InvalidRequest:
    before = bench.requests()
    with pytest.raises(InvalidRequest) as caught:
        bench.do(world, operation)
    assert bench.requests() == before, "a request was made with bad input"
    assert not caught.value.sent
    return caught.value


def test_a_bad_draft(bench: Bench, world: str) -> None:
    """Every fault is named, on its field, in one error."""
    bad = {name: value for name, value in BAD.items() if name in bench.provider.draft_fields}
    draft = bench.draft().copy_with(**bad)
    for operation in (lambda m: m.publish(draft), lambda m: m.publish(draft, dry_run=True)):
        error = refused(bench, world, operation)
        named = {fault.where.partition("[")[0].partition(".")[0] for fault in error.issues}
        assert not set(bad) - named, f"not named: {set(bad) - named} (named: {sorted(named)})"
    if bench.has(Capability.ESTIMATE):
        _ = refused(bench, world, lambda m: m.estimate(draft))
    assert bench.charges() == 0


@pytest.mark.parametrize("name", BAD)
def test_each_fault_alone(bench: Bench, name: str) -> None:
    if name not in bench.provider.draft_fields:
        with pytest.raises((NotSupported, InvalidRequest)):
            bench.market.publish(bench.draft().copy_with(**{name: BAD[name]}))
        return
    error = refused(bench, "sync", lambda m: m.publish(bench.draft().copy_with(**{name: BAD[name]})))
    assert any(fault.where.startswith(name) for fault in error.issues), str(error)


def test_what_a_draft_may_not_ask(bench: Bench, world: str) -> None:
    """Fields that the marketplace has no place for are refused together, by name and with a reason."""
    lacking = {name: value for name, value in ASKED.items() if name not in bench.provider.draft_fields}
    lacking.pop("slots", None)
    if "reward" in lacking:
        lacking["reward"] = Money("1", bench.provider.currency)
    if not lacking:
        pytest.skip(f"{bench.name} has a place for every field of a draft")
    before = bench.requests()
    with pytest.raises(NotSupported) as caught:
        bench.do(world, lambda m: m.publish(bench.draft().copy_with(**lacking)))
    assert bench.requests() == before
    assert set(caught.value.fields) == set(lacking)
    assert all(caught.value.reasons.values())


def test_each_field_reaches_the_marketplace(bench: Bench, subject: Subject) -> None:
    """A field that a provider declares changes what it sends: none is taken and silently left out."""
    plain = bench.draft()
    for name in sorted(bench.provider.draft_fields - {"deadline", "auto_approve"} | set(subject.values)):
        value = subject.values.get(name, ASKED.get(name))
        if name == "slots" and subject.most_slots == 1:
            continue
        if name == "reward" and name not in subject.values:
            value = plain.reward * 2 if plain.reward else Money("1", bench.provider.currency)
        if value is None:
            pytest.fail(f"give another good value for {name} in `Subject.values`")
        changed = plain.copy_with(**value) if isinstance(value, dict) else plain.copy_with(**{name: value})
        faults = bench.provider.draft_issues(changed)
        assert not faults, f"give a value for {name} in `Subject.values` that is accepted here: {faults}"
        assert sent(bench, changed) != sent(bench, plain), f"{name} = {value!r} is declared, but changes nothing"


def sent(bench: Bench, draft: TaskDraft) -> str:
    """The content of the first request that publishing would make."""
    dry = bench.market.publish(draft.copy_with(reference=None), key="the same mark", dry_run=True)
    return repr(sorted((name, repr(value)) for name, value in dry.content.items()))


@pytest.mark.crowdhub_needs(Capability.REJECT)
def test_a_rejection_without_a_reason(bench: Bench, world: str) -> None:
    (one,) = bench.pending()
    error = refused(bench, world, lambda m: m.reject(one, "  "))
    assert error.issues[0].where == "reason"


@pytest.mark.crowdhub_needs(Capability.REQUEST_REDO)
def test_a_redo_without_a_reason(bench: Bench, world: str) -> None:
    (one,) = bench.pending()
    _ = refused(bench, world, lambda m: m.request_redo(one, ""))


@pytest.mark.crowdhub_needs(Capability.PAY_BONUS)
def test_a_bad_bonus(bench: Bench, world: str) -> None:
    (one,) = bench.pending()
    error = refused(bench, world, lambda m: m.pay_bonus(one, Money("-1", "XDR"), " "))
    assert {fault.where for fault in error.issues} >= {"amount", "reason"}
    assert len(error.issues) >= 3


@pytest.mark.crowdhub_needs(Capability.APPROVE)
def test_work_of_another_account(bench: Bench, world: str) -> None:
    """Ids of two accounts can be equal: what belongs to the other is never settled here."""
    (one,) = bench.pending()
    for change in ({"account": "another"}, {"provider": "another"}, {"environment": "live"}):
        foreign = one.copy_with(**change)
        _ = refused(bench, world, partial(_approve, foreign))


def _approve(submission: Submission, market: Any) -> Any:
    return market.approve(submission)


EVIL = ("../../account", "1/../2", "a?b=c", "a#b", "a/b", "%2e%2e%2f", "a\nb: c", "")


@pytest.mark.parametrize("evil", EVIL)
def test_an_id_leads_nowhere_else(bench: Bench, evil: str) -> None:
    """An id is one piece of a path, whatever is in it."""
    provider = bench.provider
    work = Submission(**provider.identity, id=evil, task_id=evil, worker=Worker(id="1"))
    flows: dict[Capability, Callable[[], Any]] = {
        Capability.TASK: lambda: provider.task(evil),
        Capability.SUBMISSIONS: lambda: provider.submissions(evil),
        Capability.APPROVE: lambda: provider.approve(work),
        Capability.REJECT: lambda: provider.reject(work, "a reason"),
        Capability.CANCEL: lambda: provider.cancel(evil),
        Capability.WORKER: lambda: provider.worker(evil),
    }
    for capability, make in flows.items():
        if capability not in bench.market.capabilities:
            continue
        call = first_call(make)
        if call is None:
            continue
        strange = [each for each in ("..", "?", "#", "%2e", "\n") if each in call.path]
        assert not strange, f"{capability} of the id {evil!r} asks for {call.path!r}"
        assert "//" not in call.path.partition("://")[2 if "://" in call.path else 0], f"{call.path!r} lacks the id"


def first_call(make: Callable[[], Any]) -> Call | None:
    """The first call of a flow; None where it refuses or asks nothing."""
    try:
        flow = make()
        call: Call = next(flow)
    except (CrowdhubError, StopIteration):
        return None
    flow.close()
    return call


def test_wrong_settings(bench: Bench) -> None:
    """An account with a misspelt setting is refused before any request."""
    with bench.other(zzz="1") as hub, pytest.raises(ConfigurationError) as caught:
        _ = hub[bench.name]
    assert "zzz" in str(caught.value)
