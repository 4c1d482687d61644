"""The account's keys are in no log line, no repr, no error, no call, and in no request but where they belong."""

from __future__ import annotations

import pytest

from crowdhub.engine.redact import SHORTEST
from crowdhub.errors import CrowdhubError
from crowdhub.model import Capability
from crowdhub.protocol import Effect, PreparedRequest
from crowdhub.sandbox import Fault
from crowdhub.testing import leaks
from crowdhub.testing.bench import Ask, Bench
from crowdhub.testing.exercises import EXERCISES, reading
from crowdhub.testing.leaks import Secrets
from crowdhub.testing.recording.hosts import Hosts
from crowdhub.testing.recording.scrub import Scrubber
from crowdhub.testing.tape import Played, Tape


@pytest.fixture
def secrets(bench: Bench) -> Secrets:
    found = Secrets(bench.provider)
    if not found.plain:
        pytest.skip(f"an account of {bench.name} has no secret setting of {SHORTEST} characters or more")
    return found


def test_in_the_logs_and_reprs(bench: Bench, secrets: Secrets, present: Capability, world: str) -> None:
    with leaks.all_logs() as lines:
        exercise = EXERCISES[present](bench)
        result = bench.do(world, exercise.ask)
    assert lines or not bench.requests(), "nothing was logged, so nothing was checked"
    seen = [*lines, ("the result's repr", repr(result))]
    made = exercise.operation(bench.provider).taken()
    seen += [(f"repr({type(each).__name__})", repr(each)) for each in (bench.market, bench.provider, made)]
    seen += [("the settings", repr(bench.provider.settings) + str(bench.provider.settings))]
    found = secrets.faults(seen)
    assert not found, f"a secret is in: {sorted(set(found))}"


def test_in_the_calls(played: Played) -> None:
    """A call holds no credentials: they are added by `sign`, to a copy, where the provider says they travel."""
    provider, token = played.provider, played.token
    secrets, places = Secrets(provider, token), provider.credential_places
    known = {name.lower() for name in places.headers}
    for call in played.tape.calls:
        assert not (found := secrets.faults(leaks.of_call(call))), f"{call!r} holds a secret in {found}"
        before = (repr(call), list(leaks.of_call(call)))
        signed = provider.sign(call, token)
        assert (repr(call), list(leaks.of_call(call))) == before, "`sign` has changed the call that it was given"
        assert not (wrong := leaks.misplaced(signed, secrets, places)), (
            f"a secret travels in {wrong}, which `credential_places` does not name: recordings would keep it"
        )
        assert not secrets.inside(repr(signed)), "the repr of a signed call shows a secret"
        sealed = provider.seal(PreparedRequest(call.method, provider.settings.base_url, {}, b"{}"), token)
        bare = [name for name, value in sealed.items() if secrets.inside(value) and name.lower() not in known]
        assert not bare, f"`seal` puts a secret into {bare}, which `credential_places` does not name"


def test_in_the_call_that_signs_in(bench: Bench, secrets: Secrets) -> None:
    """What asks for a token holds the account's keys, and the answer the token: recordings have both."""
    provider, tape = bench.provider, Tape()
    if not provider.has_tokens():
        return
    token = bench.scene.run(tape.record(provider.authenticate()))
    places = provider.credential_places
    for call in tape.calls:
        assert call.effect is Effect.READ, (
            f"`authenticate` makes {call!r}, which is to be READ: it is made anew at will"
        )
        assert not (wrong := leaks.misplaced(provider.sign(call), secrets, places)), (
            f"a secret travels in {wrong}, which `credential_places` does not name: recordings would keep it"
        )
    told = Secrets(provider, token)
    for answer in tape.answers:
        _, kept = Scrubber(places, Hosts({}), provider.recorded_headers).answer({}, answer.content)
        assert not told.inside(kept.decode()), (
            "the answer tells the token in a member that is not among the `answers` of `credential_places`: recordings"
            " would keep it"
        )


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
    asks = [reading(bench).ask]
    if bench.has(Capability.PUBLISH):
        draft = bench.draft()
        asks.append(lambda market: market.publish(draft))
    for ask in asks:
        bench.sandbox.faults.add(HOW[how], times=None)
        with leaks.all_logs() as lines, pytest.raises(CrowdhubError) as caught:
            _ = bench.do(world, ask)
        bench.sandbox.faults.clear()
        found = secrets.faults([*leaks.of_error(caught.value), *lines])
        assert not found, f"a secret is in: {sorted(set(found))}"


def test_that_the_marketplace_repeats(bench: Bench, secrets: Secrets) -> None:
    """An error body or a page that echoes the key does not bring it into ours."""
    exercise = reading(bench)
    echo = f"Your key {' and '.join(secrets.plain)} may not do that"
    bodies: list[object] = [bench.sandbox.error_body(403, echo), echo, f"<html>{echo}</html>", {"zz": echo}, [echo]]
    for status in (403, 500, 200):
        for body in bodies:
            bench.sandbox.faults.add(Fault.status(status, "before", body=body), times=None)
            with leaks.all_logs() as lines:
                said = _error_of(bench, exercise.ask)
            found = secrets.faults([*said, *lines])
            assert not found, f"HTTP {status} with {body!r}: a secret is in: {sorted(set(found))}"
            bench.sandbox.faults.clear()


def _error_of(bench: Bench, ask: Ask) -> list[tuple[str, str]]:
    """Every text of the error that it ends with, if it does."""
    try:
        _ = bench.do("sync", ask)
    except CrowdhubError as error:
        return list(leaks.of_error(error))
    return []
