"""RapidWorkers' sandbox as Python sees it: the account, the books, and what the people behind it do."""

import re
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from starlette.types import ASGIApp

from crowdhub.sandbox import (
    Books,
    MarketSandbox,
    Purse,
    RequestWindow,
    SandboxClock,
    SandboxError,
    png,
)
from crowdhub_rapidworkers.sandbox.people import OTHER_OWNER, OWNER, People
from crowdhub_rapidworkers.sandbox.quirks import Quirks
from crowdhub_rapidworkers.sandbox.refusal import Refusal
from crowdhub_rapidworkers.sandbox.routes import MEDIA, Wire
from crowdhub_rapidworkers.sandbox.script import Script, good_text
from crowdhub_rapidworkers.sandbox.state import Campaign, JobRequest, Marketplace, Owner, Submission

HOUR = 3600


class RapidWorkersSandbox(MarketSandbox):
    """A RapidWorkers on loopback.

    Two customers exist: the one whose key `account` gives, and another (`other_key`) with one campaign, to
    see what is refused. Options: the opening `balance`; `rate_limit`, requests an hour (`None`: no limit);
    `work_rate`, hand-ins an hour on each open campaign as the clock advances (0: none); `poor_share`, the
    share of them that lacks proof; `instant_work`, whether every slot is taken the moment a campaign opens;
    and any field of `Quirks`.
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
        **quirks: Any,
    ) -> None:
        super().__init__(clock, seed)
        known = [field.name for field in fields(Quirks)]
        for name in quirks:
            if name not in known:
                raise SandboxError(f"The rapidworkers sandbox has no option {name!r}; quirks: {', '.join(known)}")
        self.quirks = Quirks(**quirks)
        self.people = People(seed)
        self.marketplace = Marketplace(self.quirks, self.dice("marketplace"))
        self.script = Script(self.marketplace, self.people, work_rate, poor_share)
        self.instant_work = instant_work
        self._texts = self.dice("texts")
        self._uploads: dict[tuple[int, int], bytes] = {}
        self._owner = self._open_account(self.fake_key(), OWNER, Decimal(balance), rate_limit)
        self._other = self._open_account(self.fake_key("other-key"), OTHER_OWNER, Decimal("100.00"), rate_limit)
        self._foreign = self._open_foreign_campaign()

    # --- what every market has

    def app(self) -> ASGIApp:
        """The 21 endpoints and the pictures."""
        return Wire(self)

    def account(self, base_url: str) -> dict[str, Any]:
        """The settings of the customer under test."""
        return {"api_key": self._owner.key, "base_url": base_url}

    def tick(self) -> None:
        """Let workers hand in on the open campaigns of the customer under test."""
        with self.lock:
            self.script.play(list(self._owner.campaigns.values()), self.clock.now())

    def books(self) -> Books:
        """The money of the customer under test."""
        with self.lock:
            return self._owner.purse.books()

    def is_api(self, path: str) -> bool:
        """Pictures are no API."""
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
        campaign = self.marketplace.publish(owner, job, self.clock.now())
        if self.instant_work and owner is self._owner:
            self.script.fill(campaign, self.clock.now())
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
            now, place = self.clock.now(), self.marketplace
            for _ in range(count):
                who = self.script.next_worker(campaign) if person is None else person
                words = good_text(self._texts) if text is None else text
                handed_in = place.hand_in(campaign, who, words, number, now)
                ids.append(handed_in.id)
                for place_of, content in enumerate(pictures, 1):
                    self._uploads[handed_in.id, place_of] = content
            return ids

    def cancel(self, job_id: str) -> None:
        """The marketplace closes a campaign and pays back the slots that nobody took."""
        with self.lock:
            try:
                self.marketplace.cancel(self.job(job_id))
            except Refusal as refusal:
                raise SandboxError(refusal.message) from refusal

    def activate(self, job_id: str) -> None:
        """A campaign passes moderation."""
        with self.lock:
            campaign = self.job(job_id)
            if campaign.status != "Pending":
                raise SandboxError(f"The campaign is {campaign.status}, not Pending")
            campaign.status, campaign.opened_at = "Active", self.clock.now()
            if self.instant_work:
                self.script.fill(campaign, campaign.opened_at)

    def set_balance(self, amount: str | Decimal) -> None:
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

    def submissions(self, job_id: str, status: str | None = None) -> list[Submission]:
        """What was handed in on a campaign, oldest first."""
        with self.lock:
            every = self.job(job_id).submissions.values()
            return [each for each in every if status is None or each.status == status]

    def picture(self, path: str) -> tuple[str, bytes] | None:
        """A served picture and its media type; generated ones are made when asked for."""
        if match := re.fullmatch(r"proofs/(\d{1,18})/(\d{1,9})(-thumbnail)?\.png", path):
            return self._proof(int(match[1]), int(match[2]), thumbnail=bool(match[3]))
        if match := re.fullmatch(r"avatars/(\d{1,18})\.png", path):
            index = self.people.find(match[1])
            return None if index is None else ("image/png", png(self.people.person(index).name, (48, 48)))
        if match := re.fullmatch(r"campaigns/([0-9a-f-]{36})", path):
            campaign = self.marketplace.campaigns.get(match[1])
            if campaign is not None and campaign.job.image is not None:
                return _media_type(campaign.job.image), campaign.job.image
        return None

    def _proof(self, submission_id: int, number: int, *, thumbnail: bool) -> tuple[str, bytes] | None:
        campaign = self.marketplace.campaign_of.get(submission_id)
        if campaign is None or not 1 <= number <= campaign.submissions[submission_id].images:
            return None
        uploaded = self._uploads.get((submission_id, number))
        if uploaded is not None and not thumbnail:
            return _media_type(uploaded), uploaded
        size = (80, 50) if thumbnail else (320, 200)
        return "image/png", png(f"Proof {submission_id}/{number}", size)

    def _open_account(self, key: str, worker: int, balance: Decimal, limit: int | None) -> Owner:
        purse = Purse("USD", balance.quantize(Decimal("0.01")), self._now)
        owner = Owner(key, worker, purse, RequestWindow(limit, HOUR))
        self.marketplace.owners[key] = owner
        return owner

    def _now(self) -> datetime:
        return self.clock.now()

    def _open_foreign_campaign(self) -> tuple[str, int]:
        job = JobRequest("Someone else's job", "Not yours.", Decimal("1.00"), 3, "Any proof", "Other")
        campaign = self.marketplace.publish(self._other, job, self.clock.now())
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


def _media_type(content: bytes) -> str:
    return "image/png" if content.startswith(b"\x89PNG") else "application/octet-stream"
