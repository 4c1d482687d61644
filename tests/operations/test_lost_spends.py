"""A spend by hand: every way in which its answer can be lost, and what may be sent afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crowdhub import Operation
from crowdhub.engine.runtime import drive
from crowdhub.errors import (
    ConfigurationError,
    Conflict,
    CrowdhubError,
    InsufficientFunds,
    InvalidRequest,
    Lost,
    OutcomeUnknown,
    PermissionDenied,
    ProviderUnavailable,
    RateLimited,
    UnreadableResponse,
)
from crowdhub.operations.port import Port
from crowdhub.operations.spending.looking import LOOKS
from crowdhub.operations.spending.once import spend
from crowdhub.operations.spending.policy import SpendingPolicy
from crowdhub.operations.spending.purchase import Purchase
from crowdhub.protocol import AnyProvider, Lookup, no_call
from tests.support.hand_clock import HandClock
from tests.support.scripted_port import ScriptedPort

FINDABLE = [(lost, place) for lost in Lost for place in range(len(LOOKS[lost]))]
FOUND = "found"
ABSENT = None

Event = str | CrowdhubError | None
Spend = Callable[[list[Event], list[Event]], ScriptedPort]


def lost(how: Lost) -> OutcomeUnknown:
    return OutcomeUnknown("lost", lost=how)


class Run:
    """One spend, with what its requests and its looks come to."""

    def __init__(self, provider: AnyProvider, clock: HandClock, sends: list[Event], looks: list[Event]) -> None:
        self.port = ScriptedPort(provider, clock, buy=sends, find=looks)
        self.result: str | None = None
        self.error: CrowdhubError | None = None
        lookup = Lookup[str]('a job called "x"', lambda since, evidence: no_call("scripted"))
        purchase = Purchase(
            operation=Operation("buy", lambda: no_call("scripted"), {}).taken(),
            content={},
            restore=lambda intent: "restored",
            keep=lambda result: result,
            lookup=lookup,
            after_crash=lookup,
        )
        try:
            self.result = drive(spend(cast("Port", self.port), SpendingPolicy(), purchase))
        except CrowdhubError as error:
            self.error = error

    @property
    def spends(self) -> int:
        return self.port.ran.count("buy")

    @property
    def looks(self) -> int:
        return self.port.ran.count("find")


@pytest.fixture
def run(shelf: tuple[AnyProvider, object], clock: HandClock) -> Callable[[list[Event], list[Event]], Run]:
    provider, _ = shelf
    return lambda sends, looks: Run(provider, clock, sends, looks)


Runs = Callable[[list[Event], list[Event]], Run]


def waits(how: Lost, looks: int) -> list[float]:
    return [delay for delay in LOOKS[how][:looks] if delay]


def test_an_answer_is_read_and_nothing_is_looked_for(run: Runs) -> None:
    done = run(["made"], [])
    assert done.result == "made"
    assert (done.spends, done.looks) == (1, 0)


@pytest.mark.parametrize(("how", "place"), FINDABLE)
def test_what_a_lost_call_made_is_found_at_any_look(run: Runs, how: Lost, place: int) -> None:
    done = run([lost(how)], [*[ABSENT] * place, FOUND])
    assert done.result == FOUND
    assert done.spends == 1
    assert done.port.slept == waits(how, place + 1)


def test_what_is_certainly_absent_is_sent_once_more(run: Runs) -> None:
    done = run([lost(Lost.ANSWERED), "made at last"], [ABSENT] * len(LOOKS[Lost.ANSWERED]))
    assert done.result == "made at last"
    assert done.spends == 2


@pytest.mark.parametrize("second", list(Lost))
def test_a_second_loss_is_looked_for_but_never_sent_a_third_time(run: Runs, second: Lost) -> None:
    first = Lost.ANSWERED
    done = run([lost(first), lost(second)], [ABSENT] * (len(LOOKS[first]) + len(LOOKS[second])))
    assert isinstance(done.error, OutcomeUnknown)
    assert 'Look for a job called "x"' in str(done.error)
    assert done.spends == 2
    assert done.looks == len(LOOKS[first]) + len(LOOKS[second])


@pytest.mark.parametrize("second", list(Lost))
def test_what_the_second_one_made_is_found(run: Runs, second: Lost) -> None:
    done = run([lost(Lost.ANSWERED), lost(second)], [*[ABSENT] * len(LOOKS[Lost.ANSWERED]), FOUND])
    assert done.result == FOUND
    assert done.spends == 2


@pytest.mark.parametrize("how", [Lost.BROKEN, Lost.TIMED_OUT, Lost.ACCEPTED])
def test_after_a_broken_connection_a_time_out_or_a_yes_absence_proves_nothing(run: Runs, how: Lost) -> None:
    done = run([lost(how)], [ABSENT] * len(LOOKS[how]))
    assert isinstance(done.error, OutcomeUnknown)
    assert done.spends == 1
    assert done.error.look_for == 'a job called "x"'
    assert done.error.money_may_be_spent


@pytest.mark.parametrize("how", list(Lost))
@pytest.mark.parametrize(
    "blind",
    [
        ProviderUnavailable("list is down"),
        RateLimited("too many"),
        UnreadableResponse("?"),
        Conflict("two of them"),
        ConfigurationError("no token"),
    ],
)
def test_a_blind_look_is_not_an_absence(run: Runs, how: Lost, blind: CrowdhubError) -> None:
    done = run([lost(how)], [blind])
    assert isinstance(done.error, OutcomeUnknown)
    assert done.spends == 1
    assert done.error.__cause__ is blind
    assert "Look for" in done.error.next_step


def test_a_blind_second_look_is_not_an_absence_either(run: Runs) -> None:
    done = run([lost(Lost.BROKEN)], [ABSENT, ProviderUnavailable("down")])
    assert isinstance(done.error, OutcomeUnknown)
    assert done.spends == 1


@pytest.mark.parametrize(
    "refusal", [InsufficientFunds("no"), InvalidRequest("bad"), PermissionDenied("no"), RateLimited("wait")]
)
def test_a_refusal_comes_out_and_is_not_looked_for(run: Runs, refusal: CrowdhubError) -> None:
    done = run([refusal], [])
    assert done.error is refusal
    assert (done.spends, done.looks) == (1, 0)


events = st.lists(st.sampled_from(["made", *Lost]), min_size=1, max_size=4)
sights = st.lists(st.sampled_from([FOUND, ABSENT, ABSENT, ABSENT, "blind"]), min_size=12, max_size=12)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events, sights)
def test_whatever_happens_two_spends_at_most_and_a_second_only_after_proof(
    run: Runs, sent: list[str | Lost], seen: list[str | None]
) -> None:
    """A model of the marketplace: what was thrown and looked at decides what may be sent."""
    sends: list[Event] = [lost(each) if isinstance(each, Lost) else each for each in sent]
    looks: list[Event] = [ProviderUnavailable("down") if each == "blind" else each for each in seen]
    first = sent[0]
    needed = looks[: len(LOOKS[first])] if isinstance(first, Lost) else []
    may_repeat = first is Lost.ANSWERED and all(each is ABSENT for each in needed)
    if may_repeat and len(sends) == 1:
        sends.append("made")
    done = run(list(sends), list(looks))
    assert done.spends == (2 if may_repeat else 1)
    if done.error is not None:
        assert isinstance(done.error, OutcomeUnknown)
        assert done.error.money_may_be_spent
        assert done.error.look_for
