"""What each endpoint does, with the request already authenticated and read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, urlencode

from crowdhub.sandbox.values import JsonObject
from crowdhub_rapidworkers.sandbox import inputs
from crowdhub_rapidworkers.sandbox.people import Population
from crowdhub_rapidworkers.sandbox.quirks import RapidWorkersQuirks
from crowdhub_rapidworkers.sandbox.refusal import RapidWorkersRefusal
from crowdhub_rapidworkers.sandbox.shapes import Shapes
from crowdhub_rapidworkers.sandbox.state import Campaign, JobRequest, Marketplace, Owner, SandboxSubmission

MAX_ROWS = 1000
CAMPAIGN_STATUSES = ("Active", "Pending", "Completed", "Canceled")
SUBMISSION_STATUSES = ("Pending", "Approved", "Rejected")


@dataclass(frozen=True, slots=True)
class EndpointRequest:
    """One request: who asks, the variable parts of the path, the query, the body in the form it came."""

    owner: Owner
    path: Mapping[str, str]
    query: str
    origin: str
    url: str
    body: bytes = b""
    form: Mapping[str, Sequence[str | bytes]] | None = None

    @property
    def parameters(self) -> dict[str, str]:
        """The query; of a repeated name the last value counts."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    @property
    def json(self) -> JsonObject:
        """The body as a JSON object."""
        return inputs.json_object(self.body)


Answer = tuple[int, object]


class Endpoints:
    """The 21 endpoints. The caller holds the sandbox's lock."""

    def __init__(
        self,
        place: Marketplace,
        people: Population,
        quirks: RapidWorkersQuirks,
        now: Callable[[], datetime],
        publish: Callable[[Owner, JobRequest], Campaign],
    ) -> None:
        self.place = place
        self.people = people
        self.quirks = quirks
        self.now = now
        self.publish = publish
        self.shapes = Shapes(quirks, people)

    def add_job(self, asked: EndpointRequest) -> Answer:
        """`POST /jobs/add`."""
        if asked.form is None:
            raise RapidWorkersRefusal(400, "Content-Type must be multipart/form-data.")
        job = inputs.job_request(asked.form)
        campaign = self.publish(asked.owner, job)
        return 201, {
            "success": True,
            "message": "Job created successfully",
            "job": {
                "public_id": campaign.id,
                "title": job.title,
                "status": campaign.status,
                "pay_rate": str(job.reward),
                "total_availabilities": job.slots,
            },
            "deduction_details": {
                "total_cost": str(job.cost),
                "commission": str(job.commission),
                "total_deducted": str(job.cost + job.commission),
                "new_balance": str(asked.owner.purse.balance),
            },
        }

    def add_ready_made(self, asked: EndpointRequest) -> Answer:
        """`POST /api/jobs/NAME/`."""
        job = inputs.ready_made_request(asked.path["name"], asked.json)
        campaign = self.publish(asked.owner, job)
        return 201, {
            "success": True,
            "message": "Job created successfully",
            "job_id": campaign.id,
            "total_cost": str(job.cost),
        }

    def get_balance(self, asked: EndpointRequest) -> Answer:
        """`POST /account/get_balance`."""
        _ = asked.json
        if self.quirks.user_missing:
            raise RapidWorkersRefusal(404, "User not found")
        return 200, {"balance": str(asked.owner.purse.balance)}

    def approve(self, asked: EndpointRequest) -> Answer:
        """`POST /api/campaigns/ID/submissions/ID/approve/`."""
        notes = inputs.notes(asked.json)
        campaign, submission = self._submission(asked)
        self.place.approve(campaign, submission, notes)
        shown = {**self._reviewed(submission), "amount_paid": str(campaign.job.reward)}
        return 200, {"success": True, "message": "Submission approved successfully", "submission": shown}

    def reject(self, asked: EndpointRequest) -> Answer:
        """`POST /api/campaigns/ID/submissions/ID/reject/`."""
        body = asked.json
        campaign, submission = self._submission(asked)
        notes = inputs.notes(body, required=True) or ""
        self.place.reject(campaign, submission, notes, self.now())
        shown = {**self._reviewed(submission), "notes": notes}
        return 200, {"success": True, "message": "Submission rejected", "submission": shown}

    def bulk_action(self, asked: EndpointRequest) -> Answer:
        """`POST /api/campaigns/ID/submissions/bulk_action/`."""
        notes = inputs.notes(asked.json)
        approved = self.place.approve_pending(self._campaign(asked), notes)
        shown = [self._reviewed(submission) for submission in approved]
        return 200, {"success": True, "message": "All submissions approved successfully.", "submissions": shown}

    def campaigns(self, asked: EndpointRequest) -> Answer:
        """`GET /api/campaigns/`, newest first."""
        wanted = _status(asked, CAMPAIGN_STATUSES)
        found = [
            self.shapes.campaign(campaign)
            for campaign in reversed(asked.owner.campaigns.values())
            if wanted is None or campaign.status == wanted
        ]
        if not self.quirks.campaign_page:
            return 200, found
        page, rows = self._page(asked, len(found), self.quirks.campaign_page_size)
        return 200, {**_envelope(asked, page, rows, len(found)), "results": found[rows * (page - 1) : rows * page]}

    def campaign(self, asked: EndpointRequest) -> Answer:
        """`GET /api/campaigns/detail/ID/`."""
        return 200, self.shapes.campaign(self._campaign(asked))

    def submissions(self, asked: EndpointRequest) -> Answer:
        """`GET /api/campaigns/ID/submissions/`."""
        campaign = self._campaign(asked)
        found = self._find(campaign, _status(asked, SUBMISSION_STATUSES), asked.parameters.get("search", ""))
        if self.quirks.newest_first:
            found.reverse()
        wanted = asked.parameters.get("rowsPerPage", "")
        rows = min(int(wanted), MAX_ROWS) if _is_number(wanted) and int(wanted) else MAX_ROWS
        page, rows = self._page(asked, len(found), rows)
        shown = [
            self.shapes.submission(campaign, submission, asked.origin)
            for submission in found[rows * (page - 1) : rows * page]
        ]
        pagination: JsonObject = {
            "totalCount": len(found),
            "pageCount": _page_count(len(found), rows),
            "currentPage": page,
            "rowsPerPage": rows,
        }
        results = {"submissions": shown, "pagination": self.shapes.spell(pagination)}
        return 200, {**_envelope(asked, page, rows, len(found)), "results": results}

    def block(self, asked: EndpointRequest) -> Answer:
        """`POST /api/workers/block/`."""
        given, worker = self._worker(asked)
        self.place.block(asked.owner, worker, given, self.now())
        return 201, {"success": True, "message": "Worker blocked successfully", "worker_id": given}

    def unblock(self, asked: EndpointRequest) -> Answer:
        """`POST /api/workers/unblock/`."""
        given, worker = self._worker(asked)
        self.place.unblock(asked.owner, worker)
        return 200, {"success": True, "message": "Worker unblocked successfully", "worker_id": given}

    def blocked(self, asked: EndpointRequest) -> Answer:
        """`GET /api/workers/blocked/`."""
        return 200, self.shapes.blocked(asked.owner)

    def _campaign(self, asked: EndpointRequest) -> Campaign:
        campaign = self.place.campaigns.get(asked.path["campaign"].lower())
        if campaign is None:
            raise RapidWorkersRefusal(404, "Campaign not found")
        if campaign.owner is not asked.owner:
            raise RapidWorkersRefusal(403, "You don't own this campaign")
        return campaign

    def _submission(self, asked: EndpointRequest) -> tuple[Campaign, SandboxSubmission]:
        campaign = self._campaign(asked)
        submission = campaign.submissions.get(int(asked.path["submission"]))
        if submission is None:
            raise RapidWorkersRefusal(404, "Submission not found")
        return campaign, submission

    def _reviewed(self, submission: SandboxSubmission) -> JsonObject:
        person = self.people.person(submission.worker)
        return {"id": submission.id, "user": person.name, "status": submission.status}

    def _worker(self, asked: EndpointRequest) -> tuple[int | str, int]:
        given = inputs.worker_id(asked.json)
        worker = self.people.find(given)
        if worker is None:
            raise RapidWorkersRefusal(404, "Worker not found")
        return given, worker

    def _find(self, campaign: Campaign, status: str | None, search: str) -> list[SandboxSubmission]:
        found = list(campaign.submissions.values())
        if status is not None and campaign.counts[status] != len(found):
            found = [submission for submission in found if submission.status == status]
        if search := search.strip().lower():
            person = self.people.person
            found = [each for each in found if search in person(each.worker).name.lower()]
        return found

    def _page(self, asked: EndpointRequest, count: int, rows: int) -> tuple[int, int]:
        text = asked.parameters.get("page", "1")
        if not _is_number(text) or not 1 <= int(text) <= _page_count(count, rows):
            raise RapidWorkersRefusal(404, "Invalid page.")
        return int(text), rows


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10


def _page_count(count: int, rows: int) -> int:
    return max(1, -(-count // rows))


def _status(asked: EndpointRequest, known: Sequence[str]) -> str | None:
    status = asked.parameters.get("status", "")
    if status and status not in known:
        raise RapidWorkersRefusal(400, f"Invalid status. Choose one of: {', '.join(known)}.")
    return status or None


def _envelope(asked: EndpointRequest, page: int, rows: int, count: int) -> JsonObject:
    """The page's links are absolute and keep the rest of the query, as Django REST framework's are."""

    def link(number: int) -> str | None:
        if not 1 <= number <= _page_count(count, rows):
            return None
        kept = {**asked.parameters, "page": str(number)}
        if number == 1:
            del kept["page"]
        return f"{asked.url}?{urlencode(kept)}" if kept else asked.url

    return {"count": count, "next": link(page + 1), "previous": link(page - 1)}
