"""CrowdSDOM's sandbox: its wire, and what the people behind it do."""

import json
from base64 import b64decode
from binascii import Error as NoBase64
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from crowdhub.sandbox import AccountSettings, Books, MarketSandbox, Purse, SandboxClock, SandboxError
from crowdhub.sandbox.values import JsonObject
from crowdhub_crowdsdom.sandbox import inputs, shapes
from crowdhub_crowdsdom.sandbox.state import Assignment, CrowdSDOMRefusal, Job, JobBoard, JobTemplate
from crowdhub_crowdsdom.sandbox.workers import Workers

OWNER = "56309424f1524a2b002310d5"
Body = JsonObject
Handler = Callable[[str, Body, datetime], object]
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
VERBS = {"pages": ("PUT", "POST"), "post": ("POST", "POST"), "put": ("PUT", "PUT")}
"""How a task is approved and rejected, and how a job is cancelled: as the API pages have it, as the PHP SDK and the
quick start do, as the Python SDK does."""


class CrowdSDOMSandbox(MarketSandbox):
    """A CrowdSDOM on loopback.

    Options: the opening ``balance``; ``token_ttl`` (0 or less: tokens do not end); ``every``, the seconds between two
    scripted workers on a job (0: none come); ``takes``, the seconds one works; ``returns``, the share that gives up.

    The documentation contradicts itself: ``verbs`` is ``pages`` (PUT to approve and reject, POST to cancel), ``post``
    or ``put`` (for all of them), ``paths`` ``lower`` (``/jobs``), ``capital`` (``/Jobs``) or ``both``, and another verb
    is answered with ``wrong_verb``: 405, or 404 in LoopBack's words ("no method handling"), as an unknown path always.
    """

    name: ClassVar[str] = "crowdsdom"

    def __init__(
        self,
        clock: SandboxClock | None = None,
        seed: int = 0,
        *,
        balance: str | Decimal = "1000.00",
        token_ttl: int = 7200,
        every: float = 60,
        takes: float = 120,
        returns: float = 0.1,
        verbs: str = "pages",
        paths: str = "both",
        wrong_verb: int = 405,
    ) -> None:
        super().__init__(clock, seed)
        _one_of("verbs", verbs, VERBS)
        _one_of("paths", paths, ("lower", "capital", "both"))
        _one_of("wrong_verb", wrong_verb, (404, 405))
        self.verbs, self.paths, self.wrong_verb = verbs, paths, wrong_verb
        self.key, self.secret = self.fake_key("api-key"), self.fake_key("api-secret")
        self.token_ttl = token_ttl
        self.tokens_given = 0
        self._tokens: dict[str, datetime] = {}
        self._ids = self.dice("ids")
        self._purse = Purse("CNY", Decimal(balance), self.now)
        self.board = JobBoard(self._purse, lambda: f"{self._ids.getrandbits(96):024x}")
        self.workers = Workers(self.board, self.dice("workers"), every=every, takes=takes, returns=returns)

    # --- what every market has

    def app(self) -> ASGIApp:
        """The nine calls, each under both spellings of its path where both are taken."""
        settle, cancel = VERBS[self.verbs]
        calls: dict[str, dict[str, Handler]] = {
            "/jobs": {"GET": self._list, "POST": self._publish},
            "/jobs/{id}": {"GET": self._job},
            "/jobs/{id}/tasks": {"GET": self._tasks},
            "/jobs/{id}/cancel": {cancel: self._cancel},
            "/tasks/{id}/approve": {settle: self._approve},
            "/tasks/{id}/reject": {settle: self._reject},
            "/jobTypes": {"POST": self._job_type},
        }
        routes = [Route("/oauth/token", self._token, methods=["POST"])]
        for path, handlers in calls.items():
            capital = f"/{path[1].upper()}{path[2:]}"
            spelt = {"lower": (path,), "capital": (capital,), "both": (path, capital)}[self.paths]
            routes += [Route(f"/v1{each}", self._endpoint(handlers), methods=METHODS) for each in spelt]
        return Starlette(routes=[*routes, Route("/{rest:path}", self._endpoint({}), methods=METHODS)])

    def account(self, base_url: str) -> AccountSettings:
        """The settings of the requester."""
        return {
            "api_key": self.key,
            "api_secret": self.secret,
            "base_url": f"{base_url}/v1",
            "account_url": base_url,
            "environment": "sandbox",
            **({"paths": "capital"} if self.paths == "capital" else {}),
        }

    def tick(self) -> None:
        """Let everything happen that is due."""
        with self.lock:
            self.board.run_to(self.now())

    def books(self) -> Books:
        """The requester's money."""
        with self.lock:
            return self._purse.books()

    def error_body(self, status: int, message: str) -> JsonObject:
        """LoopBack's shape."""
        return {"error": {"name": "Error", "status": status, "message": message}}

    # --- for tests and demos: workers by hand

    def take(self, job_id: str, worker: str = "by-hand") -> Assignment:
        """A worker begins on a job."""
        with self.lock:
            return self.board.take(self.board.jobs[job_id], worker, self.now())

    def hand_in(self, work: Assignment, answers: object = None) -> Assignment:
        """A worker hands in."""
        with self.lock:
            self.board.hand_in(work, answers or [{"questionId": "proof", "answer": ["done"]}], self.now())
            self.board.run_to(self.now())
            return work

    def give_up(self, work: Assignment) -> None:
        """A worker gives a task back."""
        with self.lock:
            self.board.give_up(work, self.now())

    # --- the wire

    async def _token(self, request: Request) -> Response:
        try:
            body = inputs.json_object(await request.body())
            if body.get("grant_type") != "client_credentials":
                raise CrowdSDOMRefusal(400, "unsupported_grant_type", "text")
            given = _basic(request.headers.get("authorization", ""))
            if given is None:
                given = (str(body.get("client_id")), str(body.get("client_secret")))
            if given != (self.key, self.secret):
                raise CrowdSDOMRefusal(401, "invalid_client", "text")
        except CrowdSDOMRefusal as refusal:
            return self._refused(refusal)
        with self.lock:
            now = self.now()
            value = self.fake_key(f"token-{self.tokens_given}")
            self.tokens_given += 1
            life = timedelta(seconds=self.token_ttl) if self.token_ttl > 0 else timedelta(days=3650)
            self._tokens[value] = now + life
        token = {"id": value, "ttl": self.token_ttl, "clientId": self.key, "created": shapes.iso(now), "userId": OWNER}
        return _json(200, {"access_token": token, "token_type": "Bearer"})

    def _endpoint(self, handlers: Mapping[str, Handler]) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            content = await request.body()
            try:
                with self.lock:
                    now = self.now()
                    ends = self._tokens.get(request.headers.get("authorization", ""))
                    if ends is None or ends <= now:
                        raise CrowdSDOMRefusal(401, "Authorization Required")
                    handle = handlers.get(request.method)
                    if handle is None:
                        words = f"There is no method handling {request.method} {request.url.path}"
                        raise CrowdSDOMRefusal(self.wrong_verb if handlers else 404, words)
                    self.board.run_to(now)
                    body = inputs.json_object(content) if request.method != "GET" else {}
                    return _json(200, handle(request.path_params.get("id", ""), body, now))
            except CrowdSDOMRefusal as refusal:
                return self._refused(refusal)

        return answer

    def _refused(self, refusal: CrowdSDOMRefusal) -> Response:
        if refusal.shape == "plain":
            return PlainTextResponse(refusal.words, refusal.status)
        if refusal.shape == "text":
            return _json(refusal.status, {"error": refusal.words})
        return _json(refusal.status, self.error_body(refusal.status, refusal.words))

    def _list(self, _id: str, _body: Body, now: datetime) -> object:
        return [shapes.job(each, now, OWNER) for each in self.board.jobs.values()]

    def _publish(self, _id: str, body: Body, now: datetime) -> object:
        kind: JobTemplate | None = None
        if "jobTypeId" in body:
            kind = self.board.job_types.get(str(body["jobTypeId"]))
            if kind is None:
                raise CrowdSDOMRefusal(404, "Unknown jobType id")
            # Everything but the number of workers is the job type's, whatever the request says.
            workers = inputs.whole(body, "maxTasks") if "maxTasks" in body else kind.terms.max_tasks
            terms = replace(kind.terms, max_tasks=workers)
        else:
            terms = inputs.terms(body)
        job = self.board.publish(terms, inputs.form(body), kind.id if kind else None, now)
        self.workers.expect(job, now)
        return shapes.job(job, now, OWNER)

    def _job(self, job_id: str, _body: Body, now: datetime) -> object:
        return shapes.job(self._find(job_id), now, OWNER)

    def _tasks(self, job_id: str, _body: Body, _now: datetime) -> object:
        return [shapes.work(each, OWNER, listed=True) for each in self._find(job_id).work.values()]

    def _cancel(self, job_id: str, _body: Body, now: datetime) -> object:
        self.board.cancel(self._find(job_id), now)
        return {"result": True}

    def _approve(self, task_id: str, body: Body, now: datetime) -> object:
        work = self._find_work(task_id)
        self.board.approve(work, inputs.feedback(body), now)
        return self._settled(work, now)

    def _reject(self, task_id: str, body: Body, now: datetime) -> object:
        work = self._find_work(task_id)
        self.board.reject(work, inputs.feedback(body), now)
        return self._settled(work, now)

    def _settled(self, work: Assignment, now: datetime) -> object:
        return {"job": shapes.job(work.job, now, OWNER), "task": shapes.work(work, OWNER, listed=False)}

    def _job_type(self, _id: str, body: Body, now: datetime) -> object:
        made = JobTemplate(self.board.new_id(), inputs.terms(body))
        self.board.job_types[made.id] = made
        dates = {"createdAt": shapes.iso(now), "updatedAt": shapes.iso(now)}
        return {**shapes.terms(made.terms), **dates, "id": made.id, "ownerId": OWNER}

    def _find(self, job_id: str) -> Job:
        job = self.board.jobs.get(job_id)
        if job is None:
            raise CrowdSDOMRefusal(404, f'Unknown "job" id "{job_id}".')
        return job

    def _find_work(self, task_id: str) -> Assignment:
        work = self.board.work.get(task_id)
        if work is None:
            raise CrowdSDOMRefusal(404, f'Unknown "task" id "{task_id}".')
        return work


def _json(status: int, value: object) -> Response:
    # As JavaScript writes numbers: Decimals of the request come back as doubles.
    content = json.dumps(value, ensure_ascii=False, default=float)
    return Response(content, status, media_type="application/json")


def _basic(header: str) -> tuple[str, str] | None:
    kind, _, value = header.partition(" ")
    if kind != "Basic":
        return None
    try:
        key, _, secret = b64decode(value, validate=True).decode().partition(":")
    except (NoBase64, ValueError):
        return None
    return key, secret


def _one_of(option: str, given: object, known: Iterable[object]) -> None:
    ways = list(known)
    if given not in ways:
        raise SandboxError(f"{option} = {given!r} is none of {', '.join(map(str, ways))}")
