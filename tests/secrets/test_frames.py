"""A reporter of errors takes apart the locals of every frame: no key, token or signature is among those of ours."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import Any, cast

import anyio
import pytest

from crowdhub import AsyncHub, Hub
from crowdhub.engine.redact import Redactor
from crowdhub.errors import ConfigurationError
from crowdhub.model import Capability
from crowdhub.sandbox import Fault
from tests.secrets.conftest import OpenBox, note_signatures
from tests.secrets.evidence import Evidence, with_locals
from tests.secrets.frames import Interrupts, reported
from tests.secrets.test_everything import SUBJECTS

INTERRUPTS = 40
KEY = "rw-live-0123456789-abcdef"


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """What was interrupted may be left to the garbage collector, which complains; here, and not in another test."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()


class Place:
    """One marketplace, asked by a hub that is opened for it."""

    def __init__(self, name: str, open_box: OpenBox) -> None:
        self.subject = SUBJECTS[name]()
        self.name = name
        self.box, self.clock = open_box(name, **{name: dict(self.subject.sandbox_options)})
        self.options: dict[str, Any] = {"clock": self.clock, "timeout": 0.3}

    def asked(self, number: int, meanwhile: AbstractContextManager[None] | None = None) -> None:
        with Hub(self.box.accounts, **self.options) as hub, meanwhile or nullcontext():
            market = hub[self.name]
            if Capability.BALANCE in market.capabilities:
                market.balance()
            market.publish(self.subject.draft(), key=f"key {number}")

    def asked_in_a_loop(self, number: int, seconds: float = 30.0) -> None:
        async def ask() -> None:
            with anyio.fail_after(seconds):
                async with AsyncHub(self.box.accounts, **self.options) as hub:
                    market = hub[self.name]
                    if Capability.BALANCE in market.capabilities:
                        await market.balance()
                    await market.publish(self.subject.draft(), key=f"key {number}")

        anyio.run(ask)


def failure_of(operation: Callable[[], object]) -> BaseException | None:
    try:
        operation()
    except BaseException as error:  # noqa: BLE001 - Ctrl-C, too
        return error
    return None


def shown(evidence: Evidence, error: BaseException) -> dict[str, str]:
    redact = Redactor(evidence.secrets)
    frames = {**reported(error), "with locals": with_locals(error)}
    return {place: text for place, text in frames.items() if redact(text) != text}


@pytest.mark.parametrize("way", ["asked", "asked_in_a_loop"])
@pytest.mark.parametrize("name", SUBJECTS)
def test_after_a_fault(name: str, way: str, evidence: Evidence, open_box: OpenBox, own_place: Path) -> None:
    place = Place(name, open_box)
    place.options["timeout"] = 0.1
    failures: list[BaseException] = []
    faults = (
        Fault.status(400),
        Fault.status(401),
        Fault.truncate(),
        Fault.html(),
        Fault.drop("after"),
        Fault.hang("after"),
    )
    ask = cast("Callable[[int], None]", getattr(place, way))
    for number, fault in enumerate(faults):
        place.box[name].faults.add(fault, times=None)
        failure = failure_of(partial(ask, number))
        place.box[name].faults.clear()
        place.box[name].faults.release()
        assert failure is not None
        failures.append(failure)
    if name == "etxt":
        note_signatures(evidence, place.box)
    assert evidence.secrets
    assert [found for each in failures if (found := shown(evidence, each))] == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # where an object was let go
@pytest.mark.parametrize("name", SUBJECTS)
def test_after_an_interrupt_anywhere(name: str, evidence: Evidence, open_box: OpenBox, own_place: Path) -> None:
    place = Place(name, open_box)
    place.asked(-2)
    whole = Interrupts()
    place.asked(-1, whole())
    failures: list[BaseException] = []
    for number in range(INTERRUPTS):
        interrupted = Interrupts(1 + whole.calls * number // INTERRUPTS)
        failure = failure_of(partial(place.asked, number, interrupted()))
        if failure is not None:
            failures.append(failure)
    if name == "etxt":
        note_signatures(evidence, place.box)
    assert len(failures) > INTERRUPTS // 2
    assert [found for each in failures if (found := shown(evidence, each))] == []


@pytest.mark.parametrize("name", SUBJECTS)
def test_after_a_call_was_cancelled(name: str, evidence: Evidence, open_box: OpenBox, own_place: Path) -> None:
    place = Place(name, open_box)
    place.options["timeout"] = 30
    place.asked_in_a_loop(-1)
    place.box[name].faults.add(Fault.hang("after"), times=None)
    failure = failure_of(lambda: place.asked_in_a_loop(0, seconds=0.3))
    place.box[name].faults.clear()
    place.box[name].faults.release()
    assert isinstance(failure, TimeoutError)
    assert shown(evidence, failure) == {}


WRONG: dict[str, Callable[[], object]] = {
    "an option": lambda: Hub({"rapidworkers": {"api_key": KEY}}, on_unsupported=cast("Any", "perhaps")),
    "a clock": lambda: Hub({"rapidworkers": {"api_key": KEY}}, clock=cast("Any", "noon")),
    "settings that are none": lambda: Hub(cast("Any", {"rapidworkers": KEY})),
    "no mapping": lambda: Hub(cast("Any", [KEY])),
    "a budget": lambda: Hub({"rapidworkers": {"api_key": KEY}}, budget=cast("Any", KEY))["rapidworkers"],
    "a ledger": lambda: Hub({"rapidworkers": {"api_key": KEY}}, ledger=cast("Any", 5))["rapidworkers"],
    "a setting": lambda: Hub({"rapidworkers": {"api_key": KEY, "allow_engagement_jobs": "?"}})["rapidworkers"],
    "a name of a setting": lambda: Hub({"rapidworkers": {"apikey": KEY}})["rapidworkers"],
    "a provider": lambda: Hub({"rapidworkers": {"api_key": KEY, "provider": KEY}})["rapidworkers"],
    "a variable": lambda: Hub({"rapidworkers": {"api_key_env": KEY}})["rapidworkers"],
    "a timeout": lambda: Hub({"rapidworkers": {"api_key": KEY}}, timeout=cast("Any", KEY)),
    "an asynchronous hub's option": lambda: AsyncHub({"rapidworkers": {"api_key": KEY}}, max_wait=cast("Any", KEY)),
}


@pytest.mark.parametrize("what", WRONG)
def test_after_wrong_settings(what: str, evidence: Evidence, own_place: Path) -> None:
    evidence.secrets.add(KEY)
    with pytest.raises(ConfigurationError) as caught:
        WRONG[what]()
    assert KEY not in str(caught.value)
    assert shown(evidence, caught.value) == {}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # where an object was let go
def test_after_an_interrupt_while_settings_are_read(evidence: Evidence, own_place: Path) -> None:
    evidence.secrets.add(KEY)
    file = own_place / "crowdhub.toml"
    file.write_text(f'[accounts.rapidworkers]\napi_key = "{KEY}"\n')
    whole = Interrupts()

    def read() -> None:
        with Hub.from_config(file) as hub:
            _ = hub["rapidworkers"]

    read()
    with whole():
        read()
    failures: list[BaseException] = []
    for at in range(1, whole.calls, max(1, whole.calls // INTERRUPTS)):
        with Interrupts(at)(), suppress(Exception):
            if failure := failure_of(read):
                failures.append(failure)
    assert failures
    assert [found for each in failures if (found := shown(evidence, each))] == []
