"""The rules of the marketplace for one workspace, and the money that moves by them. The caller holds the lock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import TypeVar

from crowdhub.sandbox import Purse
from crowdhub.sandbox.values import JsonObject, list_of, object_of
from crowdhub_prolific.sandbox.quirks import ProlificQuirks
from crowdhub_prolific.sandbox.refusal import ProlificRefusal, invalid, missing
from crowdhub_prolific.sandbox.state import BonusSetup, Due, Letter, ParticipantGroup, Participation, Study
from crowdhub_prolific.sandbox.tariff import Cost, Tariff

T = TypeVar("T")
APPROVED_AFTER = timedelta(days=21)
CATEGORIES = (
    "TOO_QUICKLY",
    "TOO_SLOWLY",
    "FAILED_INSTRUCTIONS",
    "INCOMP_LONGITUDINAL",
    "FAILED_CHECK",
    "LOW_EFFORT",
    "MALINGERING",
    "NO_CODE",
    "BAD_CODE",
    "NO_DATA",
    "UNSUPP_DEVICE",
    "OTHER",
)
SHORTEST_MESSAGE = 100


class Workspace:
    """A customer's workspace with one project, and everything in it."""

    def __init__(self, purse: Purse, tariff: Tariff, quirks: ProlificQuirks, dice: Random) -> None:
        self.purse, self.tariff, self.quirks = purse, tariff, quirks
        self._dice = dice
        self.id, self.project = self.new_id(), self.new_id()
        self.studies: dict[str, Study] = {}
        self.works: dict[str, Participation] = {}
        self.setups: dict[str, BonusSetup] = {}
        self.groups: dict[str, ParticipantGroup] = {}
        self.letters: list[Letter] = []
        self._due: list[Due] = []

    def new_id(self) -> str:
        return f"{self._dice.getrandbits(96):024x}"

    # --- studies

    def study(self, study_id: str) -> Study:
        return found(self.studies, study_id, "Study")

    def create(self, asked: JsonObject, name: str, reward: int, places: int, now: datetime) -> Study:
        """A draft: it costs nothing."""
        made = Study(self.new_id(), self.project, asked, name, reward, places, now)
        self.studies[made.id] = made
        return made

    def transition(self, study: Study, action: str, now: datetime) -> None:
        """Raises `ProlificRefusal` for what cannot be done with it as it is."""
        shown = study.status(now, stopped_waits=self.quirks.stopped_waits)
        match action, shown:
            case "PUBLISH", "UNPUBLISHED":
                self._take("publish", study, study.places)
                study.phase, study.published_at = "ACTIVE", now
                study.shows_from = now + timedelta(seconds=self.quirks.publishing_for)
            case "PUBLISH", _ if self.quirks.publish_again == "ignored":
                pass
            case "PUBLISH", _ if self.quirks.publish_again == "no funds" and not self._affords(study):
                raise self._no_funds()
            case "PAUSE", "ACTIVE":
                study.phase = "PAUSED"
            case "START", "PAUSED":
                study.phase = "ACTIVE"
            case "STOP", "ACTIVE" | "PAUSED":
                study.phase = "STOPPED"
                self._give_back(study)
            case _:
                raise ProlificRefusal(400, "Action not allowed", f"A study that is {shown} cannot {action}.", 140103)

    def set_places(self, study: Study, places: int) -> None:
        """Only more of them where it is published; they are paid for, and a study that has ended goes on."""
        if study.phase == "UNPUBLISHED":
            study.places = places
            return
        if places < study.places or (places == study.places and self.quirks.same_places == "refused"):
            raise invalid(total_available_places="The number of places of a published study can only be increased.")
        if places == study.places:
            return
        self._take("extend", study, places)
        study.places = places
        study.phase = "PAUSED" if study.phase == "PAUSED" else "ACTIVE"

    def delete(self, study: Study) -> None:
        if study.phase != "UNPUBLISHED":
            raise ProlificRefusal(400, "Action not allowed", "Only a draft can be deleted.", 140104)
        del self.studies[study.id]

    def _take(self, kind: str, study: Study, places: int) -> None:
        more = self.tariff.cost(study.reward * places) - self.tariff.cost(study.reward * study.funded)
        self.pay(kind, study.id, more, study.name)
        study.funded = places

    def _give_back(self, study: Study) -> None:
        """What places cost that nobody will take any more."""
        less = self.tariff.cost(study.reward * study.funded) - self.tariff.cost(study.reward * study.taken)
        study.funded = study.taken
        if less.total:
            _ = self.purse.refund(
                study.id, held=whole(less.work), commission=whole(less.fee + less.vat), reference=study.name
            )

    def pay(self, kind: str, study_id: str, cost: Cost, reference: str) -> None:
        """Take money from the balance. Raises `ProlificRefusal`."""
        if whole(cost.total) > self.purse.balance:
            raise self._no_funds()
        _ = self.purse.charge(
            kind, study_id, held=whole(cost.work), commission=whole(cost.fee + cost.vat), reference=reference
        )

    def _affords(self, study: Study) -> bool:
        return whole(self.tariff.cost(study.reward * study.places).total) <= self.purse.balance

    def _no_funds(self) -> ProlificRefusal:
        return ProlificRefusal(400, "Action not allowed", self.quirks.funds_words, 140105)

    # --- people at work

    def may_start(self, study: Study, participant: str, now: datetime) -> bool:
        """Whether somebody sees it: it has a place, he was not in it, and its filters let him through."""
        return (
            study.accepts(now)
            and participant not in study.people
            and all(self._lets_through(object_of(each), participant) for each in list_of(study.asked.get("filters")))
        )

    def _lets_through(self, rule: JsonObject, participant: str) -> bool:
        named = [str(each) for each in list_of(rule.get("selected_values"))]
        in_groups = any(participant in self.groups[each].members for each in named if each in self.groups)
        was_there = any(participant in self.studies[each].people for each in named if each in self.studies)
        match rule.get("filter_id"):
            case "participant_group_blocklist":
                return not in_groups
            case "participant_group_allowlist":
                return in_groups
            case "previous_studies_blocklist":
                return not was_there
            case "previous_studies_allowlist":
                return was_there
            case _:
                return True

    def reserve(self, study: Study, participant: str, now: datetime) -> Participation:
        made = Participation(self.new_id(), study, participant, now)
        self.works[made.id] = study.taken_part[made.id] = made
        study.people.add(participant)
        return made

    def hand_in(self, work: Participation, code: str | None, now: datetime) -> None:
        """With a code that says so, it is approved at once."""
        work.status, work.completed_at, work.code = "AWAITING REVIEW", now, code
        for each in map(object_of, list_of(work.study.asked.get("completion_codes"))):
            actions = [object_of(action).get("action") for action in list_of(each.get("actions"))]
            if each.get("code") == code and "AUTOMATICALLY_APPROVE" in actions:
                self._approve(work)

    def leave(self, work: Participation, status: str) -> None:
        """It is RETURNED or TIMED-OUT: its place is free again."""
        work.status = status
        if work.study.phase == "STOPPED":
            self._give_back(work.study)

    # --- reviewing

    def work(self, work_id: str) -> Participation:
        return found(self.works, work_id, "Submission")

    def settle(self, work: Participation, action: str, message: str | None, category: str | None) -> None:
        """The same once more is ignored; the opposite is refused."""
        wanted = {"APPROVE": "APPROVED", "REJECT": "REJECTED"}.get(action)
        if wanted is None:
            raise invalid(action=f'"{action}" is not a valid choice.')
        if wanted == "REJECTED":
            if len(message or "") < SHORTEST_MESSAGE:
                raise invalid(message=f"Ensure this field has at least {SHORTEST_MESSAGE} characters.")
            if category not in CATEGORIES:
                raise invalid(rejection_category="This field is required.")
        if work.status == wanted:
            return
        if work.status != "AWAITING REVIEW":
            raise ProlificRefusal(
                400, "Action not allowed", f"A submission that is {work.status} cannot {action}.", 140203
            )
        if wanted == "APPROVED":
            self._approve(work)
            return
        work.status, work.message, work.category = wanted, message, category
        if work.study.phase == "STOPPED":
            self._give_back(work.study)

    def _approve(self, work: Participation) -> None:
        work.status = "APPROVED"
        _ = self.purse.pay_out(work.study.id, whole(work.study.reward), reference=work.id)

    def approve_later(self, works: Sequence[Participation], now: datetime) -> None:
        self._due.append(Due(now + timedelta(seconds=self.quirks.bulk_delay), list(works)))
        self.run_to(now)

    def run_to(self, now: datetime) -> None:
        """Everything that is due."""
        due = [each for each in self._due if each.at <= now]
        self._due = [each for each in self._due if each.at > now]
        for each in due:
            for work in each.works:
                if work.status == "AWAITING REVIEW":
                    self._approve(work)
        for work in self.works.values():
            if work.status == "AWAITING REVIEW" and work.completed_at and work.completed_at + APPROVED_AFTER <= now:
                self._approve(work)

    # --- bonuses

    def set_up(self, study: Study, lines: Sequence[tuple[Participation, int]]) -> BonusSetup:
        """Nothing is paid yet."""
        made = BonusSetup(self.new_id(), study, list(lines))
        self.setups[made.id] = made
        return made

    def pay_bonuses(self, setup: BonusSetup, now: datetime) -> None:
        """Each time that it is asked for, everybody is paid."""
        number = setup.payments + 1
        self.pay("bonus", setup.study.id, self.tariff.cost(setup.amount), f"{setup.id}, payment {number}")
        setup.payments = number
        for place, (work, cents) in enumerate(setup.lines):
            reference = f"{setup.id}, payment {number}, line {place}"
            _ = self.purse.pay_out(setup.study.id, whole(cents), reference=reference)
            work.bonuses.append((cents, now + timedelta(seconds=self.quirks.bonus_delay)))

    # --- groups

    def group(self, group_id: str) -> ParticipantGroup:
        return found(self.groups, group_id, "ParticipantGroup")

    def make_group(self, name: str, description: str, participants: Sequence[str], now: datetime) -> ParticipantGroup:
        made = ParticipantGroup(self.new_id(), name, description, dict.fromkeys(participants, now))
        self.groups[made.id] = made
        return made


def found(things: Mapping[str, T], key: str, what: str) -> T:
    if key not in things:
        raise missing(what)
    return things[key]


def whole(minor: int) -> Decimal:
    """An amount in whole units, as the books have it."""
    return Decimal(minor).scaleb(-2)
