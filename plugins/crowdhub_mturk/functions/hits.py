"""HITs: made, read, extended, ended, deleted."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import NotRequired, ParamSpec, TypeVar, Unpack

from typing_extensions import TypedDict  # pydantic reads that of Python itself from 3.12 on

from crowdhub.errors import Conflict, NotFound
from crowdhub.model import Money
from crowdhub.protocol import Effect, Flow, Lookup, Operation, Page, operation, unreadable
from crowdhub_mturk.functions.base import Family, accepted_before, named_only, part_of, text_of
from crowdhub_mturk.names import wire_name
from crowdhub_mturk.records import HIT
from crowdhub_mturk.structures import HITLayoutParameter, QualificationRequirement, ReviewPolicy
from crowdhub_mturk.words import ReviewableHITStatus

P = ParamSpec("P")
T = TypeVar("T")
_ID = re.compile(r"\b(?=[0-9]*[A-Z])(?=[A-Z]*[0-9])[A-Z0-9]{10,64}\b")


class HITParts(TypedDict):
    """What a HIT says of itself, beyond its type. Of ``question`` and ``hit_layout_id`` one is needed."""

    lifetime_in_seconds: int
    max_assignments: NotRequired[int]
    question: NotRequired[str]
    requester_annotation: NotRequired[str]
    unique_request_token: NotRequired[str]
    assignment_review_policy: NotRequired[ReviewPolicy]
    hit_review_policy: NotRequired[ReviewPolicy]
    hit_layout_id: NotRequired[str]
    hit_layout_parameters: NotRequired[tuple[HITLayoutParameter, ...]]


@named_only
class TypeParts(TypedDict):
    """What HITs of one type have in common."""

    title: str
    description: str
    reward: Money
    assignment_duration_in_seconds: int
    auto_approval_delay_in_seconds: NotRequired[int]
    keywords: NotRequired[str]
    qualification_requirements: NotRequired[tuple[QualificationRequirement, ...]]


@named_only
class WholeHIT(TypeParts, HITParts):
    """A HIT with its type."""


@named_only
class HITOfType(HITParts):
    hit_type_id: str


def pays_for(parameter: str) -> Callable[[Callable[P, Operation[T]]], Callable[P, Operation[T]]]:
    """The argument that names the task whose budget an operation counts for."""

    def decorate(method: Callable[P, Operation[T]]) -> Callable[P, Operation[T]]:
        @wraps(method)
        def made(*args: P.args, **kwargs: P.kwargs) -> Operation[T]:
            asked = method(*args, **kwargs)
            asked.task_id = str(asked.arguments[parameter])
            return asked

        return made

    return decorate


class Hits(Family):
    def _lost_hit(self, *, reference: str | None = None, **asked: Unpack[WholeHIT]) -> Lookup[HIT]:
        del reference
        return Lookup(f'a HIT titled "{asked["title"]}" in ListHITs')

    @operation(lookup=_lost_hit)
    def create_hit(self, *, reference: str | None = None, **asked: Unpack[WholeHIT]) -> Flow[HIT]:
        """``CreateHIT``: takes reward and fee of all assignments at once. SPEND; with a ``unique_request_token``, or a
        key, it may be sent again for 23 hours, and what was made before is found."""
        return (yield from self._made("CreateHIT", reference, dict(asked)))

    def _lost_hit_of_type(self, *, reference: str | None = None, **asked: Unpack[HITOfType]) -> Lookup[HIT]:
        del reference
        return Lookup(f"a HIT of the type {asked['hit_type_id']} in ListHITs")

    @operation(lookup=_lost_hit_of_type)
    def create_hit_with_hit_type(self, *, reference: str | None = None, **asked: Unpack[HITOfType]) -> Flow[HIT]:
        """``CreateHITWithHITType``; as `create_hit`."""
        return (yield from self._made("CreateHITWithHITType", reference, dict(asked)))

    def _made(self, name: str, reference: str | None, asked: dict[str, object]) -> Flow[HIT]:
        token = asked.pop("unique_request_token", None) or reference
        members = {wire_name(each): value for each, value in asked.items()}
        try:
            answer = yield from self._pay(name, members, None if token is None else str(token))
        except Conflict as refusal:
            told = refusal.provider_message or ""
            return (yield from accepted_before(refusal, lambda: self._made_before(told)))
        return part_of(answer, "HIT", HIT)

    def _made_before(self, told: str) -> Flow[HIT]:
        """The HIT that a refusal names."""
        named = _ID.search(told)
        if named is None:
            raise unreadable("it names no HIT", told)
        hit: HIT = yield from self.get_hit(hit_id=named[0])
        return hit.model_copy(update={"replayed": True})

    @operation
    def create_hit_type(self, **asked: Unpack[TypeParts]) -> Flow[str]:
        """``CreateHITType``: the id of the type. SETTLE and free: equal parts have one id."""
        members = {wire_name(each): value for each, value in asked.items()}
        answer = yield from self._ask("CreateHITType", members, Effect.SETTLE, costs=False)
        return text_of(answer, "HITTypeId")

    @operation
    def get_hit(self, hit_id: str) -> Flow[HIT]:
        """``GetHIT``."""
        return part_of((yield from self._ask("GetHIT", {"HITId": hit_id})), "HIT", HIT)

    @operation
    def list_hits(self) -> Flow[Page[HIT]]:
        """``ListHITs``: all that were not deleted, 100 a request."""
        return (yield from self._page("ListHITs", "HITs", HIT))

    @operation
    def list_reviewable_hits(
        self, hit_type_id: str | None = None, status: ReviewableHITStatus | None = None
    ) -> Flow[Page[HIT]]:
        """``ListReviewableHITs``."""
        return (yield from self._page("ListReviewableHITs", "HITs", HIT, HITTypeId=hit_type_id, Status=status))

    @operation
    def list_hits_for_qualification_type(self, qualification_type_id: str) -> Flow[Page[HIT]]:
        """``ListHITsForQualificationType``."""
        asked = {"QualificationTypeId": qualification_type_id}
        return (yield from self._page("ListHITsForQualificationType", "HITs", HIT, **asked))

    def _lost_places(
        self,
        hit_id: str,
        number_of_additional_assignments: int,
        unique_request_token: str | None = None,
        reference: str | None = None,
    ) -> Lookup[bool]:
        del unique_request_token, reference
        return Lookup(f"the MaxAssignments of HIT {hit_id}: whether it has {number_of_additional_assignments} more")

    @pays_for("hit_id")
    @operation(lookup=_lost_places)
    def create_additional_assignments_for_hit(
        self,
        hit_id: str,
        number_of_additional_assignments: int,
        unique_request_token: str | None = None,
        reference: str | None = None,
    ) -> Flow[bool]:
        """``CreateAdditionalAssignmentsForHIT``: takes reward and fee of the new assignments at once. SPEND, as
        `create_hit`; False where an earlier request with the token did it. Fewer than ten can never become ten or more.
        """
        asked = {"HITId": hit_id, "NumberOfAdditionalAssignments": number_of_additional_assignments}
        return (
            yield from self._paid_now("CreateAdditionalAssignmentsForHIT", asked, unique_request_token or reference)
        )

    @operation
    def update_expiration_for_hit(self, hit_id: str, expire_at: datetime) -> Flow[None]:
        """``UpdateExpirationForHIT``: SETTLE and free. The same moment, a second time, is refused as a `Conflict`."""
        yield from self._change("UpdateExpirationForHIT", HITId=hit_id, ExpireAt=expire_at)

    @operation
    def update_hit_review_status(self, hit_id: str, revert: bool | None = None) -> Flow[None]:
        """``UpdateHITReviewStatus``: Reviewable becomes Reviewing, or with ``revert`` the other way round."""
        yield from self._change("UpdateHITReviewStatus", HITId=hit_id, Revert=revert)

    @operation
    def update_hit_type_of_hit(self, hit_id: str, hit_type_id: str) -> Flow[None]:
        """``UpdateHITTypeOfHIT``."""
        yield from self._change("UpdateHITTypeOfHIT", HITId=hit_id, HITTypeId=hit_type_id)

    @operation
    def delete_hit(self, hit_id: str) -> Flow[None]:
        """``DeleteHIT``: one that is Reviewable, with everything settled. Not there any more: a success."""
        try:
            yield from self._change("DeleteHIT", HITId=hit_id)
        except NotFound:
            return
