"""RapidWorkers' sandbox as Python sees it: the account, the books, and what the people behind it do."""

from collections.abc import Sequence
from decimal import Decimal
from typing import ClassVar

from starlette.types import ASGIApp

from crowdhub.sandbox import (
    AccountSettings,
    Books,
    MarketSandbox,
    Purse,
    RequestWindow,
    SandboxClock,
    SandboxError,
)
from crowdhub.sandbox.switches import switched
from crowdhub_rapidworkers.sandbox.endpoints import Endpoints
from crowdhub_rapidworkers.sandbox.people import OTHER_OWNER, OWNER, Population
from crowdhub_rapidworkers.sandbox.pictures import MEDIA, Pictures
from crowdhub_rapidworkers.sandbox.quirks import RapidWorkersQuirks
from crowdhub_rapidworkers.sandbox.refusal import RapidWorkersRefusal
from crowdhub_rapidworkers.sandbox.routes import RapidWorkersWire
from crowdhub_rapidworkers.sandbox.script import RapidWorkersScript, good_text
from crowdhub_rapidworkers.sandbox.state import Campaign, JobRequest, Marketplace, Owner, SandboxSubmission

HOUR = 3600


class RapidWorkersSandbox(MarketSandbox):
    """A RapidWorkers on loopback.

    Two customers exist: the one whose key `account` gives, and another (`other_key`) with one campaign, to
    see what is refused. Options: the opening `balance`; `rate_limit`, requests an hour (`None`: no limit);
    `work_rate`, hand-ins an hour on each open campaign as the clock advances (0: none); `poor_share`, the
    share of them that lacks proof; `instant_work`, whether every slot is taken the moment a campaign opens;
    and any field of `RapidWorkersQuirks`.
    """

    name: ClassVar[str] = "rapidworkers"

    def __init__(
        self,
        clock: SandboxClock | None = None,
        seed: int = 0,
        *,
        balance: str | Decimal = "1000.00",
        rate_limit: int | None = 1000,
        work_rate: float = 30,
        poor_share: float = 0.15,
        instant_work: bool = False,
        **quirks: object,
    ) -> None:
        super().__init__(clock, seed)
        self.quirks = switched(RapidWorkersQuirks, quirks, self.name)
        self.people = Population(seed)
        self.marketplace = Marketplace(self.quirks, self.dice("marketplace"))
        self.script = RapidWorkersScript(self.marketplace, self.people, work_rate, poor_share)
        self.instant_work = instant_work
        self.pictures = Pictures(self.marketplace, self.people)
        self._texts = self.dice("texts")
        self._owner = self._open_account(self.fake_key(), OWNER, Decimal(balance), rate_limit)
        self._other = self._open_account(self.fake_key("other-key"), OTHER_OWNER, Decimal("100.00"), rate_limit)
        self._foreign = self._open_foreign_campaign()

    # --- what every market has

    def app(self) -> ASGIApp:
        """The 21 endpoints and the pictures."""
        endpoints = Endpoints(self.marketplace, self.people, self.quirks, self.now, self.open_campaign)
        return RapidWorkersWire(endpoints, self.pictures, self.lock)

    def account(self, base_url: str) -> AccountSettings:
        """The settings of the customer under test."""
        return {"api_key": self._owner.key, "base_url": base_url}

    def tick(self) -> None:
        """Let workers hand in on the open campaigns of the customer under test."""
        with self.lock:
            self.script.play(list(self._owner.campaigns.values()), self.now())

    def books(self) -> Books:
        """The money of the customer under test."""
        with self.lock:
            return self._owner.purse.books()

    def is_api(self, path: str) -> bool:
        """Pictures are not part of the API."""
        return not path.startswith(MEDIA)

    # --- the other customer

    @property
    def other_key(self) -> str:
        """The other customer's key."""
        return self._other.key

    @property
    def foreign_job(self) -> str:
        """A campaign of the other customer."""
        return self._foreign[0]

    @property
    def foreign_submission(self) -> int:
        """A pending submission on it."""
        return self._foreign[1]

    @property
    def own_worker_id(self) -> int:
        """The customer's own public id as a worker: blocking it is blocking oneself."""
        return self.people.person(OWNER).public_id

    # --- what happens behind the API

    def open_campaign(self, owner: Owner, job: JobRequest) -> Campaign:
        """Publish; where `instant_work` says so, with every slot taken at once."""
        campaign = self.marketplace.publish(owner, job, self.now())
        if self.instant_work and owner is self._owner:
            self.script.fill(campaign, self.now())
        return campaign

    def hand_in(
        self,
        job_id: str,
        count: int = 1,
        text: str | None = None,
        images: int | Sequence[bytes] = 1,
        worker: int | str | None = None,
    ) -> list[int]:
        """Workers hand in `count` times; returns the submissions' ids.

        Without `text` each writes something of their own; `images` is how many pictures each sends, or the
        pictures themselves; `worker` is a public id or a `userId`, otherwise each is someone new.
        """
        with self.lock:
            campaign = self.job(job_id)
            self._check_room(campaign, count)
            person = None if worker is None else self._find_worker(campaign, worker)
            if person is not None and count > 1:
                raise SandboxError("A worker can hand in once on a campaign")
            pictures = [] if isinstance(images, int) else list(images)
            number = images if isinstance(images, int) else len(pictures)
            ids: list[int] = []
            now, place = self.now(), self.marketplace
            for _ in range(count):
                who = self.script.next_worker(campaign) if person is None else person
                words = good_text(self._texts) if text is None else text
                handed_in = place.hand_in(campaign, who, words, number, now)
                ids.append(handed_in.id)
                self.pictures.keep(handed_in.id, pictures)
            return ids

    def cancel(self, job_id: str) -> None:
        """The marketplace closes a campaign and pays back the slots that nobody took."""
        with self.lock:
            try:
                self.marketplace.cancel(self.job(job_id))
            except RapidWorkersRefusal as refusal:
                raise SandboxError(refusal.message) from refusal

    def activate(self, job_id: str) -> None:
        """A campaign passes moderation."""
        with self.lock:
            campaign = self.job(job_id)
            if campaign.status != "Pending":
                raise SandboxError(f"The campaign is {campaign.status}, not Pending")
            campaign.status, campaign.opened_at = "Active", self.now()
            if self.instant_work:
                self.script.fill(campaign, campaign.opened_at)

    def set_balance(self, amount: Decimal | int | str) -> None:
        """Set the customer's balance; the difference is a deposit in the books."""
        with self.lock:
            _ = self._owner.purse.deposit(Decimal(amount) - self._owner.purse.balance, reference="set_balance")

    def set_rate_limit(self, limit: int | None) -> None:
        """Change how many requests an hour the customer may make."""
        with self.lock:
            self._owner.window.limit = limit

    def jobs(self) -> list[Campaign]:
        """The customer's campaigns, oldest first."""
        with self.lock:
            return list(self._owner.campaigns.values())

    def job(self, job_id: str) -> Campaign:
        """One campaign, also of the other customer."""
        with self.lock:
            try:
                return self.marketplace.campaigns[job_id.lower()]
            except KeyError:
                raise SandboxError(f"There is no campaign {job_id!r}") from None

    def submissions(self, job_id: str, status: str | None = None) -> list[SandboxSubmission]:
        """What was handed in on a campaign, oldest first."""
        with self.lock:
            every = self.job(job_id).submissions.values()
            return [each for each in every if status is None or each.status == status]

    def _open_account(self, key: str, worker: int, balance: Decimal, limit: int | None) -> Owner:
        purse = Purse("USD", balance.quantize(Decimal("0.01")), self.now)
        owner = Owner(key, worker, purse, RequestWindow(limit, HOUR))
        self.marketplace.owners[key] = owner
        return owner

    def _open_foreign_campaign(self) -> tuple[str, int]:
        job = JobRequest("Someone else's job", "Not yours.", Decimal("1.00"), 3, "Any proof", "Other")
        campaign = self.marketplace.publish(self._other, job, self.now())
        campaign.status = "Active"
        (submission,) = self.hand_in(campaign.id)
        return campaign.id, submission

    def _check_room(self, campaign: Campaign, count: int) -> None:
        if campaign.status != "Active":
            raise SandboxError(f"The campaign is {campaign.status}: nobody can hand in")
        if count > campaign.open_slots:
            raise SandboxError(f"{campaign.open_slots} slots are open, {count} cannot hand in")

    def _find_worker(self, campaign: Campaign, worker: int | str) -> int:
        index = self.people.find(worker)
        if index is None:
            raise SandboxError(f"There is no worker {worker!r}")
        if index in campaign.owner.blocks:
            raise SandboxError(f"The worker {worker!r} is blocked and cannot hand in")
        if index in campaign.participants:
            raise SandboxError(f"The worker {worker!r} has already worked on this campaign")
        return index
