# ruff: noqa: ARG001 - every recording takes what all take
"""What is recorded of CapSolver: its four calls, solved at once and after asking, and refusals."""

from __future__ import annotations

from base64 import b64decode

from crowdhub.errors import AuthenticationFailed, CrowdhubError, InsufficientFunds
from crowdhub.model import Money, TaskDraft
from crowdhub.protocol import Flow, Operation
from crowdhub.testing.recording import Endpoint, Given, Recording, Script, refused
from crowdhub_capsolver.options import CapSolverOptions
from crowdhub_capsolver.provider import CapSolver

PICTURE = b64decode(  # one black dot, as PNG
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNgAAAAAgAB5Sfe/AAAAABJRU5ErkJggg=="
)
SLOW = TaskDraft(
    options=[CapSolverOptions(task={"type": "ReCaptchaV2TaskProxyLess", "websiteURL": "https://example.com/"})]
)
UNKNOWN = TaskDraft(options=[CapSolverOptions(task={"type": "Nothing"})])
_MADE_UP = "it needs a page of your own; give its task in a program"


def _create(provider: CapSolver, given: Given) -> Flow[object]:
    task = yield from provider.publish(TaskDraft(image=PICTURE))
    text = yield from provider.image_to_text(PICTURE, module="common")
    return {"task": task, "solution": provider.solution_of(task), "text": text}


def _create_refused(provider: CapSolver, given: Given) -> Flow[object]:
    return refused(provider.publish(UNKNOWN), CrowdhubError)


def _no_money(provider: CapSolver, given: Given) -> Flow[object]:
    return refused(provider.publish(TaskDraft(image=PICTURE)), InsufficientFunds)


def _ask(provider: CapSolver, given: Given) -> Flow[object]:
    task = yield from provider.publish(SLOW)
    first = yield from provider.task(task.id)
    solution = yield from provider.wait_for(task.id)
    return {"created": task, "first": first, "solution": solution, "asks": provider.tracker.asks(task.id)}


def _ask_refused(provider: CapSolver, given: Given) -> Flow[object]:
    return refused(provider.submissions("00000000-0000-4000-8000-000000000000"), CrowdhubError)


def _feedback(provider: CapSolver, given: Given) -> Flow[object]:
    task = yield from provider.publish(TaskDraft(image=PICTURE))
    solution = provider.solution_of(task)
    assert solution is not None
    return (yield from provider.reject(solution, "two letters are missing"))


def _balance(provider: CapSolver, given: Given) -> Operation[Money]:
    return provider.balance()


def _wrong_key(provider: CapSolver, given: Given) -> Flow[object]:
    return refused(provider.balance(), AuthenticationFailed)


SCRIPT = Script(
    provider="capsolver",
    endpoints=[
        Endpoint("create-task", "POST", "/createTask"),
        Endpoint("get-task-result", "POST", "/getTaskResult"),
        Endpoint("feedback-task", "POST", "/feedbackTask"),
        Endpoint("get-balance", "POST", "/getBalance"),
    ],
    recordings=[
        Recording("create-task", "create-task", _create),
        Recording("create-task-refused", "create-task", _create_refused),
        Recording(
            "create-task-no-money",
            "create-task",
            _no_money,
            sandbox={"balance": "0"},
            not_live="it needs an empty account",
        ),
        Recording("get-task-result", "get-task-result", _ask, not_live=_MADE_UP),
        Recording("get-task-result-refused", "get-task-result", _ask_refused),
        Recording("feedback-task", "feedback-task", _feedback),
        Recording("get-balance", "get-balance", _balance),
        Recording("get-balance-wrong-key", "get-balance", _wrong_key, account={"client_key": "not-the-right-key"}),
    ],
    account={"client_key": "replayed-without-a-key"},
)
