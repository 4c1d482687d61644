"""Each row of "where the documentation contradicts itself", against the sandbox speaking both ways."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Protocol

import pytest

from crowdhub import Decision, Hub, Market, Money, Submission, TaskDraft
from crowdhub.clock import Clock
from crowdhub.errors import ConfigurationError, InvalidRequest, NotFound, NotSupported, PermissionDenied, RateLimited
from crowdhub.sandbox import Fault
from crowdhub.testing import SandboxFactory
from crowdhub_rapidworkers import RapidWorkers
from crowdhub_rapidworkers.sandbox import RapidWorkersSandbox
from tests.rapidworkers.conftest import ByHand


class Place(Protocol):
    def __call__(self, *, allow: bool = ..., **quirks: object) -> tuple[RapidWorkersSandbox, Market[RapidWorkers]]: ...


@pytest.fixture
def place(crowdhub_sandbox: SandboxFactory, clock: Clock) -> Iterator[Place]:
    """A sandbox with these quirks, and a hub on it."""
    opened: list[Hub] = []

    def make(*, allow: bool = False, **quirks: object) -> tuple[RapidWorkersSandbox, Market[RapidWorkers]]:
        account = {"allow_engagement_jobs": allow}
        options = {"rate_limit": None, "work_rate": 0, **quirks}
        box = crowdhub_sandbox("rapidworkers", options={"rapidworkers": options})
        hub = Hub({"rapidworkers": {**box.accounts["rapidworkers"], **account}}, clock=clock)
        opened.append(hub)
        return box.market(RapidWorkersSandbox), hub.market(RapidWorkers)

    yield make
    for hub in opened:
        hub.close()


@pytest.mark.parametrize("campaign_page", [False, True])
def test_the_campaign_list_is_an_array_or_a_page_whose_next_is_followed(
    place: Place, draft: TaskDraft, campaign_page: bool
) -> None:
    sandbox, market = place(campaign_page=campaign_page, campaign_page_size=2)
    made = {market.publish(draft.copy_with(title=f"Job {n}")).id for n in range(5)}
    sandbox.clear_requests()
    assert {task.id for task in market.tasks()} == made
    assert len([task.id for task in market.tasks(status="open")]) == 5
    assert list(market.tasks(status="cancelled")) == []
    # Once all of them, which only become more; those of one status twice, since they leave that list.
    assert sandbox.request_count == (3 + 2 * 3 + 1 if campaign_page else 3)


def test_a_publish_under_a_key_is_found_on_any_page_of_the_list(place: Place, draft: TaskDraft) -> None:
    sandbox, market = place(campaign_page=True, campaign_page_size=2)
    first = market.publish(draft, key="the first")
    for n in range(6):
        market.publish(draft.copy_with(title=f"Job {n}"))
    assert market.publish(draft, key="the first").id == first.id
    assert len(sandbox.jobs()) == 7


@pytest.mark.parametrize("field_names", ["camel", "snake", "both"])
def test_either_spelling_of_every_field(place: Place, draft: TaskDraft, field_names: str) -> None:
    sandbox, market = place(field_names=field_names)
    task = market.publish(draft)
    sandbox.hand_in(task.id, 3, text="done", images=2)
    (listed,) = market.tasks()
    one = market.task(task)
    assert listed == one.copy_with(raw=listed.raw)
    assert (one.slots, one.remaining, one.pending, one.approved, one.rejected) == (20, 17, 3, 0, 0)
    assert (one.title, one.reward, one.category) == (draft.title, draft.reward, "Survey")
    assert one.created_at is not None
    assert one.created_at.tzinfo is not None
    submissions = list(market.submissions(task))
    assert len(submissions) == 3
    for each in submissions:
        assert each.text == "done"
        assert len(each.files) == 2
        assert each.files[0].thumbnail_url
        worker = each.worker
        assert None not in (worker.id, worker.name, worker.country, worker.account_age_days, worker.completed)
        assert isinstance(worker.approval_rate, Decimal)
    assert market.review([Decision.approve(each) for each in submissions]).count("approved") == 3


def test_unknown_fields_stay_on_raw_and_break_nothing(
    by_hand: ByHand, provider: RapidWorkers, campaign: dict[str, object], row: dict[str, object]
) -> None:
    task = by_hand(provider.task("x")).answer({**campaign, "jobMood": {"new": [1]}}).result
    assert task.raw["jobMood"] == {"new": [1]}


@pytest.mark.parametrize("integer_user_ids", [False, True])
@pytest.mark.parametrize("blocked_public_ids", [False, True])
def test_a_worker_is_blocked_by_whatever_id_there_is(
    place: Place, draft: TaskDraft, integer_user_ids: bool, blocked_public_ids: bool
) -> None:
    sandbox, market = place(integer_user_ids=integer_user_ids, blocked_public_ids=blocked_public_ids)
    task = market.publish(draft)
    sandbox.hand_in(task.id)
    (one,) = market.submissions(task)
    assert one.worker.id.isdigit() is integer_user_ids
    assert market.block(one).blocked is True
    assert market.block(one.worker).blocked is True  # blocked before: a success
    (blocked,) = market.blocked_workers()
    assert (blocked.blocked, blocked.name) == (True, one.worker.name)
    if not blocked_public_ids or integer_user_ids:
        assert blocked.id == one.worker.id
    assert market.unblock(one.worker.id).blocked is False
    assert market.unblock(one.worker.id).blocked is False  # not blocked: a success
    assert list(market.blocked_workers()) == []


def test_a_worker_id_is_a_number_on_the_wire_where_it_is_all_digits(by_hand: ByHand, provider: RapidWorkers) -> None:
    sent = {
        "12345": 12345,
        "abc-def-123": "abc-def-123",
        "٣": "٣",
        "12a": "12a",
        "-5": "-5",
    }
    for given, on_the_wire in sent.items():
        assert by_hand(provider.block(given)).call.json == {"worker_id": on_the_wire}
        assert by_hand(provider.unblock(given)).call.json == {"worker_id": on_the_wire}


def test_blocking_oneself_or_nobody(place: Place) -> None:
    sandbox, market = place()
    with pytest.raises(InvalidRequest, match="yourself"):
        market.block(str(sandbox.own_worker_id))
    with pytest.raises(NotFound):
        market.block("999999999")
    sandbox.clear_requests()
    with pytest.raises(InvalidRequest):
        market.block("  ")
    assert sandbox.request_count == 0


def test_percentages_and_money_are_exact_decimals(
    place: Place, draft: TaskDraft, by_hand: ByHand, provider: RapidWorkers, row: dict[str, object]
) -> None:
    _, market = place()
    assert market.balance() == Money("1000.00", "USD")
    assert isinstance(market.balance().amount, Decimal)
    for text, rate in (("85%", 85), ("85.5%", Decimal("85.5")), ("n/a", None), (90, 90), (None, None)):
        changed = {**row, "workerApprovalRate": text}
        answer: dict[str, object] = {"count": 1, "next": None, "results": {"submissions": [changed], "pagination": {}}}
        page = by_hand(provider.submissions("x")).answer(answer).result
        assert page.items[0].worker.approval_rate == rate


def test_trailing_slashes_are_kept_exactly_as_documented(place: Place, draft: TaskDraft) -> None:
    sandbox, market = place(allow=True)
    task = market.publish(draft)
    sandbox.hand_in(task.id, 3)
    one, two, three = market.submissions(task)
    market.approve(one)
    market.reject(two, "no")
    market.block(three)
    market.unblock(three)
    list(market.blocked_workers())
    list(market.tasks())
    market.task(task)
    market.balance()
    market.run(market.provider.youtube_likes("https://example.com/p", 6))
    statuses = {each.status for each in sandbox.requests}
    assert statuses <= {200, 201}  # no 301, no 404
    for each in sandbox.requests:
        assert each.path.endswith("/") is (each.path not in ("/jobs/add", "/account/get_balance"))


def test_a_thousand_rows_a_page_are_asked_for(place: Place, draft: TaskDraft) -> None:
    sandbox, market = place(balance="100000")
    task = market.publish(draft.copy_with(slots=2300, reward=Money("0.01", "USD")))
    sandbox.hand_in(task.id, 2300)
    pages = [f"status=Pending&page={page}&rowsPerPage=1000" for page in (1, 2, 3)]
    for given, before in ((task, [""]), (task.id, [])):  # those after the first are those before the second
        sandbox.clear_requests()
        assert sum(1 for _ in market.submissions(given, status="pending")) == 2300
        assert [each.query for each in sandbox.requests] == [*before, *pages, ""]  # its counters before and after


@pytest.mark.parametrize("habit", ["all", "every second", "reject some"])
@pytest.mark.parametrize("newest_first", [False, True])
def test_approving_two_and_a_half_thousand_as_they_are_read(
    place: Place, draft: TaskDraft, habit: str, newest_first: bool
) -> None:
    sandbox, market = place(balance="100000", newest_first=newest_first)
    task = market.publish(draft.copy_with(slots=2600, reward=Money("0.01", "USD")))
    sandbox.hand_in(task.id, 2500)
    campaign = sandbox.job(task.id)
    seen: list[str] = []
    for number, submission in enumerate(market.submissions(task, status="pending")):
        seen.append(submission.id)
        theirs = campaign.submissions[int(submission.id)]
        if habit == "all" or (habit == "every second" and number % 2) or (habit == "reject some" and number % 3):
            sandbox.marketplace.approve(campaign, theirs, None)  # by another program, as it were
            market.operations._settled += 1
        elif habit == "reject some":
            sandbox.marketplace.reject(campaign, theirs, "no", sandbox.clock.now())
            market.operations._settled += 1
        if number == 700:
            sandbox.hand_in(task.id, 1)
    assert len(seen) == len(set(seen))
    assert {str(each.id) for each in sandbox.submissions(task.id)[:2500]} <= set(seen)


def test_what_the_marketplace_cannot_do_fails_before_any_request(place: Place, submission: Submission) -> None:
    sandbox, market = place()
    ours = submission.copy_with(environment="sandbox")
    calls: dict[str, Callable[[], object]] = {
        "cancel": lambda: market.cancel("x"),
        "pay_bonus": lambda: market.pay_bonus(ours, Money(1, "USD"), reason="good"),
        "request_redo": lambda: market.request_redo(ours, reason="again"),
    }
    for name, call in calls.items():
        with pytest.raises(NotSupported, match=name):
            call()
        assert name not in market.capabilities
    assert sandbox.request_count == 0


def test_somebody_elses_things(place: Place) -> None:
    sandbox, market = place()
    for call in (lambda: market.task(sandbox.foreign_job), lambda: list(market.submissions(sandbox.foreign_job))):
        with pytest.raises(PermissionDenied, match="own"):
            call()
    with pytest.raises(NotFound):
        market.task("00000000-0000-4000-8000-000000000000")


def test_the_sandboxs_own_limit(place: Place, draft: TaskDraft, clock: Clock) -> None:
    sandbox, market = place(retry_after="seconds")
    sandbox.set_rate_limit(2)
    market.balance()
    market.balance()
    with pytest.raises(RateLimited) as caught:
        market.balance()
    assert caught.value.retry_after == 3600
    assert "Wait" in caught.value.next_step


class TestReadyMadeOverTheWire:
    @pytest.mark.parametrize(
        "name",
        [
            "facebook_likes",
            "facebook_shares",
            "instagram_likes",
            "instagram_followers",
            "twitter_likes",
            "twitter_followers",
            "twitter_retweets",
            "trustpilot_reviews",
            "ninegag_upvotes",
            "youtube_likes",
        ],
    )
    def test_bought_once_also_when_the_answer_is_lost(self, place: Place, name: str) -> None:
        sandbox, market = place(allow=True)
        buy = getattr(market.provider, name)
        task = market.run(buy("https://example.com/p", 20))
        assert (task.slots, task.charged) == (20, Money("1.00", "USD"))
        sandbox.faults.add(Fault.drop(), path="/api/jobs/")
        again = market.run(buy("https://example.com/p", 20))
        assert again.replayed
        assert again.id != task.id
        assert len(sandbox.jobs()) == 2
        assert sandbox.job(again.id).job.auto_approve

    def test_closed_over_the_wire_too(self, place: Place) -> None:
        sandbox, market = place()
        with pytest.raises(ConfigurationError, match="allow_engagement_jobs"):
            market.run(market.provider.youtube_likes("https://example.com/p", 20))
        assert sandbox.request_count == 0

    def test_too_few(self, place: Place) -> None:
        sandbox, market = place(allow=True)
        with pytest.raises(InvalidRequest, match="quantity"):
            market.run(market.provider.youtube_likes("https://example.com/p", 5))
        assert sandbox.request_count == 0
