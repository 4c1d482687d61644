"""The asynchronous engine, for asyncio and trio: the same loop as the synchronous one, awaited."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

import anyio
import anyio.to_thread
import sniffio
from tenacity import AsyncRetrying

from crowdhub.engine import http
from crowdhub.engine.classify import LOST, Failure
from crowdhub.engine.policy import Waited
from crowdhub.engine.session import LARGEST_ANSWER, Session, one_encoding, too_large
from crowdhub.engine.transport import AsyncSigningTransport, proxy_for
from crowdhub.errors import AuthenticationFailed, CrowdhubError
from crowdhub.protocol import Call, Effect, Flow, FlowRun

T = TypeVar("T")


class AsyncEngine:
    """Runs flows of one account, within one event loop."""

    def __init__(self, session: Session) -> None:
        self.session = session
        clock = session.clock
        url = session.bases.get("base_url", "https://localhost")
        limits = http.Limits(max_connections=32, max_keepalive_connections=16, keepalive_expiry=5)
        inner = http.AsyncHTTPTransport(verify=http.ssl_context(), limits=limits, proxy=proxy_for(url))
        transport = AsyncSigningTransport(inner, session.provider.sign, LARGEST_ANSWER, clock.monotonic)
        self._client = http.AsyncClient(transport=transport, follow_redirects=False)
        self._places = anyio.Semaphore(session.options.in_flight, fast_acquire=True)
        self._token_lock = anyio.Lock(fast_acquire=True)
        self._background: set[Ahead[Any]] = set()

    async def run(self, flow: Flow[T], before_spending: Callable[[], None] | None = None) -> T:
        """Run one flow to its result. Raises a `CrowdhubError`.

        ``before_spending`` is called, in a thread, before each call that spends; what it raises ends the run.
        """
        with FlowRun(flow) as run:
            try:
                call = run.start()
                while call is not None:
                    if before_spending is not None and call.effect is Effect.SPEND:
                        await anyio.to_thread.run_sync(before_spending)
                    try:
                        answer = await self._send(call)
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

    async def run_all(self, flows: Sequence[Flow[Any]], done: Callable[[], None] | None = None) -> list[Any]:
        """Run several side by side; each place of the result holds a value or the `CrowdhubError`."""
        results: list[Any] = [None] * len(flows)
        todo = iter(enumerate(flows))

        async def work() -> None:
            for place, flow in todo:
                try:
                    results[place] = await self.run(flow)
                except CrowdhubError as error:
                    results[place] = error
                if done is not None:
                    done()

        async with anyio.create_task_group() as group:
            for _ in range(min(len(flows), self.session.options.in_flight)):
                group.start_soon(work)
        return results

    def start(self, flow: Flow[T]) -> Ahead[T]:
        """Run a flow in the background."""
        ahead = Ahead(self.run, flow)
        self._background.add(ahead)
        ahead.spawn(lambda: self._background.discard(ahead))
        return ahead

    async def _send(self, call: Call) -> http.Response:
        """One call, repeated as its effect allows. Raises `Failure`."""
        session = self.session
        if call.delay:
            await session.clock.sleep_async(call.delay)
        if not call.authenticated or not session.needs_token:
            return await self._repeat(call)
        stale = await self._token()
        try:
            return await self._repeat(call)
        except Failure as failure:
            if not isinstance(failure.error, AuthenticationFailed):
                raise
            await self._token(unlike=stale)  # refused: nothing was done, so even a spend may go again, once
            return await self._repeat(call)

    async def _repeat(self, call: Call) -> http.Response:
        waited = Waited()
        try:
            return await self._attempt(call, waited)
        except Failure as failure:
            if call.once or not failure.again:
                raise
            first: list[Failure] = [failure]

        async def attempt() -> http.Response:
            if first:
                raise first.pop()  # the attempt already made counts as the policy's first
            return await self._attempt(call, waited)

        async def pause(seconds: float) -> None:
            await self.session.clock.sleep_async(seconds)
            waited.seconds += seconds

        return await AsyncRetrying(sleep=pause, **self.session.options.policy.arguments(waited))(attempt)

    async def _attempt(self, call: Call, waited: Waited) -> http.Response:
        session = self.session
        while seconds := await self._gate(call, waited.seconds):
            await session.clock.sleep_async(seconds)
            waited.seconds += seconds
        async with self._places:
            sent_at = session.clock.now()
            request = session.request(call)
            status: int | None = None
            try:
                answer = await self._client.send(request, stream=True)
                status = answer.status_code
                answer = await self._read(answer)
            except LOST as error:
                failure = session.lost(call, error, sent_at, status)
                session.trace(call, failure, status)
                raise failure from None
        found = session.judge(call, answer, sent_at)
        session.trace(call, found, answer.status_code)
        if found is not None:
            raise found
        return answer

    async def _gate(self, call: Call, waited: float) -> float:
        if not self.session.gate.blocking:
            return self.session.wait_at_gate(call, waited)
        return await anyio.to_thread.run_sync(self.session.wait_at_gate, call, waited)

    async def _read(self, answer: http.Response) -> http.Response:
        try:
            if "content-encoding" not in answer.headers:
                await answer.aread()
                return answer
            one_encoding(answer)
            parts: list[bytes] = []
            size = 0
            async for chunk in answer.aiter_bytes():  # a small packed body can unpack to gigabytes
                size += len(chunk)
                if size > LARGEST_ANSWER:
                    too_large()
                parts.append(chunk)
            headers = [
                (k, v) for k, v in answer.headers.multi_items() if k not in ("content-encoding", "content-length")
            ]
            return http.Response(answer.status_code, headers=headers, content=b"".join(parts), request=answer.request)
        finally:
            await answer.aclose()

    async def _token(self, unlike: Any = None) -> Any:
        """The present token, fetched where it is due; one fetch for however many callers."""
        session = self.session
        async with self._token_lock:
            if session.token_is_due() or (unlike is not None and session.token is unlike):
                session.keep_token(await self.run(session.provider.authenticate()))
            return session.token

    async def close(self) -> None:
        for ahead in list(self._background):
            ahead.cancel()
        await self._client.aclose()


class Ahead(Generic[T]):
    """A flow under way in the background of asyncio or trio. Its failure waits here for whoever asks."""

    def __init__(self, run: Callable[[Flow[T]], Awaitable[T]], flow: Flow[T]) -> None:
        self._run = run
        self._flow = flow
        self._done = anyio.Event()
        self._scope = anyio.CancelScope()
        self._error: Exception | None = None
        self._value: list[T] = []  # its one result, once it is there
        self._task: Any = None  # asyncio keeps only weak references to tasks

    def spawn(self, ended: Callable[[], None]) -> None:
        async def body() -> None:
            try:
                with self._scope:
                    self._value.append(await self._run(self._flow))
            except Exception as error:  # noqa: BLE001 - handed to whoever asks for the result
                self._error = error
            finally:
                self._flow.close()
                self._done.set()
                ended()

        if sniffio.current_async_library() == "trio":
            import trio

            trio.lowlevel.spawn_system_task(body)
        else:
            import asyncio

            self._task = asyncio.get_running_loop().create_task(body())

    async def result(self) -> T:
        await self._done.wait()
        if self._error is not None:
            raise self._error
        return self._value[0]

    def cancel(self) -> None:
        self._scope.cancel()
