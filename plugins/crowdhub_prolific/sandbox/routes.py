"""The HTTP side: which path is which endpoint, and whose token it is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from threading import RLock

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from crowdhub_prolific.sandbox.endpoints import NOTHING, Answer, Asked, Endpoints
from crowdhub_prolific.sandbox.refusal import ProlificRefusal
from crowdhub_prolific.sandbox.shapes import error

BASE = "/api/v1"
Endpoint = Callable[[Asked], Answer]


class ProlificWire:
    """The ASGI application. ``lock`` guards the sandbox's state; ``run`` lets everything happen that is due."""

    def __init__(self, endpoints: Endpoints, token: str, lock: RLock, run: Callable[[], None]) -> None:
        self.endpoints, self.token, self.lock, self.run = endpoints, token, lock, run
        it = endpoints
        routes: list[tuple[str, str, Endpoint]] = [
            ("POST", "/studies/", it.create_study),
            ("GET", "/studies/{study}/", it.study),
            ("PATCH", "/studies/{study}/", it.change_study),
            ("DELETE", "/studies/{study}/", it.delete_study),
            ("POST", "/studies/{study}/transition/", it.transition_study),
            ("GET", "/studies/{study}/cost/", it.cost),
            ("GET", "/studies/{study}/submissions/counts/", it.counts),
            ("GET", "/projects/{project}/studies/", it.studies),
            ("POST", "/study-cost-calculator/", it.cost_of_new),
            ("GET", "/submissions/", it.submissions),
            ("POST", "/submissions/bulk-approve/", it.bulk_approve),
            ("POST", "/submissions/bonus-payments/", it.set_up_bonuses),
            ("GET", "/submissions/{submission}/", it.submission),
            ("POST", "/submissions/{submission}/transition/", it.transition_submission),
            ("POST", "/submissions/{submission}/request-return/", it.request_return),
            ("POST", "/bulk-bonus-payments/{bonus}/pay/", it.pay_bonuses),
            ("GET", "/workspaces/{workspace}/balance/", it.balance),
            ("GET", "/workspaces/{workspace}/projects/", it.projects),
            ("GET", "/participant-groups/", it.groups),
            ("POST", "/participant-groups/", it.make_group),
            ("GET", "/participant-groups/{group}/participants/", it.members),
            ("POST", "/participant-groups/{group}/participants/", it.add_members),
            ("DELETE", "/participant-groups/{group}/participants/", it.remove_members),
            ("POST", "/messages/", it.send_message),
        ]
        self._routes = [(method, _pattern(path), endpoint) for method, path, endpoint in routes]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except ProlificRefusal as refusal:
            response = JSONResponse(error(refusal, self.endpoints.quirks), refusal.status)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        body, path = await request.body(), request.url.path
        found = [(method, it, match) for method, pattern, it in self._routes if (match := pattern.fullmatch(path))]
        if not found:
            raise ProlificRefusal(404, "Not found", "The requested resource was not found.")
        if request.headers.get("authorization") != f"Token {self.token}":
            raise ProlificRefusal(401, "Authentication credentials", "Invalid token.", 140100)
        fits = next(((it, match) for method, it, match in found if method == request.method), None)
        if fits is None:
            raise ProlificRefusal(405, "Method not allowed", f'Method "{request.method}" not allowed.')
        endpoint, match = fits
        url = f"{request.url.scheme}://{request.url.netloc}{path}"
        with self.lock:
            self.run()
            status, content = endpoint(Asked(match.groupdict(), request.url.query, url, body))
            if content is not NOTHING:
                return JSONResponse(content, status)
            if status == 204 or self.endpoints.quirks.empty_answers:
                return Response(status_code=status)
            return Response(json.dumps("Request accepted"), status, media_type="application/json")


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(BASE + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))
