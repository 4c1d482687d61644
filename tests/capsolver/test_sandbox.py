"""The sandbox on its own terms, with a plain HTTP client, and with crowdhub on both sides."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from crowdhub import AsyncHub, Hub, Money, TaskDraft
from crowdhub.clock import Clock
from crowdhub.errors import InsufficientFunds, InvalidRequest, NotSupported
from crowdhub.sandbox import Sandbox, png
from crowdhub_capsolver import CapSolver, CapSolverOptions
from crowdhub_capsolver.sandbox import CapSolverSandbox

Answered = tuple[int, dict[str, Any]]
Post = Callable[..., Answered]

SLOW = {"type": "ReCaptchaV2TaskProxyLess"}


@pytest.fixture
def post(box: Sandbox) -> Post:
    account = box.accounts["capsolver"]

    def send(path: str, key: str = account["client_key"], **body: object) -> Answered:
        reply = httpx.post(f"{account['base_url']}/{path}", json={"clientKey": key, **body})
        return reply.status_code, reply.json()

    return send


def create(post: Post, task: object = SLOW) -> str:
    status, answer = post("createTask", task=task)
    assert (status, answer["errorId"]) == (200, 0)
    return str(answer["taskId"])


def code(answered: Answered) -> tuple[int, str]:
    return answered[0], answered[1]["errorCode"]


def test_the_key_is_verified(post: Post) -> None:
    for path in ("createTask", "getTaskResult", "getBalance"):
        assert code(post(path, key="wrong")) == (401, "ERROR_KEY_DENIED_ACCESS")


def test_recognition_answers_at_once(box: Sandbox, post: Post) -> None:
    image = png("words")
    box.market(CapSolverSandbox).teach(image, "44795sds")
    status, answer = post("createTask", task={"type": "ImageToTextTask", "body": b64encode(image).decode()})
    assert status == 200
    assert (answer["status"], answer["solution"]) == ("ready", {"text": "44795sds"})
    assert code(post("getTaskResult", taskId=answer["taskId"])) == (200, "ERROR_TASKID_INVALID")


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        (None, "ERROR_INVALID_TASK_DATA"),
        ({"type": "Whatever"}, "ERROR_TASK_NOT_SUPPORTED"),
        ({"type": "ImageToTextTask"}, "ERROR_INVALID_TASK_DATA"),
        ({"type": "ImageToTextTask", "body": "!!"}, "ERROR_PARSE_IMAGE_FAIL"),
        ({"type": "ImageToTextTask", "body": "eHl6"}, "ERROR_INVALID_IMAGE"),
    ],
)
def test_bad_tasks_are_refused_and_cost_nothing(box: Sandbox, post: Post, task: object, expected: str) -> None:
    assert code(post("createTask", task=task)) == (400, expected)
    assert box.market(CapSolverSandbox).books().charges == ()


def test_a_task_becomes_ready_over_the_clock(box: Sandbox, post: Post) -> None:
    task = create(post)
    seen: list[str] = []
    for _ in range(4):
        seen.append(post("getTaskResult", taskId=task)[1]["status"])
        box.advance(seconds=3)
    assert seen == ["idle", "processing", "processing", "ready"]


def test_a_result_is_lost_after_five_minutes(box: Sandbox, post: Post) -> None:
    task = create(post)
    box.advance(minutes=5)
    assert post("getTaskResult", taskId=task)[1]["status"] == "ready"
    box.advance(seconds=1)
    assert code(post("getTaskResult", taskId=task)) == (200, "ERROR_TASKID_INVALID")


def test_a_result_is_lost_after_120_asks(box: Sandbox, post: Post) -> None:
    task = create(post)
    box.market(CapSolverSandbox).tasks[task].asks = 119
    assert post("getTaskResult", taskId=task)[1]["errorId"] == 0
    assert code(post("getTaskResult", taskId=task)) == (200, "ERROR_TASKID_INVALID")
    assert box.market(CapSolverSandbox).tasks[task].asks == 120


def test_hasty_asks_are_noted(box: Sandbox, post: Post) -> None:
    task = create(post)
    post("getTaskResult", taskId=task)
    assert box.market(CapSolverSandbox).hasty == []
    box.advance(seconds=2.9)
    post("getTaskResult", taskId=task)
    assert box.market(CapSolverSandbox).hasty == [task]


def test_the_books_balance(box: Sandbox, post: Post) -> None:
    create(post)
    box.market(CapSolverSandbox).fail_next()
    failing = create(post)
    books = box.market(CapSolverSandbox).books()
    assert (str(books.held), books.agree()) == ("0.0024", True)
    box.advance(seconds=10)
    assert code(post("getTaskResult", taskId=failing)) == (200, "ERROR_CAPTCHA_UNSOLVABLE")
    books = box.market(CapSolverSandbox).books()
    assert (str(books.balance), str(books.paid_out), str(books.refunded)) == ("9.9988", "0.0012", "0.0012")
    assert books.problems() == []
    assert post("getBalance") == (200, {"errorId": 0, "balance": 9.9988, "packages": []})


def test_a_callback_is_kept_for_looking_at(box: Sandbox, post: Post) -> None:
    _, answer = post("createTask", task=SLOW, callbackUrl="https://example.com/x")
    box.advance(seconds=10)
    ((url, told),) = box.market(CapSolverSandbox).callbacks
    assert (url, told["taskId"]) == ("https://example.com/x", answer["taskId"])


def test_an_empty_account_is_refused() -> None:
    empty = {"capsolver": {"balance": "0"}}
    with Sandbox("capsolver", options=empty) as box, Hub(box.accounts) as hub:
        with pytest.raises(InsufficientFunds):
            hub["capsolver"].publish(TaskDraft(image=png("x")))
        assert hub["capsolver"].balance() == Money("0", "USD")


def test_image_to_text(box: Sandbox, hub: Hub, tmp_path: Path) -> None:
    market = hub.market(CapSolver)
    image = png("words")
    box.market(CapSolverSandbox).teach(image, "44795sds")
    path = tmp_path / "words.png"
    path.write_bytes(image)
    for given in (image, path, str(path)):
        assert market.run(market.provider.image_to_text(given)) == "44795sds"
    assert box.market(CapSolverSandbox).request_count == 3


def test_image_to_text_checks_before_any_request(box: Sandbox, hub: Hub) -> None:
    market = hub.market(CapSolver)
    with pytest.raises(InvalidRequest):
        market.run(market.provider.image_to_text("no/such/file.png"))
    with pytest.raises(NotSupported) as caught:
        market.run(market.provider.solve(TaskDraft(image=b"x", title="T", reward=Money(1, "USD"))))
    assert set(caught.value.fields) == {"title", "reward"}
    assert box.market(CapSolverSandbox).requests == []


def test_the_same_by_the_async_hub(box: Sandbox, clock: Clock) -> None:
    async def main() -> None:
        async with AsyncHub(box.accounts, clock=clock) as hub:
            market = hub.market(CapSolver)
            task = await market.publish(TaskDraft(options=[CapSolverOptions(task=SLOW)]))
            assert [s async for s in market.submissions(task)] == []
            box.advance(seconds=10)
            (solution,) = [s async for s in market.submissions(task)]
            assert solution.status == "approved"
            assert (await market.task(task.id)).status == "completed"
            text = box.market(CapSolverSandbox).text_of(png("a"))
            assert await market.run(market.provider.image_to_text(png("a"))) == text

    anyio.run(main)


def test_the_solution_stays_after_the_marketplace_lost_it(box: Sandbox, hub: Hub) -> None:
    market = hub["capsolver"]
    task = market.publish(TaskDraft(options=[CapSolverOptions(task=SLOW)]))
    box.advance(seconds=10)
    (first,) = market.submissions(task)
    box.advance(hours=1)
    (again,) = market.submissions(task)
    assert again == first
    assert box.clock.now() - box.market(CapSolverSandbox).tasks[task.id].created > timedelta(minutes=5)
