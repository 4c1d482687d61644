from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from crowdhub import Hub, Market, Money, Task, TaskDraft
from crowdhub.errors import InsufficientFunds, InvalidRequest, NotSupported, OutcomeUnknown, PermissionDenied
from crowdhub.operations.checks import UnsupportedFieldWarning
from crowdhub.protocol import AnyProvider
from crowdhub.sandbox import Fault, Sandbox
from crowdhub.testing import SandboxFactory
from crowdhub_rapidworkers.sandbox import RapidWorkersSandbox
from tests.conftest import World
from tests.support.hand_clock import HandClock

Publish: TypeAlias = Callable[..., Any]
Ask: TypeAlias = Callable[[Market[AnyProvider]], object]


def on_market(ask: Ask) -> Callable[[Hub], object]:
    return lambda hub: ask(hub["rapidworkers"])


def estimated(market: Market[AnyProvider], draft: TaskDraft) -> object:
    return market.estimate(draft)


def published(market: Market[AnyProvider], draft: TaskDraft) -> object:
    return market.publish(draft)


DRAFT = TaskDraft(
    title="Complete a survey",
    instructions="Fill it out",
    reward=Money("2.50", "USD"),
    slots=20,
    proof="A screenshot",
    category="Survey",
)


@pytest.fixture
def box(crowdhub_sandbox: SandboxFactory) -> Sandbox:
    return crowdhub_sandbox("rapidworkers", options={"rapidworkers": {"rate_limit": None}})


@pytest.fixture
def sandbox(box: Sandbox) -> RapidWorkersSandbox:
    return box.market(RapidWorkersSandbox)


@pytest.fixture
def publish_here(world: World, box: Sandbox, clock: HandClock, tmp_path: Path) -> Publish:
    """Publishes each time by a program of its own, with the same ledger unless another is named."""

    def publish(draft: TaskDraft, ledger: str = "here", **more: Any) -> Any:
        def ask(hub: Hub) -> object:
            market: Any = hub["rapidworkers"]
            return market.publish(draft, **more)

        return world.hub(box.accounts, ask, clock=clock, ledger=tmp_path / f"{ledger}.sqlite3")

    return publish


@pytest.fixture
def publish(publish_here: Publish) -> Publish:
    """Publishes each time by a program of its own, elsewhere: with another ledger."""
    ledgers = count()

    def publish(draft: TaskDraft, **more: Any) -> Any:
        return publish_here(draft, ledger=str(next(ledgers)), **more)

    return publish


def test_what_is_published_is_what_was_drafted(publish: Publish, sandbox: RapidWorkersSandbox) -> None:
    task = publish(DRAFT)
    (job,) = sandbox.jobs()
    assert DRAFT.reward is not None
    assert (job.id, job.job.title, job.job.slots, job.job.reward) == (task.id, DRAFT.title, 20, DRAFT.reward.amount)
    assert job.job.description.startswith("Fill it out")
    assert task.charged == Money("55.00", "USD")
    assert (task.status, task.slots, task.replayed, task.environment) == ("open", 20, False, "sandbox")
    assert sandbox.books().charged == 55


def test_a_key_publishes_once(publish: Publish, sandbox: RapidWorkersSandbox) -> None:
    first = publish(DRAFT, key="order-42")
    again = publish(DRAFT, key="order-42")
    assert again.id == first.id
    assert (first.replayed, again.replayed) == (False, True)
    assert again.instructions == "Fill it out"
    assert len(sandbox.jobs()) == 1
    assert publish(DRAFT, key="order-43").id != first.id
    assert publish(DRAFT).id != publish(DRAFT).id
    assert len(sandbox.jobs()) == 4


def test_a_keyed_publish_takes_three_requests_at_first_and_two_from_then_on(
    box: Sandbox, sandbox: RapidWorkersSandbox, clock: HandClock
) -> None:
    """The list, the balance and the publish, whose answer tells the balance for the next one."""
    with Hub(box.accounts, clock=clock) as hub:
        counts: list[int] = []
        for key in ("a", "b", "c", "c"):
            before = sandbox.request_count
            hub["rapidworkers"].publish(DRAFT, key=key)
            counts.append(sandbox.request_count - before)
            clock.move(59)
        clock.move(2)
        before = sandbox.request_count
        hub["rapidworkers"].publish(DRAFT, key="d")  # what the last answer told is more than a minute old
        counts.append(sandbox.request_count - before)
    assert counts == [3, 2, 2, 0, 3]


@pytest.mark.parametrize("title", [" Complete a survey ", "Complete a survey\n"])
def test_a_title_that_the_marketplace_trims_is_the_same_task(
    publish: Publish, sandbox: RapidWorkersSandbox, title: str
) -> None:
    draft = DRAFT.copy_with(title=title)
    assert publish(draft, key="k").id == publish(draft, key="k").id
    assert len(sandbox.jobs()) == 1


@pytest.mark.parametrize("change", [{"title": "Other"}, {"reward": Money("2.51", "USD")}, {"slots": 21}])
def test_what_has_the_keys_mark_is_the_result_whatever_became_of_its_text(
    publish: Publish, sandbox: RapidWorkersSandbox, change: dict[str, Any]
) -> None:
    """By another ledger, which knows nothing of the first: nothing is published twice; the task says how it differs."""
    first = publish(DRAFT, key="k")
    again = publish(DRAFT.copy_with(**change), key="k")
    assert (again.id, again.replayed, first.warnings) == (first.id, True, ())
    (warning,) = again.warnings
    assert warning.startswith(f"{next(iter(change))}: the marketplace has ")
    assert len(sandbox.jobs()) == 1


def test_the_reference_is_not_shown_to_the_application(
    publish: Publish, sandbox: RapidWorkersSandbox, box: Sandbox, world: World, clock: HandClock
) -> None:
    task = publish(DRAFT, key="k")
    assert "[ref" in sandbox.jobs()[0].job.description
    read = world.hub(box.accounts, lambda hub: hub["rapidworkers"].task(task), clock=clock)
    assert read.instructions == "Fill it out"
    assert read.reference == task.reference


@pytest.mark.parametrize(
    "fault",
    [
        Fault.drop(),
        Fault.reset(),
        Fault.truncate(),
        Fault.html(),
        *[Fault.status(n, "after") for n in (500, 502, 503, 504, 524)],
    ],
)
def test_a_lost_answer_is_found_not_repeated(publish: Publish, sandbox: RapidWorkersSandbox, fault: Fault) -> None:
    sandbox.faults.add(fault, path="/jobs/add")
    task = publish(DRAFT)
    assert task.replayed
    assert [job.id for job in sandbox.jobs()] == [task.id]
    assert sandbox.books().charged == 55


@pytest.mark.parametrize(
    "fault",
    [
        *[Fault.status(n, "before") for n in (500, 501, 505)],
        *[Fault.status(n, "before", headers={"Location": "/elsewhere"}) for n in (301, 302, 303, 307, 308)],
        Fault.status(503, "before", headers={"Retry-After": "1"}),
    ],
)
def test_what_a_marketplace_failed_at_is_sent_again_only_once_it_can_no_longer_be_carried_out(
    publish_here: Publish, sandbox: RapidWorkersSandbox, clock: HandClock, fault: Fault
) -> None:
    """It may have said so of work that it still carries out, or of which its list and its balance are behind."""
    sandbox.faults.add(fault, path="/jobs/add")
    for _ in range(2):
        with pytest.raises(OutcomeUnknown, match=r"in \d+ s that can be proof"):
            publish_here(DRAFT, key="k")
    assert sum(each.path == "/jobs/add" for each in sandbox.requests) == 1
    clock.sleep(360)
    assert not publish_here(DRAFT, key="k").replayed
    assert len(sandbox.jobs()) == 1


@pytest.mark.parametrize("fault", [Fault.status(500, "before"), Fault.status(500, "after")])
def test_without_a_key_nothing_is_asked_before_and_nothing_sent_again(
    publish: Publish, sandbox: RapidWorkersSandbox, fault: Fault
) -> None:
    sandbox.faults.add(fault, path="/jobs/add")
    with suppress(OutcomeUnknown):
        publish(DRAFT)
    assert sandbox.requests[0].path == "/jobs/add"
    assert sum(each.path == "/jobs/add" for each in sandbox.requests) == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault.drop("before"),
        Fault.reset("before"),
        Fault.html("before"),
        *[Fault.status(n, "before") for n in (502, 503, 504, 524)],
    ],
)
def test_what_may_still_come_is_not_repeated(publish: Publish, sandbox: RapidWorkersSandbox, fault: Fault) -> None:
    sandbox.faults.add(fault, path="/jobs/add")
    with pytest.raises(OutcomeUnknown, match=r'Look for a job titled "Complete a survey" .*\[ref ch-') as caught:
        publish(DRAFT)
    assert caught.value.money_may_be_spent
    assert sandbox.jobs() == []


def test_a_failure_is_not_sent_again_within_a_call(publish: Publish, sandbox: RapidWorkersSandbox) -> None:
    sandbox.faults.add(Fault.status(500, "before"), path="/jobs/add", times=None)
    with pytest.raises(OutcomeUnknown):
        publish(DRAFT, key="k")
    assert sum(each.path == "/jobs/add" for each in sandbox.requests) == 1
    assert sandbox.jobs() == []


def test_a_blind_look_ends_it(publish: Publish, sandbox: RapidWorkersSandbox) -> None:
    sandbox.faults.add(Fault.drop("before"), path="/jobs/add")
    sandbox.faults.add(Fault.status(503), path="/api/campaigns/", times=None)
    with pytest.raises(OutcomeUnknown):
        publish(DRAFT)
    assert sum(each.path == "/jobs/add" for each in sandbox.requests) == 1


def test_after_a_lost_answer_the_key_finds_it(publish: Publish, sandbox: RapidWorkersSandbox) -> None:
    sandbox.faults.add(Fault.drop(), path="/jobs/add")
    sandbox.faults.add(Fault.status(503), path="/api/campaigns/", times=5, skip=1)
    with pytest.raises(OutcomeUnknown):
        publish(DRAFT, key="k")
    sandbox.faults.clear()
    assert publish(DRAFT, key="k").replayed
    assert len(sandbox.jobs()) == 1


def test_too_little_money_and_refused_texts(publish: Publish, sandbox: RapidWorkersSandbox) -> None:
    sandbox.set_balance("54.99")
    with pytest.raises(InsufficientFunds, match="Insufficient"):
        publish(DRAFT)
    sandbox.set_balance("55.00")
    with pytest.raises(PermissionDenied, match="legitimacy") as caught:
        publish(DRAFT.copy_with(instructions="Tell us your password"))
    assert "change its text" in caught.value.next_step
    assert sandbox.books().charged == 0
    assert publish(DRAFT).charged == Money(55, "USD")


BAD: dict[str, dict[str, Any]] = {
    "title": {"title": "  "},
    "instructions": {"instructions": ""},
    "reward": {"reward": Money(0, "USD")},
    "slots": {"slots": 0},
    "countries": {"countries": ("US", "Atlantis")},
    "image": {"image": "no/such/picture.png"},
    "proof": {"proof": None},
    "category": {"category": " "},
}


def test_every_fault_is_named_at_once_before_any_request(publish: Publish, sandbox: RapidWorkersSandbox) -> None:
    changes = {name: value for change in BAD.values() for name, value in change.items()}
    with pytest.raises(InvalidRequest) as caught:
        publish(TaskDraft(**{**dict(DRAFT), **changes}))
    assert {fault.where for fault in caught.value.issues} == set(BAD)
    assert "Atlantis" in str(caught.value)
    assert "picture.png" in str(caught.value)
    assert sandbox.request_count == 0


@pytest.mark.parametrize("where", list(BAD))
def test_each_fault_alone(
    ordinary: World, box: Sandbox, sandbox: RapidWorkersSandbox, clock: HandClock, where: str
) -> None:
    draft = TaskDraft(**{**dict(DRAFT), **BAD[where]})
    verbs: tuple[Ask, ...] = (lambda m: m.publish(draft), lambda m: m.estimate(draft), lambda m: m.check(draft))
    for verb in verbs:
        with pytest.raises(InvalidRequest) as caught:
            ordinary.hub(box.accounts, on_market(verb), clock=clock)
        assert [fault.where for fault in caught.value.issues] == [where]
    assert sandbox.request_count == 0


@pytest.mark.parametrize("reward", [Money(-1, "USD"), Money(1, "EUR"), None])
def test_a_wrong_reward(ordinary: World, box: Sandbox, reward: Money | None) -> None:
    with pytest.raises(InvalidRequest, match="reward"):
        ordinary.hub(box.accounts, lambda hub: hub["rapidworkers"].publish(DRAFT.copy_with(reward=reward)))


UNSUPPORTED: dict[str, Any] = {
    "deadline": timedelta(days=1),
    "language": "en",
}


def test_all_that_the_marketplace_has_no_place_for_is_named(publish: Publish, sandbox: RapidWorkersSandbox) -> None:
    with pytest.raises(NotSupported) as caught:
        publish(DRAFT.copy_with(**UNSUPPORTED))
    assert set(caught.value.fields) == set(UNSUPPORTED)
    assert all(caught.value.reasons.values())
    assert sandbox.request_count == 0


def test_it_can_be_one_warning_instead(
    world: World, box: Sandbox, sandbox: RapidWorkersSandbox, clock: HandClock
) -> None:
    with pytest.warns(UnsupportedFieldWarning) as caught:
        task = world.hub(
            box.accounts,
            lambda hub: hub["rapidworkers"].publish(DRAFT.copy_with(**UNSUPPORTED)),
            on_unsupported="warn",
            clock=clock,
        )
    assert len(caught) == 1
    assert all(name in str(caught[0].message) for name in UNSUPPORTED)
    assert sandbox.jobs()[0].id == task.id


def test_a_dry_run_sends_nothing_and_says_what_it_would(publish: Publish, sandbox: RapidWorkersSandbox) -> None:
    shown = publish(DRAFT.copy_with(image=b"\x89PNG pixels"), dry_run=True)
    assert shown.quote == Money("55.00", "USD")
    assert (shown.quote.work, shown.quote.commission) == (Money(50, "USD"), Money(5, "USD"))
    assert shown.quote.assumption
    assert (shown.method, shown.path) == ("POST", "/jobs/add")
    assert shown.content["title"] == DRAFT.title
    assert "pixels" not in repr(shown)
    assert sandbox.request_count == 1  # the balance
    assert sandbox.jobs() == []
    with pytest.raises(InvalidRequest):
        publish(DRAFT.copy_with(slots=0), dry_run=True)


def test_an_estimate_is_what_is_charged(
    world: World, box: Sandbox, sandbox: RapidWorkersSandbox, clock: HandClock
) -> None:
    for slots, reward in ((20, "2.50"), (7, "0.33"), (1, "0.01")):
        draft = DRAFT.copy_with(slots=slots, reward=Money(reward, "USD"))
        quote = world.hub(box.accounts, on_market(partial(estimated, draft=draft)), clock=clock)
        before = sandbox.books().balance
        world.hub(box.accounts, on_market(partial(published, draft=draft)), clock=clock)
        charged = before - sandbox.books().balance
        assert 0 <= quote.amount - charged <= quote.amount / 100 + Money("0.01", "USD").amount


def test_what_is_not_supported_fails_before_any_request(
    world: World, box: Sandbox, sandbox: RapidWorkersSandbox
) -> None:
    calls: dict[str, Ask] = {
        "cancel": lambda m: m.cancel("x"),
        "worker": lambda m: m.worker("w"),
        "applications": lambda m: m.applications("x"),
    }
    for name, call in calls.items():
        with pytest.raises(NotSupported, match=name) as caught:
            world.hub(box.accounts, on_market(call))
        assert len(str(caught.value)) > 40
    assert sandbox.request_count == 0


@pytest.mark.parametrize("bad", ["", "  ", "../../account", "a/b", "a?b", "a#b", "a%2fb", "..", "a\nb", "x" * 70_000])
def test_an_id_that_is_none_goes_nowhere(ordinary: World, box: Sandbox, sandbox: RapidWorkersSandbox, bad: str) -> None:
    calls: tuple[Ask, ...] = (lambda m: m.task(bad), lambda m: list(m.submissions(bad)))
    for call in calls:
        with pytest.raises(InvalidRequest):
            ordinary.hub(box.accounts, on_market(call))
    assert sandbox.request_count == 0


def test_a_task_of_another_account_is_refused(box: Sandbox, sandbox: RapidWorkersSandbox, clock: HandClock) -> None:
    accounts = {
        "one": {**box.accounts["rapidworkers"], "provider": "rapidworkers"},
        "two": {**box.accounts["rapidworkers"], "provider": "rapidworkers"},
    }
    with Hub(accounts, clock=clock) as hub:
        task = hub["one"].publish(DRAFT)
        sandbox.clear_requests()
        other = hub["two"]
        calls: tuple[Callable[[Task], object], ...] = (
            other.task,
            lambda t: list(other.submissions(t)),
            lambda t: list(other.watch([t])),
        )
        for call in calls:
            with pytest.raises(InvalidRequest, match="belongs to"):
                call(task)
    assert sandbox.request_count == 0
