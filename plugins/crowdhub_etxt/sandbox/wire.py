"""The HTTP side: signatures, parameters of either place, links to files."""

import html
import io
import zipfile
from collections.abc import Callable
from datetime import datetime
from threading import RLock
from urllib.parse import parse_qsl

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from crowdhub.sandbox import png
from crowdhub_etxt.sandbox.accounts import Customer
from crowdhub_etxt.sandbox.answers import encode
from crowdhub_etxt.sandbox.asked import FunctionCall, World
from crowdhub_etxt.sandbox.functions import FUNCTIONS
from crowdhub_etxt.sandbox.links import FILES
from crowdhub_etxt.sandbox.params import Params, UploadedFile
from crowdhub_etxt.sandbox.refusal import NO_PARAMS, EtxtRefusal, EtxtStranger
from crowdhub_etxt.sandbox.signature import is_signed

API = "/api/json/"
URL_LIMIT = 2048
_OURS = ("method", "token", "sign")
_TOO_LONG = "<html><head><title>414 Request-URI Too Large</title></head><body>414 Request-URI Too Large</body></html>"

Pairs = list[tuple[str, str]]


class EtxtWire:
    """The ASGI application. `lock` guards the marketplace."""

    def __init__(self, world: World, lock: RLock, now: Callable[[], datetime]) -> None:
        self.world = world
        self.lock = lock
        self.now = now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except EtxtStranger as stranger:
            response = self._sent_away(stranger.code)
        except EtxtRefusal as refusal:
            response = JSONResponse({"error": refusal.code})
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        path = request.url.path
        if path.startswith(FILES):
            with self.lock:
                return self._file(path)
        if path.rstrip("/") != API.rstrip("/"):
            return PlainTextResponse("Not found", 404)
        if request.method not in ("GET", "POST"):
            return PlainTextResponse("Method not allowed", 405, {"Allow": "GET, POST"})
        if len(str(request.url)) > URL_LIMIT:
            return HTMLResponse(_TOO_LONG, 414)
        query = parse_qsl(request.url.query, keep_blank_values=True)
        body, files = await _body(request)
        with self.lock:
            return JSONResponse(self._call(request, query, body, files))

    def _sent_away(self, words: str) -> Response:
        quirks = self.world.quirks
        if quirks.auth_shape == "plain":
            return PlainTextResponse(words, quirks.auth_status)
        return JSONResponse({"error": words} if quirks.auth_shape == "member" else words, quirks.auth_status)

    def _call(self, request: Request, query: Pairs, body: Pairs, files: dict[str, UploadedFile]) -> object:
        ours = dict(query)
        if not all(ours.get(name) for name in _OURS):
            raise EtxtRefusal(NO_PARAMS)
        world = self.world
        customer = self._authenticate(ours, query)
        handler = FUNCTIONS.get(ours["method"])
        if handler is None:
            raise EtxtRefusal(NO_PARAMS)
        # The names that every call has are taken from the query alone: detector.send has a `method` of its own.
        given = [(name, value) for name, value in query if name not in _OURS] + body
        origin = f"{request.url.scheme}://{request.url.netloc}"
        now = self.now()
        world.office.keep_house(now)
        return encode(handler(FunctionCall(world, customer, Params(given, files), origin, now)), world.quirks)

    def _authenticate(self, ours: dict[str, str], query: Pairs) -> Customer:
        customer = self.world.customers.get(ours["token"])
        if customer is None or not is_signed(query, customer.api_pass, ours["sign"]):
            raise EtxtStranger(self.world.quirks.auth_error)
        return customer

    def _file(self, path: str) -> Response:
        found = self.world.links.read(path)
        content = self._content(*found) if found is not None else None
        if content is None:
            return PlainTextResponse("Not found", 404)
        kind, data = content
        return Response(data, media_type=kind)

    def _content(self, kind: str, numbers: tuple[int, ...]) -> tuple[str, bytes] | None:
        world = self.world
        if kind == "avatar":
            return "image/png", png(world.people.person(numbers[0]).login, (48, 48))
        if kind == "check":
            return "text/html; charset=utf-8", f"<h1>{numbers[0]}</h1>".encode()
        if kind == "zip":
            return "application/zip", self._zip(numbers)
        if kind == "order":
            order = world.office.orders.get(numbers[0])
            file = order.terms.file if order is not None else None
            return None if file is None else ("application/octet-stream", file.content)
        result = world.office.result(numbers[0])
        if result is None:
            return None
        if numbers[1] == 0:
            if world.quirks.texts_in_cp1251:
                return "text/plain", html.escape(result.text).encode("windows-1251", "xmlcharrefreplace")
            return "text/plain; charset=utf-8", result.text.encode()
        return "application/octet-stream", result.files[numbers[1] - 1].content

    def _zip(self, numbers: tuple[int, ...]) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for number in numbers:
                article = self.world.articles[number]
                archive.writestr(f"{number}/text.txt", article.text)
                for image in range(1, article.images + 1):
                    archive.writestr(f"{number}/{image}.png", png(f"{number}/{image}"))
        return out.getvalue()


async def _body(request: Request) -> tuple[Pairs, dict[str, UploadedFile]]:
    """The body's parameters and files; anything but a form has none."""
    kind = request.headers.get("content-type", "").lower()
    if kind.startswith("application/x-www-form-urlencoded"):
        text = (await request.body()).decode("utf-8", "replace")
        return parse_qsl(text, keep_blank_values=True), {}
    if not kind.startswith("multipart/form-data"):
        _ = await request.body()
        return [], {}
    pairs: Pairs = []
    files: dict[str, UploadedFile] = {}
    try:
        form = await request.form()
    except MultiPartException as fault:
        raise EtxtRefusal("file_not_uploaded") from fault
    try:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                files[name] = UploadedFile(value.filename or "", await value.read())
            else:
                pairs.append((name, value))
    finally:
        await form.close()
    return pairs, files
