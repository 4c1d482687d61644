"""The operations of Mechanical Turk on answers that hold every member of the service's model, through the hub, in every
world, with the network off. The model shows no example, so the values are ours; the names are its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from botocore.loaders import Loader

from crowdhub import Money, Submission, TaskDraft, Worker
from crowdhub.model import File
from crowdhub.protocol import Flow, Operation
from crowdhub.testing.recording.files import read
from crowdhub_mturk import MTurk
from crowdhub_mturk.words import QualificationTypeStatus
from tests.replay.conftest import Documented

Case: TypeAlias = "tuple[Callable[[MTurk], Operation[object] | Flow[object]], object]"

MODEL: Any = Loader().load_service_model("mturk", "service-2")
HIT = "3HITHITHITHITHITHITHITHITHIT01"
ASSIGNMENT = "3ASSIGNMENTASSIGNMENTASSIGNM01"
TYPE = "3TYPETYPETYPETYPETYPETYPETYP01"
WORKER = "AWORKERWORKER"
WORK = Submission(
    id=ASSIGNMENT, task_id=HIT, provider="mturk", account="mturk", environment="live", worker=Worker(id=WORKER)
)
DRAFT = TaskDraft(
    title="A title",
    instructions="A description",
    proof="What you saw",
    reward=Money("0.50", "USD"),
    slots=3,
    reference="ch-documented",
)
AVAILABLE = {"amount": "10.50", "currency": "USD"}
BONUS = Money("1.25", "USD")
TASK = {
    "id": HIT,
    "title": "A title",
    "instructions": "A description",
    "reward": {"amount": "0.50", "currency": "USD"},
    "status": "open",
    "slots": 3,
    "remaining": 1,
    "in_progress": 1,
    "pending": 1,
    "created_at": "2026-01-14T09:00:00Z",
    "expires_at": "2026-01-22T09:00:00Z",
    "reference": "ch-documented",
}
PENDING = {
    "id": ASSIGNMENT,
    "task_id": HIT,
    "status": "pending",
    "worker": {"id": WORKER},
    "submitted_at": "2026-01-14T10:00:00Z",
    "auto_approves_at": "2026-02-13T10:00:00Z",
    "text": "A cat",
    "answers": {"proof": "A cat", "photo": ["AKEY"]},
}
CASES: dict[str, Case] = {
    "GetAccountBalance": (
        lambda provider: provider.api.account.get_account_balance(),
        {"available_balance": AVAILABLE, "on_hold_balance": {"amount": "1.80", "currency": "USD"}},
    ),
    "CreateHIT": (lambda provider: provider.publish(DRAFT), TASK),
    "GetHIT": (lambda provider: provider.task(HIT), TASK),
    "ListHITs": (lambda provider: provider.tasks(), {"items": [TASK]}),
    "ListAssignmentsForHIT": (lambda provider: provider.submissions(HIT), {"items": [PENDING]}),
    "GetAssignment": (lambda provider: provider.state_of(WORK), PENDING),
    "ApproveAssignment": (lambda provider: provider.approve(WORK, "Good"), {"status": "approved", "feedback": "Good"}),
    "RejectAssignment": (lambda provider: provider.reject(WORK, "No"), {"status": "rejected", "feedback": "No"}),
    "GetFileUploadURL": (
        lambda provider: provider.locate_file(
            WORK, File(id="photo", url="https://mturk-requester.us-east-1.amazonaws.com")
        ),
        {"id": "photo", "url": "https://example.com/a-file?signed=1", "expires_at": "2026-01-15T09:01:00Z"},
    ),
    "SendBonus": (
        lambda provider: provider.pay_bonus(WORK, BONUS, "Well done", "ch-bonus"),
        {"id": ASSIGNMENT, "amount_paid": {"amount": "1.25", "currency": "USD"}},
    ),
    "ListBonusPayments": (
        lambda provider: provider.find_bonus(WORK, BONUS, "Well done"),
        {"id": ASSIGNMENT, "amount_paid": {"amount": "1.25", "currency": "USD"}, "replayed": True},
    ),
    "CreateAdditionalAssignmentsForHIT": (
        lambda provider: provider.api.hits.create_additional_assignments_for_hit(HIT, 2, "ch-more"),
        True,
    ),
    "UpdateExpirationForHIT": (lambda provider: provider.cancel(HIT), TASK | {"status": "cancelled"}),
    "CreateWorkerBlock": (lambda provider: provider.block(WORKER, "Copied"), {"id": WORKER, "blocked": True}),
    "DeleteWorkerBlock": (lambda provider: provider.unblock(WORKER), {"id": WORKER, "blocked": False}),
    "ListWorkerBlocks": (
        lambda provider: provider.blocked_workers(),
        {"items": [{"id": WORKER, "blocked": True}]},
    ),
    "NotifyWorkers": (lambda provider: provider.message(WORKER, "Hello"), None),
    "CreateQualificationType": (
        lambda provider: provider.api.qualifications.create_qualification_type(
            name="Seen before", description="Took part", qualification_type_status=QualificationTypeStatus.ACTIVE
        ),
        {"qualification_type_id": TYPE, "name": "Seen before", "is_requestable": True, "auto_granted_value": 1},
    ),
    "AssociateQualificationWithWorker": (
        lambda provider: provider.api.qualifications.associate_qualification_with_worker(TYPE, WORKER, 1, False),
        None,
    ),
    "ListWorkersWithQualificationType": (
        lambda provider: provider.api.qualifications.list_workers_with_qualification_type(TYPE),
        {"items": [{"worker_id": WORKER, "integer_value": 1, "status": "Granted"}]},
    ),
    "DisassociateQualificationFromWorker": (
        lambda provider: provider.api.qualifications.disassociate_qualification_from_worker(WORKER, TYPE),
        None,
    ),
}
ACCOUNT = {"access_key_id": "not-a-key", "secret_access_key": "not-a-secret"}


@pytest.mark.parametrize("name", CASES)
def test_a_documented_exchange_reads_as_documented(name: str, documented: Documented) -> None:
    documented("mturk", ACCOUNT, name, *CASES[name])


def test_every_documented_exchange_is_played(cassettes: Path) -> None:
    assert {path.stem for path in (cassettes / "mturk" / "documented").glob("*.yaml")} == CASES.keys()


@pytest.mark.parametrize("name", CASES)
def test_the_answer_has_every_member_of_the_model_and_no_other(name: str, cassettes: Path) -> None:
    shape = MODEL["operations"][name]["output"]["shape"]
    (first, *_) = read(cassettes / "mturk" / "documented" / f"{name}.yaml").exchanges
    compare(json.loads(first.answer), shape, name)


def compare(answer: Any, shape: str, where: str) -> None:
    told = MODEL["shapes"][shape]
    if told["type"] == "structure":
        left_out = {"NextToken"}  # the last page has none
        assert answer.keys() == told["members"].keys() - left_out, where
        for member, value in answer.items():
            compare(value, told["members"][member]["shape"], f"{where}.{member}")
    elif told["type"] == "list":
        for each in answer:
            compare(each, told["member"]["shape"], where)
    elif "enum" in told:
        assert answer in told["enum"], where
    else:
        kinds: dict[str, Any] = {"string": str, "boolean": bool, "integer": int, "long": int, "timestamp": (int, float)}
        assert isinstance(answer, kinds[told["type"]]), where
