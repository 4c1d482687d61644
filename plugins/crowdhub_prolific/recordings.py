# ruff: noqa: ARG001 - every recording takes what all take
"""What is recorded of Prolific: every call that the plugin makes, and refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crowdhub.errors import AuthenticationFailed, InsufficientFunds, InvalidRequest, NotFound
from crowdhub.model import Decision, ExternalForm, Money, Submission, TaskDraft, Worker
from crowdhub.protocol import Flow, Operation
from crowdhub.testing.recording import Endpoint, Given, Recording, Script, refused
from crowdhub_prolific.options import (
    CompletionCode,
    ProlificOptions,
    ProlificReject,
    ProlificRejectionCategory,
    StudyFilter,
    without_studies,
)
from crowdhub_prolific.provider import Prolific

if TYPE_CHECKING:
    from crowdhub_prolific.sandbox import ProlificSandbox

WORKSPACE = "5729a64bb2dc9bd40c2f2566"
"""The sandbox's own, which is part of the addresses."""
NOWHERE = "000000000000000000000000"
OPTIONS = ProlificOptions(estimated_completion_time=10, completion_codes=(CompletionCode(code="C1PQ7X2Z"),))
DRAFT = TaskDraft(
    title="What do you see?",
    instructions="Look at ten pictures and say what they show.",
    reward=Money("1.50", "GBP"),
    slots=3,
    questions=ExternalForm(url="https://survey.example/study"),
    options=(OPTIONS,),
    reference="ch-recording",
)
REASON = (
    "Nothing of what was asked for in the second step can be found in what was handed in: please read the instructions"
    " again, from the first word on."
)
WHY = ProlificReject(category=ProlificRejectionCategory.FAILED_INSTRUCTIONS)

_STUDY = {"study": "a published study of yours", "work": "the ids of three submissions to it that wait for review"}


# --- what the sandbox has to hold before --------------------------------------------------------------------


def _published(provider: Prolific, sandbox: ProlificSandbox) -> Flow[Given]:
    task = yield from provider.publish(DRAFT)
    return {"study": task.id}


def _worked_on(provider: Prolific, sandbox: ProlificSandbox) -> Flow[Given]:
    task = yield from provider.publish(DRAFT)
    works = sandbox.hand_in(task.id, 3)
    return {"study": task.id, "work": [each.id for each in works], "people": [each.participant for each in works]}


def _one_blocked(provider: Prolific, sandbox: ProlificSandbox) -> Flow[Given]:
    given = yield from _worked_on(provider, sandbox)
    _ = yield from provider.block(given["people"][0])
    return given


def _of_all_kinds(provider: Prolific, sandbox: ProlificSandbox) -> Flow[Given]:
    task = yield from provider.publish(DRAFT.copy_with(slots=5))
    _ = sandbox.reserve(task.id)
    sandbox.time_out(sandbox.reserve(task.id))
    sandbox.give_back(sandbox.reserve(task.id))
    _ = sandbox.hand_in(task.id, poor=True)
    return {"study": task.id}


def _draft(provider: Prolific, sandbox: ProlificSandbox) -> Flow[Given]:
    sandbox.set_balance("0")
    _ = yield from refused(provider.publish(DRAFT), InsufficientFunds)
    (left,) = sandbox.space.studies
    return {"study": left}


def _work(provider: Prolific, given: Given, number: int = 0) -> Submission:
    return Submission(
        **provider.identity, id=given["work"][number], task_id=given["study"], worker=Worker(id=given["people"][number])
    )


# --- the recordings -----------------------------------------------------------------------------------------


def _publish(provider: Prolific, given: Given) -> Flow[object]:
    plain = yield from provider.publish(DRAFT)
    options = OPTIONS.copy_with(
        maximum_allowed_time=60,
        device_compatibility=("desktop", "tablet"),
        filters=(without_studies(plain.id), StudyFilter(filter_id="handedness", selected_values=("1",))),
        internal_name="Second round",
    )
    second = DRAFT.copy_with(options=[options], auto_approve=True, reference="ch-recording-2")
    return {"plain": plain, "second": (yield from provider.publish(second))}


def _publish_refused(provider: Prolific, given: Given) -> Flow[object]:
    return refused(provider.publish(DRAFT.copy_with(slots=10_000)), InsufficientFunds)


def _wrong_token(provider: Prolific, given: Given) -> Flow[object]:
    return refused(provider.tasks(), AuthenticationFailed)


def _estimate(provider: Prolific, given: Given) -> Operation[object]:
    return provider.estimate(DRAFT)


def _study(provider: Prolific, given: Given) -> Flow[object]:
    study = yield from provider.task(given["study"])
    return {"study": study, "missing": (yield from refused(provider.task(NOWHERE), NotFound))}


def _studies(provider: Prolific, given: Given) -> Flow[object]:
    return {"all": (yield from provider.tasks()), "found": (yield from provider.find_published(DRAFT))}


def _changes(provider: Prolific, given: Given) -> Flow[object]:
    paused = yield from provider.pause(given["study"])
    resumed = yield from provider.resume(given["study"])
    stopped = yield from provider.cancel(given["study"])
    again = yield from provider.cancel(given["study"])
    return {"paused": paused, "resumed": resumed, "stopped": stopped, "again": again}


def _places(provider: Prolific, given: Given) -> Operation[object]:
    return provider.extend(given["study"], 2)


def _delete(provider: Prolific, given: Given) -> Flow[object]:
    yield from provider.api.delete_draft(given["study"])
    return {"again": (yield from refused(provider.api.delete_draft(given["study"]), NotFound))}


def _cost(provider: Prolific, given: Given) -> Operation[object]:
    return provider.api.cost(given["study"])


def _balance(provider: Prolific, given: Given) -> Operation[object]:
    return provider.balance()


def _submissions(provider: Prolific, given: Given) -> Flow[object]:
    listed = yield from provider.submissions(given["study"])
    return {"all": listed, "missing": (yield from refused(provider.submissions(NOWHERE), NotFound))}


def _submission(provider: Prolific, given: Given) -> Flow[object]:
    return {
        "now": (yield from provider.state_of(_work(provider, given))),
        "missing": (yield from provider.state_of(_work(provider, given).copy_with(id=NOWHERE))),
    }


def _settle(provider: Prolific, given: Given) -> Flow[object]:
    one, two = _work(provider, given), _work(provider, given, 1)
    approved = yield from provider.approve(one)
    again = yield from provider.approve(one)
    rejected = yield from provider.reject(two, REASON, WHY)
    crossed = yield from refused(provider.approve(two), InvalidRequest)
    missing = yield from refused(provider.approve(one.copy_with(id=NOWHERE)), NotFound)
    return {"approved": approved, "again": again, "rejected": rejected, "crossed": crossed, "missing": missing}


def _in_bulk(provider: Prolific, given: Given) -> Operation[object]:
    return provider.review_batch([Decision.approve(_work(provider, given, number)) for number in range(3)])


def _return(provider: Prolific, given: Given) -> Operation[object]:
    return provider.api.request_return(given["work"][0], ["Withdrew consent"])


def _bonus_refused(provider: Prolific, given: Given) -> Flow[object]:
    stranger = _work(provider, given).copy_with(id=NOWHERE)
    return refused(provider.pay_bonus(stranger, Money("1.25", "GBP"), "Good pictures"), InvalidRequest)


def _bonus(provider: Prolific, given: Given) -> Operation[object]:
    return provider.pay_bonus(_work(provider, given), Money("1.25", "GBP"), "Good pictures")


def _blocked(provider: Prolific, given: Given) -> Operation[object]:
    return provider.blocked_workers()


def _block(provider: Prolific, given: Given) -> Operation[object]:
    return provider.block(given["people"][0])


def _block_another(provider: Prolific, given: Given) -> Operation[object]:
    return provider.block(given["people"][1])


def _unblock(provider: Prolific, given: Given) -> Operation[object]:
    return provider.unblock(given["people"][0])


def _message(provider: Prolific, given: Given) -> Operation[object]:
    return provider.message(given["people"][0], "Thank you. There will be another study next week.")


_QUIET = {"every": 0}

SCRIPT = Script(
    provider="prolific",
    endpoints=[
        Endpoint("studies-create", "POST", "/studies/"),
        Endpoint("study", "GET", "/studies/{}/"),
        Endpoint("study-change", "PATCH", "/studies/{}/"),
        Endpoint("study-delete", "DELETE", "/studies/{}/"),
        Endpoint("study-transition", "POST", "/studies/{}/transition/"),
        Endpoint("study-cost", "GET", "/studies/{}/cost/"),
        Endpoint("submission-counts", "GET", "/studies/{}/submissions/counts/"),
        Endpoint("project-studies", "GET", "/projects/{}/studies/"),
        Endpoint("projects", "GET", "/workspaces/{}/projects/"),
        Endpoint("balance", "GET", "/workspaces/{}/balance/"),
        Endpoint("cost-calculator", "POST", "/study-cost-calculator/"),
        Endpoint("submissions", "GET", "/submissions/"),
        Endpoint("submission", "GET", "/submissions/{}/"),
        Endpoint("submission-transition", "POST", "/submissions/{}/transition/"),
        Endpoint("request-return", "POST", "/submissions/{}/request-return/"),
        Endpoint("bulk-approve", "POST", "/submissions/bulk-approve/"),
        Endpoint("bonus-set-up", "POST", "/submissions/bonus-payments/"),
        Endpoint("bonus-pay", "POST", "/bulk-bonus-payments/{}/pay/"),
        Endpoint("groups", "GET", "/participant-groups/"),
        Endpoint("group-create", "POST", "/participant-groups/"),
        Endpoint("members", "GET", "/participant-groups/{}/participants/"),
        Endpoint("members-add", "POST", "/participant-groups/{}/participants/"),
        Endpoint("members-remove", "DELETE", "/participant-groups/{}/participants/"),
        Endpoint("message", "POST", "/messages/"),
    ],
    recordings=[
        Recording("studies-create", "studies-create", _publish, sandbox=_QUIET),
        Recording(
            "studies-create-refused",
            "studies-create",
            _publish_refused,
            sandbox=_QUIET,
            not_live="it leaves a draft, and needs an account with little money",
        ),
        Recording("wrong-token", "projects", _wrong_token, account={"token": "not-the-right-one"}),
        Recording("cost-calculator", "cost-calculator", _estimate),
        Recording("study", "study", _study, _worked_on, _STUDY, sandbox=_QUIET),
        Recording("submission-counts", "submission-counts", _study, _of_all_kinds, _STUDY, sandbox=_QUIET),
        Recording("project-studies", "project-studies", _studies, _worked_on, _STUDY, sandbox=_QUIET),
        Recording("study-transition", "study-transition", _changes, _published, _STUDY, sandbox=_QUIET),
        Recording("study-change", "study-change", _places, _published, _STUDY, sandbox=_QUIET),
        Recording("study-delete", "study-delete", _delete, _draft, {"study": "a draft"}, sandbox=_QUIET),
        Recording("study-cost", "study-cost", _cost, _published, _STUDY, sandbox=_QUIET),
        Recording("projects", "projects", _studies),
        Recording("balance", "balance", _balance, _published, _STUDY, sandbox=_QUIET),
        Recording("submissions", "submissions", _submissions, _worked_on, _STUDY, sandbox=_QUIET),
        Recording("submissions-of-all-kinds", "submissions", _submissions, _of_all_kinds, _STUDY, sandbox=_QUIET),
        Recording("submission", "submission", _submission, _worked_on, _STUDY, sandbox=_QUIET),
        Recording("submission-transition", "submission-transition", _settle, _worked_on, _STUDY, sandbox=_QUIET),
        Recording("bulk-approve", "bulk-approve", _in_bulk, _worked_on, _STUDY, sandbox=_QUIET),
        Recording("request-return", "request-return", _return, _worked_on, _STUDY, sandbox=_QUIET),
        Recording("bonus-set-up", "bonus-set-up", _bonus_refused, _worked_on, _STUDY, sandbox=_QUIET),
        Recording("bonus-pay", "bonus-pay", _bonus, _worked_on, _STUDY, sandbox=_QUIET),
        Recording("groups", "groups", _blocked),
        Recording("group-create", "group-create", _block, _worked_on, _STUDY, sandbox=_QUIET),
        Recording("members", "members", _blocked, _one_blocked, _STUDY, sandbox=_QUIET),
        Recording("members-add", "members-add", _block_another, _one_blocked, _STUDY, sandbox=_QUIET),
        Recording("members-remove", "members-remove", _unblock, _one_blocked, _STUDY, sandbox=_QUIET),
        Recording("message", "message", _message, _worked_on, _STUDY, sandbox=_QUIET),
    ],
    account={"token": "replayed-without-a-token", "workspace": WORKSPACE},
)
