"""Making the recordings of a script, and replaying them in ordinary code and under an event loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar, cast

from pydantic import BaseModel

from crowdhub import registry
from crowdhub.clock import Clock
from crowdhub.engine.engine import blocking_engine, loop_engine
from crowdhub.engine.policy import RetryPolicy
from crowdhub.engine.runtime import drive
from crowdhub.engine.session import Options, Session
from crowdhub.errors import CrowdhubError
from crowdhub.hub import config
from crowdhub.market import Market
from crowdhub.model import Money
from crowdhub.protocol import AnyProvider, Call, Effect, Flow, Operation, OperationRun, Page
from crowdhub.testing.recording.errors import RecordingError
from crowdhub.testing.recording.files import About
from crowdhub.testing.recording.script import Given, Recording, Script

T = TypeVar("T")
Ask = Callable[[Call], bool]


class StillClock(Clock):
    """Time stands still and jumps over every wait: a replay asks at the very moments of the recording."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._waited = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._waited

    def sleep(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        self._waited += seconds

    async def sleep_async(self, seconds: float) -> None:
        self.sleep(seconds)


def record_in_sandbox(script: Script, name: str, folder: Path) -> Path:
    """Record one against a sandbox of its own. The same script and sandbox always make the same file."""
    from crowdhub.sandbox import Sandbox
    from crowdhub.testing.recording.cassette import recording

    each = script.recording(name)
    path = folder / f"{name}.yaml"
    with Sandbox(script.provider, options={script.provider: each.sandbox}) as box:
        account = {**box.accounts[script.provider], **script.settings}
        given: Given = {}
        if each.prepare is not None:
            provider = _provider(script.provider, account, box.clock)
            given = _run(provider, each.prepare(provider, box[script.provider]), box.clock)
        provider = _provider(script.provider, {**account, **each.account}, box.clock)
        with recording(provider, path, "all", operation_header=script.operation_header) as recorder:
            recorder.about.update(_about(each, provider, "sandbox", box.clock.now(), given))
            recorder.about["result"] = told(_run(provider, each.play(provider, given), box.clock))
    return path


def record_live(
    script: Script,
    name: str,
    folder: Path,
    market: Market[AnyProvider],
    given: Given,
    ask: Ask,
    now: datetime | None = None,
) -> Path:
    """Record one against the live service, through the account's own market. ``ask`` is asked before every call
    that is more than a reading; a call that it does not allow ends the recording, and no file is written."""
    from crowdhub.testing.recording.cassette import recording

    each = script.recording(name)
    path = folder / f"{name}.yaml"
    with recording(market.provider, path, "all", operation_header=script.operation_header) as recorder:
        moment = now or datetime.now(UTC).replace(microsecond=0)
        recorder.about.update(_about(each, market.provider, "the live service", moment, given))
        played = Operation(name, lambda: _asking(each.play(market.provider, given), ask), {})
        recorder.about["result"] = told(market.run(played))
    return path


class Replay:
    """A recording, ready to be played with nothing sent: ``with recording(replay.provider, path): replay.run()``."""

    def __init__(self, script: Script, name: str, about: About) -> None:
        self._recording = script.recording(name)
        self._clock = StillClock(datetime.fromisoformat(about["now"]))
        self._given: Given = about["given"]
        self.expected: object = about["result"]
        account = {**script.account, **script.settings, **self._recording.account}
        account["environment"] = about["environment"]
        self.provider = _provider(script.provider, account, self._clock)

    def run(self) -> object:
        """Play it in ordinary code; returns its result as `told`."""
        return told(_run(self.provider, self._recording.play(self.provider, self._given), self._clock))

    async def run_async(self) -> object:
        """Play it under an event loop."""
        engine = loop_engine(_session(self.provider, self._clock))
        try:
            return told(await engine.run(self._recording.play(self.provider, self._given)))
        finally:
            await engine.close()


def replayed(script: Script, name: str, folder: Path) -> tuple[Replay, Path]:
    """The recording of this name in a folder, with the account and the moment it was made with."""
    from crowdhub.testing.recording import files

    path = folder / f"{name}.yaml"
    return Replay(script, name, files.read(path).about), path


def told(value: object) -> object:
    """A result as plain data, without the marketplace's own answer (which the recording holds anyway)."""
    if isinstance(value, Money):
        return str(value)
    if isinstance(value, BaseModel):
        return _plain(value.model_dump(mode="json", exclude_none=True, exclude_defaults=True))
    if isinstance(value, Page):
        page = cast("Page[object]", value)
        found: dict[str, object] = {"items": told(page.items), "more": page.more is not None}
        return found if page.total is None else {**found, "total": page.total}
    if isinstance(value, Mapping):
        return {str(name): told(inner) for name, inner in cast("Mapping[object, object]", value).items()}
    if isinstance(value, (str, int, float, bool)) or value is None:
        return str(value) if isinstance(value, str) else value
    if isinstance(value, (Sequence, set, frozenset)):
        return [told(inner) for inner in cast("Sequence[object]", value)]
    return str(value)


def _plain(value: object) -> object:
    if isinstance(value, dict):
        members = cast("dict[str, object]", value)
        return {name: _plain(inner) for name, inner in members.items() if name != "raw"}
    if isinstance(value, list):
        return [_plain(inner) for inner in cast("list[object]", value)]
    return value


def _about(each: Recording, provider: AnyProvider, against: str, now: datetime, given: Given) -> About:
    return {
        "recorded_against": against,
        "provider": provider.name,
        "endpoint": each.endpoint,
        "environment": provider.environment,
        "now": now.isoformat(),
        "given": dict(given),
    }


def _asking(operation: Operation[T] | Flow[T], ask: Ask) -> Flow[T]:
    with OperationRun(operation) as run:
        call = run.start()
        while call is not None:
            if call.effect is not Effect.READ and not ask(call):
                raise RecordingError(
                    f"{call.label} was not allowed, so nothing of it was sent and no file was written.",
                    next_step="Nothing: that is what you asked for.",
                )
            try:
                answer = yield call
            except CrowdhubError as error:
                call = run.throw(error)
            else:
                call = run.send(answer)
        return run.result


def _provider(name: str, account: Mapping[str, object], clock: Clock) -> AnyProvider:
    kind = registry.load(name)
    made = kind(config.settings_of(kind, name, account), account=name)
    made.now = clock.now  # the engine does so too, but a recording may look at the time before it runs
    return made


def _session(provider: AnyProvider, clock: Clock) -> Session:
    # No repetitions: how many there are would depend on chance.
    return Session(provider, Options(clock=clock, policy=RetryPolicy(attempts=1)))


def _run(provider: AnyProvider, operation: Operation[T] | Flow[T], clock: Clock) -> T:
    engine = blocking_engine(_session(provider, clock))
    try:
        return drive(engine.run(operation))
    finally:
        drive(engine.close())
