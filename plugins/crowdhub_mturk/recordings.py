# ruff: noqa: ARG001 - every recording takes what all take
"""What is recorded of Mechanical Turk: every operation that the neutral verbs and audiences use, and refusals."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from crowdhub.errors import AuthenticationFailed, Conflict, InsufficientFunds, InvalidRequest, NotFound
from crowdhub.model import (
    Choice,
    ExternalForm,
    FreeText,
    HtmlForm,
    Money,
    QuestionForm,
    Selection,
    Submission,
    TaskDraft,
)
from crowdhub.protocol import Flow, Operation, first_match
from crowdhub.testing.recording import Endpoint, Given, Recording, Script, refused
from crowdhub_mturk.account import TARGET
from crowdhub_mturk.options import MTurkFile, MTurkOptions
from crowdhub_mturk.provider import MTurk
from crowdhub_mturk.structures import QualificationRequirement
from crowdhub_mturk.words import QualificationTypeStatus

if TYPE_CHECKING:
    from crowdhub_mturk.sandbox import MTurkSandbox

NOWHERE = "3ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ"
NOBODY = "AZZZZZZZZZZZZZ"
BONUS = Money("0.25", "USD")
DRAFT = TaskDraft(
    title="Is there a cat?",
    instructions="Look at the picture and answer.",
    reward=Money("0.10", "USD"),
    slots=3,
    proof="What you saw",
    reference="ch-recording",
)
FORM = QuestionForm(
    questions=(
        FreeText(id="seen", text="What do you see?", min_length=2, max_length=200),
        Selection(id="cat", text="Is there a cat?", choices=(Choice(id="y", text="Yes"), Choice(id="n", text="No"))),
        MTurkFile(id="photo", text="A photo", required=False),
    )
)

_HIT = {"task_id": "a HIT of yours with two submitted assignments"}


# --- what the sandbox has to hold before


def _published(provider: MTurk, sandbox: MTurkSandbox) -> Flow[Given]:
    task = yield from provider.publish(DRAFT)
    return {"task_id": task.id}


def _worked_on(provider: MTurk, sandbox: MTurkSandbox) -> Flow[Given]:
    task = yield from provider.publish(DRAFT)
    for number in range(2):
        _ = sandbox.hand_in(task.id, answers={"proof": f"Cat {number}"})
    return {"task_id": task.id}


def _with_a_file(provider: MTurk, sandbox: MTurkSandbox) -> Flow[Given]:
    task = yield from provider.publish(DRAFT.copy_with(proof=None, questions=FORM))
    _ = sandbox.hand_in(task.id, answers={"seen": "A cat", "cat": ["y"]}, files={"photo": b"\x89PNG a cat"})
    return {"task_id": task.id}


def _approved(provider: MTurk, sandbox: MTurkSandbox) -> Flow[Given]:
    given = yield from _worked_on(provider, sandbox)
    work = yield from _first(provider, given)
    _ = yield from provider.approve(work)
    return {**given, "worker_id": work.worker.id}


def _first(provider: MTurk, given: Given) -> Flow[Submission]:
    page = yield from provider.submissions(given["task_id"])
    return page.items[0]


def _with_a_type(provider: MTurk, sandbox: MTurkSandbox) -> Flow[Given]:
    somebody = yield from _somebody(provider, sandbox)
    return {**somebody, "type_id": (yield from _type(provider))}


def _somebody(provider: MTurk, sandbox: MTurkSandbox) -> Flow[Given]:
    given = yield from _worked_on(provider, sandbox)
    work = yield from _first(provider, given)
    return {"worker_id": work.worker.id}


# --- the recordings


def _balance(provider: MTurk, given: Given) -> Operation[object]:
    return provider.balance()


def _wrong_secret(provider: MTurk, given: Given) -> Flow[object]:
    return refused(provider.balance(), AuthenticationFailed)


def _publish(provider: MTurk, given: Given) -> Flow[object]:
    own = MTurkOptions(keywords=("cat", "picture"), description="Look and answer.", assignment_duration=600)
    asked = DRAFT.copy_with(
        proof=None,
        questions=FORM,
        countries=("US", "GB"),
        deadline=timedelta(days=2),
        auto_approve=timedelta(days=3),
        options=(own,),
        reference="ch-recording-1",
    )
    external = ExternalForm(url="https://example.com/form?a=1&b=2", height=500)
    html = HtmlForm(html='<form action="https://www.mturk.com/mturk/externalSubmit"><input name="seen"></form>')
    questions = yield from provider.publish(asked)
    framed = yield from provider.publish(DRAFT.copy_with(proof=None, questions=external, reference="ch-recording-2"))
    page = yield from provider.publish(DRAFT.copy_with(proof=None, questions=html, reference="ch-recording-3"))
    plain = yield from provider.publish(DRAFT)
    again = yield from provider.publish(DRAFT)
    return {"questions": questions, "external": framed, "html": page, "plain": plain, "again": again}


def _publish_refused(provider: MTurk, given: Given) -> Flow[object]:
    return refused(provider.publish(DRAFT.copy_with(reward=Money("9000.00", "USD"))), InsufficientFunds)


def _hit(provider: MTurk, given: Given) -> Flow[object]:
    task = yield from provider.task(given["task_id"])
    return {"hit": task, "missing": (yield from refused(provider.task(NOWHERE), NotFound))}


def _hits(provider: MTurk, given: Given) -> Flow[object]:
    page = yield from provider.tasks()
    return {"hits": page, "found": (yield from provider.find_published(DRAFT))}


def _assignments(provider: MTurk, given: Given) -> Flow[object]:
    page = yield from provider.submissions(given["task_id"])
    return {"all": page, "missing": (yield from refused(provider.submissions(NOWHERE), NotFound))}


def _assignment(provider: MTurk, given: Given) -> Flow[object]:
    work = yield from _first(provider, given)
    gone = yield from provider.state_of(work.copy_with(id=NOWHERE))
    return {"work": (yield from provider.state_of(work)), "missing": gone}


def _approve(provider: MTurk, given: Given) -> Flow[object]:
    work = yield from _first(provider, given)
    approved = yield from provider.approve(work, "Well seen")
    again = yield from refused(provider.approve(work), Conflict)
    other_way = yield from refused(provider.reject(work, "Too late"), Conflict)
    missing = yield from refused(provider.approve(work.copy_with(id=NOWHERE)), NotFound)
    return {"approved": approved, "again": again, "other_way": other_way, "missing": missing}


def _reject(provider: MTurk, given: Given) -> Flow[object]:
    work = yield from _first(provider, given)
    rejected = yield from provider.reject(work, "There is no cat")
    again = yield from refused(provider.reject(work, "There is no cat"), Conflict)
    return {"rejected": rejected, "again": again, "now": (yield from provider.state_of(work))}


def _file(provider: MTurk, given: Given) -> Flow[object]:
    work = yield from _first(provider, given)
    return (yield from provider.locate_file(work, work.files[0]))


def _bonus(provider: MTurk, given: Given) -> Flow[object]:
    work = yield from _first(provider, given)
    paid = yield from provider.pay_bonus(work, BONUS, "Well seen", "ch-bonus-1")
    again = yield from provider.pay_bonus(work, BONUS, "Well seen", "ch-bonus-1")
    stranger = work.copy_with(worker=work.worker.copy_with(id=NOBODY))
    wrong = yield from refused(provider.pay_bonus(stranger, BONUS, "Well seen", "ch-bonus-2"), InvalidRequest, NotFound)
    return {"paid": paid, "again": again, "wrong_worker": wrong}


def _bonuses(provider: MTurk, given: Given) -> Flow[object]:
    work = yield from _first(provider, given)
    none = yield from provider.find_bonus(work, BONUS, "Well seen")
    _ = yield from provider.pay_bonus(work, BONUS, "Well seen", "ch-bonus-1")
    return {"none": none, "found": (yield from provider.find_bonus(work, BONUS, "Well seen"))}


def _more_places(provider: MTurk, given: Given) -> Flow[object]:
    more = yield from provider.extend(given["task_id"], 2, reference="ch-more-1")
    again = yield from provider.extend(given["task_id"], 2, reference="ch-more-1")
    many = yield from refused(provider.extend(given["task_id"], 20, reference="ch-more-2"), InvalidRequest)
    return {"more": more, "again": again, "too_many": many}


def _expiration(provider: MTurk, given: Given) -> Flow[object]:
    later = yield from provider.extend(given["task_id"], until=provider.now() + timedelta(days=20))
    cancelled = yield from provider.cancel(given["task_id"])
    again = yield from provider.cancel(given["task_id"])
    missing = yield from refused(provider.cancel(NOWHERE), NotFound)
    return {"later": later, "cancelled": cancelled, "again": again, "missing": missing}


def _block(provider: MTurk, given: Given) -> Flow[object]:
    return (yield from provider.block(given["worker_id"], "Copied answers"))


def _unblock(provider: MTurk, given: Given) -> Flow[object]:
    return (yield from provider.unblock(given["worker_id"]))


def _blocks(provider: MTurk, given: Given) -> Flow[object]:
    _ = yield from provider.block(given["worker_id"])
    return (yield from first_match(provider.blocked_workers(), lambda each: each.id == given["worker_id"]))


def _message(provider: MTurk, given: Given) -> Flow[object]:
    yield from provider.message(given["worker_id"], "Would you do another one?")
    return (yield from refused(provider.message(NOBODY, "Hello"), NotFound))


def _new_type(provider: MTurk, given: Given) -> Flow[object]:
    made = yield from _type(provider)
    own = MTurkOptions(qualifications=(QualificationRequirement.excludes(made),))
    kept = yield from provider.publish(DRAFT.copy_with(options=(own,), reference="ch-recording-5"))
    return {"type": made, "task": kept}


def _give(provider: MTurk, given: Given) -> Flow[object]:
    return _qualified(provider, given)


def _holders(provider: MTurk, given: Given) -> Flow[object]:
    yield from _qualified(provider, given)
    return (yield from provider.api.qualifications.list_workers_with_qualification_type(given["type_id"]))


def _take(provider: MTurk, given: Given) -> Flow[object]:
    yield from _qualified(provider, given)
    api = provider.api.qualifications
    yield from api.disassociate_qualification_from_worker(given["worker_id"], given["type_id"])
    return (yield from api.list_workers_with_qualification_type(given["type_id"]))


def _qualified(provider: MTurk, given: Given) -> Flow[None]:
    api = provider.api.qualifications
    kind, worker = given["type_id"], given["worker_id"]
    yield from api.associate_qualification_with_worker(kind, worker, 1, send_notification=False)


def _type(provider: MTurk) -> Flow[str]:
    made = yield from provider.api.qualifications.create_qualification_type(
        name="Saw a cat", description="Took part.", qualification_type_status=QualificationTypeStatus.ACTIVE
    )
    return made.qualification_type_id


_QUIET = {"every": 0}
_BLOCKED = {"worker_id": "a worker who has worked for you"}
_GIVEN = {**_BLOCKED, "type_id": "a qualification type of yours"}
_PAID = {**_HIT, "worker_id": "the worker of its first assignment, which is approved"}


def _endpoint(operation: str) -> Endpoint:
    return Endpoint(operation, "POST", "/", operation=f"{TARGET}.{operation}")


SCRIPT = Script(
    provider="mturk",
    operation_header="X-Amz-Target",
    endpoints=[
        _endpoint(operation)
        for operation in (
            "GetAccountBalance",
            "CreateHIT",
            "GetHIT",
            "ListHITs",
            "ListAssignmentsForHIT",
            "GetAssignment",
            "ApproveAssignment",
            "RejectAssignment",
            "GetFileUploadURL",
            "SendBonus",
            "ListBonusPayments",
            "CreateAdditionalAssignmentsForHIT",
            "UpdateExpirationForHIT",
            "CreateWorkerBlock",
            "DeleteWorkerBlock",
            "ListWorkerBlocks",
            "NotifyWorkers",
            "CreateQualificationType",
            "AssociateQualificationWithWorker",
            "ListWorkersWithQualificationType",
            "DisassociateQualificationFromWorker",
        )
    ],
    recordings=[
        Recording("balance", "GetAccountBalance", _balance, sandbox=_QUIET),
        Recording(
            "balance-wrong-secret",
            "GetAccountBalance",
            _wrong_secret,
            account={"secret_access_key": "not-the-right-one"},
            sandbox=_QUIET,
        ),
        Recording("hit-create", "CreateHIT", _publish, sandbox=_QUIET),
        Recording(
            "hit-create-refused", "CreateHIT", _publish_refused, sandbox=_QUIET, not_live="it needs an empty account"
        ),
        Recording("hit", "GetHIT", _hit, _worked_on, _HIT, sandbox=_QUIET),
        Recording("hits-list", "ListHITs", _hits, _worked_on, sandbox=_QUIET),
        Recording("assignments-list", "ListAssignmentsForHIT", _assignments, _worked_on, _HIT, sandbox=_QUIET),
        Recording("assignment", "GetAssignment", _assignment, _worked_on, _HIT, sandbox=_QUIET),
        Recording("assignment-approve", "ApproveAssignment", _approve, _worked_on, _HIT, sandbox=_QUIET),
        Recording("assignment-reject", "RejectAssignment", _reject, _worked_on, _HIT, sandbox=_QUIET),
        Recording("file", "GetFileUploadURL", _file, _with_a_file, {"task_id": "a HIT with a file"}, sandbox=_QUIET),
        Recording("bonus", "SendBonus", _bonus, _approved, _PAID, sandbox=_QUIET),
        Recording("bonuses-list", "ListBonusPayments", _bonuses, _approved, _PAID, sandbox=_QUIET),
        Recording(
            "hit-more-places",
            "CreateAdditionalAssignmentsForHIT",
            _more_places,
            _published,
            {"task_id": "a HIT of three assignments"},
            sandbox=_QUIET,
        ),
        Recording(
            "hit-expiration",
            "UpdateExpirationForHIT",
            _expiration,
            _published,
            {"task_id": "a HIT to end"},
            sandbox=_QUIET,
        ),
        Recording("worker-block", "CreateWorkerBlock", _block, _somebody, _BLOCKED, sandbox=_QUIET),
        Recording("worker-unblock", "DeleteWorkerBlock", _unblock, _somebody, _BLOCKED, sandbox=_QUIET),
        Recording("worker-blocks-list", "ListWorkerBlocks", _blocks, _somebody, _BLOCKED, sandbox=_QUIET),
        Recording("workers-notify", "NotifyWorkers", _message, _approved, _PAID, sandbox=_QUIET),
        Recording("qualification-create", "CreateQualificationType", _new_type, sandbox=_QUIET),
        Recording(
            "qualification-give", "AssociateQualificationWithWorker", _give, _with_a_type, _GIVEN, sandbox=_QUIET
        ),
        Recording(
            "qualification-list", "ListWorkersWithQualificationType", _holders, _with_a_type, _GIVEN, sandbox=_QUIET
        ),
        Recording(
            "qualification-take", "DisassociateQualificationFromWorker", _take, _with_a_type, _GIVEN, sandbox=_QUIET
        ),
    ],
    account={"access_key_id": "replayed-without-a-key", "secret_access_key": "replayed-without-a-secret"},
)
