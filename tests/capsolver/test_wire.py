"""The documented exchanges, the key in the body, and errors read from the body whatever the status."""

import json
import logging
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue, SecretStr

from crowdhub import Capability, Hub, Money, TaskDraft
from crowdhub.engine.http import URL, build_request
from crowdhub.engine.transport import USER_AGENT
from crowdhub.errors import (
    AuthenticationFailed,
    CrowdhubError,
    InsufficientFunds,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    UnreadableResponse,
)
from crowdhub.protocol import Call, Effect, Response
from crowdhub.sandbox import Sandbox
from crowdhub_capsolver import CapSolver, CapSolverOptions, CapSolverSettings, Unsolvable
from crowdhub_capsolver.sandbox import CapSolverSandbox
from tests.support.by_hand import Play, body_of, first_call

DOCUMENTED_ASYNC = {
    "errorId": 0,
    "errorCode": "",
    "errorDescription": "",
    "taskId": "37223a89-06ed-442c-a0b8-22067b79c5b4",
}
DOCUMENTED_SYNC = {
    "errorId": 0,
    "errorCode": "",
    "errorDescription": "",
    "status": "ready",
    "solution": {"text": "44795sds"},
    "taskId": "2376919c-1863-11ec-a012-94e6f7355a0b",
}


def any_task(**more: Any) -> TaskDraft:
    return TaskDraft(options=[CapSolverOptions(task={"type": "AntiTurnstileTaskProxyLess"}, **more)])


def test_an_image_becomes_the_documented_request(provider: CapSolver) -> None:
    call = first_call(provider.publish(TaskDraft(image=b"\x89PNG bytes")))
    assert (call.method, call.path, call.effect) == ("POST", "/createTask", Effect.SPEND)
    sent = json.loads(build_request(provider.sign(call), URL("https://api.capsolver.com/x"), USER_AGENT).content)
    assert sent == {
        "clientKey": "CAP-the-key",
        "appId": "APP",
        "task": {"type": "ImageToTextTask", "body": b64encode(b"\x89PNG bytes").decode()},
    }


def test_an_image_in_a_file_is_read(provider: CapSolver, tmp_path: Path) -> None:
    path = tmp_path / "image.png"
    path.write_bytes(b"from a file")
    call = first_call(provider.publish(TaskDraft(image=path)))
    assert body_of(call)["task"]["body"] == b64encode(b"from a file").decode()


def test_any_task_goes_as_it_is_with_its_callback() -> None:
    provider = CapSolver(CapSolverSettings(client_key=SecretStr("CAP-the-key")))
    task: dict[str, JsonValue] = {"type": "SomethingNew", "nested": {"a": [1, 2.5, None]}}
    options = CapSolverOptions(task=task, callback_url="https://example.com/done")
    call = first_call(provider.publish(TaskDraft(options=[options])))
    assert call.json == {"task": task, "callbackUrl": "https://example.com/done"}


def test_a_synchronous_answer_makes_the_submission_at_once(provider: CapSolver, play: Play) -> None:
    calls, task = play(provider.publish(TaskDraft(image=b"x")), DOCUMENTED_SYNC)
    assert (task.id, task.status, task.slots, task.remaining) == (DOCUMENTED_SYNC["taskId"], "completed", 1, 0)
    asked, page = play(provider.submissions(task.id))
    assert asked == []  # no request: the marketplace may not know it any more
    (solution,) = page.items
    assert (solution.text, solution.status, solution.task_id) == ("44795sds", "approved", task.id)
    assert solution.answers == {"text": "44795sds"}
    assert play(provider.task(task.id))[1].status == "completed"
    assert len(calls) == 1


def test_a_task_carries_its_solution_into_another_process(provider: CapSolver, play: Play) -> None:
    _, task = play(provider.publish(TaskDraft(image=b"x")), DOCUMENTED_SYNC)
    elsewhere = CapSolver(CapSolverSettings(client_key=SecretStr("CAP-the-key")))
    kept = type(task).model_validate_json(task.model_dump_json())
    solution = elsewhere.solution_of(kept)
    assert solution is not None
    assert solution.text == "44795sds"


def test_an_asynchronous_answer_is_asked_for(provider: CapSolver, play: Play) -> None:
    _, task = play(provider.publish(any_task()), DOCUMENTED_ASYNC)
    assert (task.status, task.remaining) == ("open", 1)
    assert provider.solution_of(task) is None
    (call,), page = play(provider.submissions(task.id), {"errorId": 0, "status": "processing"})
    assert (call.path, call.json, call.effect) == ("/getTaskResult", {"taskId": task.id}, Effect.READ)
    assert (page.items, page.total) == ((), 0)
    ready = {"errorId": 0, "status": "ready", "solution": {"gRecaptchaResponse": "03AGdBq"}}
    _, page = play(provider.submissions(task.id), ready)
    assert page.items[0].answers == {"gRecaptchaResponse": "03AGdBq"}
    assert page.items[0].text is None


@pytest.mark.parametrize("status", ["idle", "processing", "a-new-word"])
def test_what_is_not_ready_is_open(provider: CapSolver, play: Play, status: str) -> None:
    assert play(provider.task("T"), {"errorId": 0, "status": status})[1].status == "open"


def test_pending_solutions_are_never_asked_for(provider: CapSolver, play: Play) -> None:
    from crowdhub.model import SubmissionStatus

    calls, page = play(provider.submissions("T", SubmissionStatus.PENDING))
    assert (calls, page.items) == ([], ())


def test_balance_is_exact_dollars(provider: CapSolver, play: Play) -> None:
    (call,), balance = play(provider.balance(), b'{"errorId":0,"balance":1071810.100000000000000001,"packages":[]}')
    assert (call.path, call.json) == ("/getBalance", {})
    assert balance == Money("1071810.100000000000000001", "USD")


@pytest.mark.parametrize("status", [200, 400, 401, 403])
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ERROR_KEY_DENIED_ACCESS", AuthenticationFailed),
        ("ERROR_ZERO_BALANCE", InsufficientFunds),
        ("ERROR_INVALID_TASK_DATA", InvalidRequest),
        ("ERROR_TASKID_INVALID", NotFound),
        ("ERROR_RATE_LIMIT", RateLimited),
        ("ERROR_SERVICE_UNAVALIABLE", ProviderUnavailable),
        ("ERROR_KEY_TEMP_BLOCKED", PermissionDenied),
        ("ERROR_CAPTCHA_UNSOLVABLE", Unsolvable),
        ("ERROR_CAPTCHA_SOLVE_FAILED", ProviderError),
    ],
)
def test_the_body_tells_whatever_the_status(
    provider: CapSolver, status: int, code: str, kind: type[CrowdhubError]
) -> None:
    body = {"errorId": 1, "errorCode": code, "errorDescription": "in words"}
    error = provider.error(Call.post("/createTask", effect=Effect.SPEND), Response(status, json=body))
    assert type(error) is kind
    assert error is not None
    assert (error.provider_code, error.provider_message, error.http_status) == (code, "in words", status)


@pytest.mark.parametrize("status", [200, 400])
def test_no_error_in_the_body_is_no_error(provider: CapSolver, status: int) -> None:
    call = Call.post("/getBalance", effect=Effect.READ)
    assert provider.error(call, Response(status, json={"errorId": 0, "balance": 1})) is None


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, b"<html>wait</html>", UnreadableResponse),
        (200, b"{}", UnreadableResponse),
        (200, b"[]", UnreadableResponse),
        (401, b"", AuthenticationFailed),
        (404, b"nothing here", NotFound),
        (503, b"<html>", ProviderUnavailable),
        (503, b'{"errorId":0}', ProviderUnavailable),
        (302, b'{"errorId":0}', ProviderError),
        (400, b'{"errorId":1,"errorCode":"ERROR_BRAND_NEW"}', ProviderError),
        (401, b'{"errorId":1,"errorCode":"ERROR_BRAND_NEW"}', AuthenticationFailed),
        (200, b'{"errorId":"1"}', ProviderError),
    ],
)
def test_without_a_known_body_the_status_tells(
    provider: CapSolver, status: int, body: bytes, kind: type[CrowdhubError]
) -> None:
    error = provider.error(Call.post("/x", effect=Effect.READ), Response(status, content=body))
    assert type(error) is kind


def test_capabilities_say_why_not() -> None:
    table = CapSolver.capabilities
    assert set(table) == {
        Capability.PUBLISH,
        Capability.TASK,
        Capability.SUBMISSIONS,
        Capability.REJECT,
        Capability.BALANCE,
    }
    assert all(table.missing().values())
    assert all(not support or name in ("slots", "image") for name, support in table.fields.items())
    assert all(support.reason for support in table.fields.values() if not support)


@pytest.mark.parametrize(
    ("draft", "wheres"),
    [
        (TaskDraft(), ["image"]),
        (TaskDraft(image=b""), ["image"]),
        (TaskDraft(image=b"x", slots=2), ["slots"]),
        (TaskDraft(options=[CapSolverOptions(task={})]), ["options.task.type"]),
        (TaskDraft(image=b"x", options=[CapSolverOptions(task={"type": "VisionEngine"})]), ["image"]),
        (
            TaskDraft(image=b"x", options=[CapSolverOptions(task={"type": "ImageToTextTask", "body": "eA=="})]),
            ["image"],
        ),
        (TaskDraft(image=b"x", options=[CapSolverOptions(callback_url="nowhere")]), ["options.callback_url"]),
        (
            TaskDraft(slots=0, options=[CapSolverOptions(task={"type": 1}, callback_url="ftp://x/y")]),
            ["slots", "options.task.type", "options.callback_url"],
        ),
        (TaskDraft(image=b"x"), []),
        (TaskDraft(image=b"x", options=[CapSolverOptions(task={"type": "ImageToTextTask", "module": "number"})]), []),
        (any_task(callback_url="https://example.com/x"), []),
    ],
)
def test_issues_are_named_at_once(provider: CapSolver, draft: TaskDraft, wheres: list[str]) -> None:
    assert [each.where for each in provider.draft_issues(draft)] == wheres


def test_the_key_is_seen_nowhere(box: Sandbox, hub: Hub, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    market = hub["capsolver"]
    key = box.market(CapSolverSandbox).key
    market.balance()
    with pytest.raises(NotFound) as caught:
        market.task("37223a89-06ed-442c-a0b8-22067b79c5b4")
    assert key not in caplog.text + str(caught.value) + repr(caught.value) + repr(market.provider.settings)
    assert key not in repr(market.provider.sign(Call.post("/getBalance", effect=Effect.READ)))


def test_a_failing_server_is_not_the_callers_fault(play: Play, provider: CapSolver) -> None:
    body = {"errorId": 1, "errorCode": "ERROR_BAD_REQUEST", "errorDescription": "Bad request"}
    for status, kind in ((500, ProviderError), (502, ProviderUnavailable), (400, InvalidRequest)):
        with pytest.raises(kind):
            play(provider.balance(), (status, body))
