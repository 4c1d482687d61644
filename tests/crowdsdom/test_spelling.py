"""Verbs and paths, on which the marketplace's own pages contradict one another: what its server takes is learned."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import anyio
import pytest

from crowdhub import AsyncHub, Hub, Money, Submission, SubmissionStatus, TaskDraft, TaskStatus, Worker
from crowdhub.errors import InvalidRequest, NotFound, OutcomeUnknown
from crowdhub.sandbox import Fault, Sandbox
from crowdhub_crowdsdom import CrowdSDOM
from crowdhub_crowdsdom.sandbox import CrowdSDOMSandbox
from tests.support.by_hand import Answer, Play
from tests.support.by_hand import play as play_by_hand

DRAFT = TaskDraft(title="T", instructions="D", reward=Money("1", "CNY"), slots=4, proof="What is it?")
READINGS: list[Mapping[str, object]] = [
    {"verbs": "pages"},
    {"verbs": "post"},
    {"verbs": "post", "wrong_verb": 404},
    {"verbs": "put"},
    {"verbs": "put", "wrong_verb": 404},
    {"paths": "lower"},
    {"verbs": "post", "paths": "capital"},
    {"verbs": "put", "paths": "capital", "wrong_verb": 404},
]
Open = Callable[[Mapping[str, object]], Sandbox]


@pytest.fixture
def opened() -> Iterator[Open]:
    stack = ExitStack()

    def make(reading: Mapping[str, object]) -> Sandbox:
        return stack.enter_context(Sandbox("crowdsdom", options={"crowdsdom": {"every": 0, **reading}}))

    with stack:
        yield make


def market_of(box: Sandbox) -> CrowdSDOMSandbox:
    found = box["crowdsdom"]
    assert isinstance(found, CrowdSDOMSandbox)
    return found


def untold(box: Sandbox) -> dict[str, dict[str, object]]:
    """The account as one sets it up who has not heard of capitals."""
    settings = dict(box.accounts["crowdsdom"])
    settings.pop("paths", None)
    return {"crowdsdom": settings}


def hand_in(box: Sandbox, task_id: str, count: int) -> None:
    for number in range(count):
        market_of(box).hand_in(market_of(box).take(task_id, f"w{number}"))


def asked(box: Sandbox) -> list[str]:
    return [f"{each.method} {each.path}" for each in box["crowdsdom"].requests if "oauth" not in each.path]


@pytest.mark.parametrize("reading", READINGS, ids=str)
def test_every_reading_is_spoken(opened: Open, reading: Mapping[str, object]) -> None:
    box = opened(reading)
    with Hub(untold(box), clock=box.clock) as hub:
        market = hub["crowdsdom"]
        task = market.publish(DRAFT, key="k")
        hand_in(box, task.id, 3)
        first, second, third = market.submissions(task)
        assert market.approve(first).status is SubmissionStatus.APPROVED
        assert market.reject(second, "It is blurred.").status is SubmissionStatus.REJECTED
        assert market.cancel(task).status is TaskStatus.CANCELLED
        before = len(asked(box))
        assert market.approve(third).status is SubmissionStatus.APPROVED
        assert len(asked(box)) == before + 1, "what was learned is not remembered"
    assert len(market_of(box).board.jobs) == 1
    assert box["crowdsdom"].books().agree()


def test_what_was_learned_holds_for_all_threads_and_both_decisions(opened: Open) -> None:
    box = opened({"verbs": "post"})
    with Hub(untold(box), clock=box.clock) as hub:
        market = hub["crowdsdom"]
        task = market.publish(DRAFT, key="k")
        hand_in(box, task.id, 4)
        first, *others = market.submissions(task)
        market.reject(first, "It is blurred.")
        before = len(asked(box))
        with ThreadPoolExecutor(3) as threads:
            assert {each.status for each in threads.map(market.approve, others)} == {SubmissionStatus.APPROVED}
        assert [each.split()[0] for each in asked(box)[before:]] == ["POST"] * 3


def test_it_is_learned_in_an_event_loop(opened: Open) -> None:
    box = opened({"verbs": "post", "paths": "capital", "wrong_verb": 404})

    async def main() -> None:
        async with AsyncHub(untold(box), clock=box.clock) as hub:
            market = hub["crowdsdom"]
            task = await market.publish(DRAFT, key="k")
            hand_in(box, task.id, 2)
            first, second = [each async for each in market.submissions(task)]
            assert (await market.approve(first)).status is SubmissionStatus.APPROVED
            before = len(asked(box))
            assert (await market.approve(second)).status is SubmissionStatus.APPROVED
            assert asked(box)[before:] == [f"POST /v1/Tasks/{second.id}/approve"]

    anyio.run(main)


def test_a_publish_in_the_wrong_spelling_is_not_sent_again_by_itself(opened: Open) -> None:
    """A request that takes money is sent once a call; the next call of the application is written the other way."""
    box = opened({"paths": "capital"})
    with Hub(untold(box), clock=box.clock) as hub:
        market = hub["crowdsdom"]
        with pytest.raises(NotFound, match="no method") as caught:
            market.publish(DRAFT)
        assert caught.value.next_step is not None
        assert "Ask again" in caught.value.next_step
        assert not caught.value.money_may_be_spent
        assert asked(box) == ["POST /v1/jobs"]
        task = market.publish(DRAFT)
        assert asked(box)[1:] == ["POST /v1/Jobs"]
        assert list(market_of(box).board.jobs) == [task.id]


@pytest.mark.parametrize("fault", [Fault.drop("after"), Fault.drop("before"), Fault.status(500, "before")], ids=str)
def test_a_lost_answer_is_no_proof(opened: Open, fault: Fault) -> None:
    """What was lost is sent again as it was, or looked at; never with the other verb."""
    box = opened({})
    with Hub(untold(box), clock=box.clock) as hub:
        market = hub["crowdsdom"]
        task = market.publish(DRAFT, key="k")
        hand_in(box, task.id, 1)
        (work,) = market.submissions(task)
        box["crowdsdom"].faults.add(fault, method="PUT", path="/approve$")
        assert market.approve(work).status is SubmissionStatus.APPROVED
        assert not [each for each in asked(box) if each.startswith("POST") and each.endswith("/approve")]


def work_of(provider: CrowdSDOM) -> Submission:
    return Submission(**provider.identity, id="w", task_id="j", worker=Worker(id="a"))


PROOFS: list[Answer] = [
    (405, {}),
    (405, b"Method Not Allowed"),
    (404, {"error": {"status": 404, "message": 'Shared class "Task" has no method handling PUT /w/approve'}}),
    (404, {"error": {"message": "There is no method to handle PUT /tasks/w/approve"}}),
    (404, b"<!DOCTYPE html><html><body><pre>Cannot PUT /v1/tasks/w/approve</pre></body></html>"),
]
NO_PROOFS: list[tuple[Answer, type[Exception]]] = [
    ((404, {"error": {"status": 404, "message": 'Unknown "task" id "w".'}}), NotFound),
    ((404, b"<html><body>Not Found</body></html>"), NotFound),
    ((404, {}), NotFound),
    ((400, {"error": "There is no method handling this"}), InvalidRequest),
    (OutcomeUnknown("The connection broke."), OutcomeUnknown),
]


@pytest.mark.parametrize("proof", PROOFS, ids=str)
def test_proofs(provider: CrowdSDOM, play: Play, proof: Answer) -> None:
    done = {"task": {"id": "w", "jobId": "j", "status": "approved"}}
    calls, approved = play(provider.approve(work_of(provider)), proof, done)
    assert [each.label for each in calls] == ["PUT /tasks/w/approve", "POST /tasks/w/approve"]
    assert approved.status is SubmissionStatus.APPROVED
    (call,), _ = play(provider.approve(work_of(provider)), done)
    assert call.method == "POST"


@pytest.mark.parametrize(("answer", "kind"), NO_PROOFS, ids=str)
def test_no_proofs(provider: CrowdSDOM, answer: Answer, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        play_by_hand(provider, provider.approve(work_of(provider)), [answer])
    assert provider.spellings.known("settle") is None


def test_where_none_is_taken_the_first_refusal_is_told(provider: CrowdSDOM) -> None:
    with pytest.raises(InvalidRequest) as caught:
        play_by_hand(provider, provider.approve(work_of(provider)), [(405, {"error": f"no {n}"}) for n in range(4)])
    assert caught.value.provider_message == "no 0"


def test_with_capitals_in_the_settings_the_first_publish_is_right(opened: Open) -> None:
    box = opened({"paths": "capital"})
    with Hub(box.accounts, clock=box.clock) as hub:
        assert hub["crowdsdom"].publish(DRAFT).slots == 4
    assert asked(box) == ["POST /v1/Jobs"]
