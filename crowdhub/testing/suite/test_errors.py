"""Every way in which the marketplace says no becomes the fitting error, with its evidence."""

from __future__ import annotations

from typing import TypeVar, cast

import pytest
from pydantic import SecretStr

from crowdhub import registry
from crowdhub.errors import AuthenticationFailed, CrowdhubError, InsufficientFunds, NotFound, NotSupported
from crowdhub.model import Capability
from crowdhub.sandbox import Fault
from crowdhub.testing.bench import Ask, Bench
from crowdhub.testing.exercises import Exercise, marked, reading
from crowdhub.testing.spoiling import first_call, first_change
from crowdhub.testing.subject import Subject
from crowdhub.testing.suite.conftest import NewBench
from crowdhub.testing.tape import Tape

E = TypeVar("E", bound=CrowdhubError)

STATUSES = (400, 401, 402, 403, 404, 409, 429, 500, 502, 503, 504)
OTHERS = (301, 302, 304, 405, 410, 418, 422, 505, 599)


def refused(bench: Bench, world: str, ask: Ask, kind: type[E], status: int | None = None) -> E:
    """The error, which says whose it is, what was being done, and what to do next."""
    with pytest.raises(CrowdhubError) as caught:
        _ = bench.do(world, ask)
    error = caught.value
    what = f"HTTP {status}" if status is not None else "it"
    assert isinstance(error, kind), f"{what} is a {kind.__name__}, not a {type(error).__name__}: {error}"
    whose = (error.provider, error.account, error.environment)
    assert whose == tuple(bench.provider.identity.values()), f"the error says it belongs to {whose}"
    assert error.operation, "the error does not say which operation failed"
    assert error.next_step, "the error does not say what to do next"
    assert bench.name in str(error)
    assert status is None or error.http_status == status, f"the error says HTTP {error.http_status}"
    assert error.sent, "the error says that nothing was sent"
    return error


def spoil(bench: Bench, exercise: Exercise, fault: Fault, times: int | None) -> None:
    """Let the call of a reading operation go wrong, and not the one that fetches a token before it."""
    bench.spoil(fault, first_call(exercise.operation(bench.provider)), times)


@pytest.mark.parametrize("status", STATUSES)
def test_of_a_status(bench: Bench, subject: Subject, world: str, status: int) -> None:
    """In the sandbox's own words; never a result."""
    exercise = reading(bench)
    spoil(bench, exercise, Fault.status(status), None)
    error = refused(bench, world, exercise.ask, {**Subject.statuses, **subject.statuses}[status], status)
    assert not error.money_may_be_spent, "something was only read"


@pytest.mark.parametrize("status", OTHERS)
def test_of_a_status_that_nobody_expects(bench: Bench, status: int) -> None:
    exercise = reading(bench)
    headers = {"Location": f"{bench.account['base_url']}/elsewhere"}
    spoil(bench, exercise, Fault.status(status, headers=headers), None)
    before = bench.requests()
    _ = refused(bench, "sync", exercise.ask, CrowdhubError, status)
    elsewhere = [each.path for each in bench.sandbox.requests[before:] if each.path.endswith("/elsewhere")]
    assert not elsewhere, "a redirect was followed, with the credentials"


@pytest.mark.parametrize("status", [500, 503, 429])
def test_that_passes_is_tried_again(bench: Bench, world: str, status: int) -> None:
    exercise = reading(bench)
    spoil(bench, exercise, Fault.status(status), 2)
    exercise.check(bench.do(world, exercise.ask))


def test_of_a_wrong_key(bench: Bench, world: str) -> None:
    kind = registry.load(bench.name)
    secret = [name for name, field in kind.settings_type.model_fields.items() if SecretStr in _types(field.annotation)]
    wrong = {name: f"{str(bench.account[name])[:-6]}wrong-" for name in secret if name in bench.account}
    if not wrong:
        pytest.skip(f"an account of {bench.name} has no secret setting")
    with pytest.raises(AuthenticationFailed) as caught:
        _ = bench.do(world, reading(bench).ask, account={**bench.account, **wrong})
    assert caught.value.next_step


def _types(annotation: object) -> tuple[object, ...]:
    return getattr(annotation, "__args__", (annotation,))


@pytest.mark.crowdhub_needs(Capability.TASK)
def test_of_a_task_that_is_not_there(bench: Bench, subject: Subject, world: str) -> None:
    _ = refused(bench, world, lambda market: market.task(subject.unknown_id), NotFound)


@pytest.mark.crowdhub_needs(Capability.SUBMISSIONS)
def test_of_the_submissions_of_a_task_that_is_not_there(bench: Bench, subject: Subject) -> None:
    _ = refused(bench, "sync", lambda market: market.submissions(subject.unknown_id), NotFound)


@pytest.mark.crowdhub_needs(Capability.PUBLISH)
def test_of_an_empty_purse(new_bench: NewBench, subject: Subject, world: str) -> None:
    bench = new_bench(**subject.poor_options)
    draft, since = bench.draft(), bench.since()
    error = refused(bench, world, lambda market: market.publish(draft), InsufficientFunds)
    assert not error.money_may_be_spent
    assert since.moved().nothing


@pytest.mark.crowdhub_needs(Capability.PUBLISH)
def test_of_a_refused_draft(bench: Bench) -> None:
    """A refusal says that nothing was done: it is not an `OutcomeUnknown`, and is not sent again."""
    draft, since = marked(bench), bench.since()
    call = first_change(bench, bench.provider.publish(draft))
    assert call is not None, "publishing makes no call that is declared to spend or settle"
    bench.spoil(Fault.status(400), call, None)
    error = refused(bench, "sync", lambda market: market.publish(draft), CrowdhubError)
    assert not error.money_may_be_spent, f"HTTP 400 says that nothing was done, but the error is {error!r}"
    assert not isinstance(error, NotSupported)
    assert len(bench.sandbox.faults.fired) == 1, "a refused request was sent again"
    assert since.moved().nothing


@pytest.mark.crowdhub_needs(Capability.PUBLISH)
def test_of_a_code_that_nobody_knows(bench: Bench) -> None:
    """In a good answer to what takes money: that nothing was done is known of a code that is known."""
    tape, draft = Tape(), marked(bench)
    _ = bench.scene.run(tape.record(bench.provider.publish(marked(bench))))
    number = next((number for number, call in enumerate(tape.calls) if call.takes_money), None)
    if number is None or not tape.answers[number].content.strip():
        return  # it answers without a body
    unheard = _unheard(bench.sandbox.error_body(400, "Not that way"))
    bench.spoil_request(Fault.status(200, "before", body=unheard), number)
    with pytest.raises(CrowdhubError) as caught:
        _ = bench.scene.run(bench.provider.publish(draft))
    assert caught.value.money_may_be_spent, (
        f"an error code that is not documented is taken for {caught.value!r}, which says that nothing was done; make it"
        " a ProviderError"
    )


def _unheard(body: object) -> object:
    """An error with other codes, numbers and words alike; its sentences are as they were."""
    match body:
        case dict():
            return {name: _unheard(value) for name, value in cast("dict[str, object]", body).items()}
        case list():
            return [_unheard(each) for each in cast("list[object]", body)]
        case str():
            return body if " " in body else "Unheard"
        case bool() | None:
            return body
        case _:
            return 987654
