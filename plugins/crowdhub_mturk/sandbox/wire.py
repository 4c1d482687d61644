"""The HTTP side: one path for everything, the signature, the two families of errors."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from random import Random
from threading import RLock

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from crowdhub.sandbox import RequestWindow
from crowdhub.sandbox.values import JsonObject, parsed
from crowdhub_mturk.sandbox.catalogue import OPERATIONS
from crowdhub_mturk.sandbox.errors import front_door_error, own_error
from crowdhub_mturk.sandbox.members import Members
from crowdhub_mturk.sandbox.operations.call import Call, Handler
from crowdhub_mturk.sandbox.readings import MTurkReadings
from crowdhub_mturk.sandbox.refusal import FrontDoorRefusal, Refusal
from crowdhub_mturk.sandbox.signature import Arrived, Guard
from crowdhub_mturk.sandbox.uploads import PATH, Uploads

SERVICE = "MTurkRequesterServiceV20170117."
CONTENT_TYPE = "application/x-amz-json-1.1"


def operation_name(request: Request) -> str | None:
    """The operation that a request's header names."""
    target = request.headers.get("x-amz-target", "")
    return target.removeprefix(SERVICE) if target.startswith(SERVICE) else None


class MTurkWire:
    """The ASGI application. `lock` guards the sandbox's state, `catch_up` lets happen what is due."""

    def __init__(
        self,
        *,
        handlers: Mapping[str, Handler],
        uploads: Uploads,
        guard: Guard,
        window: RequestWindow,
        readings: MTurkReadings,
        dice: Random,
        lock: RLock,
        now: Callable[[], datetime],
        catch_up: Callable[[], None],
    ) -> None:
        self._handlers = handlers
        self._uploads = uploads
        self._guard = guard
        self._window = window
        self._readings = readings
        self._dice = dice
        self._lock = lock
        self._now = now
        self._catch_up = catch_up

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            body = await request.body()
        except ClientDisconnect:
            return
        with self._lock:
            response = self._upload(request) or self._answer(request, body)
        await response(scope, receive, send)

    def _upload(self, request: Request) -> Response | None:
        if not request.url.path.startswith(PATH) or request.method != "GET":
            return None
        found = self._uploads.served(request.url.path, request.url.query, self._now())
        if found is None:
            return Response("<Error><Code>AccessDenied</Code></Error>", 403, media_type="application/xml")
        return Response(found.content, media_type="application/octet-stream")

    def _answer(self, request: Request, body: bytes) -> Response:
        now = self._now()
        try:
            return self._json(200, self._handle(request, body, now))
        except Refusal as refusal:
            words = f"{refusal.words} ({int(now.timestamp() * 1000)})"
            return self._json(400, own_error(words, refusal.code, self._readings.error_prefix))
        except FrontDoorRefusal as refusal:
            if refusal.status == 503:
                return Response("Service Unavailable", 503, media_type="text/plain")
            return self._json(refusal.status, front_door_error(refusal.kind, refusal.words))

    def _handle(self, request: Request, body: bytes, now: datetime) -> JsonObject:
        name = operation_name(request)
        one_path = request.method == "POST" and request.url.path == "/" and not request.url.query
        if not one_path or request.headers.get("content-type") != CONTENT_TYPE:
            raise FrontDoorRefusal("UnknownOperationException", "", 404)
        if name is None or name not in OPERATIONS:
            raise FrontDoorRefusal("UnknownOperationException", "")
        headers = [(key.decode("latin-1"), value.decode("latin-1")) for key, value in request.headers.raw]
        self._guard.check(Arrived(headers, body), now)
        if self._window.enter(now) is not None:
            status = 503 if self._readings.throttled == "503" else 400
            raise FrontDoorRefusal("ThrottlingException", "Rate exceeded", status)
        try:
            asked = parsed(body, number=Decimal)
        except (ValueError, RecursionError):
            raise FrontDoorRefusal("SerializationException", "The body is not JSON.") from None
        given = Members(OPERATIONS[name].read(asked, ""))
        self._catch_up()
        origin = f"{request.url.scheme}://{request.url.netloc}"
        return self._handlers[name](Call(given, now, origin))

    def _json(self, status: int, told: JsonObject) -> Response:
        content = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
        request_id = f"{self._dice.getrandbits(128):032x}"
        shown = "-".join((request_id[:8], request_id[8:12], request_id[12:16], request_id[16:20], request_id[20:]))
        # Starlette adds no charset to what is no text.
        return Response(content, status, {"x-amzn-RequestId": shown}, CONTENT_TYPE)
