"""The marketplace itself: campaigns, submissions, blocks and the money that moves with them."""

import itertools
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from random import Random

from crowdhub.sandbox import Purse, RequestWindow
from crowdhub_rapidworkers.sandbox.people import FIRST_WORKER
from crowdhub_rapidworkers.sandbox.quirks import RapidWorkersQuirks
from crowdhub_rapidworkers.sandbox.refusal import RapidWorkersRefusal

CENT = Decimal("0.01")
COMMISSION = Decimal("0.10")
FIRST_SUBMISSION = 1001


@dataclass(slots=True, eq=False)
class SandboxSubmission:
    """One worker's work; `worker` is its number in `Population`, `images` how many proof pictures it has."""

    id: int
    worker: int
    submitted_at: datetime
    text: str
    images: int
    status: str = "Pending"
    notes: str | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A blocked worker, by the id that the customer gave."""

    worker: int
    given: int | str
    at: datetime


@dataclass(frozen=True, slots=True)
class JobRequest:
    """What a customer asks for, already checked."""

    title: str
    description: str
    reward: Decimal
    slots: int
    proof: str
    category: str
    sub_category: str | None = None
    countries: tuple[str, ...] = ()
    language: str = "en"
    auto_approve: bool = False
    image: bytes | None = None

    @property
    def cost(self) -> Decimal:
        """What the workers get."""
        return (self.reward * self.slots).quantize(CENT)

    @property
    def commission(self) -> Decimal:
        """What the marketplace gets."""
        return (self.cost * COMMISSION).quantize(CENT, ROUND_HALF_UP)


@dataclass(slots=True, eq=False)
class Campaign:
    """A published job."""

    id: str
    owner: "Owner"
    job: JobRequest
    created_at: datetime
    opened_at: datetime
    """When slots last became free: scripted workers come from then on."""
    next_worker: int
    dice: Random
    status: str = "Active"
    submissions: dict[int, SandboxSubmission] = field(default_factory=dict[int, SandboxSubmission])
    participants: set[int] = field(default_factory=set[int])
    counts: dict[str, int] = field(default_factory=lambda: {"Pending": 0, "Approved": 0, "Rejected": 0})
    next_arrival: datetime | None = None

    @property
    def open_slots(self) -> int:
        """Slots that nobody has taken."""
        return self.job.slots - self.counts["Pending"] - self.counts["Approved"]

    @property
    def accepts_work(self) -> bool:
        """Whether a worker can hand in now."""
        return self.status == "Active" and self.open_slots > 0

    def set_status(self, submission: SandboxSubmission, status: str) -> None:
        """Change one submission and the counts with it."""
        self.counts[submission.status] -= 1
        self.counts[status] += 1
        submission.status = status


@dataclass(slots=True, eq=False)
class Owner:
    """A customer's account."""

    key: str
    worker: int
    purse: Purse
    window: RequestWindow
    campaigns: dict[str, Campaign] = field(default_factory=dict[str, Campaign])
    blocks: dict[int, Block] = field(default_factory=dict[int, Block])


class Marketplace:
    """What customers and workers can do. The caller holds the sandbox's lock."""

    def __init__(self, quirks: RapidWorkersQuirks, dice: Random) -> None:
        self.quirks = quirks
        self.owners: dict[str, Owner] = {}
        self.campaigns: dict[str, Campaign] = {}
        self._dice = dice
        self._ids = itertools.count(FIRST_SUBMISSION)
        self.campaign_of: dict[int, Campaign] = {}

    def publish(self, owner: Owner, job: JobRequest, now: datetime) -> Campaign:
        """Take the money and open the campaign."""
        if owner.purse.balance < job.cost + job.commission:
            raise RapidWorkersRefusal(400, f"Insufficient balance. Required: {job.cost + job.commission}")
        campaign = Campaign(
            id=str(uuid.UUID(int=self._dice.getrandbits(128), version=4)),
            owner=owner,
            job=job,
            created_at=now,
            opened_at=now,
            next_worker=FIRST_WORKER + self._dice.randrange(100),
            dice=Random(self._dice.getrandbits(64)),  # noqa: S311  (repeatable, not secret)
            status="Pending" if self.quirks.moderation else "Active",
        )
        charge = owner.purse.charge
        _ = charge("publish", campaign.id, held=job.cost, commission=job.commission, reference=job.title)
        self.campaigns[campaign.id] = owner.campaigns[campaign.id] = campaign
        return campaign

    def hand_in(self, campaign: Campaign, worker: int, text: str, images: int, at: datetime) -> SandboxSubmission:
        """A worker hands in; a full campaign may approve everything by itself."""
        submission = SandboxSubmission(next(self._ids), worker, at, text, images)
        campaign.submissions[submission.id] = submission
        campaign.participants.add(worker)
        campaign.counts["Pending"] += 1
        self.campaign_of[submission.id] = campaign
        if campaign.job.auto_approve and campaign.open_slots == 0:
            for pending in self.pending(campaign):
                self._approve(campaign, pending, None)
        return submission

    def pending(self, campaign: Campaign) -> list[SandboxSubmission]:
        """What waits for review."""
        return [each for each in campaign.submissions.values() if each.status == "Pending"]

    def approve(self, campaign: Campaign, submission: SandboxSubmission, notes: str | None) -> None:
        """Pay for one submission."""
        if submission.status != "Pending":
            raise RapidWorkersRefusal(400, "Submission already processed")
        if self.quirks.approval_lacks_funds:
            raise RapidWorkersRefusal(400, "Insufficient funds")
        self._approve(campaign, submission, notes)

    def approve_pending(self, campaign: Campaign, notes: str | None) -> Sequence[SandboxSubmission]:
        """Pay for everything that is pending now."""
        pending = self.pending(campaign)
        if not pending:
            raise RapidWorkersRefusal(404, "No pending submissions found")
        for submission in pending:
            self._approve(campaign, submission, notes)
        return pending

    def _approve(self, campaign: Campaign, submission: SandboxSubmission, notes: str | None) -> None:
        campaign.set_status(submission, "Approved")
        submission.notes = notes
        paid = campaign.job.reward
        _ = campaign.owner.purse.pay_out(campaign.id, paid, reference=str(submission.id))
        if campaign.counts["Approved"] == campaign.job.slots:
            campaign.status = "Completed"

    def reject(self, campaign: Campaign, submission: SandboxSubmission, notes: str, now: datetime) -> None:
        """Refuse one submission; its slot reopens, or is paid back where the campaign was canceled."""
        if submission.status != "Pending":
            raise RapidWorkersRefusal(400, "Submission already processed")
        campaign.set_status(submission, "Rejected")
        submission.notes = notes
        if campaign.status == "Canceled":
            self._pay_back(campaign, 1)
        elif campaign.open_slots == 1:
            campaign.opened_at = now

    def cancel(self, campaign: Campaign) -> None:
        """Close a campaign and pay back the slots that nobody took; pending work can still be reviewed."""
        if campaign.status in ("Canceled", "Completed"):
            raise RapidWorkersRefusal(400, f"Campaign is {campaign.status.lower()}")
        free = campaign.open_slots
        campaign.status = "Canceled"
        if free:
            self._pay_back(campaign, free)

    def _pay_back(self, campaign: Campaign, slots: int) -> None:
        job = campaign.job
        commission = (job.commission * slots / job.slots).quantize(CENT, ROUND_DOWN)
        refund = campaign.owner.purse.refund
        _ = refund(campaign.id, held=job.reward * slots, commission=commission, reference=job.title)

    def block(self, owner: Owner, worker: int, given: int | str, now: datetime) -> None:
        """From now on this worker hands in nothing for this customer."""
        if worker == owner.worker:
            raise RapidWorkersRefusal(400, "You cannot block yourself")
        if worker in owner.blocks:
            raise RapidWorkersRefusal(400, "Worker is already blocked")
        owner.blocks[worker] = Block(worker, given, now)

    def unblock(self, owner: Owner, worker: int) -> None:
        """Undo a block."""
        if owner.blocks.pop(worker, None) is None:
            raise RapidWorkersRefusal(400, "Worker is not blocked")
