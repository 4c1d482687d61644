# pyright: basic
"""The account's keys are in no log line, no repr, no error, no call, and in no request but where they belong."""

from __future__ import annotations

from typing import Any

import pytest

from crowdhub.errors import CrowdhubError
from crowdhub.model import Capability
from crowdhub.sandbox import Fault
from crowdhub.testing import leaks
from crowdhub.testing.bench import Bench
from crowdhub.testing.leaks import Secrets
from crowdhub.testing.operations import OPERATIONS
from crowdhub.testing.tape import Tape


@pytest.fixture
def secrets(bench: Bench) -> Secrets:
    found = Secrets(bench.provider)
    if not found.plain:
        pytest.skip(f"an account of {bench.name} has no secret setting of {leaks.SHORTEST} characters or more")
    return found


def test_in_the_logs_and_reprs(bench: Bench, secrets: Secrets, present: Capability, world: str) -> None:
    with leaks.all_logs() as lines:
        operation = OPERATIONS[present](bench)
        result = bench.do(world, operation.market)
    assert lines or not bench.requests(), "nothing was logged, so nothing was checked"
    seen = [*lines, ("the result's repr", repr(result))]
    seen += [(f"repr({type(each).__name__})", repr(each)) for each in (bench.market, bench.provider)]
    seen += [("the settings", repr(bench.provider.settings) + str(bench.provider.settings))]
    found = secrets.faults(seen)
    assert not found, f"a secret is in: {sorted(set(found))}"


def test_in_the_calls(bench: Bench, secrets: Secrets, present: Capability) -> None:
    """A call holds no credentials: they are added by `sign`, to a copy, where the provider says they travel."""
    tape = Tape()
    _ = bench.market.run(tape.record(OPERATIONS[present](bench).flow(bench.provider)))
    token = bench.market._session.token  # noqa: SLF001
    places = bench.provider.credential_places
    for call in tape.calls:
        assert not (found := secrets.faults(leaks.of_call(call))), f"{call!r} holds a secret in {found}"
        before = (repr(call), list(leaks.of_call(call)))
        signed = bench.provider.sign(call, token)
        assert (repr(call), list(leaks.of_call(call))) == before, "`sign` has changed the call that it was given"
        assert not (wrong := leaks.misplaced(signed, secrets, places)), (
            f"a secret travels in {wrong}, which `credential_places` does not name: recordings would keep it"
        )
        assert not secrets.inside(repr(signed)), "the repr of a signed call shows a secret"


HOW = {
    "refused": Fault.status(400),
    "denied": Fault.status(403),
    "failed": Fault.status(500, "after"),
    "dropped": Fault.drop("after"),
    "reset": Fault.reset("before"),
    "truncated": Fault.truncate(),
    "HTML": Fault.html("after"),
}


@pytest.mark.parametrize("how", HOW)
def test_in_the_errors(bench: Bench, secrets: Secrets, how: str, world: str) -> None:
    """Neither in an error nor in those behind it, nor in the traceback."""
    reads = OPERATIONS[Capability.BALANCE if bench.has(Capability.BALANCE) else Capability.TASK](bench)
    draft = bench.draft()
    for operation in (reads.market, lambda market: market.publish(draft)):
        bench.sandbox.faults.add(HOW[how], times=None)
        with leaks.all_logs() as lines, pytest.raises(CrowdhubError) as caught:
            bench.do(world, operation)
        bench.sandbox.faults.clear()
        found = secrets.faults([*leaks.of_error(caught.value), *lines])
        assert not found, f"a secret is in: {sorted(set(found))}"


def test_that_the_marketplace_repeats(bench: Bench, secrets: Secrets) -> None:
    """An error body or a page that echoes the key does not bring it into ours."""
    operation = OPERATIONS[Capability.BALANCE if bench.has(Capability.BALANCE) else Capability.TASK](bench)
    echo = f"Your key {' and '.join(secrets.plain)} may not do that"
    bodies: list[Any] = [bench.sandbox.error_body(403, echo), echo, f"<html>{echo}</html>", {"zz": echo}, [echo]]
    for status in (403, 500, 200):
        for body in bodies:
            bench.sandbox.faults.add(Fault.status(status, "before", body=body), times=None)
            try:
                with leaks.all_logs() as lines:
                    bench.do("sync", operation.market)
            except CrowdhubError as error:
                found = secrets.faults([*leaks.of_error(error), *lines])
                assert not found, f"HTTP {status} with {body!r}: a secret is in: {sorted(set(found))}"
            bench.sandbox.faults.clear()
