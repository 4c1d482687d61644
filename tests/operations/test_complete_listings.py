"""A listing is complete, whatever others do while it is read; and one that nobody disturbs costs little more."""

from __future__ import annotations

import random
from collections.abc import Callable, MutableSequence
from datetime import timedelta

import anyio
import pytest

from crowdhub import AsyncHub, Hub, Market, Money, Task, TaskDraft
from crowdhub.errors import UnreadableResponse
from crowdhub.model import SubmissionStatus
from crowdhub.sandbox import Fault, Sandbox
from crowdhub_etxt import Etxt, EtxtOptions
from crowdhub_etxt.sandbox import EtxtSandbox
from crowdhub_rapidworkers import RapidWorkers
from crowdhub_rapidworkers.sandbox import RapidWorkersSandbox
from tests.operations.conftest import Shelf
from tests.support.hand_clock import HandClock

SURVEY = TaskDraft(title="T", instructions="I", proof="P", category="Survey", reward=Money("0.01", "USD"))


def colleague(provider: Shelf, *, approves: int, come: int, after: int = 1) -> Callable[[int], object]:
    """Approves the first ones, once, after a page was listed; and as many new ones come."""

    def act(page: int) -> None:
        if page != after:
            return
        provider.meanwhile = lambda page: None
        with provider.lock:
            for number in list(provider.state)[:approves]:
                provider.state[number] = SubmissionStatus.APPROVED
        provider.fill(come, start=10_000)

    return act


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("after", [1, 2, 3])
@pytest.mark.parametrize("come", [0, 5, 9])
@pytest.mark.parametrize("told", ["length and counters", "length", "nothing"])
def test_who_waited_all_the_time_is_listed(
    shelf_market: Market[Shelf], newest_first: bool, after: int, come: int, told: str
) -> None:
    provider = shelf_market.provider
    provider.size, provider.newest_first = 50, newest_first
    provider.tells_total, provider.tells_counters = told != "nothing", "counters" in told
    provider.fill(175)
    provider.meanwhile = colleague(provider, approves=5, come=come, after=after)
    seen = [each.id for each in shelf_market.submissions("t", status="pending")]
    assert {str(number) for number in range(5, 175)} <= set(seen)
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize("given", ["id", "task"])
def test_fifteen_hundred_at_rapidworkers(given: str) -> None:
    """A colleague approves five on the first page, and five new ones come: the list keeps its length."""
    with Sandbox("rapidworkers", options={"rapidworkers": {"work_rate": 0, "rate_limit": None}}) as box:
        people = box.market(RapidWorkersSandbox)
        with Hub(box.accounts) as hub:
            market = hub["rapidworkers"]
            task = market.publish(SURVEY.copy_with(slots=1600))
            people.hand_in(task.id, 1500)
            reading = market.submissions(task if given == "task" else task.id, status="pending")
            seen = [next(reading).id]  # its first page is there, and the second is asked for
            job = people.job(task.id)
            for number in list(job.submissions)[:5]:
                people.marketplace.approve(job, job.submissions[number], None)
            people.hand_in(task.id, 5)
            seen += [each.id for each in reading]
            waiting = {each.id for each in market.submissions(task.id, status="pending")}
            assert len(waiting) == 1500
            assert waiting <= set(seen)


def test_pages_in_no_order_are_read_until_all_were_seen(shelf_market: Market[Shelf]) -> None:
    provider = shelf_market.provider
    provider.size, provider.dice = 500, random.Random(3)
    provider.fill(2000)
    seen = [each.id for each in shelf_market.submissions("t", status="pending")]
    assert (len(seen), len(set(seen))) == (2000, 2000)
    assert len(provider.asked) > 4


class Pages(random.Random):
    """Shows these pages of three, one after another; then all in order."""

    def __init__(self, *pages: str) -> None:
        super().__init__()
        self.pages, self.asked = pages, 0

    def shuffle(self, x: MutableSequence[str]) -> None:
        if self.asked == len(self.pages):
            return
        shown, start = self.pages[self.asked].split(), 3 * (self.asked % 2)
        self.asked += 1
        rest = [each for each in x if each not in shown]
        x[:] = [*rest[:start], *shown, *rest[start:]]


def test_what_went_meanwhile_is_not_counted_for_what_came(shelf_market: Market[Shelf]) -> None:
    """Two passes show six different records of six; two of these were approved in between, and two others not shown."""
    provider = shelf_market.provider
    provider.size = provider.submissions_a_page = 3  # type: ignore[misc]
    provider.fill(6)
    provider.dice = Pages("0 1 2", "2 1 3", "2 3 4", "4 3 6")

    def approved_and_come(page: int) -> None:
        if page == 2:
            provider.meanwhile = lambda page: None
            provider.state.update({"0": SubmissionStatus.APPROVED, "1": SubmissionStatus.APPROVED})
            provider.fill(2, start=6)

    provider.meanwhile = approved_and_come
    seen = [each.id for each in shelf_market.submissions("t", status="pending")]
    assert {"2", "3", "4", "5", "6", "7"} <= set(seen)
    assert provider.dice.asked == 4


@pytest.mark.parametrize("pages", [1, 3])
def test_a_list_that_never_shows_what_it_tells_of_says_so(shelf_market: Market[Shelf], pages: int) -> None:
    """All that it shows is handed out first."""
    provider = shelf_market.provider
    provider.size, provider.hidden = 10, 2
    provider.fill(10 * pages)
    reading = shelf_market.submissions("t", status="pending")
    seen = [next(reading).id for _ in range(10 * pages)]
    assert len(set(seen)) == 10 * pages
    with pytest.raises(UnreadableResponse, match="tells of 2 records more than it shows"):
        next(reading)
    assert len(provider.asked) <= 5 * (pages + 1)


@pytest.mark.parametrize("status", ["pending", None])
@pytest.mark.parametrize("pages", [1, 2, 3, 7])
def test_an_undisturbed_listing_costs_at_most_two_requests_more(
    shelf_market: Market[Shelf], clock: HandClock, pages: int, status: str | None
) -> None:
    """Whatever is given; one less where its task was looked at a moment ago, as it is when it was listed just now."""
    provider = shelf_market.provider
    provider.size = provider.submissions_a_page = 10  # type: ignore[misc]
    provider.fill(10 * pages)

    def cost(given: Task | str, *, later: float = 61) -> int:
        clock.sleep(later)
        provider.asked, provider.counted = [], 0
        assert len(list(shelf_market.submissions(given, status=status))) == 10 * pages
        return len(provider.asked) + provider.counted - pages

    more = 2 if pages > 1 else 0
    assert cost("t") == max(1, more)
    assert cost(Task(**provider.identity, id="t")) == max(1, more)
    assert cost(Task(**provider.identity, id="t", slots=10 * pages)) == more
    assert cost("t") == max(1, more)
    if pages > 1:
        assert cost("t", later=1) == more - 1
    clock.sleep(61)
    assert shelf_market.task("t").id == "t"
    assert cost("t", later=1) + 1 == max(1, more)


@pytest.mark.parametrize("pages", [1, 2, 3, 7])
def test_without_counters_a_second_pass_shows_it(shelf_market: Market[Shelf], pages: int) -> None:
    provider = shelf_market.provider
    provider.size = provider.submissions_a_page = 10  # type: ignore[misc]
    provider.tells_counters = False
    provider.fill(10 * pages)
    assert len(list(shelf_market.submissions("t"))) == 10 * pages
    assert (len(provider.asked), provider.counted) == (pages if pages == 1 else 2 * pages, 1)


def test_a_plugin_that_does_not_tell_its_page_size(shelf_market: Market[Shelf], clock: HandClock) -> None:
    """That there are many pages is known once the first was read: it has to be read again between the two looks."""
    provider = shelf_market.provider
    provider.size = 10
    for pages, more in [(1, 0), (2, 2), (3, 3), (7, 3)]:
        clock.sleep(61)
        provider.state, provider.asked, provider.counted = {}, [], 0
        provider.fill(10 * pages)
        assert len(list(shelf_market.submissions("t"))) == 10 * pages
        assert len(provider.asked) + provider.counted == pages + more


def test_a_look_is_none_once_it_is_old_or_something_was_settled(shelf_market: Market[Shelf], clock: HandClock) -> None:
    provider = shelf_market.provider
    provider.size = provider.submissions_a_page = 10  # type: ignore[misc]
    provider.fill(30)
    for happens in (lambda: clock.sleep(61), lambda: shelf_market.approve(next(shelf_market.submissions("t")))):
        assert shelf_market.task("t").id == "t"
        _ = happens()
        provider.asked, provider.counted = [], 0
        assert len(list(shelf_market.submissions("t"))) == 30
        assert (len(provider.asked), provider.counted) == (3, 2)


@pytest.fixture
def few_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crowdhub_rapidworkers.provider.ROWS", 10)
    monkeypatch.setattr(RapidWorkers, "submissions_a_page", 10)


@pytest.mark.usefixtures("few_a_page")
@pytest.mark.parametrize("face", ["sync", "asyncio", "trio"])
@pytest.mark.parametrize("pages", [1, 2, 3])
def test_three_pages_at_rapidworkers(face: str, pages: int) -> None:
    """Listed, and watched: the round's own look at the task is the one before the list."""
    with Sandbox("rapidworkers", options={"rapidworkers": {"work_rate": 0, "rate_limit": None}}) as box:
        people = box.market(RapidWorkersSandbox)
        with Hub(box.accounts) as hub:
            task = hub["rapidworkers"].publish(SURVEY.copy_with(slots=100))
            people.hand_in(task.id, 10 * pages)

            async def there(watched: bool) -> int:
                async with AsyncHub(box.accounts) as other:
                    market = other["rapidworkers"]
                    works = market.watch([task.id], rounds=1) if watched else market.submissions(task.id)
                    return len([each async for each in works])

            def here(watched: bool) -> int:
                market = hub["rapidworkers"]
                works = market.watch([task.id], rounds=1) if watched else market.submissions(task.id)
                return len(list(works))

            for watched in (False, True):
                people.clear_requests()
                count = here(watched) if face == "sync" else anyio.run(there, watched, backend=face)
                assert count == 10 * pages
                assert people.request_count == pages + (1 if pages == 1 else 2)


def orders(count: int) -> list[TaskDraft]:
    options = [EtxtOptions(id_category=1, size=300)]
    return [
        TaskDraft(title=f"T{n}", instructions="I", reward=Money(50, "RUB"), options=options, deadline=timedelta(days=9))
        for n in range(count)
    ]


def test_etxts_pages_join_so_that_one_pass_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox("etxt", options={"etxt": {"work_rate": 0, "balance": "100000"}}) as box, Hub(box.accounts) as hub:
        market, people = hub["etxt"], box.market(EtxtSandbox)
        monkeypatch.setattr(Etxt, "page_rows", 20)
        made = [market.publish(each).id for each in orders(45)]
        people.clear_requests()
        assert sorted(task.id for task in market.tasks()) == sorted(made)
        assert people.request_count == 3
        people.clear_requests()
        reading = market.tasks()
        first = next(reading).id
        other = next(number for number in made[:20] if number != first)
        market.cancel(other)  # the second page begins one further down now, if it was not read before
        seen = {first, *(task.id for task in reading)}
        assert set(made) - {other} <= seen


def test_counters_that_cannot_be_had_make_it_be_read_again(shelf_market: Market[Shelf]) -> None:
    with Sandbox("rapidworkers", options={"rapidworkers": {"work_rate": 0, "rate_limit": None}}) as box:
        people = box.market(RapidWorkersSandbox)
        with Hub(box.accounts) as hub:
            market = hub["rapidworkers"]
            task = market.publish(SURVEY.copy_with(slots=1200))
            people.hand_in(task.id, 1100)
            people.clear_requests()
            people.faults.add(Fault.status(404, "before"), path="/detail/", times=None)
            assert sum(1 for _ in market.submissions(task, status="pending")) == 1100
            assert [each.query for each in people.requests].count("status=Pending&page=2&rowsPerPage=1000") == 2
