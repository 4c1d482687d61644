"""The synchronous engine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from tenacity import Retrying

from crowdhub.engine import http
from crowdhub.engine.classify import LOST, Failure
from crowdhub.engine.policy import Waited
from crowdhub.engine.session import LARGEST_ANSWER, Session, one_encoding, too_large
from crowdhub.engine.transport import SigningTransport, proxy_for
from crowdhub.errors import AuthenticationFailed, CrowdhubError
from crowdhub.protocol import Call, Effect, Flow, FlowRun

T = TypeVar("T")


class Engine:
    """Runs flows of one account, from any thread."""

    def __init__(self, session: Session) -> None:
        self.session = session
        clock = session.clock
        url = session.bases.get("base_url", "https://localhost")
        limits = http.Limits(max_connections=32, max_keepalive_connections=16, keepalive_expiry=5)
        inner = http.HTTPTransport(verify=http.ssl_context(), limits=limits, proxy=proxy_for(url))
        transport = SigningTransport(inner, session.provider.sign, LARGEST_ANSWER, clock.monotonic)
        self._client = http.Client(transport=transport, follow_redirects=False)
        self._places = threading.BoundedSemaphore(session.options.in_flight)
        self._token_lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None

    def run(self, flow: Flow[T], before_spending: Callable[[], None] | None = None) -> T:
        """Run one flow to its result. Raises a `CrowdhubError`.

        ``before_spending`` is called before each call that spends; what it raises ends the run.
        """
        with FlowRun(flow) as run:
            try:
                call = run.start()
                while call is not None:
                    if before_spending is not None and call.effect is Effect.SPEND:
                        before_spending()
                    try:
                        answer = self._send(call)
                    except Failure as failure:
                        call = run.throw(self.session.describe(failure.error, run.operation))
                    except CrowdhubError as error:  # no token could be fetched, say
                        call = run.throw(self.session.describe(error, run.operation))
                    else:
                        call = run.send(answer)
                return self.session.described(run.result, run.operation)
            except CrowdhubError as error:
                self.session.describe(error, run.operation)
                raise

    def run_all(self, flows: Sequence[Flow[Any]], done: Callable[[], None] | None = None) -> list[Any]:
        """Run several side by side; each place of the result holds a value or the `CrowdhubError`."""

        def one(flow: Flow[Any]) -> Any:
            try:
                return self.run(flow)
            except CrowdhubError as error:
                return error
            finally:
                if done is not None:
                    done()

        return list(self.pool.map(one, flows)) if len(flows) > 1 else [one(flow) for flow in flows]

    def start(self, flow: Flow[T]) -> Future[T]:
        """Run a flow in the background."""
        return self.pool.submit(self.run, flow)

    @property
    def pool(self) -> ThreadPoolExecutor:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.session.options.in_flight, thread_name_prefix="crowdhub")
        return self._pool

    def _send(self, call: Call) -> http.Response:
        """One call, repeated as its effect allows. Raises `Failure`."""
        session = self.session
        if call.delay:
            session.clock.sleep(call.delay)
        if not call.authenticated or not session.needs_token:
            return self._repeat(call)
        stale = self._token()
        try:
            return self._repeat(call)
        except Failure as failure:
            if not isinstance(failure.error, AuthenticationFailed):
                raise
            self._token(unlike=stale)  # refused: nothing was done, so even a spend may go again, once
            return self._repeat(call)

    def _repeat(self, call: Call) -> http.Response:
        waited = Waited()
        try:
            return self._attempt(call, waited)
        except Failure as failure:
            if call.once or not failure.again:
                raise
            first: list[Failure] = [failure]

        def attempt() -> http.Response:
            if first:
                raise first.pop()  # the attempt already made counts as the policy's first
            return self._attempt(call, waited)

        def pause(seconds: float) -> None:
            self.session.clock.sleep(seconds)
            waited.seconds += seconds

        return Retrying(sleep=pause, **self.session.options.policy.arguments(waited))(attempt)

    def _attempt(self, call: Call, waited: Waited) -> http.Response:
        session = self.session
        while seconds := session.wait_at_gate(call, waited.seconds):
            session.clock.sleep(seconds)
            waited.seconds += seconds
        with self._places:
            sent_at = session.clock.now()
            request = session.request(call)
            status: int | None = None
            try:
                answer = self._client.send(request, stream=True)
                status = answer.status_code
                answer = self._read(answer)
            except LOST as error:
                failure = session.lost(call, error, sent_at, status)
                session.trace(call, failure, status)
                raise failure from None
        found = session.judge(call, answer, sent_at)
        session.trace(call, found, answer.status_code)
        if found is not None:
            raise found
        return answer

    def _read(self, answer: http.Response) -> http.Response:
        try:
            if "content-encoding" not in answer.headers:
                answer.read()
                return answer
            one_encoding(answer)
            parts: list[bytes] = []
            size = 0
            for chunk in answer.iter_bytes():  # a small packed body can unpack to gigabytes
                size += len(chunk)
                if size > LARGEST_ANSWER:
                    too_large()
                parts.append(chunk)
            headers = [
                (k, v) for k, v in answer.headers.multi_items() if k not in ("content-encoding", "content-length")
            ]
            return http.Response(answer.status_code, headers=headers, content=b"".join(parts), request=answer.request)
        finally:
            answer.close()

    def _token(self, unlike: Any = None) -> Any:
        """The present token, fetched where it is due; one fetch for however many callers."""
        session = self.session
        with self._token_lock:
            if session.token_is_due() or (unlike is not None and session.token is unlike):
                session.keep_token(self.run(session.provider.authenticate()))
            return session.token

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
        self._client.close()
