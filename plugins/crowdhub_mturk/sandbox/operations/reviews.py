"""Assignments, what is paid for them, and the files in them."""

from datetime import timedelta

from crowdhub.sandbox.values import JsonObject
from crowdhub_mturk.sandbox import shapes
from crowdhub_mturk.sandbox.operations.call import Call, Handlers
from crowdhub_mturk.sandbox.operations.hits import already_processed
from crowdhub_mturk.sandbox.operations.terms import dollars, fits, plain
from crowdhub_mturk.sandbox.pages import Pages
from crowdhub_mturk.sandbox.refusal import Refusal, missing
from crowdhub_mturk.sandbox.tokens import Tokens
from crowdhub_mturk.sandbox.turk import Turk
from crowdhub_mturk.sandbox.uploads import Uploads

FEEDBACK = 1_024
LINK = timedelta(seconds=60)
"""So long lives the link to a file."""


class ReviewOperations:
    def __init__(self, turk: Turk, uploads: Uploads) -> None:
        self._turk = turk
        self._uploads = uploads
        self._pages = Pages(turk.readings)
        self.paid = Tokens()

    def handlers(self) -> Handlers:
        return {
            "ListAssignmentsForHIT": self.of_hit,
            "GetAssignment": self.get,
            "ApproveAssignment": self.approve,
            "RejectAssignment": self.reject,
            "SendBonus": self.send_bonus,
            "ListBonusPayments": self.bonuses,
            "GetFileUploadURL": self.file_url,
            "GetAccountBalance": self.balance,
        }

    def of_hit(self, call: Call) -> JsonObject:
        hit, wanted = self._turk.hit(call.given.text("HITId")), call.given.texts("AssignmentStatuses")
        rows = [(each.number, each) for each in hit.work if not wanted or each.status in wanted]
        return self._pages.page("ListAssignmentsForHIT", call.given, "Assignments", rows, shapes.assignment)

    def get(self, call: Call) -> JsonObject:
        work = self._turk.assignment(call.given.text("AssignmentId"))
        hit = shapes.hit(work.hit, available_after_end=self._turk.readings.available_after_end)
        return {"Assignment": shapes.assignment(work), "HIT": hit}

    def approve(self, call: Call) -> JsonObject:
        feedback = call.given.maybe_text("RequesterFeedback")
        if feedback is not None:
            _ = plain(feedback, "RequesterFeedback", FEEDBACK)
        work = self._turk.assignment(call.given.text("AssignmentId"))
        self._turk.approve(work, feedback, call.now, override=call.given.flag("OverrideRejection"))
        return {}

    def reject(self, call: Call) -> JsonObject:
        feedback = plain(call.given.text("RequesterFeedback"), "RequesterFeedback", FEEDBACK)
        self._turk.reject(self._turk.assignment(call.given.text("AssignmentId")), feedback, call.now)
        return {}

    def send_bonus(self, call: Call) -> JsonObject:
        token = call.given.maybe_text("UniqueRequestToken")
        made = self.paid.made(token, call.now)
        if made is not None:
            raise already_processed(token, made, self._turk.readings.token_words)
        work = self._turk.assignment(call.given.text("AssignmentId"))
        fits(work.worker == call.given.text("WorkerId"), "the assignment is not this worker's")
        reason = call.given.text("Reason")
        fits(bool(reason.strip()), "Reason must not be empty")
        _ = self._turk.send_bonus(work, dollars(call.given, "BonusAmount"), reason, call.now)
        self.paid.keep(token, self._turk.ids.new(), call.now)
        return {}

    def bonuses(self, call: Call) -> JsonObject:
        hit_id, assignment_id = call.given.maybe_text("HITId"), call.given.maybe_text("AssignmentId")
        fits(hit_id is not None or assignment_id is not None, "either HITId or AssignmentId must be given")
        hit = None if hit_id is None else self._turk.hit(hit_id)
        work = None if assignment_id is None else self._turk.assignment(assignment_id)
        rows = [
            (each.number, each)
            for each in self._turk.bonuses
            if hit in (None, each.assignment.hit) and work in (None, each.assignment)
        ]
        return self._pages.page("ListBonusPayments", call.given, "BonusPayments", rows, shapes.bonus)

    def file_url(self, call: Call) -> JsonObject:
        work, question = self._turk.assignment(call.given.text("AssignmentId")), call.given.text("QuestionIdentifier")
        if work.hit.disposed:
            raise Refusal("InvalidHITState", "This HIT is disposed; its files are deleted.")
        if question not in work.files:
            raise missing("Question", question)
        return {"FileUploadURL": call.origin + self._uploads.link(work.id, question, call.now + LINK)}

    def balance(self, _call: Call) -> JsonObject:
        told: JsonObject = {"AvailableBalance": f"{self._turk.till.purse.balance:.2f}"}
        if self._turk.readings.on_hold:
            told["OnHoldBalance"] = f"{self._turk.till.on_hold:.2f}"
        return told
