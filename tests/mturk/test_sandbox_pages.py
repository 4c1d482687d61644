"""Pages, the readings of lists, the copy that a prover makes, and the operations held against botocore's model."""

from __future__ import annotations

from typing import Any

import pytest

from crowdhub.sandbox import SandboxClock, SandboxError
from crowdhub.testing.prover.snapshot import Snapshot
from crowdhub_mturk.sandbox import MTurkSandbox
from crowdhub_mturk.sandbox.catalogue import OPERATIONS
from crowdhub_mturk.sandbox.kinds import Dollars, Flag, Kind, Many, Moment, Record, Text, Whole
from tests.mturk.signed import MODEL, Requester, mturk, requester

__all__ = ["mturk"]


def rows(mturk: Requester, operation: str, name: str, **members: object) -> list[list[dict[str, Any]]]:
    """The pages of a list."""
    pages: list[list[dict[str, Any]]] = []
    token: dict[str, str] = {}
    while True:
        told = mturk.call(operation, **members, **token)
        assert told["NumResults"] == len(told[name])
        pages.append(told[name])
        if "NextToken" not in told:
            return pages
        token = {"NextToken": told["NextToken"]}


def test_a_page_has_ten_rows_where_nothing_is_said(mturk: Requester) -> None:
    hit = mturk.publish(MaxAssignments=25, Reward="0.01")
    work = mturk.market.hand_in(hit, 25)
    pages = rows(mturk, "ListAssignmentsForHIT", "Assignments", HITId=hit)
    assert [len(page) for page in pages] == [10, 10, 5]
    assert [each["AssignmentId"] for page in pages for each in page] == work
    assert [len(page) for page in rows(mturk, "ListAssignmentsForHIT", "Assignments", HITId=hit, MaxResults=25)] == [25]
    assert mturk.refused("ListHITs", MaxResults=101).kind == "ValidationException"
    assert mturk.refused("ListHITs", NextToken="x").code == "AWS.MechanicalTurk.InvalidParameterValue"
    other = mturk.call("ListAssignmentsForHIT", HITId=hit)["NextToken"]
    assert mturk.refused("ListHITs", NextToken=other).code == "AWS.MechanicalTurk.InvalidParameterValue"


def test_the_last_page_may_name_one_that_is_empty() -> None:
    with requester(empty_last_page=True) as mturk:
        for _ in range(4):
            mturk.publish(MaxAssignments=1)
        assert [len(page) for page in rows(mturk, "ListHITs", "HITs", MaxResults=2)] == [2, 2, 0]


@pytest.mark.parametrize(("counted", "seen"), [(False, 6), (True, 4)])
def test_reviewing_meanwhile_shifts_pages_where_tokens_count_rows(counted: bool, seen: int) -> None:
    with requester(tokens_count_rows=counted) as mturk:
        hit = mturk.publish(MaxAssignments=6)
        mturk.market.hand_in(hit, 6)
        found: list[str] = []
        token: dict[str, str] = {}
        while True:
            told = mturk.call(
                "ListAssignmentsForHIT", HITId=hit, AssignmentStatuses=["Submitted"], MaxResults=2, **token
            )
            for each in told["Assignments"]:
                found.append(each["AssignmentId"])
                mturk.call("ApproveAssignment", AssignmentId=each["AssignmentId"])
            if "NextToken" not in told:
                break
            token = {"NextToken": told["NextToken"]}
        assert len(found) == seen


def test_who_is_blocked_again_keeps_the_place(mturk: Requester) -> None:
    workers = [mturk.market.worker(number) for number in range(5)]
    for each in (*workers, workers[0]):
        mturk.call("CreateWorkerBlock", WorkerId=each, Reason="Enough.")
    pages = rows(mturk, "ListWorkerBlocks", "WorkerBlocks", MaxResults=2)
    assert [each["WorkerId"] for page in pages for each in page] == workers


def test_statuses_can_be_listed_together(mturk: Requester) -> None:
    hit = mturk.publish()
    one, two, three = mturk.market.hand_in(hit, 3)
    mturk.call("ApproveAssignment", AssignmentId=one)
    mturk.call("RejectAssignment", AssignmentId=three, RequesterFeedback="No.")

    def listed(*statuses: str) -> list[str]:
        told = mturk.call("ListAssignmentsForHIT", HITId=hit, AssignmentStatuses=statuses)
        return [each["AssignmentId"] for each in told["Assignments"]]

    assert listed("Approved", "Rejected") == [one, three]
    assert listed("Submitted") == [two]
    assert listed() == [one, two, three]


def test_hits_may_be_listed_newest_first() -> None:
    with requester(newest_first=True) as mturk:
        hits = [mturk.publish(MaxAssignments=1) for _ in range(5)]
        pages = rows(mturk, "ListHITs", "HITs", MaxResults=2)
        assert [each["HITId"] for page in pages for each in page] == hits[::-1]


def test_readings_of_counters_balance_and_fresh_work() -> None:
    with requester(available_after_end=False, on_hold=False, settles_after=60) as mturk:
        hit = mturk.publish()
        (work,) = mturk.market.hand_in(hit)
        refused = mturk.refused("ApproveAssignment", AssignmentId=work)
        assert refused.code == "AWS.MechanicalTurk.InvalidAssignmentState"
        assert "a status of: null" in refused.words
        mturk.box.advance(seconds=60)
        mturk.call("ApproveAssignment", AssignmentId=work)
        mturk.call("UpdateExpirationForHIT", HITId=hit, ExpireAt=1)
        assert mturk.numbers(hit) == ("Reviewable", 0, 0, 1)
        assert mturk.call("GetAccountBalance") == {"AvailableBalance": "99.40"}


def test_an_option_that_is_none_is_refused() -> None:
    with pytest.raises(SandboxError, match="no option"):
        MTurkSandbox(newest_last=True)


def test_a_copy_goes_its_own_way(mturk: Requester) -> None:
    hit = mturk.publish(UniqueRequestToken="once")
    taken = mturk.market.accept(hit)
    copy = Snapshot(mturk.market).copy(SandboxClock(mturk.box.clock.now()))
    assert isinstance(copy, MTurkSandbox)
    copy.submit(taken)
    copy.clock.advance(days=31)
    copy.tick()
    assert copy.assignment(taken).status == "Approved"
    assert copy.books().agree()
    assert copy.books().held == 0
    assert mturk.market.assignment(taken).status == "Accepted"
    assert mturk.market.books().held > 0


def test_workers_ids_are_as_the_model_has_them(mturk: Requester) -> None:
    ids = {mturk.market.worker(number) for number in range(2_000)}
    assert len(ids) == 2_000
    for number in (0, 999):
        assert mturk.market.turk.ids.number_of(mturk.market.worker(number)) == number
    mturk.call("CreateWorkerBlock", WorkerId=mturk.market.worker(999), Reason="Enough.")
    assert mturk.refused("CreateWorkerBlock", WorkerId=mturk.market.worker(5_000), Reason="Enough.").code is not None


# --- botocore's model


def test_the_operations_are_the_models() -> None:
    assert set(OPERATIONS) == set(MODEL.operation_names)
    with requester() as mturk:
        for name in OPERATIONS:
            assert mturk.send(name, b"{}").status_code in (200, 400)  # never a defect of the sandbox


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_members_are_the_models(name: str) -> None:
    agrees(OPERATIONS[name], MODEL.operation_model(name).input_shape, name)


def agrees(kind: Kind, shape: Any, where: str) -> None:
    """Whether a kind checks what the model's shape says."""
    metadata = shape.metadata
    match kind:
        case Record():
            assert shape.type_name == "structure", where
            assert set(kind.members) == set(shape.members), where
            assert set(kind.required) == set(shape.required_members), where
            for name, member in shape.members.items():
                agrees(kind.members[name], member, f"{where}.{name}")
        case Many():
            assert shape.type_name == "list", where
            agrees(kind.of, shape.member, f"{where}[]")
        case Text():
            assert shape.type_name == "string", where
            assert (kind.least, kind.most) == (metadata.get("min", 0), metadata.get("max")), where
            assert list(kind.one_of) == list(metadata.get("enum", [])), where
            assert kind.pattern == metadata.get("pattern"), where
        case Whole():
            assert shape.type_name == ("long" if kind.bits == 64 else "integer"), where
            assert (kind.least, kind.most) == (metadata.get("min"), metadata.get("max")), where
        case Dollars():
            assert metadata["pattern"] == r"^[0-9]+(\.)?[0-9]{0,2}$", where
        case Flag():
            assert shape.type_name == "boolean", where
        case Moment():
            assert shape.type_name == "timestamp", where
        case _:
            raise AssertionError(where)
