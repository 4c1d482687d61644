"""Making the recordings of a script, and replaying them in either engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from pydantic import BaseModel

from crowdhub import registry
from crowdhub.clock import Clock
from crowdhub.engine.aio import AsyncEngine
from crowdhub.engine.policy import RetryPolicy
from crowdhub.engine.session import Options, Session
from crowdhub.engine.sync import Engine
from crowdhub.errors import CrowdhubError
from crowdhub.hub import config
from crowdhub.model import Money
from crowdhub.protocol import Call, Effect, Flow, FlowRun, Page, Provider
from crowdhub.testing.recording.errors import RecordingError
from crowdhub.testing.recording.script import Given, Recording, Script

if TYPE_CHECKING:
    from crowdhub.sandbox import Sandbox

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


class _SandboxClock(StillClock):
    """The sandbox's own time; waiting lets its workers act."""

    def __init__(self, box: Sandbox) -> None:
        super().__init__(box.clock.now())
        self._box = box

    def now(self) -> datetime:
        return self._box.clock.now()

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self._box.advance(seconds=seconds)


def record_in_sandbox(script: Script, name: str, folder: Path) -> Path:
    """Record one against a sandbox of its own. The same script and sandbox always make the same file."""
    from crowdhub.sandbox import Sandbox
    from crowdhub.testing.recording.cassette import recording

    each = script.recording(name)
    path = folder / f"{name}.yaml"
    with Sandbox(script.provider, options={script.provider: each.sandbox}) as box:
        account = {**box.accounts[script.provider], **script.settings}
        clock = _SandboxClock(box)
        given: Given = {}
        if each.prepare is not None:
            provider = _provider(script.provider, account, clock)
            given = _run(provider, each.prepare(provider, box[script.provider]), clock)
        provider = _provider(script.provider, {**account, **each.account}, clock)
        with recording(provider, path, "all") as recorder:
            recorder.about.update(_about(each, provider, "sandbox", clock.now(), given))
            recorder.about["result"] = told(_run(provider, each.play(provider, given), clock))
    return path


def record_live(
    script: Script, name: str, folder: Path, market: Any, given: Given, ask: Ask, now: datetime | None = None
) -> Path:
    """Record one against the live service, through the account's own market. ``ask`` is asked before every call
    that is more than a reading; a call that it does not allow ends the recording, and no file is written."""
    from crowdhub.testing.recording.cassette import recording

    each = script.recording(name)
    path = folder / f"{name}.yaml"
    with recording(market.provider, path, "all") as recorder:
        moment = now or datetime.now(UTC).replace(microsecond=0)
        recorder.about.update(_about(each, market.provider, "the live service", moment, given))
        recorder.about["result"] = told(market.run(_asking(each.play(market.provider, given), ask)))
    return path


class Replay:
    """A recording, ready to be played with nothing sent: ``with recording(replay.provider, path): replay.run()``."""

    def __init__(self, script: Script, name: str, about: Mapping[str, Any]) -> None:
        self._recording = script.recording(name)
        self._clock = StillClock(datetime.fromisoformat(about["now"]))
        self._given: Given = about["given"]
        self.expected: Any = about["result"]
        account = {**script.account, **script.settings, **self._recording.account}
        account["environment"] = about["environment"]
        self.provider = _provider(script.provider, account, self._clock)

    def run(self) -> Any:
        """Play it in the sync engine; returns its result as `told`."""
        return told(_run(self.provider, self._recording.play(self.provider, self._given), self._clock))

    async def run_async(self) -> Any:
        """Play it in the async engine."""
        engine = AsyncEngine(_session(self.provider, self._clock))
        try:
            return told(await engine.run(self._recording.play(self.provider, self._given)))
        finally:
            await engine.close()


def replayed(script: Script, name: str, folder: Path) -> tuple[Replay, Path]:
    """The recording of this name in a folder, with the account and the moment it was made with."""
    from crowdhub.testing.recording import files

    path = folder / f"{name}.yaml"
    return Replay(script, name, files.read(path).about), path


def told(value: Any) -> Any:
    """A result as plain data, without the marketplace's own answer (which the recording holds anyway)."""
    if isinstance(value, Money):
        return str(value)
    if isinstance(value, BaseModel):
        return _plain(value.model_dump(mode="json", exclude_none=True, exclude_defaults=True))
    if isinstance(value, Page):
        page = cast("Page[Any]", value)
        found: dict[str, Any] = {"items": told(page.items), "more": page.more is not None}
        return found if page.total is None else {**found, "total": page.total}
    if isinstance(value, Mapping):
        return {str(name): told(inner) for name, inner in cast("Mapping[Any, Any]", value).items()}
    if isinstance(value, (str, int, float, bool)) or value is None:
        return str(value) if isinstance(value, str) else value
    if isinstance(value, (Sequence, set, frozenset)):
        return [told(inner) for inner in cast("Sequence[Any]", value)]
    return str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        return {name: _plain(inner) for name, inner in members.items() if name != "raw"}
    if isinstance(value, list):
        return [_plain(inner) for inner in cast("list[Any]", value)]
    return value


def _about(each: Recording, provider: Provider[Any], against: str, now: datetime, given: Given) -> dict[str, Any]:
    return {
        "recorded_against": against,
        "provider": provider.name,
        "endpoint": each.endpoint,
        "environment": provider.environment,
        "now": now.isoformat(),
        "given": dict(given),
    }


def _asking(flow: Flow[Any], ask: Ask) -> Flow[Any]:
    with FlowRun(flow) as run:
        call = run.start()
        while call is not None:
            if call.effect is not Effect.READ and not ask(call):
                raise RecordingError(
                    f"{call.method} {call.path} was not allowed, so nothing of it was sent and no file was written.",
                    next_step="Nothing: that is what you asked for.",
                )
            try:
                answer = yield call
            except CrowdhubError as error:
                call = run.throw(error)
            else:
                call = run.send(answer)
        return run.result


def _provider(name: str, account: Mapping[str, Any], clock: Clock) -> Provider[Any]:
    kind = registry.load(name)
    made = kind(config.settings_of(kind, name, account), account=name)
    made.now = clock.now  # the engine does so too, but a recording may look at the time before it runs
    return made


def _session(provider: Provider[Any], clock: Clock) -> Session:
    # No repetitions: how many there are would depend on chance.
    return Session(provider, Options(clock=clock, policy=RetryPolicy(attempts=1)))


def _run(provider: Provider[Any], flow: Flow[Any], clock: Clock) -> Any:
    engine = Engine(_session(provider, clock))
    try:
        return engine.run(flow)
    finally:
        engine.close()
