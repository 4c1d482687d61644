"""Prolific's sandbox as Python sees it: the account, the books, and what the people behind it do."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from starlette.types import ASGIApp

from crowdhub.sandbox import AccountSettings, Books, MarketSandbox, Purse, SandboxClock, SandboxError
from crowdhub.sandbox.switches import switched
from crowdhub.sandbox.values import JsonObject
from crowdhub_prolific.sandbox.endpoints import Endpoints
from crowdhub_prolific.sandbox.quirks import ProlificQuirks
from crowdhub_prolific.sandbox.refusal import ProlificRefusal
from crowdhub_prolific.sandbox.routes import BASE, ProlificWire
from crowdhub_prolific.sandbox.script import Participants, code_of
from crowdhub_prolific.sandbox.shapes import error
from crowdhub_prolific.sandbox.state import Participation, Study
from crowdhub_prolific.sandbox.tariff import Tariff
from crowdhub_prolific.sandbox.workspace import Workspace


class ProlificSandbox(MarketSandbox):
    """A Prolific on loopback, with one workspace and one project in it.

    Options: the opening ``balance``; the workspace's ``currency``; ``fee``, the marketplace's share of what people get,
    and ``vat``, the tax on that; ``rows``, the most that a page of a list holds; ``every``, the seconds between two
    scripted participants of each study (0: they come only when `hand_in` calls them), of whom ``poor_share`` enter no
    code; and any field of `ProlificQuirks`.
    """

    name: ClassVar[str] = "prolific"

    def __init__(
        self,
        clock: SandboxClock | None = None,
        seed: int = 0,
        *,
        balance: str | Decimal = "1000.00",
        currency: str = "GBP",
        fee: str | Decimal = "0.30",
        vat: str | Decimal = "0.20",
        rows: int = 100,
        every: float = 60,
        poor_share: float = 0.1,
        **quirks: object,
    ) -> None:
        super().__init__(clock, seed)
        self.token = self.fake_key("token")
        self.rows = rows
        self.quirks = switched(ProlificQuirks, quirks, self.name)
        purse = Purse(currency, Decimal(balance).quantize(Decimal("0.01")), self.now)
        self.space = Workspace(purse, Tariff(Decimal(fee), Decimal(vat)), self.quirks, self.dice("ids"))
        self.participants = Participants(self.space, self.dice("participants"), every, poor_share, self.now())

    # --- what every market has

    def app(self) -> ASGIApp:
        endpoints = Endpoints(self.space, self.quirks, self.rows, self.now)
        return ProlificWire(endpoints, self.token, self.lock, self.tick)

    def account(self, base_url: str) -> AccountSettings:
        """The settings of the customer."""
        return {
            "token": self.token,
            "workspace": self.space.id,
            "currency": self.space.purse.currency,
            "base_url": base_url + BASE,
        }

    def tick(self) -> None:
        """Let everything happen that is due."""
        with self.lock:
            self.participants.run_to(self.now())
            self.space.run_to(self.now())

    def books(self) -> Books:
        """The customer's money."""
        with self.lock:
            return self.space.purse.books()

    def error_body(self, status: int, message: str) -> JsonObject:
        """How it words an error that no words are documented for."""
        return error(ProlificRefusal(status, message, message), self.quirks)

    # --- for tests and demos

    def study(self, study_id: str) -> Study:
        """One study, drafts included."""
        with self.lock:
            try:
                return self.space.studies[study_id]
            except KeyError:
                raise SandboxError(f"There is no study {study_id!r}") from None

    def submission(self, work_id: str) -> Participation:
        """One submission."""
        with self.lock:
            try:
                return self.space.works[work_id]
            except KeyError:
                raise SandboxError(f"There is no submission {work_id!r}") from None

    def set_balance(self, amount: Decimal | int | str) -> None:
        """Set the customer's balance; the difference is a deposit in the books."""
        with self.lock:
            purse = self.space.purse
            _ = purse.deposit(Decimal(amount) - purse.balance, reference="set_balance")

    def reserve(self, study_id: str, participant: str | None = None) -> Participation:
        """Somebody takes a place and begins; by default somebody who may."""
        with self.lock:
            study = self.study(study_id)
            self._check_room(study, participant)
            return self.participants.reserve(study, self.now(), participant)

    def hand_in(
        self, study_id: str, count: int = 1, *, participant: str | None = None, poor: bool = False
    ) -> list[Participation]:
        """So many people take a place and hand in; ``poor``: without a code."""
        with self.lock:
            study, made = self.study(study_id), list[Participation]()
            for _ in range(count):
                self._check_room(study, participant)
                made.append(self.participants.hand_in(study, self.now(), participant=participant, poor=poor))
            return made

    def finish(self, work: Participation, code: str | None = None) -> None:
        """Whoever is at work hands in, with this code or the study's own."""
        with self.lock:
            self._check_at_work(work)
            self.space.hand_in(work, code or code_of(work.study), self.now())

    def give_back(self, work: Participation) -> None:
        """Somebody gives his place back, also after handing in."""
        with self.lock:
            if work.status not in ("RESERVED", "ACTIVE", "AWAITING REVIEW"):
                raise SandboxError(f"A submission that is {work.status} cannot be returned")
            self.space.leave(work, "RETURNED")

    def time_out(self, work: Participation) -> None:
        """Somebody took too long."""
        with self.lock:
            self._check_at_work(work)
            self.space.leave(work, "TIMED-OUT")

    def _check_room(self, study: Study, participant: str | None) -> None:
        if not study.accepts(self.now()):
            shown = study.status(self.now(), stopped_waits=self.quirks.stopped_waits)
            raise SandboxError(f"The study is {shown} with {study.free} free places: nobody can start")
        if participant is not None and not self.space.may_start(study, participant, self.now()):
            raise SandboxError(f"The study is not shown to the participant {participant!r}")

    @staticmethod
    def _check_at_work(work: Participation) -> None:
        if work.status not in ("RESERVED", "ACTIVE"):
            raise SandboxError(f"A submission that is {work.status} is not at work")
