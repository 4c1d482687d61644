"""Money is spent once, in full, whatever becomes of an answer. Judged by the sandbox's own books."""

from __future__ import annotations

import itertools
from contextlib import suppress
from functools import partial
from typing import Literal

import pytest

from crowdhub.errors import Conflict, MarketplaceError, OutcomeUnknown, ProviderUnavailable, RateLimited
from crowdhub.model import Capability, Task, TaskDraft, TaskStatus
from crowdhub.sandbox import Fault
from crowdhub.testing.bench import Bench, Either
from crowdhub.testing.exercises import EXERCISES, Exercise, marked
from crowdhub.testing.exercises.work import accepted, bonus_paid
from crowdhub.testing.spoiling import (
    KINDS,
    NEVER_CERTAIN,
    each_request_spoiled,
    first_change,
    part_of,
    told,
)
from crowdhub.testing.suite.conftest import NewBench
from crowdhub.testing.walk import one


@pytest.mark.parametrize("kind", KINDS)
def test_a_lost_answer(bench: Bench, spending: Capability, kind: str, world: str) -> None:
    """Of any request: paid once and in full; told to the application where it can be told, and never sent again where
    it cannot."""
    hows = KINDS[kind] if world == "sync" else KINDS[kind][:2]
    for spoiled in each_request_spoiled(bench, EXERCISES[spending], hows, world):
        findable = {
            Capability.PUBLISH: bench.has(Capability.FIND_PUBLISHED) and spoiled.how not in NEVER_CERTAIN,
            Capability.PAY_BONUS: bench.has(Capability.FIND_BONUS) and spoiled.how.endswith("after"),
        }
        spent = spoiled.unknown is not None and spoiled.unknown.money_may_be_spent
        assert not (spent and findable.get(spending, False)), (
            f"{spoiled.where}: the marketplace can be asked what became of it, but nothing was found out:"
            f" {spoiled.unknown}"
        )
    bench.agree()


def test_the_ledger_knows(bench: Bench, spending: Capability, world: str) -> None:
    """What was spent is in the ledger, settled; an estimate that assumes nothing is the amount that was taken."""
    exercise = EXERCISES[spending](bench)
    since, before = bench.since(), bench.entries()
    result = bench.do(world, exercise.ask)
    moved, entries = since.moved(), [each for number, each in bench.entries().items() if number not in before]
    exercise.check(result)
    if moved.nothing:
        return  # more time, say
    assert len(entries) == 1, f"{moved} was spent, the ledger has {len(entries)} entries of it"
    assert entries[0].state == "done", f"it was done, the ledger says {entries[0].state}"
    charged, amount = entries[0].charged, entries[0].amount
    assert charged in (None, moved.taken), f"{moved} was spent, the ledger says that {charged} was charged"
    assert amount is None or amount.currency == moved.currency
    if spending is Capability.PAY_BONUS:
        assert amount in (moved.taken, moved.for_workers), f"{moved} was spent, the ledger says {amount}"


@pytest.mark.crowdhub_needs(Capability.PUBLISH, Capability.FIND_PUBLISHED)
def test_a_batch_carries_on(bench: Bench) -> None:
    """`publish_many` on another machine, which shares no ledger: what is on the market under the keys' marks is found,
    the rest is published, and that once."""
    drafts = [(f"batch-{number}", marked(bench)) for number in range(3)]
    first = bench.market.publish_many(drafts[:2])
    since = bench.since()
    with bench.hub(ledger="elsewhere") as hub:
        again = hub[bench.name].publish_many(drafts)
    assert [str(each.result) for each in first.outcomes] == ["published"] * 2, first.failures
    assert [str(each.result) for each in again.outcomes] == ["replayed", "replayed", "published"], again.failures
    assert [task.id for task in again.tasks[:2]] == [task.id for task in first.tasks]
    assert since.moved().times <= 1, f"a batch that carries on was charged {since.moved().times} times for one draft"


@pytest.mark.crowdhub_needs(Capability.PUBLISH)
@pytest.mark.parametrize("when", ["before", "after"])
def test_publish_that_is_not_answered_in_time(new_bench: NewBench, when: Literal["before", "after"]) -> None:
    """The marketplace may do it long after nobody waits any more; it is not sent again meanwhile."""
    bench = new_bench(timeout=0.15)
    draft, since = marked(bench), bench.since()
    call = first_change(bench, bench.provider.publish(draft))
    assert call is not None
    bench.spoil(Fault.hang(when), call)
    _, unknown = told(bench, "sync", Exercise(lambda m: m.publish(draft), lambda p: p.publish(draft), print))
    certain = bench.has(Capability.FIND_PUBLISHED) or call.idempotent_for is not None
    assert certain or (unknown is not None and unknown.look_for), "it does not say what to look for"
    _ = bench.sandbox.faults.release()
    times = since.moved().times
    assert times <= 1, f"slow, and so charged {times} times"
    assert times == 1 or not call.takes_money, "the request was released, but nothing was charged"


@pytest.mark.crowdhub_needs(Capability.FIND_PUBLISHED, Capability.TASKS, Capability.BALANCE)
def test_a_key_waits_for_what_may_still_be_done(new_bench: NewBench) -> None:
    """Any request hangs, nobody waits any more, and the key is tried again at once: that neither the list of tasks nor
    the balance shows it proves nothing yet (`settles_within`), for then the marketplace does it after all."""
    bench = new_bench(timeout=0.15)
    draft, faults = bench.draft(), bench.sandbox.faults
    for number in itertools.count():
        since, publish = bench.since(), partial(_publish, draft, f"key-{number}")
        bench.spoil_request(Fault.hang("before"), number)
        for _ in range(2):
            with suppress(MarketplaceError):
                _ = bench.do("sync", publish)
        if len(faults.fired) == number:
            return  # it takes fewer requests
        _ = faults.release()
        _ = bench.box.advance(hours=1)
        _ = bench.do("sync", publish)
        times = since.moved().times
        assert times == 1, (
            f"request {number + 1} was carried out after its key had been tried again, and the sandbox charged"
            f" {times} times: how long may the marketplace take (`settles_within`)?"
        )


@pytest.mark.crowdhub_needs(Capability.PUBLISH)
def test_publish_that_is_refused_for_now(bench: Bench, world: str) -> None:
    """A 429 says that nothing was done: it is sent again, after the time that was asked for."""
    draft = marked(bench)
    call = first_change(bench, bench.provider.publish(draft))
    assert call is not None
    since, start = bench.since(), bench.clock.monotonic()
    bench.spoil(Fault.rate_limit(retry_after=7), call)
    _ = bench.do(world, lambda market: market.publish(draft))
    assert since.moved().times == 1, f"refused for now, and then: {since.moved()}"
    assert bench.clock.monotonic() - start >= 7, "it was sent again before the time that was asked for (Retry-After)"


@pytest.mark.crowdhub_needs(Capability.PUBLISH)
def test_publish_refused_for_ever(bench: Bench) -> None:
    draft = marked(bench)
    call = first_change(bench, bench.provider.publish(draft))
    assert call is not None
    since = bench.since()
    bench.spoil(Fault.rate_limit(), call, times=None)
    with pytest.raises(RateLimited):
        _ = bench.market.publish(draft)
    assert since.moved().nothing


@pytest.mark.crowdhub_needs(Capability.PUBLISH)
def test_publish_that_never_arrives(bench: Bench) -> None:
    """No connection: nothing was sent, and so nothing is unknown."""
    gone = {name: _closed(value) for name, value in bench.account.items()}
    with bench.hub(account=gone) as hub, pytest.raises(ProviderUnavailable) as caught:
        _ = hub[bench.name].publish(bench.draft())
    assert not caught.value.money_may_be_spent
    assert bench.since().moved().nothing


def _closed(value: object) -> object:
    """The same address on a port on which nobody listens."""
    if not (isinstance(value, str) and value.startswith("http://")):
        return value
    scheme, _, rest = value.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition(':')[0]}:1{slash}{path}"


# --- keys


@pytest.mark.crowdhub_needs(Capability.PUBLISH)
def test_a_key_publishes_once(bench: Bench, world: str) -> None:
    draft, since = bench.draft(), bench.since()
    first = one(bench.do(world, lambda m: m.publish(draft, key="order-1")), Task)
    again = one(bench.do(world, lambda m: m.publish(draft, key="order-1")), Task)
    other = one(bench.do(world, lambda m: m.publish(draft, key="order-2")), Task)
    assert again.id == first.id, "the same key gave another task"
    assert again.replayed, "the same key gave the first task, but does not say `replayed`"
    assert other.id != first.id, "another key gave the first one's task"
    assert since.moved().times == 2, f"two keys, and the sandbox charged {since.moved().times} times"


@pytest.mark.crowdhub_needs(Capability.FIND_PUBLISHED)
def test_a_key_from_another_machine(bench: Bench) -> None:
    """Without the ledger that knows of it, the marketplace itself is asked for the key's reference."""
    draft, since = bench.draft(), bench.since()
    first = bench.market.publish(draft, key="order-1")
    with bench.hub(ledger="elsewhere") as hub:
        again = hub[bench.name].publish(draft, key="order-1")
    assert again.id == first.id
    assert since.moved().times == 1, f"one key, and the sandbox charged {since.moved().times} times"


@pytest.mark.crowdhub_needs(Capability.FIND_PUBLISHED)
def test_what_never_went_on_the_market_is_not_found(bench: Bench) -> None:
    """Publishing in steps that stopped on its way: `find_published` finds what workers can take, not a draft."""
    for steps in range(1, 10):
        draft, since = marked(bench), bench.since()
        if not part_of(bench, bench.provider.publish(draft), steps):
            return
        try:
            found = bench.market.run(bench.provider.find_published(draft))
        except Conflict:
            continue
        if found is None:
            continue
        there = bench.subject.published(bench.sandbox, found.id) is not None and found.status is not TaskStatus.DRAFT
        assert there, (
            f"publishing stopped after {steps} of its changes ({since.moved()} moved), and `find_published` gives task"
            f" {found.id} ({found.status}), which is not on the market: its key would never publish"
        )


@pytest.mark.crowdhub_needs(Capability.PUBLISH)
def test_a_key_goes_on_where_it_stopped(bench: Bench, world: str) -> None:
    """Publishing with a key stopped at any of its requests: the same key, some time later, ends with one task that is
    paid once, and (where it takes several steps) without making anything anew."""
    draft = bench.draft()
    _ = bench.do(world, partial(_publish, draft, "first"))  # what is asked once only (a token, say) is asked now
    before = bench.requests()
    _ = bench.do(world, partial(_publish, draft, "second"))
    for number in range(bench.requests() - before):
        since, tasks, key = bench.since(), bench.tasks(), f"key-{number}"
        bench.sandbox.faults.add(Fault.status(503), skip=number, times=None)
        with pytest.raises(MarketplaceError):
            _ = bench.do(world, partial(_publish, draft, key))
        bench.sandbox.faults.clear()
        _ = bench.box.advance(hours=1)
        try:
            task = one(bench.do(world, partial(_publish, draft, key)), Task)
        except OutcomeUnknown as unknown:
            if not _has_two_witnesses(bench):
                continue
            raise AssertionError(f"it stopped at request {number + 1}, and then: {unknown}") from unknown
        times = since.moved().times
        assert times == 1, f"stopped at request {number + 1} and gone on with, the sandbox charged {times} times"
        if tasks is not None:
            made = (bench.tasks() or set()) - tasks
            assert made == {task.id}, f"stopped at request {number + 1} and gone on with, there are {sorted(made)}"


@pytest.mark.crowdhub_needs(Capability.PUBLISH)
def test_what_is_proven_absent_is_sent_again(bench: Bench, world: str) -> None:
    """A 500, and nothing was done: it may still be carried out, so it is not sent again at once. Under the same key it
    is, once that time is over, where both the list of tasks and the balance say that it was not done."""
    draft, since = bench.draft(), bench.since()
    call = first_change(bench, bench.provider.publish(marked(bench)))
    assert call is not None
    bench.spoil(Fault.status(500, "before"), call)
    publish = partial(_publish, draft, "order-1")
    _, unknown = told(bench, world, Exercise(publish, lambda p: p.publish(draft), print))
    harmless = call.may_be_repeated or not call.takes_money
    assert harmless or unknown is not None, "it was sent again while it could still be carried out"
    if unknown is not None:
        _ = bench.box.advance(hours=1)
        _, unknown = told(bench, world, Exercise(publish, lambda p: p.publish(draft), print))
    if _has_two_witnesses(bench):
        assert unknown is None, f"it was not done, and that was not found out: {unknown}"
    if unknown is not None:
        assert since.moved().nothing, f"it is said to be unknown, and was sent again: {since.moved()}"
    else:
        assert since.moved().times == 1, f"it was charged {since.moved().times} times"


def _has_two_witnesses(bench: Bench) -> bool:
    wanted = (Capability.FIND_PUBLISHED, Capability.TASKS, Capability.BALANCE)
    return all(bench.has(each) for each in wanted)


def _publish(draft: TaskDraft, key: str, market: Either) -> object:
    return market.publish(draft, key=key)


# --- bonuses


@pytest.mark.crowdhub_needs(Capability.PAY_BONUS)
def test_a_second_equal_bonus_is_paid(bench: Bench, world: str) -> None:
    """Two bonuses that are alike are two, unless they have the same key."""
    work, words = accepted(bench), bench.subject.bonus_words
    amount = bench.subject.bonus(work, bench.provider.currency)
    for number in range(2):
        since = bench.since()
        _ = bench.do(world, lambda m: m.pay_bonus(work, amount, words))
        assert not since.moved().nothing, f"bonus {number + 1} of two equal ones was not paid"
        bonus_paid(bench, since.moved(), amount)


@pytest.mark.crowdhub_needs(Capability.PAY_BONUS)
def test_a_key_pays_a_bonus_once(bench: Bench, world: str) -> None:
    work, words = accepted(bench), bench.subject.bonus_words
    amount = bench.subject.bonus(work, bench.provider.currency)
    since = bench.since()
    for _ in range(2):
        _ = bench.do(world, lambda m: m.pay_bonus(work, amount, words, key="bonus-1"))
    bonus_paid(bench, since.moved(), amount)
