"""CapSolver on loopback, written from the provider's documentation alone; nothing of the client side is imported.

Where the documentation is silent, this sandbox decides:

* A task is charged when it is created, and refunded where it cannot be solved. Prices are this sandbox's own.
* ``ImageToTextTask`` and ``VisionEngine`` are synchronous; every other name that holds ``Task`` is asynchronous:
  idle for 2 seconds of the sandbox's clock, then processing, then ready.
* The text of an image is made up from its bytes (`text_of`), unless `teach` said what it is.
* A result that is over 5 minutes old, or was asked for more than 120 times, is ``ERROR_TASKID_INVALID``, as is that
  of a synchronous task. Asks less than 3 seconds apart are answered and noted in `hasty`.
* Errors are 401 for a wrong key, 400 otherwise, but 200 for those of ``getTaskResult``.
* A task that cannot be solved is answered with the error, or with status ``failed`` (`fail_next`).
* ``feedbackTask`` keeps what was reported, the last word of several, and moves no money.
* A ``callbackUrl`` is not called: what would be sent there is in `callbacks`.
"""

from base64 import b64decode
from binascii import Error as NoBase64
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import ClassVar
from uuid import UUID

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from crowdhub.sandbox import AccountSettings, Books, MarketSandbox, Purse, SandboxClock
from crowdhub.sandbox.images import is_image
from crowdhub.sandbox.values import JsonObject, is_object, parsed

SYNCHRONOUS = ("ImageToTextTask", "VisionEngine")
WINDOW = timedelta(minutes=5)
ASKS = 120
SPACING = timedelta(seconds=3)
IDLE = timedelta(seconds=2)
PRICES = {"ImageToTextTask": "0.0004", "VisionEngine": "0.0008"}
OTHER_PRICE = "0.0012"
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


class CapSolverRefusal(Exception):
    """An error body, as documented."""

    def __init__(self, code: str, words: str, status: int = 400) -> None:
        super().__init__(code)
        self.body = {"errorId": 1, "errorCode": code, "errorDescription": words}
        self.status = status


@dataclass(slots=True)
class SandboxTask:
    """A task as the marketplace sees it."""

    id: str
    kind: str
    created: datetime
    ready: datetime
    price: Decimal
    solution: dict[str, str]
    asked: JsonObject
    """The task as the customer sent it."""
    callback: str | None
    failing: str | None = None
    by_status: bool = False
    """Whether it is told by the status ``failed``."""
    feedback: JsonObject | None = None
    asks: int = 0
    last_ask: datetime | None = None


class CapSolverSandbox(MarketSandbox):
    """A CapSolver on loopback. Options: the opening ``balance``, and ``solve_seconds``, how long an asynchronous task
    takes."""

    name: ClassVar[str] = "capsolver"

    def __init__(
        self,
        clock: SandboxClock | None = None,
        seed: int = 0,
        *,
        balance: str | Decimal = "10.00",
        solve_seconds: float = 8,
    ) -> None:
        super().__init__(clock, seed)
        self.key = self.fake_key("client-key")
        self.solve_time = timedelta(seconds=solve_seconds)
        self.tasks: dict[str, SandboxTask] = {}
        self.callbacks: list[tuple[str, JsonObject]] = []
        self.hasty: list[str] = []
        self._purse = Purse("USD", Decimal(balance), self.now)
        self._ids = self.dice("ids")
        self._taught: dict[bytes, str] = {}
        self._failing: list[tuple[str, bool]] = []
        self._unsettled: dict[str, SandboxTask] = {}

    # --- what every market has

    def app(self) -> ASGIApp:
        """The four endpoints."""
        names = {
            "createTask": self._create,
            "getTaskResult": self._result,
            "getBalance": self._balance,
            "feedbackTask": self._feedback,
        }

        async def answer(request: Request) -> Response:
            handle = names[request.url.path.strip("/")]
            try:
                body = _object(await request.body())
                with self.lock:
                    self._settle(self.now())
                    if body.get("clientKey") != self.key:
                        raise CapSolverRefusal("ERROR_KEY_DENIED_ACCESS", "Wrong account key", 401)
                    return JSONResponse(handle(body))
            except CapSolverRefusal as refusal:
                return JSONResponse(refusal.body, refusal.status)

        return Starlette(routes=[Route(f"/{name}", answer, methods=["POST"]) for name in names])

    def account(self, base_url: str) -> AccountSettings:
        """The settings of the customer."""
        return {"client_key": self.key, "base_url": base_url, "environment": "sandbox"}

    def tick(self) -> None:
        """Finish what is due."""
        with self.lock:
            self._settle(self.now())

    def books(self) -> Books:
        """The customer's money."""
        with self.lock:
            return self._purse.books()

    def error_body(self, status: int, message: str) -> JsonObject:
        """Errors as documented."""
        code = {429: "ERROR_RATE_LIMIT", 503: "ERROR_SERVICE_UNAVALIABLE"}.get(status, "ERROR_BAD_REQUEST")
        return {"errorId": 1, "errorCode": code, "errorDescription": message}

    # --- for tests and demos

    def teach(self, image: bytes, text: str) -> None:
        """Say what is written on an image."""
        with self.lock:
            self._taught[sha256(image).digest()] = text

    def text_of(self, image: bytes) -> str:
        """What the recognition will answer for an image."""
        digest = sha256(image).digest()
        made_up = "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest[:6])
        return self._taught.get(digest, made_up)

    def fail_next(self, code: str = "ERROR_CAPTCHA_UNSOLVABLE", *, by_status: bool = False) -> None:
        """The next task that is created cannot be solved. ``by_status``: that is no error, but the status ``failed``,
        with the code beside it (an empty one: nothing beside it)."""
        with self.lock:
            self._failing.append((code, by_status))

    # --- the endpoints

    def _create(self, body: JsonObject) -> JsonObject:
        task = body.get("task")
        if not is_object(task):
            raise CapSolverRefusal("ERROR_INVALID_TASK_DATA", "task is required")
        kind = task.get("type")
        if not isinstance(kind, str) or not (kind in SYNCHRONOUS or "Task" in kind):
            raise CapSolverRefusal("ERROR_TASK_NOT_SUPPORTED", f"Task type {kind!r} is not supported")
        callback = body.get("callbackUrl")
        if callback is not None and not isinstance(callback, str):
            raise CapSolverRefusal("ERROR_BAD_REQUEST", "callbackUrl must be a string")
        at_once = kind in SYNCHRONOUS
        solution = self._recognise(task) if at_once else {"token": f"{self._ids.getrandbits(160):040x}"}
        price = Decimal(PRICES.get(kind, OTHER_PRICE))
        if price > self._purse.balance:
            raise CapSolverRefusal("ERROR_ZERO_BALANCE", "Insufficient account balance")
        failing, by_status = self._failing.pop(0) if self._failing else (None, False)
        if failing and at_once and not by_status:
            raise CapSolverRefusal(failing, "The task could not be solved")
        now = self.now()
        made = SandboxTask(
            id=str(UUID(int=self._ids.getrandbits(128), version=4)),
            kind=kind,
            created=now,
            ready=now if at_once else now + self.solve_time,
            price=price,
            solution=solution,
            asked=task,
            callback=callback,
            failing=failing,
            by_status=by_status,
        )
        self.tasks[made.id] = self._unsettled[made.id] = made
        _ = self._purse.charge("publish", made.id, held=price, reference=made.id)
        self._settle(now)
        answer: JsonObject = {"errorId": 0, "errorCode": "", "errorDescription": "", "taskId": made.id}
        if at_once and by_status:
            return {**answer, **_failed(made)}
        return {**answer, "status": "ready", "solution": solution} if at_once else answer

    def _recognise(self, task: JsonObject) -> dict[str, str]:
        content = task.get("body")
        if not isinstance(content, str) or not content:
            raise CapSolverRefusal("ERROR_INVALID_TASK_DATA", "body is required")
        try:
            image = b64decode(content, validate=True)
        except (NoBase64, ValueError) as fault:
            raise CapSolverRefusal("ERROR_PARSE_IMAGE_FAIL", "body is not base64") from fault
        if not is_image(image):
            raise CapSolverRefusal("ERROR_INVALID_IMAGE", "body is not an image")
        return {"text": self.text_of(image)}

    def _result(self, body: JsonObject) -> JsonObject:
        task = self.tasks.get(str(body.get("taskId")))
        now = self.now()
        if task is None or task.kind in SYNCHRONOUS or now - task.created > WINDOW or task.asks >= ASKS:
            raise CapSolverRefusal("ERROR_TASKID_INVALID", "Task ID does not exist or is invalid", 200)
        if task.last_ask is not None and now - task.last_ask < SPACING:
            self.hasty.append(task.id)
        task.asks += 1
        task.last_ask = now
        if now < task.ready:
            status = "idle" if now - task.created < IDLE else "processing"
            return {"errorId": 0, "errorCode": "", "errorDescription": "", "status": status}
        if task.by_status:
            return {"errorId": 0, "taskId": task.id, **_failed(task)}
        if task.failing:
            raise CapSolverRefusal(task.failing, "The task could not be solved", 200)
        return {"errorId": 0, "taskId": task.id, "status": "ready", "solution": task.solution}

    def _feedback(self, body: JsonObject) -> JsonObject:
        task, result = self.tasks.get(str(body.get("taskId"))), body.get("result")
        if task is None:
            raise CapSolverRefusal("ERROR_TASKID_INVALID", "Task ID does not exist or is invalid")
        if not is_object(result) or not isinstance(result.get("invalid"), bool):
            raise CapSolverRefusal("ERROR_BAD_REQUEST", "result.invalid is required")
        task.feedback = result
        return {"errorId": 0, "errorCode": "", "errorDescription": "", "message": "okay"}

    def _balance(self, body: JsonObject) -> JsonObject:
        del body
        return {"errorId": 0, "balance": float(self._purse.balance), "packages": []}

    def _settle(self, now: datetime) -> None:
        """Pay for what is solved by now, give back what cannot be."""
        for task in [each for each in self._unsettled.values() if each.ready <= now]:
            del self._unsettled[task.id]
            if task.failing or task.by_status:
                _ = self._purse.refund(task.id, held=task.price, reference=task.id)
                continue
            _ = self._purse.pay_out(task.id, task.price, reference=task.id)
            if task.callback:
                self.callbacks.append(
                    (task.callback, {"taskId": task.id, "status": "ready", "solution": task.solution})
                )


def _failed(task: SandboxTask) -> JsonObject:
    return {"status": "failed", "errorCode": task.failing or "", "errorDescription": "The task could not be solved"}


def _object(body: bytes) -> JsonObject:
    try:
        value = parsed(body)
    except ValueError as fault:
        raise CapSolverRefusal("ERROR_BAD_REQUEST", "The body is not JSON") from fault
    if not is_object(value):
        raise CapSolverRefusal("ERROR_BAD_REQUEST", "The body is not an object")
    return value
