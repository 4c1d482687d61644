"""Qualification types, and who has them."""

from crowdhub.sandbox.values import JsonObject
from crowdhub_mturk.sandbox import shapes
from crowdhub_mturk.sandbox.members import Members
from crowdhub_mturk.sandbox.operations.call import Call, Handlers
from crowdhub_mturk.sandbox.operations.terms import fits
from crowdhub_mturk.sandbox.pages import Pages
from crowdhub_mturk.sandbox.qualifications import QualificationRequest, Qualifications, QualificationType, Score
from crowdhub_mturk.sandbox.questions import read_question
from crowdhub_mturk.sandbox.readings import MTurkReadings
from crowdhub_mturk.sandbox.refusal import Refusal, unfit
from crowdhub_mturk.sandbox.workforce import Workforce

LONGEST = 315_360_000  # seconds: ten years


class GrantOperations:
    def __init__(self, qualifications: Qualifications, workforce: Workforce, readings: MTurkReadings) -> None:
        self._qualifications = qualifications
        self._workforce = workforce
        self._pages = Pages(readings)

    def handlers(self) -> Handlers:
        return {
            "CreateQualificationType": self.create,
            "UpdateQualificationType": self.update,
            "DeleteQualificationType": self.delete,
            "GetQualificationType": self.get,
            "ListQualificationTypes": self.types,
            "AssociateQualificationWithWorker": self.associate,
            "DisassociateQualificationFromWorker": self.disassociate,
            "GetQualificationScore": self.score,
            "ListWorkersWithQualificationType": self.workers,
            "ListQualificationRequests": self.requests,
            "AcceptQualificationRequest": self.accept,
            "RejectQualificationRequest": self.reject,
        }

    def create(self, call: Call) -> JsonObject:
        given = call.given
        name, description = given.text("Name"), given.text("Description")
        fits(1 <= len(name.strip()) <= 200, "Name must be 1 to 200 characters")
        fits(1 <= len(description.strip()) <= 2_000, "Description must be 1 to 2000 characters")
        _check(given, tested=False)
        made = self._qualifications.create(name, description, call.now)
        made.keywords = given.maybe_text("Keywords")
        _change(made, given)
        return {"QualificationType": shapes.qualification_type(made)}

    def update(self, call: Call) -> JsonObject:
        kind = self._qualifications.own(call.given.text("QualificationTypeId"))
        _check(call.given, tested=kind.test is not None)
        _change(kind, call.given)
        return {"QualificationType": shapes.qualification_type(kind)}

    def delete(self, call: Call) -> JsonObject:
        self._qualifications.delete(call.given.text("QualificationTypeId"), call.now)
        return {}

    def get(self, call: Call) -> JsonObject:
        kind = self._qualifications.type(call.given.text("QualificationTypeId"))
        return {"QualificationType": shapes.qualification_type(kind)}

    def types(self, call: Call) -> JsonObject:
        own, asked = call.given.flag("MustBeOwnedByCaller"), call.given.flag("MustBeRequestable")
        query = call.given.text("Query", "").lower()
        rows = [
            (each.number, each)
            for each in self._qualifications.types.values()
            if not (each.system and (own or asked))
            and query in f"{each.name}\n{each.keywords or ''}\n{each.description}".lower()
        ]
        name = "QualificationTypes"
        return self._pages.page("ListQualificationTypes", call.given, name, rows, shapes.qualification_type)

    def associate(self, call: Call) -> JsonObject:
        kind, worker = self._of_worker(call)
        self._qualifications.grant(kind.id, worker, call.given.whole("IntegerValue", 1), call.now)
        return {}

    def disassociate(self, call: Call) -> JsonObject:
        kind, worker = self._of_worker(call)
        self._qualifications.revoke(kind.id, worker)
        return {}

    def score(self, call: Call) -> JsonObject:
        kind, worker = self._of_worker(call)
        found = self._qualifications.score(kind.id, worker)
        if found is None:
            raise Refusal("QualificationDoesNotExist", f"The worker {worker} does not have {kind.id}.")
        return {"Qualification": shapes.qualification(kind.id, found)}

    def _of_worker(self, call: Call) -> tuple[QualificationType, str]:
        worker = call.given.text("WorkerId")
        kind = self._qualifications.own(call.given.text("QualificationTypeId"))
        self._workforce.check(worker)
        return kind, worker

    def workers(self, call: Call) -> JsonObject:
        kind = self._qualifications.own(call.given.text("QualificationTypeId"))
        wanted = call.given.text("Status", "Granted")

        def shape(score: Score) -> JsonObject:
            return shapes.qualification(kind.id, score)

        rows = [(each.number, each) for each in self._qualifications.scores(kind.id) if each.status == wanted]
        return self._pages.page("ListWorkersWithQualificationType", call.given, "Qualifications", rows, shape)

    def requests(self, call: Call) -> JsonObject:
        type_id = call.given.maybe_text("QualificationTypeId")
        if type_id is not None:
            _ = self._qualifications.own(type_id)

        def shape(request: QualificationRequest) -> JsonObject:
            return shapes.request(request, self._qualifications.type(request.type_id).test)

        rows = [
            (each.number, each) for each in self._qualifications.requests.values() if type_id in (None, each.type_id)
        ]
        return self._pages.page("ListQualificationRequests", call.given, "QualificationRequests", rows, shape)

    def accept(self, call: Call) -> JsonObject:
        request = self._qualifications.take_request(call.given.text("QualificationRequestId"))
        value = call.given.whole("IntegerValue", 1)
        self._qualifications.grant(request.type_id, request.worker, value, call.now)
        return {}

    def reject(self, call: Call) -> JsonObject:
        _ = self._qualifications.take_request(call.given.text("QualificationRequestId"))
        return {}


def _check(given: Members, *, tested: bool) -> None:
    """Whether the members of a type go together; `tested` says that it has a test already."""
    if "Test" in given:
        fits("TestDurationInSeconds" in given, "TestDurationInSeconds must be given with Test")
        form = read_question(given.text("Test"))
        fits(form.kind == "QuestionForm", "Test must be a QuestionForm")
        fits(all(each.kind != "UploadedFile" for each in form.questions), "a Test has no FileUploadAnswer")
    else:
        for name in ("AnswerKey", "TestDurationInSeconds"):
            if name in given:
                raise unfit(f"{name} must not be given without Test")
    for name in ("RetryDelayInSeconds", "TestDurationInSeconds"):
        fits(0 <= given.whole(name, 0) <= LONGEST, f"{name} must be between 0 and {LONGEST}")
    automatic = given.flag("AutoGranted")
    fits(not automatic or not (tested or "Test" in given), "a type with a Test cannot be AutoGranted")


def _change(kind: QualificationType, given: Members) -> None:
    """Set what is given."""
    kind.description = given.text("Description", kind.description)
    kind.status = given.text("QualificationTypeStatus", kind.status)
    if "Test" in given:
        kind.test, kind.answer_key = given.text("Test"), given.maybe_text("AnswerKey")
        kind.test_duration = given.whole("TestDurationInSeconds")
    if "RetryDelayInSeconds" in given:
        kind.retry_delay = given.whole("RetryDelayInSeconds")
    kind.auto_granted = given.flag("AutoGranted", kind.auto_granted)
    kind.auto_value = given.whole("AutoGrantedValue", kind.auto_value)
