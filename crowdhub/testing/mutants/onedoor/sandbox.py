"""Onedoor on loopback."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_UP, Decimal
from typing import ClassVar, TypeVar, cast

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from crowdhub.sandbox import Books, MarketSandbox, Purse, SandboxClock

T = TypeVar("T")
Json = dict[str, object]
CENT = Decimal("0.01")
FEE = Decimal("0.10")
CATEGORIES = ("too-short", "off-topic", "copied")


class OnedoorRefusal(Exception):
    """An error answer."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.body = status, {"code": code, "message": message}


@dataclass(slots=True)
class OnedoorWork:
    """What a worker handed in."""

    id: str
    task: OnedoorTask
    worker: str
    answer: str
    files: dict[str, bytes]
    at: datetime
    state: str = "waiting"
    comment: str | None = None

    def shown(self) -> Json:
        names = ("id", "worker", "answer", "state", "comment")
        told: Json = {name: getattr(self, name) for name in names}
        return {**told, "task": self.task.id, "files": list(self.files), "at": self.at.isoformat()}


@dataclass(slots=True)
class OnedoorTask:
    """A task; a draft until it was started."""

    id: str
    title: str
    text: str
    cents: int
    places: int
    countries: list[str]
    token: str | None
    made: datetime
    started: bool = False
    paused: bool = False
    work: list[OnedoorWork] = field(default_factory=list[OnedoorWork])

    def count(self, state: str) -> int:
        return sum(each.state == state for each in self.work)

    @property
    def free(self) -> int:
        return self.places - self.count("waiting") - self.count("approved")

    @property
    def state(self) -> str:
        if not self.started:
            return "draft"
        if self.count("approved") == self.places:
            return "done"
        return "paused" if self.paused else "open" if self.free else "full"

    def shown(self) -> Json:
        names = ("id", "title", "text", "cents", "places", "free", "state", "token")
        counts = {state: self.count(state) for state in ("waiting", "approved", "rejected")}
        return {**{name: getattr(self, name) for name in names}, **counts, "made": self.made.isoformat()}


@dataclass(slots=True)
class OnedoorGrant:
    """A payment beside the reward. ``paid``: how often it was."""

    id: str
    work: OnedoorWork
    cents: int
    token: str | None
    paid: int = 0

    def shown(self) -> Json:
        return {"id": self.id, "cents": self.cents, "token": self.token, "paid": self.paid > 0}


class OnedoorSandbox(MarketSandbox):
    """Options: the opening ``balance``, and ``rows``, how many items a page has."""

    name: ClassVar[str] = "onedoor"

    def __init__(
        self, clock: SandboxClock | None = None, seed: int = 0, *, balance: str = "1000.00", rows: int = 3
    ) -> None:
        super().__init__(clock, seed)
        self.key = self.fake_key()
        self.rows = rows
        self.tasks: dict[str, OnedoorTask] = {}
        self.work: dict[str, OnedoorWork] = {}
        self.grants: dict[str, OnedoorGrant] = {}
        self.letters: list[tuple[str, str]] = []
        self.purse = Purse("EUR", Decimal(balance), self.now)

    # --- what every market has

    def app(self) -> ASGIApp:
        routes = [Route("/", self._door, methods=["POST"]), Route("/files/{name}", self._file, methods=["GET"])]
        return Starlette(routes=routes)

    def account(self, base_url: str) -> dict[str, object]:
        self.address = base_url
        return {"key": self.key, "base_url": base_url}

    def tick(self) -> None:
        """Nobody comes unless `hand_in` calls."""

    def books(self) -> Books:
        with self.lock:
            return self.purse.books()

    def is_api(self, path: str) -> bool:
        return not path.startswith("/files/")

    def operation_of(self, request: Request) -> str | None:
        return request.headers.get("x-operation")

    def error_body(self, status: int, message: str) -> Json:
        return {"code": f"http-{status}", "message": message}

    # --- for tests

    def hand_in(self, task_id: str, answer: str, files: Sequence[bytes] = ()) -> None:
        """A new worker hands in."""
        with self.lock:
            task, number = self.tasks[task_id], len(self.work) + 1
            if task.state != "open":
                raise ValueError(f"the task is {task.state}")
            named = {f"f{number}-{place}": content for place, content in enumerate(files)}
            made = OnedoorWork(f"s{number}", task, f"w{number}", answer, named, self.now())
            self.work[made.id] = made
            task.work.append(made)

    # --- the wire

    async def _door(self, request: Request) -> Response:
        content = await request.body()
        try:
            seal = hmac.new(self.key.encode(), content, "sha256").hexdigest()
            if request.headers.get("x-key") != self.key or request.headers.get("x-seal") != seal:
                raise OnedoorRefusal(401, "key", "The key or the seal is wrong.")
            handle = self._operations().get(request.headers.get("x-operation", ""))
            if handle is None:
                raise OnedoorRefusal(400, "operation", "There is no such operation.")
            with self.lock:
                said = handle(_object(content))
        except OnedoorRefusal as refusal:
            return JSONResponse(refusal.body, refusal.status)
        return Response(status_code=204) if said is None else JSONResponse(said)

    def _operations(self) -> dict[str, Callable[[Json], object]]:
        return {
            "GetBalance": lambda _: str(int(self.purse.balance / CENT)),
            "CreateTask": self._create,
            "StartTask": self._start,
            "GetTask": lambda body: _found(self.tasks, body, "task").shown(),
            "ListTasks": lambda body: self._page([each.shown() for each in self.tasks.values()], body),
            "ListWork": lambda body: self._page([each.shown() for each in _found(self.tasks, body, "task").work], body),
            "GetWork": lambda body: _found(self.work, body, "work").shown(),
            "GetFile": lambda body: {"url": f"{self.address}/files/{body.get('file')}?now={self.now():%H%M}"},
            "Approve": lambda body: self._settle(body, "approved"),
            "Reject": lambda body: self._settle(body, "rejected"),
            "OpenGrant": self._open_grant,
            "PayGrant": self._pay_grant,
            "ListGrants": self._list_grants,
            "SetPlaces": self._set_places,
            "Pause": lambda body: self._show_or_hide(body, paused=True),
            "Resume": lambda body: self._show_or_hide(body, paused=False),
            "Write": lambda body: self.letters.append((str(body.get("worker")), str(body.get("text")))),
        }

    def _create(self, body: Json) -> object:
        title, text, token = (body.get(name) for name in ("title", "text", "token"))
        if not title or not text:
            raise OnedoorRefusal(400, "invalid", "title and text are required")
        countries = cast("list[str]", body.get("countries") or [])
        made = OnedoorTask(
            f"t{len(self.tasks) + 1}",
            str(title),
            str(text),
            _number(body, "cents"),
            _number(body, "places"),
            countries,
            None if token is None else str(token),
            self.now(),
        )
        self.tasks[made.id] = made
        return made.shown()

    def _start(self, body: Json) -> object:
        task = _found(self.tasks, body, "task")
        if not task.started:
            self._charge("publish", task, task.places)
            task.started = True
        return None

    def _set_places(self, body: Json) -> object:
        task, places = _found(self.tasks, body, "task"), _number(body, "places")
        if places < task.places:
            raise OnedoorRefusal(400, "invalid", "places cannot be taken back")
        if places > task.places:
            self._charge("extend", task, places - task.places)
            task.places = places
        return task.shown()

    def _charge(self, kind: str, task: OnedoorTask, places: int) -> None:
        work = CENT * task.cents * places
        fee = (work * FEE).quantize(CENT, ROUND_UP)
        if work + fee > self.purse.balance:
            raise OnedoorRefusal(402, "funds", "The balance does not cover it.")
        _ = self.purse.charge(kind, task.id, held=work, commission=fee, reference=task.title)

    def _show_or_hide(self, body: Json, *, paused: bool) -> object:
        _found(self.tasks, body, "task").paused = paused
        return None

    def _settle(self, body: Json, state: str) -> object:
        work = _found(self.work, body, "work")
        if work.state == state:
            return None
        if work.state != "waiting":
            raise OnedoorRefusal(409, "settled", f"It is {work.state}.")
        comment, category = body.get("comment"), body.get("category")
        if state == "rejected" and category not in CATEGORIES:
            raise OnedoorRefusal(400, "invalid", f"a rejection has a category: {', '.join(CATEGORIES)}")
        work.state, work.comment = state, None if comment is None else str(comment)
        if state == "approved":
            _ = self.purse.pay_out(work.task.id, CENT * work.task.cents, reference=work.id)
        return None

    def _open_grant(self, body: Json) -> object:
        work, token = _found(self.work, body, "work"), body.get("token")
        for each in self.grants.values():
            if each.token == token and each.work is work:
                return each.shown()
        made = OnedoorGrant(
            f"g{len(self.grants) + 1}", work, _number(body, "cents"), None if token is None else str(token)
        )
        self.grants[made.id] = made
        return made.shown()

    def _pay_grant(self, body: Json) -> object:
        grant = _found(self.grants, body, "grant")
        grant.paid += 1
        amount, reference = CENT * grant.cents, f"{grant.id}, payment {grant.paid}"
        _ = self.purse.charge("bonus", grant.work.task.id, held=amount, reference=reference)
        _ = self.purse.pay_out(grant.work.task.id, amount, reference=reference)
        return None

    def _list_grants(self, body: Json) -> object:
        work = _found(self.work, body, "work")
        return {"rows": [each.shown() for each in self.grants.values() if each.work is work]}

    def _page(self, rows: Sequence[Json], body: Json) -> object:
        after = body.get("after")
        start = next((number for number, row in enumerate(rows, 1) if row["id"] == after), 0)
        page = rows[start : start + self.rows]
        return {"rows": page, "after": page[-1]["id"] if len(rows) > start + self.rows else None}

    async def _file(self, request: Request) -> Response:
        name = request.path_params["name"]
        files = {key: content for each in self.work.values() for key, content in each.files.items()}
        if name not in files or "now" not in request.query_params:  # a link that was not asked for leads nowhere
            return Response(status_code=404)
        return Response(files[name], media_type="image/png")


def _object(content: bytes) -> Json:
    try:
        value: object = json.loads(content)
    except ValueError as fault:
        raise OnedoorRefusal(400, "invalid", "The body is not JSON.") from fault
    if not isinstance(value, dict):
        raise OnedoorRefusal(400, "invalid", "The body is not an object.")
    return cast("Json", value)


def _found(things: dict[str, T], body: Json, name: str) -> T:
    found = things.get(str(body.get(name)))
    if found is None:
        raise OnedoorRefusal(404, "unknown", f"There is no such {name}.")
    return found


def _number(body: Json, name: str) -> int:
    value = body.get(name)
    if not isinstance(value, int) or value < 1:
        raise OnedoorRefusal(400, "invalid", f"{name} must be a number from 1 on")
    return value
