"""Qualification types, who has one, and who asks for one."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from crowdhub_mturk.sandbox.ids import Ids
from crowdhub_mturk.sandbox.refusal import Refusal, missing, unfit, wrong_state

NAME_KEPT = timedelta(hours=48)
"""A deleted type's name is free again after so long."""


@dataclass(slots=True, eq=False)
class QualificationType:
    """A requester's own type, or one of the service's (`system`)."""

    id: str
    number: int
    name: str
    description: str
    created: datetime
    status: str = "Active"
    keywords: str | None = None
    test: str | None = None
    test_duration: int | None = None
    answer_key: str | None = None
    retry_delay: int | None = None
    auto_granted: bool = False
    auto_value: int = 1
    system: bool = False


@dataclass(slots=True)
class Score:
    """A worker's qualification."""

    number: int
    worker: str
    granted: datetime
    value: int
    status: str = "Granted"


@dataclass(frozen=True, slots=True)
class QualificationRequest:
    """A worker asks for a qualification, with the answers to its test."""

    id: str
    number: int
    type_id: str
    worker: str
    submitted: datetime
    answer: str | None


MASTERS = ("2F1QJWKUDD8XADTFD2Q0G6UTO95ALH", "2ARFPLSP75KLA8M8DH1HTEQVJT3SY6")
"""The qualification of the masters, on the live host and on Amazon's sandbox."""
NUMBER_APPROVED, LOCALE, ADULT, PERCENT_APPROVED = (
    "00000000000000000040",
    "00000000000000000071",
    "00000000000000000060",
    "000000000000000000L0",
)
SYSTEM = {
    MASTERS[0]: "Masters",
    MASTERS[1]: "Masters (sandbox)",
    NUMBER_APPROVED: "Worker_NumberHITsApproved",
    LOCALE: "Worker_Locale",
    ADULT: "Worker_Adult",
    PERCENT_APPROVED: "Worker_PercentAssignmentsApproved",
}


class Qualifications:
    """Types, scores and requests."""

    def __init__(self, ids: Ids, now: datetime) -> None:
        self._ids = ids
        self.types: dict[str, QualificationType] = {}
        for number, (type_id, name) in enumerate(SYSTEM.items(), 1):
            self.types[type_id] = QualificationType(type_id, number, name, f"{name} of a worker", now, system=True)
        self._made = len(self.types)
        self._deleted_names: dict[str, datetime] = {}
        self._scores: dict[str, dict[str, Score]] = {}
        self.requests: dict[str, QualificationRequest] = {}
        self._requested = 0
        self._asked: dict[tuple[str, str], datetime] = {}

    def create(self, name: str, description: str, now: datetime) -> QualificationType:
        taken = any(each.name == name for each in self.types.values())
        if taken or (name in self._deleted_names and now < self._deleted_names[name] + NAME_KEPT):
            words = f"You have already created a QualificationType with this name: {name}"
            raise Refusal("QualificationTypeAlreadyExists", words)
        self._made += 1
        made = QualificationType(self._ids.new(), self._made, name, description, now)
        self.types[made.id] = made
        return made

    def type(self, type_id: str) -> QualificationType:
        if type_id not in self.types:
            raise missing("QualificationType", type_id)
        return self.types[type_id]

    def own(self, type_id: str) -> QualificationType:
        """A type that is the requester's."""
        found = self.type(type_id)
        if found.system:
            raise Refusal("PermissionDeniedException", f"QualificationType {type_id} is not yours.")
        return found

    def delete(self, type_id: str, now: datetime) -> None:
        """Requests for it are rejected; who has it keeps it, which nobody can see any more."""
        self._deleted_names[self.own(type_id).name] = now
        del self.types[type_id]
        self.requests = {each.id: each for each in self.requests.values() if each.type_id != type_id}

    def grant(self, type_id: str, worker: str, value: int, now: datetime) -> None:
        scores = self._scores.setdefault(type_id, {})
        number = scores[worker].number if worker in scores else len(scores) + 1
        scores[worker] = Score(number, worker, now, value)

    def revoke(self, type_id: str, worker: str) -> None:
        found = self.score(type_id, worker)
        if found is None or found.status != "Granted":
            raise wrong_state("Qualification", "null" if found is None else found.status, "Granted")
        found.status = "Revoked"

    def score(self, type_id: str, worker: str) -> Score | None:
        return self._scores.get(type_id, {}).get(worker)

    def scores(self, type_id: str) -> list[Score]:
        """Everybody's, in the order of their first."""
        return list(self._scores.get(type_id, {}).values())

    def holds(self, type_id: str, worker: str) -> int | None:
        """The value of what a worker has now."""
        found = self.score(type_id, worker)
        return found.value if found is not None and found.status == "Granted" else None

    def ask(self, type_id: str, worker: str, answer: str | None, now: datetime) -> QualificationRequest | None:
        """A worker asks; `None` where it is granted at once."""
        kind = self.own(type_id)
        if kind.status != "Active":
            raise wrong_state("QualificationType", kind.status, "Active")
        before = self._asked.get((type_id, worker))
        if before is not None and (kind.retry_delay is None or now < before + timedelta(seconds=kind.retry_delay)):
            raise unfit("the worker has asked before")
        self._asked[type_id, worker] = now
        if kind.auto_granted:
            self.grant(type_id, worker, kind.auto_value, now)
            return None
        self._requested += 1
        made = QualificationRequest(self._ids.new(), self._requested, type_id, worker, now, answer)
        self.requests[made.id] = made
        return made

    def take_request(self, request_id: str) -> QualificationRequest:
        """The request, which is answered now."""
        if request_id not in self.requests:
            raise missing("QualificationRequest", request_id)
        return self.requests.pop(request_id)
