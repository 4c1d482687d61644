"""One program, by another account's name: it runs there as it is, or is told before any request, and all at once, what
does not fit."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import pytest

from crowdhub import Decision, ExternalForm, Hub, Money, TaskDraft
from crowdhub.errors import InvalidRequest, NotSupported
from crowdhub.model import ReviewReport
from crowdhub.operations.checks import UnsupportedFieldWarning
from crowdhub.sandbox import Sandbox
from crowdhub_prolific import CompletionCode, ProlificOptions, ProlificReject, ProlificRejectionCategory

DRAFT = TaskDraft(
    title="A receipt",
    instructions="Find its total.",
    proof="The total and a screenshot",
    category="Survey",
    reward=Money("0.25", "USD"),
    slots=20,
)
REASON = "There is no screenshot, and no total either, though the instructions ask for both of them: please see above."
NO_DATA = [ProlificReject(category=ProlificRejectionCategory.NO_DATA)]  # the others do not read it
STUDY = DRAFT.copy_with(
    proof=None,
    reward=Money("0.25", "GBP"),
    questions=ExternalForm(url="https://survey.example.org", height=600),
    options=[ProlificOptions(estimated_completion_time=2, completion_codes=(CompletionCode(code="C1DONE"),))],
)


def program(hub: Hub, box: Sandbox, name: str, draft: TaskDraft) -> ReviewReport:
    """What an application does, whatever the marketplace."""
    market = hub[name]
    task = market.publish(draft, key="receipt-42")
    assert market.publish(draft, key="receipt-42").id == task.id
    box.advance(hours=4)
    work = list(market.submissions(task, status="pending"))
    return market.review(
        [
            Decision.approve(w) if w.files or w.answers or w.text else Decision.reject(w, REASON, options=NO_DATA)
            for w in work
        ]
    )


@pytest.mark.parametrize(
    ("name", "draft"),
    [
        ("rapidworkers", DRAFT),
        ("mturk", DRAFT.copy_with(category=None)),
        ("mturk", DRAFT),
        ("prolific", STUDY.copy_with(category=None)),
    ],
)
def test_it_runs(name: str, draft: TaskDraft) -> None:
    with Sandbox(name) as box, Hub(box.accounts, on_unsupported="warn") as hub, warnings.catch_warnings():
        warnings.simplefilter("ignore", UnsupportedFieldWarning)
        report = program(hub, box, name, draft)
    assert not report.failures
    assert report.count("approved") > 10


@pytest.mark.parametrize(
    ("name", "draft", "told"),
    [
        ("mturk", DRAFT, ["category"]),
        (
            "prolific",
            DRAFT,
            ["proof", "category", "reward", "questions", "estimated_completion_time", "completion_codes"],
        ),
        ("prolific", STUDY, ["category"]),
    ],
)
def test_it_is_told_what_does_not_fit(name: str, draft: TaskDraft, told: Sequence[str]) -> None:
    with Sandbox(name) as box, Hub(box.accounts) as hub:
        with pytest.raises((NotSupported, InvalidRequest)) as caught:
            program(hub, box, name, draft)
        assert box[name].requests == []
    words = str(caught.value)
    assert [each for each in told if f"{each}:" not in words] == []
