"""Workers: blocks and messages."""

from dataclasses import dataclass
from datetime import datetime

from crowdhub.sandbox.values import JsonObject
from crowdhub_mturk.sandbox import shapes
from crowdhub_mturk.sandbox.operations.call import Call, Handlers
from crowdhub_mturk.sandbox.operations.terms import fits
from crowdhub_mturk.sandbox.pages import Pages
from crowdhub_mturk.sandbox.refusal import Refusal
from crowdhub_mturk.sandbox.turk import Turk
from crowdhub_mturk.sandbox.workforce import Workforce

MOST_BLOCKED, MOST_WRITTEN_TO = 100_000, 100
SUBJECT, TEXT = 200, 4_096


@dataclass(frozen=True, slots=True)
class Letter:
    """What a worker was sent."""

    worker: str
    subject: str
    text: str
    at: datetime


class PeopleOperations:
    def __init__(self, turk: Turk, workforce: Workforce) -> None:
        self._turk = turk
        self._workforce = workforce
        self._pages = Pages(turk.readings)
        self.letters: list[Letter] = []

    def handlers(self) -> Handlers:
        return {
            "CreateWorkerBlock": self.block,
            "DeleteWorkerBlock": self.unblock,
            "ListWorkerBlocks": self.blocks,
            "NotifyWorkers": self.notify,
        }

    def block(self, call: Call) -> JsonObject:
        worker, reason = call.given.text("WorkerId"), call.given.text("Reason")
        self._workforce.check(worker)
        fits(bool(reason.strip()), "Reason must not be empty")
        if len(self._workforce.blocks) >= MOST_BLOCKED and worker not in self._workforce.blocks:
            raise Refusal("ExceedsMaxWorkerBlocks", f"No more than {MOST_BLOCKED} workers can be blocked.")
        self._workforce.block(worker, reason)
        return {}

    def unblock(self, call: Call) -> JsonObject:
        worker = call.given.text("WorkerId")
        try:
            self._workforce.check(worker)
        except Refusal as refusal:
            raise Refusal("InvalidParameterValue", "WorkerId is invalid.") from refusal
        self._workforce.unblock(worker)
        return {}

    def blocks(self, call: Call) -> JsonObject:
        rows = [(each.number, each) for each in self._workforce.blocks.values()]
        return self._pages.page("ListWorkerBlocks", call.given, "WorkerBlocks", rows, shapes.block)

    def notify(self, call: Call) -> JsonObject:
        workers = call.given.texts("WorkerIds")
        fits(1 <= len(workers) <= MOST_WRITTEN_TO, f"there can be {MOST_WRITTEN_TO} WorkerIds")
        subject, text = call.given.text("Subject"), call.given.text("MessageText")
        for name, value, most in (("Subject", subject, SUBJECT), ("MessageText", text, TEXT)):
            fits(1 <= len(value) <= most, f"{name} must be 1 to {most} characters")
        failed: list[JsonObject] = []
        for worker in workers:
            if worker in self._turk.reviewed:
                self.letters.append(Letter(worker, subject, text, call.now))
            else:
                words = "You have neither approved nor rejected work of this worker."
                failed.append(
                    {
                        "NotifyWorkersFailureCode": "HardFailure",
                        "NotifyWorkersFailureMessage": words,
                        "WorkerId": worker,
                    }
                )
        return {"NotifyWorkersFailureStatuses": failed}
