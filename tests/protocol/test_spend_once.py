"""A spend by hand: every way in which its answer can be lost, and what may be sent afterwards."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdhub import Call, Effect
from crowdhub.errors import (
    ConfigurationError,
    Conflict,
    InsufficientFunds,
    InvalidRequest,
    Lost,
    OutcomeUnknown,
    PermissionDenied,
    ProviderUnavailable,
    RateLimited,
    UnreadableResponse,
)
from crowdhub.protocol import LOOKS, FlowRun, spend_once

SPEND = Call.post("/buy", effect=Effect.SPEND, json={})
FINDABLE = [(lost, place) for lost in Lost for place in range(len(LOOKS[lost]))]


def read(reply):
    if reply == "garbage":
        raise UnreadableResponse("its Created has a wrong job")
    return f"made by {reply}"


def look(lost, delay):
    found = yield Call.get("/list").after(delay)
    return "found" if found == "there" else None


class Hand:
    """Drives one spend; counts what was sent."""

    def __init__(self, looks=look):
        self.run = FlowRun(spend_once(SPEND, read, looks, look_for='a job called "x"'))
        self.spends = 0
        self.delays = []
        self._note(self.run.start())

    def _note(self, call):
        if call is not None and call.effect is Effect.SPEND:
            self.spends += 1
        elif call is not None:
            self.delays.append(call.delay)

    def send(self, reply):
        self._note(self.run.send(reply))

    def throw(self, error):
        self._note(self.run.throw(error))

    def lose(self, lost):
        self.throw(OutcomeUnknown("lost", lost=lost))

    def not_there(self, times):
        for _ in range(times):
            self.send("empty list")


def test_an_answer_is_read_and_nothing_is_looked_for():
    hand = Hand()
    hand.send("42")
    assert hand.run.result == "made by 42"
    assert (hand.spends, hand.delays) == (1, [])


@pytest.mark.parametrize(("lost", "place"), FINDABLE)
def test_what_a_lost_call_made_is_found_at_any_look(lost, place):
    hand = Hand()
    hand.lose(lost)
    hand.not_there(place)
    hand.send("there")
    assert hand.run.result == "found"
    assert hand.spends == 1
    assert hand.delays == list(LOOKS[lost][: place + 1])


@pytest.mark.parametrize("lost", [Lost.ANSWERED, Lost.BROKEN])
def test_what_is_certainly_absent_is_sent_once_more(lost):
    hand = Hand()
    hand.lose(lost)
    hand.not_there(len(LOOKS[lost]))
    assert hand.spends == 2
    hand.send("43")
    assert hand.run.result == "made by 43"


@pytest.mark.parametrize("first", [Lost.ANSWERED, Lost.BROKEN])
@pytest.mark.parametrize("second", list(Lost))
def test_a_second_loss_is_looked_for_but_never_sent_a_third_time(first, second):
    hand = Hand()
    hand.lose(first)
    hand.not_there(len(LOOKS[first]))
    hand.lose(second)
    hand.not_there(len(LOOKS[second]) - 1)
    with pytest.raises(OutcomeUnknown, match='Look for a job called "x"'):
        hand.send("empty list")
    assert hand.spends == 2


@pytest.mark.parametrize("second", list(Lost))
def test_what_the_second_one_made_is_found(second):
    hand = Hand()
    hand.lose(Lost.BROKEN)
    hand.not_there(len(LOOKS[Lost.BROKEN]))
    hand.lose(second)
    hand.send("there")
    assert hand.run.result == "found"
    assert hand.spends == 2


def test_after_a_time_out_absence_proves_nothing():
    hand = Hand()
    hand.lose(Lost.TIMED_OUT)
    hand.not_there(len(LOOKS[Lost.TIMED_OUT]) - 1)
    with pytest.raises(OutcomeUnknown) as caught:
        hand.send("empty list")
    assert hand.spends == 1
    assert caught.value.look_for == 'a job called "x"'
    assert caught.value.money_may_be_spent


@pytest.mark.parametrize("lost", list(Lost))
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
def test_a_blind_look_is_no_absence(lost, blind):
    hand = Hand()
    hand.lose(lost)
    with pytest.raises(OutcomeUnknown) as caught:
        hand.throw(blind)
    assert hand.spends == 1
    assert caught.value.__cause__ is blind
    assert "Look for" in caught.value.next_step


def test_a_blind_second_look_is_no_absence_either():
    hand = Hand()
    hand.lose(Lost.BROKEN)
    hand.send("empty list")
    with pytest.raises(OutcomeUnknown):
        hand.throw(ProviderUnavailable("down"))
    assert hand.spends == 1


@pytest.mark.parametrize(
    "refusal", [InsufficientFunds("no"), InvalidRequest("bad"), PermissionDenied("no"), RateLimited("wait")]
)
def test_a_refusal_comes_out_and_is_not_looked_for(refusal):
    hand = Hand()
    with pytest.raises(type(refusal)):
        hand.throw(refusal)
    assert (hand.spends, hand.delays) == (1, [])


def test_an_answer_that_cannot_be_read_may_have_been_a_yes():
    from crowdhub.engine.http import Response

    def unreadable_reply(reply):
        raise UnreadableResponse("its Created has a wrong job")

    run = FlowRun(spend_once(SPEND, unreadable_reply, look, look_for="it"))
    run.start()
    call = run.send(Response(201))
    assert call.effect is Effect.READ
    assert run.send("there") is None
    assert run.result == "found"


events = st.lists(st.sampled_from(["good", "absent", "there", "blind", *Lost]), min_size=1, max_size=12)


@given(events)
def test_whatever_happens_two_spends_at_most_and_a_second_only_after_proof(script):
    """A model of the marketplace: what was thrown and looked at decides what may be sent."""
    hand = Hand()
    try:
        for event in script:
            if hand.run.ended:
                break
            spending = hand.run.call.effect is Effect.SPEND
            before, looked = hand.spends, len(hand.delays)
            if spending:
                if isinstance(event, Lost):
                    last = event
                    hand.lose(event)
                else:
                    hand.send(event)
            elif event == "there":
                hand.send("there")
            elif event == "absent":
                hand.send("empty list")
            else:
                hand.throw(ProviderUnavailable("down"))
            if hand.spends > before:
                assert last is not Lost.TIMED_OUT
                assert event == "absent"
                assert looked == len(LOOKS[last])
    except OutcomeUnknown as error:
        assert error.money_may_be_spent  # noqa: PT017 - most runs end otherwise
        assert error.look_for  # noqa: PT017
    assert hand.spends <= 2
