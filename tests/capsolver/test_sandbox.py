"""The sandbox on its own terms, with a plain HTTP client, and with crowdhub on both sides."""

from base64 import b64encode
from datetime import timedelta

import anyio
import httpx
import pytest

from crowdhub import AsyncHub, Hub, Money, TaskDraft
from crowdhub.errors import InsufficientFunds, InvalidRequest, NotSupported
from crowdhub.sandbox import Sandbox, png
from crowdhub_capsolver import CapSolverOptions

SLOW = {"type": "ReCaptchaV2TaskProxyLess"}


@pytest.fixture
def post(box):
    account = box.accounts["capsolver"]

    def send(path, key=account["client_key"], **body):
        reply = httpx.post(f"{account['base_url']}/{path}", json={"clientKey": key, **body})
        return reply.status_code, reply.json()

    return send


def create(post, task=SLOW):
    status, answer = post("createTask", task=task)
    assert (status, answer["errorId"]) == (200, 0)
    return answer["taskId"]


def code(answered):
    return answered[0], answered[1]["errorCode"]


def test_the_key_is_verified(post):
    for path in ("createTask", "getTaskResult", "getBalance"):
        assert code(post(path, key="wrong")) == (401, "ERROR_KEY_DENIED_ACCESS")


def test_recognition_answers_at_once(box, post):
    image = png("words")
    box["capsolver"].teach(image, "44795sds")
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
def test_bad_tasks_are_refused_and_cost_nothing(box, post, task, expected):
    assert code(post("createTask", task=task)) == (400, expected)
    assert box["capsolver"].books().charges == ()


def test_a_task_becomes_ready_over_the_clock(box, post):
    task = create(post)
    seen = []
    for _ in range(4):
        seen.append(post("getTaskResult", taskId=task)[1]["status"])
        box.advance(seconds=3)
    assert seen == ["idle", "processing", "processing", "ready"]


def test_a_result_is_lost_after_five_minutes(box, post):
    task = create(post)
    box.advance(minutes=5)
    assert post("getTaskResult", taskId=task)[1]["status"] == "ready"
    box.advance(seconds=1)
    assert code(post("getTaskResult", taskId=task)) == (200, "ERROR_TASKID_INVALID")


def test_a_result_is_lost_after_120_asks(box, post):
    task = create(post)
    box["capsolver"].tasks[task].asks = 119
    assert post("getTaskResult", taskId=task)[1]["errorId"] == 0
    assert code(post("getTaskResult", taskId=task)) == (200, "ERROR_TASKID_INVALID")
    assert box["capsolver"].tasks[task].asks == 120


def test_hasty_asks_are_noted(box, post):
    task = create(post)
    post("getTaskResult", taskId=task)
    assert box["capsolver"].hasty == []
    box.advance(seconds=2.9)
    post("getTaskResult", taskId=task)
    assert box["capsolver"].hasty == [task]


def test_the_books_balance(box, post):
    create(post)
    box["capsolver"].fail_next()
    failing = create(post)
    books = box["capsolver"].books()
    assert (str(books.held), books.agree()) == ("0.0024", True)
    box.advance(seconds=10)
    assert code(post("getTaskResult", taskId=failing)) == (200, "ERROR_CAPTCHA_UNSOLVABLE")
    books = box["capsolver"].books()
    assert (str(books.balance), str(books.paid_out), str(books.refunded)) == ("9.9988", "0.0012", "0.0012")
    assert books.problems() == []
    assert post("getBalance") == (200, {"errorId": 0, "balance": 9.9988, "packages": []})


def test_a_callback_is_kept_for_looking_at(box, post):
    _, answer = post("createTask", task=SLOW, callbackUrl="https://example.com/x")
    box.advance(seconds=10)
    ((url, told),) = box["capsolver"].callbacks
    assert (url, told["taskId"]) == ("https://example.com/x", answer["taskId"])


def test_an_empty_account_is_refused():
    empty = {"capsolver": {"balance": "0"}}
    with Sandbox("capsolver", options=empty) as box, Hub(box.accounts, ledger=None) as hub:
        with pytest.raises(InsufficientFunds):
            hub["capsolver"].publish(TaskDraft(image=png("x")))
        assert hub["capsolver"].balance() == Money("0", "USD")


def test_image_to_text(box, hub, tmp_path):
    market = hub["capsolver"]
    image = png("words")
    box["capsolver"].teach(image, "44795sds")
    path = tmp_path / "words.png"
    path.write_bytes(image)
    for given in (image, path, str(path)):
        assert market.run(market.provider.image_to_text(given)) == "44795sds"
    assert box["capsolver"].request_count == 3


def test_image_to_text_checks_before_any_request(box, hub):
    market = hub["capsolver"]
    with pytest.raises(InvalidRequest):
        market.run(market.provider.image_to_text("no/such/file.png"))
    with pytest.raises(NotSupported) as caught:
        market.run(market.provider.solve(TaskDraft(image=b"x", title="T", reward=Money(1, "USD"))))
    assert set(caught.value.fields) == {"title", "reward"}
    assert box["capsolver"].requests == []


def test_the_same_by_the_async_hub(box, clock):
    async def main() -> None:
        async with AsyncHub(box.accounts, ledger=None, clock=clock) as hub:
            market = hub["capsolver"]
            task = await market.publish(TaskDraft(options=[CapSolverOptions(task=SLOW)]))
            assert [s async for s in market.submissions(task)] == []
            box.advance(seconds=10)
            (solution,) = [s async for s in market.submissions(task)]
            assert solution.status == "approved"
            assert (await market.task(task.id)).status == "completed"
            assert await market.run(market.provider.image_to_text(png("a"))) == box["capsolver"].text_of(png("a"))

    anyio.run(main)


def test_the_solution_stays_after_the_marketplace_lost_it(box, hub):
    market = hub["capsolver"]
    task = market.publish(TaskDraft(options=[CapSolverOptions(task=SLOW)]))
    box.advance(seconds=10)
    (first,) = market.submissions(task)
    box.advance(hours=1)
    (again,) = market.submissions(task)
    assert again == first
    assert box.clock.now() - box["capsolver"].tasks[task.id].created > timedelta(minutes=5)
