"""The marketplace: HITs, the work on them, and what time does to both. The caller holds the sandbox's lock."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from crowdhub.sandbox.values import JsonObject
from crowdhub_mturk.sandbox.agenda import Agenda
from crowdhub_mturk.sandbox.ids import Ids
from crowdhub_mturk.sandbox.questions import Form
from crowdhub_mturk.sandbox.readings import MTurkReadings
from crowdhub_mturk.sandbox.refusal import Refusal, missing, unfit, wrong_state
from crowdhub_mturk.sandbox.state import IN_HANDS, Assignment, Bonus, Hit, HitType, Upload
from crowdhub_mturk.sandbox.till import BIG, CENT, Till

KEPT = timedelta(days=120)
"""A HIT is deleted by itself so long after it became reviewable."""
OVERRIDE = timedelta(days=30)
"""A rejection can be overridden so long after the work was submitted."""


class Turk:
    """HITs and assignments of one requester."""

    def __init__(self, balance: Decimal, readings: MTurkReadings, dice: Random, seed: int, now: Callable[[], datetime]):
        self.readings = readings
        self.till = Till(balance, now)
        self.ids = Ids(dice, seed)
        self.agenda = Agenda()
        self.types: dict[str, HitType] = {}
        self._type_ids: dict[HitType, str] = {}
        self.hits: dict[str, Hit] = {}
        self.assignments: dict[str, Assignment] = {}
        self.bonuses: list[Bonus] = []
        self.reviewed: set[str] = set()
        """Workers whose work was approved or rejected: only they can be written to."""
        self._submitted = 0

    # --- HIT types and HITs

    def type_id(self, terms: HitType) -> str:
        """The id of this type: the one that equal values had before, or a new one."""
        known = self._type_ids.get(terms)
        if known is None:
            known = self._type_ids[terms] = self.ids.new()
            self.types[known] = terms
        return known

    def type(self, type_id: str) -> HitType:
        if type_id not in self.types:
            raise missing("HITType", type_id)
        return self.types[type_id]

    def publish(
        self,
        terms: HitType,
        question: str,
        form: Form,
        slots: int,
        lifetime: timedelta,
        annotation: str | None,
        policies: dict[str, JsonObject],
        now: datetime,
    ) -> Hit:
        """Hold the money and open the HIT."""
        hit_id, number = self.ids.new(), len(self.hits) + 1
        self.till.hold("publish", hit_id, terms.price(slots), slots, terms.title)
        type_id = self.type_id(terms)
        hit = Hit(hit_id, number, type_id, terms, question, form, slots, now, now + lifetime, annotation, policies)
        hit.held = slots
        self.hits[hit.id] = hit
        self.agenda.note(hit.expires, "expire", hit.id)
        return hit

    def hit(self, hit_id: str) -> Hit:
        """A HIT that exists; it may have been deleted."""
        found = self.hits.get(hit_id)
        if found is None or (found.disposed and self.readings.deleted == "missing"):
            raise missing("HIT", hit_id)
        return found

    def kept(self, hit_id: str) -> Hit:
        """A HIT that has not been deleted."""
        found = self.hit(hit_id)
        if found.disposed:
            raise wrong_state("HIT", found.status, "Assignable", "Unassignable", "Reviewable", "Reviewing")
        return found

    def extend(self, hit: Hit, more: int, now: datetime) -> None:
        """Add slots."""
        if hit.slots < BIG <= hit.slots + more:
            raise Refusal(
                "InvalidMaximumAssignmentsIncrease",
                f"A HIT that was created with fewer than {BIG} assignments cannot have {BIG} or more.",
            )
        if not hit.ended:
            self.till.hold("extend", hit.id, hit.price, more, hit.type.title)
            hit.held += more
        hit.slots += more
        self._look(hit, now)

    def set_expiration(self, hit: Hit, expires: datetime, now: datetime) -> None:
        """Over at another time; at once where that is past."""
        if expires > now and hit.ended:
            self.till.hold("reopen", hit.id, hit.price, hit.available, hit.type.title)
            hit.held, hit.ended = hit.available, False
        hit.expires = expires
        if expires <= now:
            self._end(hit, now)
        else:
            self.agenda.note(expires, "expire", hit.id)
        self._look(hit, now)

    def change_type(self, hit: Hit, type_id: str) -> None:
        """The properties of another type. Who works at the old price finishes first."""
        terms = self.type(type_id)
        if terms.price(hit.slots) != hit.price and hit.in_hands:
            raise wrong_state("HIT", "in hands", "Assignable, with nothing in workers' hands")
        free, old = hit.held, hit.price
        self.till.give_back(hit.id, old, free, hit.type.title)
        try:
            self.till.hold("retype", hit.id, terms.price(hit.slots), free, terms.title)
        except Refusal:
            self.till.hold("retype", hit.id, old, free, hit.type.title)
            raise
        hit.type, hit.type_id = terms, type_id

    def set_reviewing(self, hit: Hit, *, revert: bool) -> None:
        wanted = "Reviewing" if revert else "Reviewable"
        if hit.status != wanted:
            raise wrong_state("HIT", hit.status, wanted)
        hit.reviewing = not revert

    def delete(self, hit: Hit, now: datetime) -> None:
        """Only what is reviewable and settled."""
        if hit.status not in ("Reviewable", "Reviewing"):
            raise wrong_state("HIT", hit.status, "Reviewable", "Reviewing")
        if hit.counts["Submitted"]:
            raise Refusal("InvalidHITState", "This HIT has submitted assignments that are not approved or rejected.")
        self._end(hit, now)
        hit.disposed = True

    # --- the work

    def accept(self, hit: Hit, worker: str, now: datetime) -> Assignment:
        """A worker takes a slot."""
        if hit.status != "Assignable":
            raise wrong_state("HIT", hit.status, "Assignable")
        deadline = now + timedelta(seconds=hit.type.duration)
        work = Assignment(self.ids.new(), 0, hit, worker, now, deadline, hit.price)
        self.assignments[work.id] = work
        hit.workers.add(worker)
        hit.counts[IN_HANDS] += 1
        hit.held -= 1
        self.agenda.note(work.deadline, "abandon", work.id)
        self._look(hit, now)
        return work

    def submit(self, work: Assignment, answer: str, files: dict[str, Upload], now: datetime) -> None:
        """A worker hands in; what nobody reviews is approved after the HIT's delay."""
        self._must_be(work, IN_HANDS)
        self._submitted += 1
        work.move("Submitted")
        work.number, work.submitted, work.answer, work.files = self._submitted, now, answer, files
        work.hit.work.append(work)
        work.auto_approval = now + timedelta(seconds=work.hit.type.auto_approval)
        self.agenda.note(work.auto_approval, "approve", work.id)
        self._look(work.hit, now)

    def put_back(self, work: Assignment, status: str, now: datetime) -> None:
        """The slot is free again: the worker returned it, or abandoned it."""
        self._must_be(work, IN_HANDS)
        work.move(status)
        work.hit.workers.discard(work.worker)
        work.hit.held += 1
        if work.hit.ended:
            self._end(work.hit, now)
        self._look(work.hit, now)

    def assignment(self, assignment_id: str) -> Assignment:
        """An assignment as a requester sees it: once it is submitted."""
        found = self.assignments.get(assignment_id)
        if found is None or found.submitted is None or (found.hit.disposed and self.readings.deleted == "missing"):
            raise missing("Assignment", assignment_id)
        return found

    def approve(self, work: Assignment, feedback: str | None, now: datetime, *, override: bool = False) -> None:
        """Pay the worker."""
        self._settled_in(work, now)
        if override and work.status == "Rejected":
            self._override(work, now)
        else:
            self._must_be(work, "Submitted", *(("Rejected",) if override else ()))
        self._approve(work, now)
        work.feedback = feedback or work.feedback

    def reject(self, work: Assignment, feedback: str, now: datetime) -> None:
        """Pay nothing; the slot is used up, and its money goes back."""
        self._settled_in(work, now)
        self._must_be(work, "Submitted")
        work.move("Rejected")
        work.rejected, work.feedback = now, feedback
        self.reviewed.add(work.worker)
        self.till.give_back(work.hit.id, work.price, 1, work.hit.type.title)

    def send_bonus(self, work: Assignment, amount: Decimal, reason: str, now: datetime) -> Bonus:
        """Pay beside the reward."""
        if amount < CENT:
            raise unfit("BonusAmount must be at least 0.01")
        bonus = Bonus(len(self.bonuses) + 1, work, amount, reason, now)
        self.till.bonus(work.hit.id, amount, work.id, bonus.number)
        self.bonuses.append(bonus)
        return bonus

    # --- what time does

    def happen(self, what: str, about: str, moment: datetime) -> bool:
        """Let something happen that is due; false where it is none of these."""
        if what == "expire":
            hit = self.hits[about]
            if not hit.ended and hit.expires <= moment:
                self._end(hit, moment)
                self._look(hit, moment)
        elif what == "abandon":
            if self.assignments[about].status == IN_HANDS:
                self.put_back(self.assignments[about], "Abandoned", moment)
        elif what == "approve":
            if self.assignments[about].status == "Submitted":
                self._approve(self.assignments[about], moment)
        elif what == "dispose":
            hit = self.hits[about]
            if not hit.disposed and hit.reviewable_since == moment - KEPT:
                self.delete(hit, moment)
        else:
            return False
        return True

    def _approve(self, work: Assignment, now: datetime) -> None:
        work.move("Approved")
        work.approved = now
        self.reviewed.add(work.worker)
        self.till.pay(work.hit.id, work.price, work.id)

    def _override(self, work: Assignment, now: datetime) -> None:
        assert work.submitted is not None
        if work.hit.disposed:
            raise wrong_state("HIT", work.hit.status, "Assignable", "Unassignable", "Reviewable", "Reviewing")
        if now > work.submitted + OVERRIDE:
            raise Refusal("InvalidAssignmentState", "This Assignment was submitted more than 30 days ago.")
        self.till.hold("override", work.hit.id, work.price, 1, work.hit.type.title)

    def _settled_in(self, work: Assignment, now: datetime) -> None:
        """Work just handed in can be listed before it can be reviewed, where a reading says so."""
        assert work.submitted is not None
        if now < work.submitted + timedelta(seconds=self.readings.settles_after):
            raise Refusal("InvalidAssignmentState", "This operation can be called with a status of: null")

    @staticmethod
    def _must_be(work: Assignment, *states: str) -> None:
        if work.status not in states:
            raise wrong_state("Assignment", work.status, *states)

    def _end(self, hit: Hit, now: datetime) -> None:
        """Over: the money of what is free goes back."""
        hit.ended = True
        free, hit.held = hit.held, 0
        self.till.give_back(hit.id, hit.price, free, hit.type.title)

    def _look(self, hit: Hit, now: datetime) -> None:
        """Note since when it is reviewable."""
        if hit.status not in ("Reviewable", "Reviewing"):
            hit.reviewable_since, hit.reviewing = None, False
        elif hit.reviewable_since is None:
            hit.reviewable_since = now
            self.agenda.note(now + KEPT, "dispose", hit.id)
