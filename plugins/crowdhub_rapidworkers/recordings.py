# ruff: noqa: ARG001 - every recording takes what all take
"""What is recorded of RapidWorkers: each of the 21 endpoints, with the refusals that a client can run into."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from crowdhub.errors import (
    AuthenticationFailed,
    Conflict,
    InsufficientFunds,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    RateLimited,
)
from crowdhub.model import Decision, Money, Submission, SubmissionStatus, TaskDraft, TaskStatus
from crowdhub.protocol import Flow, Operation
from crowdhub.testing.recording import Endpoint, Given, Recording, Script, refused
from crowdhub_rapidworkers.jobs import ReadyMade
from crowdhub_rapidworkers.provider import RapidWorkers

if TYPE_CHECKING:
    from crowdhub_rapidworkers.sandbox import RapidWorkersSandbox

Play: TypeAlias = Operation[object] | Flow[object]

NOWHERE = "00000000-0000-4000-8000-000000000000"
DRAFT = TaskDraft(
    title="Complete a Survey",
    instructions="Fill out our 5-minute customer satisfaction survey",
    reward=Money("0.50", "USD"),
    slots=3,
    proof="A screenshot of the completion page",
    category="Survey",
    reference="ch-recording",
)
PICTURE = b64decode(  # one black dot, as PNG
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNgAAAAAgAB5Sfe/AAAAABJRU5ErkJggg=="
)
LINKS = {
    ReadyMade.FACEBOOK_LIKES: "https://facebook.com/post/123",
    ReadyMade.FACEBOOK_SHARES: "https://facebook.com/post/123",
    ReadyMade.INSTAGRAM_LIKES: "https://instagram.com/ABC123",
    ReadyMade.INSTAGRAM_FOLLOWERS: "https://instagram.com/username",
    ReadyMade.TWITTER_LIKES: "https://twitter.com/user/status/123",
    ReadyMade.TWITTER_FOLLOWERS: "https://twitter.com/username",
    ReadyMade.TWITTER_RETWEETS: "https://twitter.com/user/status/123",
    ReadyMade.TRUSTPILOT_REVIEWS: "https://trustpilot.com/review/example.com",
    ReadyMade.NINEGAG_UPVOTES: "https://9gag.com/gag/abc123",
    ReadyMade.YOUTUBE_LIKES: "https://youtube.com/watch?v=abc123",
}

_TASK = {"task_id": "a campaign of yours with at least two pending submissions"}
_FOREIGN = {"foreign_task_id": "a campaign that is not yours"}
_WORKER = {"worker_id": "a worker who is not blocked"}


# --- what the sandbox has to hold before --------------------------------------------------------------------


def _worked_on(provider: RapidWorkers, sandbox: RapidWorkersSandbox) -> Flow[Given]:
    """A campaign with two pieces of pending work, and somebody else's."""
    task = yield from provider.publish(DRAFT)
    _ = sandbox.hand_in(task.id, 2)
    return {"task_id": task.id, "foreign_task_id": sandbox.foreign_job}


def _full(provider: RapidWorkers, sandbox: RapidWorkersSandbox) -> Flow[Given]:
    """A campaign whose slots are all taken, and so many that they are approved in bulk."""
    task = yield from provider.publish(DRAFT.copy_with(slots=5))
    _ = sandbox.hand_in(task.id, 5)
    return {"task_id": task.id}


def _someone(provider: RapidWorkers, sandbox: RapidWorkersSandbox) -> Flow[Given]:
    """A worker by the id that submissions show."""
    given = yield from _worked_on(provider, sandbox)
    page = yield from provider.submissions(given["task_id"])
    return {"worker_id": page.items[0].worker.id}


def _someone_blocked(provider: RapidWorkers, sandbox: RapidWorkersSandbox) -> Flow[Given]:
    given = yield from _someone(provider, sandbox)
    yield from provider.block(given["worker_id"])
    return given


# --- the recordings -----------------------------------------------------------------------------------------


def _publish(provider: RapidWorkers, given: Given) -> Flow[object]:
    plain = yield from provider.publish(DRAFT)
    everything = DRAFT.copy_with(
        subcategory="Customer Feedback",
        countries=("US", "CA", "GB"),
        image=PICTURE,
        auto_approve=True,
        reference="ch-recording-2",
    )
    full = yield from provider.publish(everything)
    found = yield from provider.find_published(everything)
    return {"plain": plain, "full": full, "found": found}


def _publish_refused(provider: RapidWorkers, given: Given) -> Flow[object]:
    banned = yield from refused(provider.publish(DRAFT.copy_with(title="An illegitimate job")), PermissionDenied)
    dear = DRAFT.copy_with(reward=Money("9000.00", "USD"))
    return [banned, (yield from refused(provider.publish(dear), InsufficientFunds))]


def _balance(provider: RapidWorkers, given: Given) -> Play:
    return provider.balance()


def _unauthorized(provider: RapidWorkers, given: Given) -> Flow[object]:
    return refused(provider.balance(), AuthenticationFailed)


def _limited(provider: RapidWorkers, given: Given) -> Flow[object]:
    return refused(provider.balance(), RateLimited)


def _first_pending(provider: RapidWorkers, task_id: str) -> Flow[Submission]:
    page = yield from provider.submissions(task_id, SubmissionStatus.PENDING)
    return page.items[0]


def _approve(provider: RapidWorkers, given: Given) -> Flow[object]:
    work = yield from _first_pending(provider, given["task_id"])
    approved = yield from provider.approve(work, "Great work!")
    again = yield from refused(provider.approve(work, "Great work!"), Conflict)
    other_way = yield from refused(provider.reject(work, "Too late"), Conflict)
    return {"approved": approved, "again": again, "other_way": other_way, "now": (yield from provider.state_of(work))}


def _reject(provider: RapidWorkers, given: Given) -> Flow[object]:
    work = yield from _first_pending(provider, given["task_id"])
    rejected = yield from provider.reject(work, "Does not meet requirements")
    again = yield from refused(provider.reject(work, "Does not meet requirements"), Conflict)
    other_way = yield from refused(provider.approve(work), Conflict)
    return {"rejected": rejected, "again": again, "other_way": other_way, "now": (yield from provider.state_of(work))}


def _settle_refused(provider: RapidWorkers, given: Given) -> Flow[object]:
    work = yield from _first_pending(provider, given["task_id"])
    foreign = work.copy_with(task_id=given["foreign_task_id"])
    missing = work.copy_with(id="999999999")
    return [
        (yield from refused(provider.approve(foreign), PermissionDenied)),
        (yield from refused(provider.approve(missing), NotFound)),
        (yield from refused(provider.reject(foreign, "Not yours"), PermissionDenied)),
        (yield from refused(provider.reject(missing, "Not there"), NotFound)),
    ]


def _bulk(provider: RapidWorkers, given: Given) -> Flow[object]:
    page = yield from provider.submissions(given["task_id"], SubmissionStatus.PENDING)
    report = yield from provider.review_batch([Decision.approve(work, "All verified") for work in page.items])
    return {"report": report, "task": (yield from provider.task(given["task_id"]))}


def _campaigns(provider: RapidWorkers, given: Given) -> Flow[object]:
    every = yield from provider.tasks()
    active = yield from provider.tasks(TaskStatus.OPEN)
    unseen = yield from provider.tasks(TaskStatus.PAUSED)
    return {"all": every, "open": active, "paused": unseen}


def _campaign_pages(provider: RapidWorkers, given: Given) -> Flow[object]:
    page = yield from provider.tasks()
    pages = [page]
    while page.more is not None:
        page = yield from page.more()
        pages.append(page)
    return pages


def _three_campaigns(provider: RapidWorkers, sandbox: RapidWorkersSandbox) -> Flow[Given]:
    for number in range(3):
        yield from provider.publish(DRAFT.copy_with(title=f"Survey {number}"))
    return {}


def _campaign(provider: RapidWorkers, given: Given) -> Flow[object]:
    task = yield from provider.task(given["task_id"])
    foreign = yield from refused(provider.task(given["foreign_task_id"]), PermissionDenied)
    missing = yield from refused(provider.task(NOWHERE), NotFound)
    return {"task": task, "refused": [foreign, missing]}


def _submissions(provider: RapidWorkers, given: Given) -> Flow[object]:
    every = yield from provider.submissions(given["task_id"])
    pending = yield from provider.submissions(given["task_id"], SubmissionStatus.PENDING)
    approved = yield from provider.submissions(given["task_id"], SubmissionStatus.APPROVED)
    foreign = yield from refused(provider.submissions(given["foreign_task_id"]), PermissionDenied)
    missing = yield from refused(provider.submissions(NOWHERE), NotFound)
    return {"all": every, "pending": pending, "approved": approved, "refused": [foreign, missing]}


def _block(provider: RapidWorkers, given: Given) -> Flow[object]:
    blocked = yield from provider.block(given["worker_id"])
    again = yield from provider.block(given["worker_id"])
    missing = yield from refused(provider.block("999999999"), NotFound)
    return {"blocked": blocked, "again": again, "missing": missing}


def _unblock(provider: RapidWorkers, given: Given) -> Flow[object]:
    unblocked = yield from provider.unblock(given["worker_id"])
    again = yield from provider.unblock(given["worker_id"])
    missing = yield from refused(provider.unblock("999999999"), NotFound)
    return {"unblocked": unblocked, "again": again, "missing": missing}


def _blocked(provider: RapidWorkers, given: Given) -> Play:
    return provider.blocked_workers()


def _ready_made(job: ReadyMade) -> Callable[[RapidWorkers, Given], Play]:
    def play(provider: RapidWorkers, given: Given) -> Flow[object]:
        plain = yield from provider.ready_made(job, link=LINKS[job], quantity=6)
        full = yield from provider.ready_made(
            job, link=LINKS[job], quantity=7, countries=("US", "GB"), language="en", approve_once_full=False
        )
        return [plain, full]

    return play


def _ready_made_refused(provider: RapidWorkers, given: Given) -> Flow[object]:
    job = ReadyMade.FACEBOOK_LIKES
    return refused(provider.ready_made(job, link=LINKS[job], quantity=6), InsufficientFunds, InvalidRequest)


_SUBMISSIONS = "/api/campaigns/{}/submissions/"
_MADE_UP = "the live service cannot be brought to it safely"

SCRIPT = Script(
    provider="rapidworkers",
    endpoints=[
        Endpoint("jobs-add", "POST", "/jobs/add"),
        Endpoint("get-balance", "POST", "/account/get_balance"),
        Endpoint("approve", "POST", _SUBMISSIONS + "{}/approve/"),
        Endpoint("reject", "POST", _SUBMISSIONS + "{}/reject/"),
        Endpoint("bulk-action", "POST", _SUBMISSIONS + "bulk_action/"),
        Endpoint("campaigns", "GET", "/api/campaigns/"),
        Endpoint("campaign-detail", "GET", "/api/campaigns/detail/{}/"),
        Endpoint("submissions", "GET", _SUBMISSIONS),
        Endpoint("workers-block", "POST", "/api/workers/block/"),
        Endpoint("workers-unblock", "POST", "/api/workers/unblock/"),
        Endpoint("workers-blocked", "GET", "/api/workers/blocked/"),
        *(Endpoint(job.value, "POST", f"/api/jobs/{job.value}/") for job in ReadyMade),
    ],
    recordings=[
        Recording("jobs-add", "jobs-add", _publish),
        Recording("jobs-add-refused", "jobs-add", _publish_refused, not_live=_MADE_UP),
        Recording("get-balance", "get-balance", _balance),
        Recording("get-balance-wrong-key", "get-balance", _unauthorized, account={"api_key": "not-the-right-key"}),
        Recording("get-balance-too-often", "get-balance", _limited, sandbox={"rate_limit": 0}, not_live=_MADE_UP),
        Recording("approve", "approve", _approve, _worked_on, _TASK),
        Recording("reject", "reject", _reject, _worked_on, _TASK),
        Recording("settle-refused", "approve", _settle_refused, _worked_on, {**_TASK, **_FOREIGN}),
        Recording("bulk-action", "bulk-action", _bulk, _full, {"task_id": "a campaign of yours, all slots taken"}),
        Recording("campaigns", "campaigns", _campaigns, _worked_on),
        Recording(
            "campaigns-in-pages",
            "campaigns",
            _campaign_pages,
            _three_campaigns,
            sandbox={"campaign_page": True, "campaign_page_size": 2, "field_names": "snake"},
            not_live="which of the two documented shapes the live service has is for it to say",
        ),
        Recording("campaign-detail", "campaign-detail", _campaign, _worked_on, {**_TASK, **_FOREIGN}),
        Recording("submissions", "submissions", _submissions, _worked_on, {**_TASK, **_FOREIGN}),
        Recording("workers-block", "workers-block", _block, _someone, _WORKER),
        Recording("workers-unblock", "workers-unblock", _unblock, _someone_blocked, {"worker_id": "a blocked worker"}),
        Recording("workers-blocked", "workers-blocked", _blocked, _someone_blocked),
        *(Recording(job.value, job.value, _ready_made(job)) for job in ReadyMade),
        Recording(
            "ready-made-refused", "facebook-likes", _ready_made_refused, sandbox={"balance": "0.10"}, not_live=_MADE_UP
        ),
    ],
    account={"api_key": "replayed-without-a-key"},
    settings={"allow_engagement_jobs": True},
)
