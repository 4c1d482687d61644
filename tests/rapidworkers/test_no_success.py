"""A good status whose body says that it did not succeed."""

from __future__ import annotations

import pytest

from crowdhub import Hub, TaskDraft
from crowdhub.errors import OutcomeUnknown, ProviderError, UnreadableResponse
from crowdhub.protocol import Call, Effect, Response
from crowdhub.sandbox import Fault, Sandbox
from crowdhub_rapidworkers import RapidWorkers
from crowdhub_rapidworkers.sandbox import RapidWorkersSandbox

NO = {"success": False, "message": "The service is being restarted"}


@pytest.mark.parametrize("status", [200, 201])
def test_publishing_is_unknown_with_its_words(draft: TaskDraft, status: int) -> None:
    """The page does not say that nothing is charged then, so the request is not sent again."""
    with Sandbox("rapidworkers") as box, Hub(box.accounts, clock=box.clock) as hub:
        sandbox = box.market(RapidWorkersSandbox)
        sandbox.faults.add(Fault.status(status, body=NO), path="jobs/add", times=None)
        with pytest.raises(OutcomeUnknown, match="being restarted") as caught:
            hub["rapidworkers"].publish(draft, key="one")
        assert caught.value.money_may_be_spent
        assert len(sandbox.faults.fired) == 1


def test_reading_and_blocking_are_refused_with_its_words() -> None:
    with Sandbox("rapidworkers") as box, Hub(box.accounts, clock=box.clock) as hub:
        market = hub["rapidworkers"]
        box.market(RapidWorkersSandbox).faults.add(Fault.status(200, body=NO), times=None)
        for ask in (market.balance, lambda: market.block("7", reason="spam"), lambda: market.unblock("7")):
            with pytest.raises(ProviderError, match="being restarted") as caught:
                ask()
            assert not isinstance(caught.value, UnreadableResponse)


@pytest.mark.parametrize("body", [{"success": True}, {"success": None}, {"rows": [{"success": False}]}, []])
def test_anything_else_is_an_answer(provider: RapidWorkers, body: object) -> None:
    assert provider.error(Call.post("/x", effect=Effect.SPEND), Response(200, json=body)) is None
