"""Qualifications: what workers are let in, or kept out, by."""

from __future__ import annotations

from typing import Annotated, NotRequired, Unpack

from typing_extensions import TypedDict  # pydantic reads that of Python itself from 3.12 on

from crowdhub.protocol import Effect, Flow, Lookup, Page, operation
from crowdhub_mturk.functions.base import Family, named_only, part_of
from crowdhub_mturk.names import wire_name
from crowdhub_mturk.records import Qualification, QualificationRequest, QualificationType
from crowdhub_mturk.words import Known, QualificationStatus, QualificationTypeStatus


class TypeTest(TypedDict):
    """What a type says of its test, and of being granted by itself."""

    retry_delay_in_seconds: NotRequired[int]
    test: NotRequired[str]
    answer_key: NotRequired[str]
    test_duration_in_seconds: NotRequired[int]
    auto_granted: NotRequired[bool]
    auto_granted_value: NotRequired[int]


@named_only
class NewQualificationType(TypeTest):
    name: str
    description: str
    qualification_type_status: Annotated[QualificationTypeStatus, Known]
    keywords: NotRequired[str]


@named_only
class ChangedQualificationType(TypeTest):
    qualification_type_id: str
    description: NotRequired[str]
    qualification_type_status: NotRequired[Annotated[QualificationTypeStatus, Known]]


class Qualifications(Family):
    def _lost_type(self, **asked: Unpack[NewQualificationType]) -> Lookup[QualificationType]:
        return Lookup(f'a qualification type named "{asked["name"]}" in ListQualificationTypes')

    @operation(lookup=_lost_type)
    def create_qualification_type(self, **asked: Unpack[NewQualificationType]) -> Flow[QualificationType]:
        """``CreateQualificationType``. Free; not sent twice on a guess, for the second one is refused by its name."""
        members = {wire_name(each): value for each, value in asked.items()}
        answer = yield from self._ask("CreateQualificationType", members, Effect.SPEND, costs=False)
        return part_of(answer, "QualificationType", QualificationType)

    @operation
    def update_qualification_type(self, **asked: Unpack[ChangedQualificationType]) -> Flow[QualificationType]:
        """``UpdateQualificationType``."""
        members = {wire_name(each): value for each, value in asked.items()}
        answer = yield from self._ask("UpdateQualificationType", members, Effect.SETTLE, costs=False)
        return part_of(answer, "QualificationType", QualificationType)

    @operation
    def get_qualification_type(self, qualification_type_id: str) -> Flow[QualificationType]:
        """``GetQualificationType``."""
        answer = yield from self._ask("GetQualificationType", {"QualificationTypeId": qualification_type_id})
        return part_of(answer, "QualificationType", QualificationType)

    @operation
    def delete_qualification_type(self, qualification_type_id: str) -> Flow[None]:
        """``DeleteQualificationType``: takes a while there."""
        yield from self._change("DeleteQualificationType", QualificationTypeId=qualification_type_id)

    @operation
    def list_qualification_types(
        self,
        must_be_requestable: bool,
        query: str | None = None,
        must_be_owned_by_caller: bool | None = None,
    ) -> Flow[Page[QualificationType]]:
        """``ListQualificationTypes``."""
        asked = {
            "MustBeRequestable": must_be_requestable,
            "Query": query,
            "MustBeOwnedByCaller": must_be_owned_by_caller,
        }
        return (yield from self._page("ListQualificationTypes", "QualificationTypes", QualificationType, **asked))

    @operation
    def associate_qualification_with_worker(
        self,
        qualification_type_id: str,
        worker_id: str,
        integer_value: int | None = None,
        send_notification: bool | None = None,
    ) -> Flow[None]:
        """``AssociateQualificationWithWorker``: the worker has it from now on, with this value. The marketplace writes
        to the worker unless ``send_notification`` is False."""
        yield from self._change(
            "AssociateQualificationWithWorker",
            QualificationTypeId=qualification_type_id,
            WorkerId=worker_id,
            IntegerValue=integer_value,
            SendNotification=send_notification,
        )

    @operation
    def disassociate_qualification_from_worker(
        self, worker_id: str, qualification_type_id: str, reason: str | None = None
    ) -> Flow[None]:
        """``DisassociateQualificationFromWorker``."""
        yield from self._change(
            "DisassociateQualificationFromWorker",
            WorkerId=worker_id,
            QualificationTypeId=qualification_type_id,
            Reason=reason,
        )

    @operation
    def get_qualification_score(self, qualification_type_id: str, worker_id: str) -> Flow[Qualification]:
        """``GetQualificationScore``: what a worker has of a type."""
        asked = {"QualificationTypeId": qualification_type_id, "WorkerId": worker_id}
        return part_of((yield from self._ask("GetQualificationScore", asked)), "Qualification", Qualification)

    @operation
    def list_workers_with_qualification_type(
        self, qualification_type_id: str, status: Annotated[QualificationStatus, Known] | None = None
    ) -> Flow[Page[Qualification]]:
        """``ListWorkersWithQualificationType``."""
        asked = {"QualificationTypeId": qualification_type_id, "Status": status}
        return (yield from self._page("ListWorkersWithQualificationType", "Qualifications", Qualification, **asked))

    @operation
    def list_qualification_requests(self, qualification_type_id: str | None = None) -> Flow[Page[QualificationRequest]]:
        """``ListQualificationRequests``: who asks for one, of all types where none is named."""
        asked = {"QualificationTypeId": qualification_type_id}
        return (
            yield from self._page("ListQualificationRequests", "QualificationRequests", QualificationRequest, **asked)
        )

    @operation
    def accept_qualification_request(
        self, qualification_request_id: str, integer_value: int | None = None
    ) -> Flow[None]:
        """``AcceptQualificationRequest``."""
        asked = {"QualificationRequestId": qualification_request_id, "IntegerValue": integer_value}
        yield from self._change("AcceptQualificationRequest", **asked)

    @operation
    def reject_qualification_request(self, qualification_request_id: str, reason: str | None = None) -> Flow[None]:
        """``RejectQualificationRequest``."""
        asked = {"QualificationRequestId": qualification_request_id, "Reason": reason}
        yield from self._change("RejectQualificationRequest", **asked)
