# pyright: basic
"""Every way in which the marketplace says no becomes the fitting error, with its evidence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr

from crowdhub import registry
from crowdhub.errors import (
    AuthenticationFailed,
    CrowdhubError,
    InsufficientFunds,
    NotFound,
    NotSupported,
)
from crowdhub.model import Capability
from crowdhub.sandbox import Fault
from crowdhub.testing.bench import Bench
from crowdhub.testing.operations import OPERATIONS, Operation
from crowdhub.testing.subject import Subject
from crowdhub.testing.suite.test_money import spending_calls
from crowdhub.testing.tape import Tape

STATUSES = (400, 401, 402, 403, 404, 409, 429, 500, 502, 503, 504)
OTHERS = (301, 302, 304, 405, 410, 418, 422, 505, 599)


def check_evidence(error: CrowdhubError, bench: Bench, status: int | None = None) -> None:
    """An error says whose it is, what was being done, and what to do next."""
    assert (error.provider, error.account, error.environment) == tuple(bench.provider.identity.values())
    assert error.operation, "it does not say which operation failed"
    assert error.next_step
    assert bench.name in str(error)
    assert status is None or error.http_status == status
    assert error.sent


def reading(bench: Bench) -> Operation:
    return OPERATIONS[Capability.BALANCE if bench.has(Capability.BALANCE) else Capability.TASK](bench)


def spoil(bench: Bench, operation: Operation, fault: Fault, times: int | None) -> None:
    """Let the call of a reading operation go wrong, and not the one that fetches a token before it."""
    tape = Tape()
    _ = bench.market.run(tape.record(operation.flow(bench.provider)))
    bench.sandbox.faults.add(fault, path=bench.place_of(tape.calls[0]), times=times)


@pytest.mark.parametrize("status", STATUSES)
def test_of_a_status(bench: Bench, subject: Subject, world: str, status: int) -> None:
    """In the sandbox's own words; never a result."""
    operation = reading(bench)
    spoil(bench, operation, Fault.status(status), None)
    with pytest.raises(CrowdhubError) as caught:
        bench.do(world, operation.market)
    expected = {**Subject.statuses, **subject.statuses}[status]
    assert isinstance(caught.value, expected), f"HTTP {status} is a {type(caught.value).__name__}: {caught.value}"
    check_evidence(caught.value, bench, status)
    assert not caught.value.money_may_be_spent, "something was only read"


@pytest.mark.parametrize("status", OTHERS)
def test_of_a_status_that_nobody_expects(bench: Bench, status: int) -> None:
    operation = reading(bench)
    headers = {"Location": f"{bench.accounts[bench.name]['base_url']}/elsewhere"}
    spoil(bench, operation, Fault.status(status, headers=headers), None)
    before = bench.requests()
    with pytest.raises(CrowdhubError) as caught:
        bench.do("sync", operation.market)
    check_evidence(caught.value, bench, status)
    elsewhere = [each.path for each in bench.sandbox.requests[before:] if each.path.endswith("/elsewhere")]
    assert not elsewhere, "a redirect was followed, with the credentials"


@pytest.mark.parametrize("status", [500, 503, 429])
def test_that_passes_is_tried_again(bench: Bench, world: str, status: int) -> None:
    operation = reading(bench)
    spoil(bench, operation, Fault.status(status), 2)
    operation.check(bench.do(world, operation.market))


def test_of_a_wrong_key(bench: Bench, world: str) -> None:
    kind = registry.load(bench.name)
    account = bench.accounts[bench.name]
    secret = [name for name, field in kind.settings_type.model_fields.items() if SecretStr in _types(field.annotation)]
    wrong = {name: account[name][:-6] + "wrong-" for name in secret if name in account}
    if not wrong:
        pytest.skip(f"an account of {bench.name} has no secret setting")
    operation = reading(bench)
    bench.accounts = {bench.name: {**account, **wrong}}
    with bench.other() as hub:
        bench.market, good = hub[bench.name], bench.market
        with pytest.raises(AuthenticationFailed) as caught:
            bench.do(world, operation.market)
        bench.market = good
    check_evidence(caught.value, bench)


def _types(annotation: Any) -> tuple[Any, ...]:
    return getattr(annotation, "__args__", (annotation,))


@pytest.mark.crowdhub_needs(Capability.TASK)
def test_of_a_task_that_is_not_there(bench: Bench, subject: Subject, world: str) -> None:
    with pytest.raises(NotFound) as caught:
        bench.do(world, lambda market: market.task(subject.unknown_id))
    check_evidence(caught.value, bench)


@pytest.mark.crowdhub_needs(Capability.SUBMISSIONS)
def test_of_the_submissions_of_a_task_that_is_not_there(bench: Bench, subject: Subject) -> None:
    with pytest.raises(NotFound):
        bench.of(subject.unknown_id)


def test_of_an_empty_purse(new_bench: Callable[..., Bench], subject: Subject, world: str) -> None:
    bench = new_bench(**subject.poor_options)
    with pytest.raises(InsufficientFunds) as caught:
        bench.do(world, lambda market: market.publish(bench.draft()))
    check_evidence(caught.value, bench)
    assert not caught.value.money_may_be_spent
    assert bench.charges() == 0


def test_of_a_refused_draft(bench: Bench) -> None:
    """A refusal that says that nothing was done is no `OutcomeUnknown`, and is not sent again."""
    call, skip = spending_calls(bench)[0]
    bench.sandbox.faults.add(Fault.status(400), method=call.method, path=bench.place_of(call), skip=skip)
    before, charges = len(bench.sandbox.faults.fired), bench.charges()
    with pytest.raises(CrowdhubError) as caught:
        bench.market.publish(bench.draft())
    assert not caught.value.money_may_be_spent, repr(caught.value)
    assert not isinstance(caught.value, NotSupported)
    assert len(bench.sandbox.faults.fired) == before + 1
    assert bench.charges() == charges
