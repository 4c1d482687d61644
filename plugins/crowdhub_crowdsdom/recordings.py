# ruff: noqa: ARG001 - every recording takes what all take
"""What is recorded of CrowdSDOM: its nine calls, the three kinds of form, and refusals. Each begins with fetching a
token."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from crowdhub.errors import AuthenticationFailed, CrowdhubError, InvalidRequest, NotFound
from crowdhub.model import (
    Choice,
    ExternalForm,
    FreeText,
    HtmlForm,
    Money,
    QuestionForm,
    Selection,
    SelectionStyle,
    Submission,
    SubmissionStatus,
    TaskDraft,
)
from crowdhub.protocol import Flow, Operation
from crowdhub.testing.recording import Endpoint, Given, Recording, Script, refused
from crowdhub_crowdsdom.options import CrowdSDOMOptions
from crowdhub_crowdsdom.provider import CrowdSDOM

if TYPE_CHECKING:
    from crowdhub_crowdsdom.sandbox import CrowdSDOMSandbox

NOWHERE = "000000000000000000000000"
DRAFT = TaskDraft(
    title="Is there a cat?",
    instructions="Look at the picture and answer.",
    reward=Money("0.10", "CNY"),
    slots=2,
    proof="What you saw",
    reference="ch-recording",
)
QUESTIONS = QuestionForm(
    questions=(
        FreeText(id="seen", text="What do you see?", min_length=2, max_length=200),
        Selection(id="cat", text="Is there a cat?", choices=(Choice(id="y", text="Yes"), Choice(id="n", text="No"))),
        Selection(
            id="colours",
            text="Which colours?",
            choices=(Choice(id="r", text="Red"), Choice(id="g", text="Green"), Choice(id="b", text="Blue")),
            style=SelectionStyle.CHECKBOX,
            required=False,
            max_choices=2,
        ),
    )
)
HTML = HtmlForm(html='<form id="crowdsdom_form"><input name="seen"></form>')

_JOB = {"task_id": "a job of yours with two submitted tasks"}


# --- what the sandbox has to hold before --------------------------------------------------------------------


def _worked_on(provider: CrowdSDOM, sandbox: CrowdSDOMSandbox) -> Flow[Given]:
    task = yield from provider.publish(DRAFT)
    for worker in ("first", "second"):
        _ = sandbox.hand_in(sandbox.take(task.id, worker))
    return {"task_id": task.id}


def _taken(provider: CrowdSDOM, sandbox: CrowdSDOMSandbox) -> Flow[Given]:
    """A job with one worker at it and one who gave up."""
    task = yield from provider.publish(DRAFT)
    sandbox.give_up(sandbox.take(task.id, "first"))
    _ = sandbox.take(task.id, "second")
    return {"task_id": task.id}


def _published(provider: CrowdSDOM, sandbox: CrowdSDOMSandbox) -> Flow[Given]:
    task = yield from provider.publish(DRAFT)
    return {"task_id": task.id}


# --- the recordings -----------------------------------------------------------------------------------------


def _token(provider: CrowdSDOM, given: Given) -> Operation[object]:
    return provider.tasks()


def _wrong_secret(provider: CrowdSDOM, given: Given) -> Flow[object]:
    return refused(provider.tasks(), AuthenticationFailed)


def _publish(provider: CrowdSDOM, given: Given) -> Flow[object]:
    options = CrowdSDOMOptions(keywords=("picture", "cat"), task_duration=600)
    asked = yield from provider.publish(
        DRAFT.copy_with(
            proof=None,
            questions=QUESTIONS,
            deadline=timedelta(days=2),
            auto_approve=timedelta(days=3),
            options=[options],
            reference="ch-recording-1",
        )
    )
    external = ExternalForm(url="https://example.com/form", height=500)
    framed = yield from provider.publish(DRAFT.copy_with(proof=None, questions=external, reference="ch-recording-2"))
    html = yield from provider.publish(DRAFT.copy_with(proof=None, questions=HTML, reference="ch-recording-3"))
    plain = yield from provider.publish(DRAFT)
    found = yield from provider.find_published(DRAFT)
    return {"questions": asked, "external": framed, "html": html, "plain": plain, "found": found}


def _publish_of_type(provider: CrowdSDOM, given: Given) -> Flow[object]:
    made = yield from provider.create_job_type(
        title="Pictures", description="Look and answer.", reward=Money("0.10", "CNY"), keywords=("picture",)
    )
    draft = TaskDraft(
        slots=2, questions=QUESTIONS, options=[CrowdSDOMOptions(job_type_id=made.id)], reference="ch-recording-4"
    )
    return {"job_type": made, "job": (yield from provider.publish(draft))}


def _publish_refused(provider: CrowdSDOM, given: Given) -> Flow[object]:
    return refused(provider.publish(DRAFT.copy_with(reward=Money("9000.00", "CNY"))), CrowdhubError)


def _jobs(provider: CrowdSDOM, given: Given) -> Operation[object]:
    return provider.tasks()


def _job(provider: CrowdSDOM, given: Given) -> Flow[object]:
    job = yield from provider.task(given["task_id"])
    return {"job": job, "missing": (yield from refused(provider.task(NOWHERE), NotFound))}


def _tasks(provider: CrowdSDOM, given: Given) -> Flow[object]:
    every = yield from provider.submissions(given["task_id"])
    return {"tasks": every, "missing": (yield from refused(provider.submissions(NOWHERE), NotFound))}


def _cancel(provider: CrowdSDOM, given: Given) -> Flow[object]:
    cancelled = yield from provider.cancel(given["task_id"])
    again = yield from provider.cancel(given["task_id"])
    return {"cancelled": cancelled, "again": again, "missing": (yield from refused(provider.cancel(NOWHERE), NotFound))}


def _first_pending(provider: CrowdSDOM, task_id: str) -> Flow[Submission]:
    page = yield from provider.submissions(task_id, SubmissionStatus.PENDING)
    return page.items[0]


def _approve(provider: CrowdSDOM, given: Given) -> Flow[object]:
    work = yield from _first_pending(provider, given["task_id"])
    approved = yield from provider.approve(work, "Well seen")
    again = yield from refused(provider.approve(work), InvalidRequest)
    other_way = yield from refused(provider.reject(work, "Too late"), InvalidRequest)
    missing = yield from refused(provider.approve(work.copy_with(id=NOWHERE)), NotFound)
    now = yield from provider.state_of(work)
    return {"approved": approved, "again": again, "other_way": other_way, "missing": missing, "now": now}


def _reject(provider: CrowdSDOM, given: Given) -> Flow[object]:
    work = yield from _first_pending(provider, given["task_id"])
    rejected = yield from provider.reject(work, "There is no cat")
    again = yield from refused(provider.reject(work, "There is no cat"), InvalidRequest)
    other_way = yield from refused(provider.approve(work), InvalidRequest)
    return {"rejected": rejected, "again": again, "other_way": other_way, "now": (yield from provider.state_of(work))}


_QUIET = {"every": 0}

SCRIPT = Script(
    provider="crowdsdom",
    endpoints=[
        Endpoint("oauth-token", "POST", "/oauth/token"),
        Endpoint("jobs-create", "POST", "/jobs"),
        Endpoint("jobs-list", "GET", "/jobs"),
        Endpoint("job", "GET", "/jobs/{}"),
        Endpoint("job-tasks", "GET", "/jobs/{}/tasks"),
        Endpoint("job-cancel", "POST", "/jobs/{}/cancel"),
        Endpoint("task-approve", "PUT", "/tasks/{}/approve"),
        Endpoint("task-reject", "PUT", "/tasks/{}/reject"),
        Endpoint("job-types-create", "POST", "/jobTypes"),
    ],
    recordings=[
        Recording("oauth-token", "oauth-token", _token),
        Recording(
            "oauth-token-wrong-secret", "oauth-token", _wrong_secret, account={"api_secret": "not-the-right-one"}
        ),
        Recording("jobs-create", "jobs-create", _publish, sandbox=_QUIET),
        Recording("jobs-create-refused", "jobs-create", _publish_refused, not_live="it needs an empty account"),
        Recording("jobs-list", "jobs-list", _jobs, _worked_on, sandbox=_QUIET),
        Recording("job", "job", _job, _worked_on, _JOB, sandbox=_QUIET),
        Recording("job-tasks", "job-tasks", _tasks, _worked_on, _JOB, sandbox=_QUIET),
        Recording("job-tasks-at-work", "job-tasks", _tasks, _taken, {"task_id": "a job at work"}, sandbox=_QUIET),
        Recording("job-cancel", "job-cancel", _cancel, _published, {"task_id": "a job to cancel"}, sandbox=_QUIET),
        Recording("task-approve", "task-approve", _approve, _worked_on, _JOB, sandbox=_QUIET),
        Recording("task-reject", "task-reject", _reject, _worked_on, _JOB, sandbox=_QUIET),
        Recording("job-types-create", "job-types-create", _publish_of_type, sandbox=_QUIET),
    ],
    account={"api_key": "replayed-without-a-key", "api_secret": "replayed-without-a-secret"},
)
