"""What Prolific's API reference describes, through the hub, in every world, with the network off."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from crowdhub import Decision, Money, Submission, TaskDraft, Worker
from crowdhub.model import ExternalForm
from crowdhub.protocol import Flow, Operation
from crowdhub_prolific import (
    CompletionCode,
    Prolific,
    ProlificOptions,
    ProlificReject,
    ProlificRejectionCategory,
)
from tests.replay.conftest import Documented

Case: TypeAlias = "tuple[Callable[[Prolific], Operation[object] | Flow[object]], object]"

WORKSPACE = "60d9aadeb86739de712f0001"
STUDY = "60d9aadeb86739de712faee0"
WORK = Submission(
    id="60aca280709ee40ec37d4885",
    task_id=STUDY,
    provider="prolific",
    account="prolific",
    environment="live",
    worker=Worker(id="60bf9310e8dec401be6e9615"),
)
DRAFT = TaskDraft(
    title="What do you see?",
    instructions="Look at ten pictures.",
    reward=Money("1.50", "GBP"),
    slots=3,
    questions=ExternalForm(url="https://survey.example/study"),
    options=(ProlificOptions(estimated_completion_time=10, completion_codes=(CompletionCode(code="C1PQ7X2Z"),)),),
)
WHY = ProlificReject(category=ProlificRejectionCategory.LOW_EFFORT)
REASON = (
    "Nothing of what was asked for in the second step can be found in what was handed in, although it was said twice."
)
TASK = {
    "id": STUDY,
    "title": "What do you see?",
    "reward": {"amount": "1.50", "currency": "GBP"},
    "status": "open",
    "slots": 3,
    "remaining": 2,
}
COUNTED = {**TASK, "instructions": "Look at ten pictures.", "pending": 1, "approved": 0, "rejected": 0}
SUBMITTED = {
    "id": WORK.id,
    "task_id": STUDY,
    "status": "pending",
    "worker": {"id": WORK.worker.id},
    "text": "C1PQ7X2Z",
    "submitted_at": "2026-01-15T09:15:00Z",
    "auto_approves_at": "2026-02-05T09:15:00Z",
}
BONUS = {"id": WORK.id, "task_id": STUDY}
PEOPLE = {"items": [{"id": WORK.worker.id, "blocked": True, "blocked_at": "2026-01-15T10:00:00Z"}]}

CASES: dict[str, Case] = {
    "cost-calculator": (lambda provider: provider.estimate(DRAFT), "6.12 GBP"),
    "studies-create": (lambda provider: provider.publish(DRAFT), {**TASK, "remaining": 3}),
    "study": (lambda provider: provider.task(STUDY), COUNTED),
    "submission-counts": (lambda provider: provider.task(STUDY), COUNTED),
    "study-transition": (lambda provider: provider.pause(STUDY), {**COUNTED, "status": "paused"}),
    "study-change": (
        lambda provider: provider.extend(STUDY, 2),
        {**TASK, "slots": 5, "remaining": 4, "charged": {"amount": "4.08", "currency": "GBP"}},
    ),
    "study-delete": (lambda provider: provider.api.delete_draft(STUDY), None),
    "study-cost": (
        lambda provider: provider.api.cost(STUDY),
        {"rewards": {"fees": {"amount": 135, "currency": "GBP"}}},
    ),
    "projects": (lambda provider: provider.tasks(), {"items": [TASK], "total": 1, "more": False}),
    "project-studies": (lambda provider: provider.tasks(), {"items": [TASK], "total": 1, "more": False}),
    "balance": (lambda provider: provider.balance(), "93.88 GBP"),
    "submissions": (lambda provider: provider.submissions(STUDY), {"items": [SUBMITTED], "total": 1, "more": False}),
    "submission": (lambda provider: provider.state_of(WORK), SUBMITTED),
    "submission-transition": (lambda provider: provider.approve(WORK), {"id": WORK.id, "status": "approved"}),
    "submission-reject": (
        lambda provider: provider.reject(WORK, REASON, WHY),
        {"id": WORK.id, "status": "rejected", "feedback": REASON},
    ),
    "request-return": (
        lambda provider: provider.api.request_return(WORK.id, ["Withdrew consent"]),
        {"return_requested": "2026-01-15T10:00:00.000000Z"},
    ),
    "bulk-approve": (
        lambda provider: provider.review_batch([Decision.approve(WORK)]),
        {"outcomes": [{"result": "approved", "submission": {"id": WORK.id, "status": "approved"}}]},
    ),
    "bonus-set-up": (lambda provider: provider.pay_bonus(WORK, Money("1.25", "GBP"), "Good"), BONUS),
    "bonus-pay": (lambda provider: provider.pay_bonus(WORK, Money("1.25", "GBP"), "Good"), BONUS),
    "groups": (lambda provider: provider.blocked_workers(), PEOPLE),
    "members": (lambda provider: provider.blocked_workers(), PEOPLE),
    "group-create": (lambda provider: provider.block(WORK.worker.id), {"id": WORK.worker.id, "blocked": True}),
    "members-add": (lambda provider: provider.block(WORK.worker.id), {"id": WORK.worker.id, "blocked": True}),
    "members-remove": (lambda provider: provider.unblock(WORK.worker.id), {"id": WORK.worker.id, "blocked": False}),
    "message": (
        lambda provider: provider.api.send_message(WORK.worker.id, "Thank you.", STUDY),
        None,
    ),
}
PARTS = {
    "study-publish",
    "study-paused",
    "cost-of-five",
    "no-groups",
    "submissions-waiting",
    "submissions-all-approved",
}
"""Exchanges that are played within others."""


@pytest.mark.parametrize("name", CASES)
def test_a_documented_exchange_reads_as_documented(name: str, documented: Documented) -> None:
    documented("prolific", {"token": "not-a-token", "workspace": WORKSPACE}, name, *CASES[name])


def test_every_documented_exchange_is_played(cassettes: Path) -> None:
    assert {path.stem for path in (cassettes / "prolific" / "documented").glob("*.yaml")} == {*CASES, *PARTS}
