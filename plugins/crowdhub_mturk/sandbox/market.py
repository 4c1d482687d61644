"""MTurk's sandbox as Python sees it: the account, the books, and what the people behind it do."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar

from starlette.requests import Request
from starlette.types import ASGIApp

from crowdhub.sandbox import AccountSettings, Books, MarketSandbox, RequestWindow, SandboxClock, SandboxError
from crowdhub.sandbox.switches import switched
from crowdhub.sandbox.values import JsonObject
from crowdhub_mturk.sandbox.answers import Given
from crowdhub_mturk.sandbox.errors import error_of_status
from crowdhub_mturk.sandbox.operations.events import EventOperations
from crowdhub_mturk.sandbox.operations.grants import GrantOperations
from crowdhub_mturk.sandbox.operations.hits import HitOperations
from crowdhub_mturk.sandbox.operations.people import Letter, PeopleOperations
from crowdhub_mturk.sandbox.operations.reviews import ReviewOperations
from crowdhub_mturk.sandbox.qualifications import Qualifications
from crowdhub_mturk.sandbox.readings import MTurkReadings
from crowdhub_mturk.sandbox.refusal import Refusal
from crowdhub_mturk.sandbox.script import Script
from crowdhub_mturk.sandbox.signature import REGION, Guard, Keys
from crowdhub_mturk.sandbox.state import Assignment, Hit
from crowdhub_mturk.sandbox.turk import Turk
from crowdhub_mturk.sandbox.uploads import PATH, Uploads
from crowdhub_mturk.sandbox.wire import MTurkWire, operation_name
from crowdhub_mturk.sandbox.workforce import Workforce


class MTurkSandbox(MarketSandbox):
    """A Mechanical Turk on loopback.

    Options: the opening ``balance``; ``every``, the seconds between two scripted workers on a HIT (0: none come);
    ``takes``, the seconds one works; ``returns``, the share that gives up; ``poor``, the share that answers nothing;
    ``rate_limit``, requests a second (`None`: no limit); ``temporary``, the seconds that temporary keys live (`None`:
    the keys are lasting ones); and any field of `MTurkReadings`.
    """

    name: ClassVar[str] = "mturk"

    def __init__(
        self,
        clock: SandboxClock | None = None,
        seed: int = 0,
        *,
        balance: str | Decimal = "10000.00",
        every: float = 60,
        takes: float = 120,
        returns: float = 0.1,
        poor: float = 0.1,
        rate_limit: int | None = None,
        temporary: float | None = None,
        **readings: object,
    ) -> None:
        super().__init__(clock, seed)
        self.readings = switched(MTurkReadings, readings, self.name)
        end = None if temporary is None else self.now() + timedelta(seconds=temporary)
        session = None if temporary is None else self.fake_key("session-token")
        self.keys = Keys(self.fake_key("access-key"), self.fake_key("secret-key"), session, end)
        self._window = RequestWindow(rate_limit, 1)
        self.turk = Turk(Decimal(balance), self.readings, self.dice("ids"), seed, self.now)
        self.qualifications = Qualifications(self.turk.ids, self.now())
        self.workforce = Workforce(self.turk.ids, self.qualifications)
        self.script = Script(
            self.turk, self.workforce, self.dice("workers"), every=every, takes=takes, returns=returns, poor=poor
        )
        self._uploads = Uploads(self.turk, self.fake_key("uploads"))
        self._hits = HitOperations(self.turk, self.qualifications, self.script.expect)
        self._reviews = ReviewOperations(self.turk, self._uploads)
        self._people = PeopleOperations(self.turk, self.workforce)
        self._grants = GrantOperations(self.qualifications, self.workforce, self.readings)
        self.events = EventOperations(self.turk)

    # --- what every market has

    def app(self) -> ASGIApp:
        """The 39 operations, and the links to files."""
        families = (self._hits, self._reviews, self._people, self._grants, self.events)
        return MTurkWire(
            handlers={name: handle for family in families for name, handle in family.handlers().items()},
            uploads=self._uploads,
            guard=Guard(self.keys, self.readings.refused_signature_status),
            window=self._window,
            readings=self.readings,
            dice=self.dice("request ids"),
            lock=self.lock,
            now=self.now,
            catch_up=self._catch_up,
        )

    def account(self, base_url: str) -> AccountSettings:
        """The settings of the requester."""
        settings: AccountSettings = {
            "access_key_id": self.keys.id,
            "secret_access_key": self.keys.secret,
            "region": REGION,
            "base_url": base_url,
        }
        if self.keys.session_token is not None:
            settings["session_token"] = self.keys.session_token
        return settings

    def tick(self) -> None:
        """Let everything happen that is due."""
        with self.lock:
            self._catch_up()

    def books(self) -> Books:
        """The requester's money."""
        with self.lock:
            return self.turk.till.purse.books()

    def is_api(self, path: str) -> bool:
        """Files are not part of the API."""
        return not path.startswith(PATH)

    def operation_of(self, request: Request) -> str | None:
        """The operation's name."""
        return operation_name(request)

    def error_body(self, status: int, message: str) -> JsonObject:
        """In the words of either family, whichever has such an error."""
        return error_of_status(status, message, self.readings.error_prefix)

    def _catch_up(self) -> None:
        for due in self.turk.agenda.until(self.now()):
            if not self.turk.happen(due.what, due.about, due.moment):
                self.script.happen(due.what, due.about, due.moment)

    @contextmanager
    def _behind(self) -> Generator[None]:
        """Something happens that no request asks for; what the marketplace refuses is the caller's mistake."""
        with self.lock:
            self._catch_up()
            try:
                yield
            except Refusal as refusal:
                raise SandboxError(refusal.words) from refusal
            self._catch_up()

    # --- for tests and demos: what happens behind the API

    def accept(self, hit_id: str, worker: str | None = None) -> str:
        """A worker takes a slot, without `worker` somebody who may; returns the assignment's id."""
        with self._behind():
            hit = self.hit(hit_id)
            who = worker or self.workforce.somebody_for(hit)
            if who is None:
                raise SandboxError("Nobody has the qualifications that the HIT wants")
            self.workforce.meet(who)
            obstacle = self.workforce.obstacle(hit, who)
            if obstacle is not None:
                raise SandboxError(f"The worker {who} {obstacle}")
            return self.turk.accept(hit, who, self.now()).id

    def submit(
        self,
        assignment_id: str,
        answers: Given | str | None = None,
        files: Mapping[str, bytes] | None = None,
    ) -> None:
        """A worker hands in. `answers` are texts or lists of identifiers by question, or a whole document; without
        them the worker makes some up. `files` are contents by question; without them there is a picture for each that
        is asked for."""
        with self._behind():
            self.script.submit(self.assignment(assignment_id), answers, files, self.now())

    def give_back(self, assignment_id: str) -> None:
        """A worker returns what was taken."""
        with self._behind():
            self.turk.put_back(self.assignment(assignment_id), "Returned", self.now())

    def hand_in(
        self,
        hit_id: str,
        count: int = 1,
        answers: Given | str | None = None,
        files: Mapping[str, bytes] | None = None,
        worker: str | None = None,
    ) -> list[str]:
        """Workers take and hand in `count` times; returns the assignments' ids. `worker` is one of them by id."""
        if worker is not None and count > 1:
            raise SandboxError("A worker can hand in once on a HIT")
        with self._behind():
            free = self.hit(hit_id).available
            if count > free:
                raise SandboxError(f"{free} slots are free, {count} cannot hand in")
            ids = [self.accept(hit_id, worker) for _ in range(count)]
            for each in ids:
                self.submit(each, answers, files)
            return ids

    def request_qualification(self, type_id: str, worker: str, answer: str | None = None) -> str | None:
        """A worker asks for a qualification; returns the request's id, `None` where it is granted at once."""
        with self._behind():
            self.workforce.meet(worker)
            request = self.qualifications.ask(type_id, worker, answer, self.now())
            return None if request is None else request.id

    def set_balance(self, amount: Decimal | int | str) -> None:
        """Set the balance; the difference is a deposit in the books."""
        with self.lock:
            purse = self.turk.till.purse
            _ = purse.deposit(Decimal(amount) - purse.balance, reference="set_balance")

    def set_rate_limit(self, limit: int | None) -> None:
        """Change how many requests a second are let through."""
        with self.lock:
            self._window.limit = limit

    def worker(self, number: int = 0) -> str:
        """The id of a worker who exists."""
        return self.turk.ids.worker(number)

    def hits(self) -> list[Hit]:
        """The HITs, oldest first, deleted ones too."""
        with self.lock:
            return list(self.turk.hits.values())

    def hit(self, hit_id: str) -> Hit:
        """One HIT."""
        with self.lock:
            try:
                return self.turk.hits[hit_id]
            except KeyError:
                raise SandboxError(f"There is no HIT {hit_id!r}") from None

    def assignment(self, assignment_id: str) -> Assignment:
        """One assignment, also one that is not submitted."""
        with self.lock:
            try:
                return self.turk.assignments[assignment_id]
            except KeyError:
                raise SandboxError(f"There is no assignment {assignment_id!r}") from None

    def assignments(self, hit_id: str, status: str | None = None) -> Sequence[Assignment]:
        """What was submitted on a HIT, in that order."""
        with self.lock:
            return [each for each in self.hit(hit_id).work if status in (None, each.status)]

    @property
    def letters(self) -> list[Letter]:
        """What workers were sent, oldest first."""
        with self.lock:
            return list(self._people.letters)
