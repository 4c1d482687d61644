"""HITs and HIT types."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import cast

from crowdhub.sandbox.values import JsonObject
from crowdhub_mturk.sandbox import shapes
from crowdhub_mturk.sandbox.members import Members
from crowdhub_mturk.sandbox.operations.call import Call, Handlers
from crowdhub_mturk.sandbox.operations.terms import HitTerms, fits
from crowdhub_mturk.sandbox.pages import Pages
from crowdhub_mturk.sandbox.qualifications import Qualifications
from crowdhub_mturk.sandbox.questions import Form, read_question
from crowdhub_mturk.sandbox.refusal import Refusal, missing, unfit
from crowdhub_mturk.sandbox.state import Hit, HitType
from crowdhub_mturk.sandbox.tokens import Tokens
from crowdhub_mturk.sandbox.turk import Turk

MOST_SLOTS = 1_000_000_000
YEAR = timedelta(days=365)
POLICIES = {
    "AssignmentReviewPolicy": "ScoreMyKnownAnswers/2011-09-01",
    "HITReviewPolicy": "SimplePlurality/2011-09-01",
}
"""Taken and told again; nothing is done by them here."""


class HitOperations:
    def __init__(self, turk: Turk, qualifications: Qualifications, published: Callable[[Hit, datetime], None]) -> None:
        self._turk = turk
        self._terms = HitTerms(qualifications)
        self._qualifications = qualifications
        self._published = published
        self._pages = Pages(turk.readings)
        self.made = Tokens()
        self.extended = Tokens()
        self.expired = Tokens()

    def handlers(self) -> Handlers:
        return {
            "CreateHIT": self.create,
            "CreateHITType": self.create_type,
            "CreateHITWithHITType": self.create_of_type,
            "GetHIT": self.get,
            "ListHITs": self.all,
            "ListReviewableHITs": self.reviewable,
            "ListHITsForQualificationType": self.for_qualification,
            "CreateAdditionalAssignmentsForHIT": self.extend,
            "UpdateExpirationForHIT": self.set_expiration,
            "UpdateHITReviewStatus": self.set_review_status,
            "UpdateHITTypeOfHIT": self.change_type,
            "DeleteHIT": self.delete,
            "ListReviewPolicyResultsForHIT": self.policy_results,
        }

    def create(self, call: Call) -> JsonObject:
        self._not_made(call)
        return self._create(call, self._terms.read(call.given))

    def create_of_type(self, call: Call) -> JsonObject:
        self._not_made(call)
        return self._create(call, self._turk.type(call.given.text("HITTypeId")))

    def _not_made(self, call: Call) -> None:
        made = self.made.made(call.given.maybe_text("UniqueRequestToken"), call.now)
        if made is not None:
            raise Refusal(self._turk.readings.hit_already_exists, f"The HIT with ID {made} already exists.")

    def _create(self, call: Call, terms: HitType) -> JsonObject:
        given, readings = call.given, self._turk.readings
        slots = given.whole("MaxAssignments", 1)
        fits(1 <= slots <= MOST_SLOTS, f"MaxAssignments must be between 1 and {MOST_SLOTS}")
        lifetime = given.whole("LifetimeInSeconds")
        fits(30 <= lifetime <= YEAR.total_seconds(), "LifetimeInSeconds must be between 30 and 31536000")
        annotation, limit = given.maybe_text("RequesterAnnotation"), readings.annotation_limit
        if limit is not None:
            fits(len(annotation or "") <= limit, f"RequesterAnnotation must not be longer than {limit}")
        question, form = self._question(given)
        hit = self._turk.publish(
            terms,
            question,
            form,
            slots,
            timedelta(seconds=lifetime),
            annotation,
            self._policies(given),
            call.now,
        )
        self.made.keep(given.maybe_text("UniqueRequestToken"), hit.id, call.now)
        self._published(hit, call.now)
        return {"HIT": self._shape(hit)}

    def _question(self, given: Members) -> tuple[str, Form]:
        if "HITLayoutId" in given:
            raise missing("HITLayout", given.text("HITLayoutId"))
        fits("HITLayoutParameters" not in given, "HITLayoutParameters are of no use without HITLayoutId")
        question = given.maybe_text("Question")
        if question is None:
            raise unfit("Either a Question or a HITLayoutId must be given")
        form = read_question(question)
        if not self._turk.readings.file_uploads and any(each.kind == "UploadedFile" for each in form.questions):
            raise unfit("FileUploadAnswer is not supported any more")
        return question, form

    def _policies(self, given: Members) -> dict[str, JsonObject]:
        found: dict[str, JsonObject] = {}
        for member, name in POLICIES.items():
            policy = given.maybe_record(member)
            if policy is not None:
                fits(policy.text("PolicyName") == name, f"{member} must be {name}")
                found[member] = {"PolicyName": name}
        return found

    def create_type(self, call: Call) -> JsonObject:
        return {"HITTypeId": self._turk.type_id(self._terms.read(call.given))}

    def get(self, call: Call) -> JsonObject:
        return {"HIT": self._shape(self._turk.hit(call.given.text("HITId")))}

    def all(self, call: Call) -> JsonObject:
        return self._list("ListHITs", call, [each for each in self._turk.hits.values() if not each.disposed])

    def reviewable(self, call: Call) -> JsonObject:
        wanted, type_id = call.given.text("Status", "Reviewable"), call.given.maybe_text("HITTypeId")
        if type_id is not None:
            _ = self._turk.type(type_id)
        hits = [each for each in self._turk.hits.values() if each.status == wanted and type_id in (None, each.type_id)]
        return self._list("ListReviewableHITs", call, hits)

    def for_qualification(self, call: Call) -> JsonObject:
        wanted = self._qualifications.type(call.given.text("QualificationTypeId")).id
        hits = [
            each
            for each in self._turk.hits.values()
            if not each.disposed and any(rule.type_id == wanted for rule in each.type.requirements)
        ]
        return self._list("ListHITsForQualificationType", call, hits)

    def _list(self, operation: str, call: Call, hits: list[Hit]) -> JsonObject:
        rows = [(each.number, each) for each in (reversed(hits) if self._turk.readings.newest_first else hits)]
        return self._pages.page(operation, call.given, "HITs", rows, self._shape)

    def extend(self, call: Call) -> JsonObject:
        token = call.given.maybe_text("UniqueRequestToken")
        self._not_processed(self.extended, token, call)
        hit, more = self._turk.kept(call.given.text("HITId")), call.given.whole("NumberOfAdditionalAssignments")
        fits(
            1 <= more <= MOST_SLOTS - hit.slots, f"NumberOfAdditionalAssignments must be 1 to {MOST_SLOTS - hit.slots}"
        )
        self._turk.extend(hit, more, call.now)
        self.extended.keep(token, self._turk.ids.new(), call.now)
        return {}

    def set_expiration(self, call: Call) -> JsonObject:
        hit, expires = self._turk.kept(call.given.text("HITId")), call.given.moment("ExpireAt")
        # To the second, as it was seen.
        token = f"{hit.id}{expires:%a %b %d %H:%M:%S} UTC {expires.year}"
        if self._turk.readings.same_expiration_refused and self.expired.made(token, call.now) is not None:
            raise Refusal(None, f'The idempotency token "{token}" has already been processed.')
        fits(expires <= call.now + YEAR, "ExpireAt must be within 365 days")
        self._turk.set_expiration(hit, expires, call.now)
        self.expired.keep(token, hit.id, call.now)
        return {}

    def _not_processed(self, tokens: Tokens, token: str | None, call: Call) -> None:
        made = tokens.made(token, call.now)
        if made is not None:
            raise already_processed(token, made, self._turk.readings.token_words)

    def set_review_status(self, call: Call) -> JsonObject:
        hit = self._turk.kept(call.given.text("HITId"))
        self._turk.set_reviewing(hit, revert=call.given.flag("Revert"))
        return {}

    def change_type(self, call: Call) -> JsonObject:
        self._turk.change_type(self._turk.kept(call.given.text("HITId")), call.given.text("HITTypeId"))
        return {}

    def delete(self, call: Call) -> JsonObject:
        self._turk.delete(self._turk.hit(call.given.text("HITId")), call.now)
        return {}

    def policy_results(self, call: Call) -> JsonObject:
        hit = self._turk.hit(call.given.text("HITId"))
        levels = call.given.texts("PolicyLevels") or ["Assignment", "HIT"]
        told: JsonObject = {"HITId": hit.id}
        for level in levels:
            if f"{level}ReviewPolicy" in hit.policies:
                told[f"{level}ReviewPolicy"] = hit.policies[f"{level}ReviewPolicy"]
                told[f"{level}ReviewReport"] = cast("JsonObject", {"ReviewResults": [], "ReviewActions": []})
        return told

    def _shape(self, hit: Hit) -> JsonObject:
        return shapes.hit(hit, available_after_end=self._turk.readings.available_after_end)


def already_processed(token: str | None, made: str, words: str) -> Refusal:
    """The refusal of a token of a bonus or an extension: no code is documented, and none was seen."""
    if words == "token":
        return Refusal(None, f'The idempotency token "{token}" has already been processed.')
    return Refusal(None, f"This request was processed before; the request ID is {made}.")
