"""What answers look like."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from crowdhub.sandbox.values import JsonObject
from crowdhub_prolific.sandbox.quirks import ProlificQuirks
from crowdhub_prolific.sandbox.refusal import ProlificRefusal
from crowdhub_prolific.sandbox.state import BonusSetup, ParticipantGroup, Participation, Study
from crowdhub_prolific.sandbox.workspace import Workspace

STATUSES = (
    "RESERVED",
    "ACTIVE",
    "AWAITING REVIEW",
    "APPROVED",
    "PARTIALLY APPROVED",
    "REJECTED",
    "RETURNED",
    "TIMED-OUT",
    "SCREENED OUT",
)


def stamp(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def error(refusal: ProlificRefusal, quirks: ProlificQuirks) -> JsonObject:
    if quirks.errors == "message":
        return {"message": refusal.title, "detail": refusal.detail}
    inner: JsonObject = {
        "status": refusal.status,
        "error_code": refusal.code,
        "title": refusal.title,
        "detail": refusal.detail,
        "additional_information": "https://docs.prolific.com",
    }
    return inner if quirks.errors == "bare" else {"error": inner}


class Shapes:
    """The answers of one workspace."""

    def __init__(self, space: Workspace, quirks: ProlificQuirks, now: Callable[[], datetime]) -> None:
        self.space, self.quirks, self.now = space, quirks, now

    def cents(self, amount: int) -> object:
        """An amount in the currency's smallest units."""
        return float(amount) if self.quirks.fractions else amount

    def short_study(self, study: Study) -> JsonObject:
        return {
            "id": study.id,
            "name": study.name,
            "internal_name": study.asked.get("internal_name") or study.name,
            "status": study.status(self.now(), stopped_waits=self.quirks.stopped_waits),
            "study_type": "SINGLE",
            "total_available_places": study.places,
            "places_taken": study.taken,
            "number_of_submissions": len(study.taken_part),
            "reward": self.cents(study.reward),
            "total_cost": self.cents(self.space.tariff.cost(study.reward * study.places).total),
            "published_at": stamp(study.published_at),
            "date_created": stamp(study.created_at),
        }

    def study(self, study: Study) -> JsonObject:
        sent = {name: value for name, value in study.asked.items() if name not in ("reward", "total_available_places")}
        told = {"project": study.project, "presentment_currency_code": self.space.purse.currency}
        return {**sent, **self.short_study(study), **told}

    def row(self, work: Participation) -> JsonObject:
        """A submission as lists have it: without its study."""
        return {
            "id": work.id,
            "participant_id": work.participant,
            "status": work.status,
            "started_at": stamp(work.started_at),
            "completed_at": stamp(work.completed_at),
            "has_siblings": False,
            "study_code": work.code,
            "return_requested": stamp(work.return_requested),
        }

    def detail(self, work: Participation) -> JsonObject:
        """A submission by itself: two of its members have other names, and a bonus is shown some time after it."""
        now = self.now()
        return {
            "id": work.id,
            "study_id": work.study.id,
            "participant": work.participant,
            "status": work.status,
            "started_at": stamp(work.started_at),
            "completed_at": stamp(work.completed_at),
            "entered_code": work.code,
            "return_requested": stamp(work.return_requested),
            "bonus_payments": [self.cents(cents) for cents, shown in work.bonuses if shown <= now],
        }

    def counts(self, study: Study) -> JsonObject:
        told: JsonObject = {name: study.count(name) for name in STATUSES}
        return {**told, "TOTAL": len(study.taken_part)}

    def setup(self, setup: BonusSetup) -> JsonObject:
        cost = self.space.tariff.cost(setup.amount)
        return {
            "id": setup.id,
            "study": setup.study.id,
            "amount": self.cents(cost.work),
            "fees": self.cents(cost.fee),
            "vat": self.cents(cost.vat),
            "total_amount": self.cents(cost.total),
        }

    def cost(self, work: int) -> JsonObject:
        cost = self.space.tariff.cost(work)
        parts = {"rewards": cost.work, "fees": cost.fee, "tax": cost.vat}
        currency = self.space.purse.currency
        return {name: {"amount": self.cents(amount), "currency": currency} for name, amount in parts.items()}

    def balance(self) -> JsonObject:
        purse = self.space.purse
        available, held = int(purse.balance.scaleb(2)), int(purse.held.scaleb(2))
        return {
            "currency_code": purse.currency,
            "total_balance": self.cents(available + held),
            "balance_breakdown": {"rewards": self.cents(available + held), "fees": 0, "vat": 0},
            "available_balance": self.cents(available),
            "available_balance_breakdown": {"rewards": self.cents(available), "fees": 0, "vat": 0},
        }

    def group(self, group: ParticipantGroup) -> JsonObject:
        return {
            "id": group.id,
            "name": group.name,
            "description": group.description,
            "workspace_id": self.space.id,
            "project_id": None,
            "participant_count": len(group.members),
            "is_deleted": False,
        }

    def members(self, group: ParticipantGroup) -> JsonObject:
        return {
            "results": [
                {"participant_id": who, "datetime_created": stamp(since)} for who, since in group.members.items()
            ]
        }
