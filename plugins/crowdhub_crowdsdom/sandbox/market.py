"""CrowdSDOM's sandbox: its wire, and what the people behind it do."""

import json
from base64 import b64decode
from binascii import Error as NoBase64
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from crowdhub.sandbox import Books, MarketSandbox, Purse, SandboxClock
from crowdhub_crowdsdom.sandbox import inputs, shapes
from crowdhub_crowdsdom.sandbox.state import Job, Place, Refusal, Work
from crowdhub_crowdsdom.sandbox.workers import Workers

OWNER = "56309424f1524a2b002310d5"
Body = dict[str, Any]
Handler = Callable[[str, Body, datetime], Any]


class CrowdSDOMSandbox(MarketSandbox):
    """A CrowdSDOM on loopback.

    Options: the opening ``balance``; ``token_ttl``; ``every``, the seconds between two scripted workers on a job
    (0: none come); ``takes``, the seconds one works; ``returns``, the share that gives up.
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
    ) -> None:
        super().__init__(clock, seed)
        self.key, self.secret = self.fake_key("api-key"), self.fake_key("api-secret")
        self.token_ttl = token_ttl
        self.tokens_given = 0
        self._tokens: dict[str, datetime] = {}
        self._ids = self.dice("ids")
        self._purse = Purse("CNY", Decimal(balance), self.clock.now)
        self.place = Place(self._purse, lambda: f"{self._ids.getrandbits(96):024x}")
        self.workers = Workers(self.place, self.dice("workers"), every=every, takes=takes, returns=returns)

    # --- what every market has

    def app(self) -> ASGIApp:
        """The nine calls."""

        def route(path: str, method: str, handle: Handler) -> Route:
            return Route(path, self._endpoint(handle), methods=[method])

        return Starlette(
            routes=[
                Route("/oauth/token", self._token, methods=["POST"]),
                route("/v1/jobs", "GET", self._list),
                route("/v1/jobs", "POST", self._publish),
                route("/v1/jobs/{id}", "GET", self._job),
                route("/v1/jobs/{id}/tasks", "GET", self._tasks),
                route("/v1/jobs/{id}/cancel", "POST", self._cancel),
                route("/v1/tasks/{id}/approve", "PUT", self._approve),
                route("/v1/tasks/{id}/reject", "PUT", self._reject),
                route("/v1/jobTypes", "POST", self._job_type),
            ]
        )

    def account(self, base_url: str) -> dict[str, Any]:
        """The settings of the requester."""
        return {
            "api_key": self.key,
            "api_secret": self.secret,
            "base_url": f"{base_url}/v1",
            "account_url": base_url,
            "environment": "sandbox",
        }

    def tick(self) -> None:
        """Let everything happen that is due."""
        with self.lock:
            self.place.run_to(self.clock.now())

    def books(self) -> Books:
        """The requester's money."""
        with self.lock:
            return self._purse.books()

    def error_body(self, status: int, message: str) -> dict[str, Any]:
        """LoopBack's shape."""
        return {"error": {"name": "Error", "status": status, "message": message}}

    # --- for tests and demos: workers by hand

    def take(self, job_id: str, worker: str = "by-hand") -> Work:
        """A worker begins on a job."""
        with self.lock:
            return self.place.take(self.place.jobs[job_id], worker, self.clock.now())

    def hand_in(self, work: Work, answers: Any = None) -> Work:
        """A worker hands in."""
        with self.lock:
            self.place.hand_in(work, answers or [{"questionId": "proof", "answer": ["done"]}], self.clock.now())
            self.place.run_to(self.clock.now())
            return work

    def give_up(self, work: Work) -> None:
        """A worker gives a task back."""
        with self.lock:
            self.place.give_up(work, self.clock.now())

    # --- the wire

    async def _token(self, request: Request) -> Response:
        try:
            body = inputs.json_object(await request.body())
            if body.get("grant_type") != "client_credentials":
                raise Refusal(400, "unsupported_grant_type", "text")
            given = _basic(request.headers.get("authorization", ""))
            if given is None:
                given = (str(body.get("client_id")), str(body.get("client_secret")))
            if given != (self.key, self.secret):
                raise Refusal(401, "invalid_client", "text")
        except Refusal as refusal:
            return self._refused(refusal)
        with self.lock:
            now = self.clock.now()
            value = self.fake_key(f"token-{self.tokens_given}")
            self.tokens_given += 1
            self._tokens[value] = now + timedelta(seconds=self.token_ttl)
        token = {"id": value, "ttl": self.token_ttl, "clientId": self.key, "created": shapes.iso(now), "userId": OWNER}
        return _json(200, {"access_token": token, "token_type": "Bearer"})

    def _endpoint(self, handle: Handler) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            content = await request.body()
            try:
                with self.lock:
                    now = self.clock.now()
                    ends = self._tokens.get(request.headers.get("authorization", ""))
                    if ends is None or ends <= now:
                        raise Refusal(401, "Authorization Required")
                    self.place.run_to(now)
                    body = inputs.json_object(content) if request.method != "GET" else {}
                    return _json(200, handle(request.path_params.get("id", ""), body, now))
            except Refusal as refusal:
                return self._refused(refusal)

        return answer

    def _refused(self, refusal: Refusal) -> Response:
        if refusal.shape == "plain":
            return PlainTextResponse(refusal.words, refusal.status)
        if refusal.shape == "text":
            return _json(refusal.status, {"error": refusal.words})
        return _json(refusal.status, self.error_body(refusal.status, refusal.words))

    def _list(self, _id: str, _body: Body, now: datetime) -> Any:
        return [shapes.job(each, now, OWNER) for each in self.place.jobs.values()]

    def _publish(self, _id: str, body: Body, now: datetime) -> Any:
        if "jobTypeId" in body:
            kind = self.place.job_types.get(str(body["jobTypeId"]))
            if kind is None:
                raise Refusal(404, "Unknown jobType id")
            # Everything but the number of workers is the job type's, whatever the request says.
            settings, reward = {**kind["settings"], "jobTypeId": kind["id"]}, kind["reward"]
            if "maxTasks" in body:
                settings["maxTasks"] = inputs.whole(body, "maxTasks")
        else:
            settings, reward = inputs.common(body)
        settings |= inputs.form(body)
        job = self.place.publish(settings, reward, now)
        self.workers.expect(job, now)
        return shapes.job(job, now, OWNER)

    def _job(self, job_id: str, _body: Body, now: datetime) -> Any:
        return shapes.job(self._find(job_id), now, OWNER)

    def _tasks(self, job_id: str, _body: Body, _now: datetime) -> Any:
        return [shapes.work(each, OWNER, listed=True) for each in self._find(job_id).work.values()]

    def _cancel(self, job_id: str, _body: Body, now: datetime) -> Any:
        self.place.cancel(self._find(job_id), now)
        return {"result": True}

    def _approve(self, task_id: str, body: Body, now: datetime) -> Any:
        work = self._find_work(task_id)
        self.place.approve(work, inputs.feedback(body), now)
        return self._settled(work, now)

    def _reject(self, task_id: str, body: Body, now: datetime) -> Any:
        work = self._find_work(task_id)
        self.place.reject(work, inputs.feedback(body), now)
        return self._settled(work, now)

    def _settled(self, work: Work, now: datetime) -> Any:
        return {"job": shapes.job(work.job, now, OWNER), "task": shapes.work(work, OWNER, listed=False)}

    def _job_type(self, _id: str, body: Body, now: datetime) -> Any:
        settings, reward = inputs.common(body)
        made = self.place.new_id()
        self.place.job_types[made] = {"id": made, "settings": settings, "reward": reward}
        dates = {"createdAt": shapes.iso(now), "updatedAt": shapes.iso(now)}
        return {**settings, **dates, "id": made, "reward": shapes.reward(reward), "ownerId": OWNER}

    def _find(self, job_id: str) -> Job:
        job = self.place.jobs.get(job_id)
        if job is None:
            raise Refusal(404, f'Unknown "job" id "{job_id}".')
        return job

    def _find_work(self, task_id: str) -> Work:
        work = self.place.work.get(task_id)
        if work is None:
            raise Refusal(404, f'Unknown "task" id "{task_id}".')
        return work


def _json(status: int, value: Any) -> Response:
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
