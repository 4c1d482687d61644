"""The HTTP side: which path is which endpoint, whose key it is, and whether the hour has room."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, timedelta
from email.utils import format_datetime
from threading import RLock

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from crowdhub_rapidworkers.sandbox.endpoints import Answer, EndpointRequest, Endpoints
from crowdhub_rapidworkers.sandbox.pictures import MEDIA, Pictures
from crowdhub_rapidworkers.sandbox.readymade import READY_MADE
from crowdhub_rapidworkers.sandbox.refusal import RapidWorkersRefusal
from crowdhub_rapidworkers.sandbox.state import Owner

_UUID = r"(?P<campaign>[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})"
_NUMBER = r"(?P<submission>[0-9]{1,18})"
Endpoint = Callable[[EndpointRequest], Answer]


class RapidWorkersWire:
    """The ASGI application. `lock` guards the sandbox's state."""

    def __init__(self, endpoints: Endpoints, pictures: Pictures, lock: RLock) -> None:
        self.endpoints = endpoints
        self.pictures = pictures
        self.lock = lock
        ready_made = "|".join(map(re.escape, READY_MADE))
        submissions = rf"/api/campaigns/{_UUID}/submissions"
        routes: list[tuple[str, str, Endpoint]] = [
            ("POST", r"/jobs/add", endpoints.add_job),
            ("POST", r"/account/get_balance", endpoints.get_balance),
            ("POST", rf"{submissions}/{_NUMBER}/approve/", endpoints.approve),
            ("POST", rf"{submissions}/{_NUMBER}/reject/", endpoints.reject),
            ("POST", rf"{submissions}/bulk_action/", endpoints.bulk_action),
            ("GET", r"/api/campaigns/", endpoints.campaigns),
            ("GET", rf"/api/campaigns/detail/{_UUID}/", endpoints.campaign),
            ("GET", rf"{submissions}/", endpoints.submissions),
            ("POST", r"/api/workers/block/", endpoints.block),
            ("POST", r"/api/workers/unblock/", endpoints.unblock),
            ("GET", r"/api/workers/blocked/", endpoints.blocked),
            ("POST", rf"/api/jobs/(?P<name>{ready_made})/", endpoints.add_ready_made),
        ]
        self._routes = [(method, re.compile(pattern), endpoint) for method, pattern, endpoint in routes]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = self._picture(request) or await self._answer(request)
        except RapidWorkersRefusal as refusal:
            response = JSONResponse({"error": refusal.message}, refusal.status, refusal.headers)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    def _picture(self, request: Request) -> Response | None:
        path = request.url.path
        if not path.startswith(MEDIA):
            return None
        with self.lock:
            picture = self.pictures.served(path.removeprefix(MEDIA))
        if picture is None or request.method != "GET":
            raise RapidWorkersRefusal(404, "Not found")
        kind, content = picture
        return Response(content, media_type=kind)

    async def _answer(self, request: Request) -> Response:
        found = self._route(request.url.path)
        if found is None:
            return self._missing(request)
        method, parts, endpoint = found
        with self.lock:
            owner = self._authenticate(request)
            self._admit(owner)
        if request.method != method:
            raise RapidWorkersRefusal(405, f'Method "{request.method}" not allowed.', {"Allow": method})
        form = await _form(request)
        body = b"" if form is not None else await request.body()
        origin = f"{request.url.scheme}://{request.url.netloc}"
        asked = EndpointRequest(
            owner=owner,
            path=parts,
            query=request.url.query,
            origin=origin,
            url=origin + request.url.path,
            body=body,
            form=form,
        )
        with self.lock:
            status, content = endpoint(asked)
        return JSONResponse(content, status)

    def _route(self, path: str) -> tuple[str, Mapping[str, str], Endpoint] | None:
        for method, pattern, endpoint in self._routes:
            if match := pattern.fullmatch(path):
                return method, match.groupdict(), endpoint
        return None

    def _missing(self, request: Request) -> Response:
        url = request.url
        if request.method == "GET" and self._route(url.path + "/") is not None:
            return RedirectResponse(str(url.replace(path=url.path + "/")), 301)
        raise RapidWorkersRefusal(404, "Not found")

    def _authenticate(self, request: Request) -> Owner:
        key = request.headers.get("x-api-key")
        owner = self.endpoints.place.owners.get(key) if key else None
        if owner is None:
            raise RapidWorkersRefusal(401, "Invalid API key" if key else "API key is missing")
        return owner

    def _admit(self, owner: Owner) -> None:
        wait = owner.window.enter(self.endpoints.now())
        if wait is None:
            return
        headers: dict[str, str] = {}
        if self.endpoints.quirks.retry_after == "seconds":
            headers["Retry-After"] = str(wait)
        elif self.endpoints.quirks.retry_after == "date":
            until = self.endpoints.now().astimezone(UTC) + timedelta(seconds=wait)
            headers["Retry-After"] = format_datetime(until, usegmt=True)
        raise RapidWorkersRefusal(429, f"Rate limit exceeded: {owner.window.limit:,} requests per hour.", headers)


async def _form(request: Request) -> dict[str, list[str | bytes]] | None:
    """The multipart form, files as bytes; `None` where the request is something else."""
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        return None
    values: dict[str, list[str | bytes]] = {}
    try:
        form = await request.form()
    except MultiPartException as fault:
        raise RapidWorkersRefusal(400, f"Multipart form parse error - {fault.message}") from fault
    try:
        for name, value in form.multi_items():
            values.setdefault(name, []).append(await value.read() if isinstance(value, UploadFile) else value)
    finally:
        await form.close()
    return values
