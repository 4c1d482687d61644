"""Carries out operations: sends their calls, repeats what may be repeated, and turns every failure into ours.

Written once, as coroutines over a `Runtime`; see there how ordinary code runs them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from types import NoneType
from typing import Any, Protocol, TypeVar, cast

from tenacity import AsyncRetrying

from crowdhub.engine import classify
from crowdhub.engine.classify import LOST, Failure
from crowdhub.engine.client import LARGEST_ANSWER, BlockingClient, HttpClient, LazyClient, LoopClient
from crowdhub.engine.loop import LoopRuntime
from crowdhub.engine.policy import Attempts
from crowdhub.engine.runtime import BlockingRuntime, Runtime
from crowdhub.engine.session import Counter, Session
from crowdhub.engine.transport import Signer
from crowdhub.engine.unpaid import Unpaid
from crowdhub.errors import (
    AuthenticationFailed,
    CallerError,
    ConfigurationError,
    CrowdhubError,
    InvalidRequest,
    Issue,
    Lost,
    OutcomeUnknown,
    ProviderUnavailable,
    RateLimited,
    UnreadableResponse,
)
from crowdhub.frames import FramesLeftOut
from crowdhub.model import Submission, Task
from crowdhub.protocol import (
    NEUTRAL,
    Call,
    Effect,
    Flow,
    Operation,
    OperationRun,
    Response,
    Token,
    beginning_of,
    result_type,
)

T = TypeVar("T")

AT_ONCE = 2.0
"""Seconds after which what was looked at before a call that nothing may wait for is not taken for the present."""


class Witness(Protocol):
    """Follows one run, call by call, so that the ledger is written before and after what spends. What it raises ends
    the run."""

    async def before(self, call: Call) -> Response | None:
        """Called before each call. An answer that is handed back stands for the call, which is not sent."""
        ...

    async def sending(self, call: Call) -> None:
        """Called right before each attempt of a call leaves, its waits over. What it raises keeps it from leaving."""
        ...

    async def after(self, call: Call, response: Response) -> None:
        """Called once the operation has read a good answer."""
        ...

    def lost(self, call: Call) -> None:
        """Called where it is not known what became of a call, whatever the operation makes of that."""
        ...


class Engine:
    """Runs operations of one account."""

    def __init__(
        self, session: Session, runtime: Runtime, client: HttpClient, renew: Callable[[], HttpClient] | None = None
    ) -> None:
        self.session = session
        self.runtime = runtime
        self._client = client
        self._renew = renew
        self._where: object = None
        self.is_closed = False
        self._places = runtime.places(session.options.in_flight)
        self._token_lock = runtime.places(1)
        self._trying = runtime.places(1)
        self._retrying: AsyncRetrying = session.options.policy.retrying(runtime.sleep)

    async def run(
        self, operation: Operation[T] | Flow[T], witness: Witness | None = None, counter: Counter | None = None
    ) -> T:
        """Run one operation to its result. Raises a `CrowdhubError`, whatever went wrong.

        ``counter`` counts the requests that this run sends.
        """
        self._be_here()
        counters = [self.session.counter] if counter is None else [self.session.counter, counter]
        with FramesLeftOut(), self._begun(operation) as run:
            failed, result = await self._carried_out(run, witness, counters)
        if failed is not None:
            raise failed  # here, where no frame below holds an answer
        return self.session.described_result(result[0], run.name)

    def _begun(self, operation: Operation[T] | Flow[T]) -> OperationRun[T]:
        """One run of an operation. What is no generator is carried out by this alone, and can stumble here."""
        failed: CrowdhubError
        try:
            return OperationRun(operation)
        except CrowdhubError:
            raise
        except Exception as error:
            if not isinstance(operation, Operation):
                raise  # it is no operation
            failed = self.session.described(_translated(error, None), operation.name)
        raise failed

    def _be_here(self) -> None:
        """Begin anew in another process (after a fork) or another event loop: connections, locks and threads belong to
        the one they were made in."""
        where = self.runtime.where()
        if self._where not in (None, where):
            self.runtime.begin_anew()
            self._places = self.runtime.places(self.session.options.in_flight)
            self._token_lock = self.runtime.places(1)
            self._trying = self.runtime.places(1)
            self._retrying = self.session.options.policy.retrying(self.runtime.sleep)
            if self._renew is not None:
                self._client = self._renew()
        self._where = where

    async def _carried_out(
        self, run: OperationRun[T], witness: Witness | None, counters: list[Counter]
    ) -> tuple[CrowdhubError | None, list[T]]:
        call: Call | None = None
        answer: Response | CrowdhubError | None = None
        is_new = True
        answered: float | None = None
        while True:
            asked = call
            try:
                if answer is None:
                    call = run.start()
                elif isinstance(answer, Response):
                    call = run.send(answer)
                else:
                    call = run.throw(answer)
                if call is None:
                    self._check_result(run)
            except CrowdhubError as error:
                return self._raised(error, run.name, asked, answer if is_new else None), []
            except Exception as error:  # noqa: BLE001 - whatever a plugin or a library stumbles over becomes ours
                return self._raised(_translated(error, answer), run.name, asked, answer if is_new else None), []
            if witness is not None and asked is not None and isinstance(answer, Response):
                await witness.after(asked, answer)
            if call is None:
                return None, [run.result]
            known = await witness.before(call) if witness is not None else None
            is_new = known is None
            answer = known if known is not None else await self._answer(call, run.name, witness, counters, answered)
            answered = time.monotonic()
            if witness is not None and _may_have_paid(answer):
                witness.lost(call)

    def _check_result(self, run: OperationRun[T]) -> None:
        """A neutral operation has to return its neutral model: nobody above could say whose fault another thing is."""
        provider = self.session.provider
        if run.owner is not provider or run.name not in NEUTRAL:
            return
        wanted = result_type(run.name)
        if wanted != (NoneType,) and not isinstance(run.result, wanted):
            names = " or ".join(each.__name__ for each in wanted)
            raise TypeError(f"{run.name} returned {type(run.result).__name__}, not {names}")
        if isinstance(run.result, (Task, Submission)):
            if not run.result.id.strip():
                raise TypeError(f"{run.name} returned a {type(run.result).__name__} without an id")
            theirs = {name: getattr(run.result, name) for name in provider.identity}
            if theirs != provider.identity:
                said = "/".join(map(str, theirs.values()))
                raise TypeError(f"{run.name} returned a {type(run.result).__name__} of {said}, not of this account")

    def _raised(
        self, error: CrowdhubError, name: str, asked: Call | None, answer: Response | CrowdhubError | None
    ) -> CrowdhubError:
        """What left the operation, as it leaves the engine. The answer to what may not be repeated was taken by the
        marketplace: where the operation cannot read it, it is not known what was done. ``answer``: what was answered
        just now; what an earlier run noted was read by that."""
        if asked is None or not isinstance(answer, Response) or not _is_unread(error, asked):
            return self.session.described(error, name)
        if asked.effect is not Effect.SPEND and not asked.takes_money:
            return self.session.described(error, name)
        lost = classify.unknown(
            asked,
            f"The marketplace answered something unreadable to a request that spends: "
            f"{self.session.cleaned(error).message}",
            lost=Lost.ACCEPTED,
            sent_at=None,
            **{**error.evidence, "http_status": answer.status_code, "excerpt": error.excerpt or beginning_of(answer)},
        )
        lost.__cause__ = error
        return self.session.described(lost.with_traceback(error.__traceback__), name)

    async def _answer(
        self, call: Call, name: str, witness: Witness | None, counters: list[Counter], since: float | None
    ) -> Response | CrowdhubError:
        try:
            return await self._send(call, counters, witness, since)
        except Failure as failure:
            return self.session.described(failure.error, name)
        except CrowdhubError as error:  # no token could be fetched, say
            return self.session.described(error, name)

    async def _send(
        self, call: Call, counters: list[Counter], witness: Witness | None, since: float | None
    ) -> Response:
        """One call, repeated as its effect allows. ``since``: when the one before was answered. Raises `Failure`."""
        if call.delay:
            await self.runtime.sleep(call.delay)
        attempts = Attempts(call, sending=None if witness is None else witness.sending, since=since)
        if not call.authenticated or not self.session.needs_token:
            return await self._repeat(attempts, counters)
        stale = await self._token()
        try:
            return await self._repeat(attempts, counters)
        except Failure as failure:
            if not isinstance(failure.error, AuthenticationFailed):
                raise
        await self._token(unlike=stale)  # refused: nothing was done, so even a spend may go again, once
        return await self._repeat(attempts, counters)

    async def _repeat(self, attempts: Attempts, counters: list[Counter]) -> Response:
        try:
            answer: Response = await self._retrying(self._attempt, attempts, counters)
        except Failure as failure:
            if attempts.lost is not None and _hides(attempts.call, failure.error):
                raise Failure(attempts.lost, again=False) from failure
            raise
        return answer

    async def _attempt(self, attempts: Attempts, counters: list[Counter]) -> Response:
        session = self.session
        while seconds := await self._wait_at_gate(attempts):
            await self.runtime.sleep(seconds)
            attempts.waited += seconds
        while (left := self._pause_left(attempts)) is not None:
            known = session.pause.number
            if left:
                await self.runtime.sleep(left)
                attempts.waited += left
            async with self._trying:
                # Not by the clock again: there are clocks of which only the moment is driven by hand.
                if session.pause.left is not None and session.pause.number == known:
                    return await self._told(attempts, counters, tries=True)
        return await self._told(attempts, counters, tries=False)

    def _pause_left(self, attempts: Attempts) -> float | None:
        try:
            return self.session.pause_left(attempts.call, attempts.waited)
        except Failure:
            if attempts.refused is None:
                raise
        raise Failure(attempts.refused.error, again=False)

    async def _told(self, attempts: Attempts, counters: list[Counter], *, tries: bool) -> Response:
        """One attempt, and whether all others of the key have to wait from now on, or need not any more."""
        try:
            answer = await self._send_now(attempts, counters)
        except Failure as failure:
            self.session.pause_by(failure.error, tries=tries)
            if classify.is_told_to_wait(failure.error):
                attempts.refused = failure
            raise
        if tries:
            self.session.pause.end()
        return answer

    async def _send_now(self, attempts: Attempts, counters: list[Counter]) -> Response:
        session, call = self.session, attempts.call
        if attempts.lost is not None and _is_forgotten(attempts, session.clock.now()):
            raise Failure(attempts.lost, again=False)
        status: list[int] = []
        answer: Response | None = None
        failure: Failure | None
        async with self._places:
            await self._announce(attempts)
            _refuse_late(attempts)
            sent_at = session.clock.now()
            attempts.first_sent = attempts.first_sent or sent_at
            request = session.request(call)
            for counter in counters:
                counter.requests += 1
            try:
                with session.told.around(call) as hear:
                    answer = await self._client.send(request, status.append)
                    failure = session.judge(call, answer, sent_at)
                    if failure is None:
                        hear(session.balance_told(call, answer), session.clock.now())
            except ConfigurationError as error:  # the hub was closed meanwhile: this attempt did not leave
                raise Failure(attempts.lost or error, again=False) from error
            except LOST as error:
                failure = session.lost(request, call, error, sent_at, status[0] if status else None)
            except KeyboardInterrupt:
                self._leave_client()
                raise
        if failure is not None and isinstance(failure.error, OutcomeUnknown):
            attempts.lost = attempts.lost or failure.error
        session.trace(call, failure, status[0] if status else None)
        if failure is not None or answer is None:
            raise cast("Failure", failure)
        return answer

    def _leave_client(self) -> None:
        """An interrupt in the middle of the HTTP library can keep a connection from ever being free again. Whoever else
        is at work with that client ends there; new requests get another one. The first is not closed: an interrupt may
        have kept its lock."""
        if self._renew is not None:
            self._client = self._renew()

    async def _announce(self, attempts: Attempts) -> None:
        """Say that an attempt leaves now. Where that is refused, an earlier one whose answer was lost counts."""
        if attempts.sending is None:
            return
        try:
            await attempts.sending(attempts.call)
        except CrowdhubError as error:
            raise Failure(attempts.lost or error, again=False) from error

    async def _wait_at_gate(self, attempts: Attempts) -> float:
        if not self.session.gate.blocking:
            return self.session.wait_at_gate(attempts.call, attempts.waited)
        return await self.runtime.blocking(lambda: self.session.wait_at_gate(attempts.call, attempts.waited))

    async def _token(self, unlike: Token | None = None) -> Token | None:
        """The present token, fetched where it is due; one fetch for however many callers."""
        session = self.session
        async with self._token_lock:
            if session.token_is_due() or (unlike is not None and session.token is unlike):
                session.keep_token(await self.run(session.provider.authenticate(), Unpaid("authenticate")))
            return session.token

    async def close(self) -> None:
        self.is_closed = True
        if self._where in (None, self.runtime.where()):
            await self.runtime.close()
            await self._client.close()
        else:  # what belongs to a loop that has ended, or to the parent of a fork, cannot be closed from here
            self.runtime.begin_anew()


def blocking_engine(session: Session) -> Engine:
    """An engine for ordinary code, from any thread."""
    runtime = BlockingRuntime(session.clock, session.options.in_flight)

    def client() -> HttpClient:
        return LazyClient(lambda: BlockingClient(_signer(session), session.urls))

    return Engine(session, runtime, client(), client)


def loop_engine(session: Session) -> Engine:
    """An engine for asyncio or trio, within one event loop."""
    runtime = LoopRuntime(session.clock, session.options.in_flight)

    def client() -> HttpClient:
        return LazyClient(lambda: LoopClient(_signer(session), session.urls))

    return Engine(session, runtime, client(), client)


def _signer(session: Session) -> Signer:
    return Signer(session.provider, LARGEST_ANSWER)


def _refuse_late(attempts: Attempts) -> None:
    """Raise `Failure` where something was waited for (a place, the ledger's file) that nothing may wait for."""
    if not attempts.call.at_once or attempts.since is None:
        return
    waited = time.monotonic() - attempts.since
    if waited > AT_ONCE:
        error = RateLimited(
            f"It had to wait for {waited:.1f} s after what it depends on was looked at; that may have changed.",
            sent=False,
        )
        raise Failure(error, again=False)


def _is_forgotten(attempts: Attempts, now: datetime) -> bool:
    """Whether the marketplace may no longer recognise a spend that it may have carried out."""
    remembered = attempts.call.idempotent_for
    return remembered is not None and attempts.first_sent is not None and now - attempts.first_sent >= remembered


def _is_unread(error: CrowdhubError, asked: Call) -> bool:
    """Whether an operation stumbled over an answer, rather than reading a refusal out of it: a refusal has the
    marketplace's own words or code. Of what was free, the operation's own word is taken."""
    if isinstance(error, (OutcomeUnknown, UnreadableResponse)):
        return isinstance(error, UnreadableResponse)
    if not asked.takes_money and not isinstance(error, CallerError):
        return False
    return error.provider_code is None and error.provider_message is None and error.http_status is None


def _may_have_paid(answer: Response | CrowdhubError) -> bool:
    """Whether the request, or one before it of which this answer tells, may have taken money without saying so."""
    return isinstance(answer, OutcomeUnknown) or (isinstance(answer, CrowdhubError) and answer.was_done)


def _hides(call: Call, error: CrowdhubError) -> bool:
    """Whether the error of a call's last attempt tells nothing of what an earlier one, whose answer was lost, did."""
    if error.was_done:
        return False
    return call.takes_money or isinstance(error, (ProviderUnavailable, RateLimited))


def _translated(error: Exception, answer: Response | CrowdhubError | None) -> CrowdhubError:
    """An exception that is not ours, out of a plugin: it stumbled over an answer, or over what it was asked."""
    if isinstance(answer, OutcomeUnknown):
        lost = answer.with_()
        lost.__cause__ = error
        return lost.with_traceback(error.__traceback__)
    words = f"{type(error).__name__}: {error}"
    if answer is None:
        ours: CrowdhubError = InvalidRequest(issues=[Issue("request", f"cannot be made by the plugin ({words})")])
    else:
        if isinstance(answer, Response):
            told: dict[str, Any] = {"http_status": answer.status_code, "excerpt": beginning_of(answer)}
        else:
            told = answer.evidence
        ours = UnreadableResponse(f"The answer cannot be read: the plugin failed on it ({words}).", **told)
    ours.__cause__ = error
    return ours.with_traceback(error.__traceback__)
