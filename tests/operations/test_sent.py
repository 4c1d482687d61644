"""The ledger knows whether and when a request left: what never left is free, and an age counts from the last one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from crowdhub import AsyncHub, Hub, Money, Task, TaskDraft
from crowdhub.errors import OutcomeUnknown
from crowdhub.ledger import Intent, Ledger, NotHeld, PaidTwice, State, owner
from crowdhub.operations.spending import Spend
from crowdhub.sandbox import Fault, Sandbox
from crowdhub_rapidworkers import RapidWorkers

DRAFT = TaskDraft(
    title="Say what you see",
    instructions="One sentence.",
    proof="The sentence.",
    reward=Money("0.50", "USD"),
    slots=2,
    category="Survey",
)
NEVER = Fault.status(504, "before")
"""No answer in time, and it is never carried out."""
NAME = "rapidworkers"


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(NAME, options={NAME: {"work_rate": 0, "rate_limit": None}}) as made:
        yield made


MakeHub = Callable[..., Hub]


@pytest.fixture
def hub_of(box: Sandbox, tmp_path: Path) -> Iterator[MakeHub]:
    made: list[Hub] = []

    def make(**options: Any) -> Hub:
        options.setdefault("accounts", box.accounts)
        made.append(Hub(options.pop("accounts"), ledger=tmp_path / "ledger.sqlite3", clock=box.clock, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


def publish(hub: Hub) -> Task:
    return hub[NAME].publish(DRAFT, key="k")


def lost(hub: Hub, box: Sandbox, fault: Fault) -> None:
    """Publish, and lose the answer."""
    box[NAME].faults.add(fault, path="/jobs/add", times=1)
    with pytest.raises(OutcomeUnknown):
        publish(hub)
    box[NAME].faults.clear()


def jobs(box: Sandbox) -> int:
    return len(box[NAME].books().charges)


def states(hub: Hub) -> list[State]:
    assert hub.ledger is not None
    return [each.state for each in hub.ledger.report.entries()]


def test_a_request_that_was_sent_again_is_as_young_as_its_last_attempt(box: Sandbox, hub_of: MakeHub) -> None:
    """The second attempt is carried out late: nothing may be sent for it, however old the first one is."""
    hub = hub_of(timeout=0.2)
    lost(hub, box, NEVER)
    box.advance(minutes=6)
    lost(hub, box, Fault.hang("before"))
    box.advance(seconds=2)
    with pytest.raises(OutcomeUnknown):
        publish(hub)
    (settled,) = hub.recover().intents
    assert settled.settled == "look"
    assert box[NAME].faults.release() == 1
    assert publish(hub).replayed
    assert (jobs(box), states(hub)) == (1, [State.DONE])


def test_a_slow_confirmation_does_not_make_a_request_old(box: Sandbox, hub_of: MakeHub) -> None:
    def six_minutes(spend: Spend) -> bool:
        box.advance(minutes=6)
        return True

    hub = hub_of(confirm=six_minutes)
    lost(hub, box, NEVER)
    box.advance(seconds=2)
    with pytest.raises(OutcomeUnknown, match="that can be proof: ask again then"):
        publish(hub)
    assert (jobs(box), states(hub)) == (0, [State.UNKNOWN])


def another_machine(_: owner.Here) -> str:
    return "another-machine/12/34/box/0001"


def test_a_process_that_was_asleep_does_not_send_what_another_took_over(
    box: Sandbox, hub_of: MakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks: list[Task] = []

    def asleep(spend: Spend) -> bool:
        monkeypatch.undo()
        box.advance(minutes=10)
        tasks.append(publish(hub_of()))
        return True

    monkeypatch.setattr(owner.Here, "new_holder", another_machine)
    with pytest.raises(NotHeld, match="Nothing was sent by this call"):
        publish(hub_of(confirm=asleep))
    hub = hub_of()
    assert publish(hub).id == tasks[0].id
    assert (jobs(box), states(hub)) == (1, [State.DONE])


@pytest.mark.parametrize("face", ["sync", "asyncio", "trio"])
def test_a_process_that_was_stopped_in_the_moment_of_sending_is_told_of_the_second_payment(
    box: Sandbox, hub_of: MakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, face: str
) -> None:
    """For ten minutes, between the note that it leaves and its first byte: what nothing can prevent is said."""
    real = Ledger.sending
    hub = hub_of()
    tasks: list[Task] = []

    def sending(ledger: Ledger, intent: Intent, *witness: object) -> None:
        real(ledger, intent, *witness)  # type: ignore[arg-type]
        monkeypatch.undo()
        box.advance(minutes=10)
        tasks.append(publish(hub))

    async def stopped() -> None:
        async with AsyncHub(box.accounts, ledger=tmp_path / "ledger.sqlite3", clock=box.clock) as there:
            _ = await there[NAME].publish(DRAFT, key="k")

    monkeypatch.setattr(Ledger, "sending", sending)
    monkeypatch.setattr(owner.Here, "new_holder", another_machine)
    with pytest.raises(PaidTwice, match="with the key 'k' was carried out twice") as caught:
        _ = publish(hub_of()) if face == "sync" else anyio.run(stopped, backend=face)
    assert hub.ledger is not None
    assert (jobs(box), len(hub.ledger.twins())) == (2, 1)
    (settled,) = hub.recover().intents
    assert settled.settled == "twice"
    both = {charge.task_id for charge in box[NAME].books().charges}
    assert tasks[0].id in both
    assert {caught.value.first.task_id, caught.value.second.task_id} == both


def test_a_confirmation_that_fails_leaves_the_key_free(box: Sandbox, hub_of: MakeHub) -> None:
    def fails(spend: Spend) -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publish(hub_of(confirm=fails))
    hub = hub_of()
    assert not publish(hub).replayed
    assert sorted(states(hub)) == [State.DONE, State.NOT_DONE]


def test_one_account_under_two_names_has_one_key(box: Sandbox, hub_of: MakeHub) -> None:
    settings = box.accounts[NAME]
    hub = hub_of(accounts={NAME: settings, "main": {**settings, "provider": NAME}})
    first = publish(hub)
    again = hub["main"].publish(DRAFT, key="k")
    assert (again.id, again.replayed, again.account) == (first.id, True, "main")
    assert list(hub["main"].submissions(again)) == []  # it is this account's
    assert jobs(box) == 1


def test_what_carries_no_mark_has_one_key_under_both_names_too(box: Sandbox, hub_of: MakeHub) -> None:
    settings = {**box.accounts[NAME], "allow_engagement_jobs": True}
    accounts = {NAME: settings, "rw-main": {**settings, "provider": NAME}}
    hub = hub_of(accounts=accounts, budget={"USD": "1.50"})
    bought: list[Task] = []
    for market in (hub[NAME], hub["rw-main"]):
        likes = RapidWorkers.facebook_likes(market.provider, link="https://example.com/p", quantity=20)  # type: ignore[arg-type]
        bought.append(market.run(likes, key="k", amount=Money("1.00", "USD")))
    assert bought[0].id == bought[1].id
    assert (jobs(box), states(hub)) == (1, [State.DONE])


KILLED = """
import json, os, sys
from crowdhub import Hub, TaskDraft

def ends(spend):
    os._exit(9)

hub = Hub(json.loads(sys.argv[1]), ledger=sys.argv[2], budget={"USD": "1.50"}, confirm=ends)
hub["rapidworkers"].publish(TaskDraft.model_validate_json(sys.argv[3]), key="killed")
"""


def test_what_never_left_reserves_nothing_once_its_process_is_gone(
    box: Sandbox, hub_of: MakeHub, tmp_path: Path
) -> None:
    accounts = json.dumps({name: dict(each) for name, each in box.accounts.items()})
    given = [accounts, str(tmp_path / "ledger.sqlite3"), DRAFT.model_dump_json()]
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", KILLED, *given], timeout=60, check=False)
    assert done.returncode == 9
    hub = hub_of(budget={"USD": "1.50"})
    assert hub[NAME].publish(DRAFT, key="another").id
    assert states(hub) == [State.DONE, State.NOT_DONE]
    assert jobs(box) == 1


def test_what_is_unknown_is_listed_and_what_never_left_is_not(box: Sandbox, hub_of: MakeHub) -> None:
    def refuses(spend: Spend) -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hub_of(confirm=refuses)[NAME].publish(DRAFT, key="never sent")
    hub = hub_of()
    assert hub.unresolved() == []
    lost(hub, box, NEVER)
    (left,) = hub.unresolved()
    assert (left.key, left.settled, left.amount) == ("k", "look", Money("1.10", "USD"))
    assert "[ref ch-" in (left.look_for or "")


@pytest.mark.parametrize("beside", ["nothing", "another network's, of the same price", "said to take more"])
def test_what_carries_no_mark_is_not_taken_for_a_parallel_purchase(box: Sandbox, hub_of: MakeHub, beside: str) -> None:
    account = {**box.accounts[NAME], "allow_engagement_jobs": True}
    hub = hub_of(accounts={NAME: account})
    market, price = hub.market(RapidWorkers), Money("1.00", "USD")
    assert market.ledger is not None
    if beside != "nothing":
        other = price if "same" in beside else Money("2.00", "USD")
        identity = {"provider": NAME, "account": NAME, "environment": "sandbox"}
        parallel = market.ledger.begin(identity, "twitter_likes", "20 likes", key="other", amount=other).intent
        market.ledger.sending(parallel)
    box[NAME].faults.add(Fault.drop("after"), path="facebook-likes", times=1)
    bought = market.provider.facebook_likes(link="https://example.com/p", quantity=20)
    if beside != "nothing":  # what an application says that it takes need not be so
        with pytest.raises(OutcomeUnknown, match="20 at"):
            market.run(bought, key="mine", amount=price)
    else:
        assert market.run(bought, key="mine", amount=price).replayed
