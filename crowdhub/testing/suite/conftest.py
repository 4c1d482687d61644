"""Which providers the tests run for, and what each of them is asked."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack
from typing import TypeAlias

import pytest

from crowdhub import registry
from crowdhub.errors import CrowdhubError
from crowdhub.model import Capability
from crowdhub.protocol import AnyProvider
from crowdhub.testing.bench import TIMEOUT, WORLDS, Bench
from crowdhub.testing.exercises import EXERCISES
from crowdhub.testing.recording import load_script, script_names
from crowdhub.testing.subject import Subject, load, readings_of
from crowdhub.testing.tape import Played, Tape

NewBench: TypeAlias = Callable[..., Bench]
IN_EVERY_WORLD = ("test_works", "test_twice", "test_a_mixed_review")  # elsewhere trio would find what asyncio does
SPENDING = (Capability.PUBLISH, Capability.PAY_BONUS, Capability.EXTEND)
# Nothing of that name on a market:
NO_VERB = {Capability.FIND_PUBLISHED, Capability.FIND_BONUS, Capability.BULK_REVIEW}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    wanted = set(metafunc.fixturenames)
    if "subject" not in wanted:
        return
    names: list[str] = metafunc.config.getoption("crowdhub_provider") or []
    try:
        played = dict.fromkeys(each for name in names for each in readings_of(name))
        subjects = [(subject, registry.load(subject.provider)) for subject in map(load, played)]
    except CrowdhubError as error:
        raise pytest.UsageError(str(error)) from None
    for fixture, choices in (
        ("present", _present),
        ("listed", _listed),
        ("absent", _absent),
        ("settling", _settling),
        ("spending", _spending),
        ("unpaid", _unpaid),
        ("recorded", _recordings),
    ):
        if fixture in wanted:
            pairs = [(subject, each) for subject, kind in subjects for each in choices(subject, kind)]
            ids = [f"{subject.name}-{each}" for subject, each in pairs]
            metafunc.parametrize(("subject", fixture), pairs, ids=ids)
            break
    else:
        metafunc.parametrize("subject", [subject for subject, _ in subjects], ids=[s.name for s, _ in subjects])
    if "world" in wanted:
        every = metafunc.function.__name__ in IN_EVERY_WORLD
        metafunc.parametrize("world", WORLDS if every else WORLDS[:2])


def _present(_: Subject, kind: type[AnyProvider]) -> Iterable[Capability]:
    return [each for each in EXERCISES if each in kind.capabilities]


def _listed(_: Subject, kind: type[AnyProvider]) -> Iterable[Capability]:
    wanted = (Capability.TASK, Capability.TASKS, Capability.SUBMISSIONS)
    return [each for each in wanted if each in kind.capabilities]


def _absent(_: Subject, kind: type[AnyProvider]) -> Iterable[Capability]:
    return [each for each in Capability if each not in kind.capabilities and each not in NO_VERB]


def _settling(subject: Subject, kind: type[AnyProvider]) -> Iterable[Capability]:
    final = [Capability.APPROVE, Capability.REJECT] if subject.rejection_is_final else [Capability.APPROVE]
    return [each for each in final if each in kind.capabilities]


def _spending(_: Subject, kind: type[AnyProvider]) -> Iterable[Capability]:
    return [each for each in SPENDING if each in kind.capabilities]


def _unpaid(_: Subject, kind: type[AnyProvider]) -> Iterable[Capability]:
    return [each for each in EXERCISES if each in kind.capabilities and each not in SPENDING]


def _recordings(subject: Subject, _: type[AnyProvider]) -> Iterable[str | None]:
    """What its plugin can record, by name; one None where that is nothing."""
    if subject.provider not in script_names():
        return [None]
    return [each.name for each in load_script(subject.provider).recordings]


@pytest.fixture
def new_bench(subject: Subject) -> Generator[NewBench]:
    """Makes benches that are closed at the test's end."""
    with ExitStack() as stack:

        def make(*, timeout: float = TIMEOUT, **options: object) -> Bench:
            return stack.enter_context(Bench(subject, timeout=timeout, **options))

        yield make


@pytest.fixture
def bench(new_bench: NewBench) -> Bench:
    return new_bench()


_PLAYED: dict[tuple[str, Capability], Played] = {}


def _play(subject: Subject, capability: Capability) -> Played:
    """Played once a run: what the tests make of it needs no sandbox any more."""
    key = (subject.name, capability)
    if key not in _PLAYED:
        with Bench(subject) as bench:
            exercise = EXERCISES[capability](bench)
            tape = Tape(bench.since)
            result = bench.market.run(tape.record(exercise.operation(bench.provider)))
            token = bench.session.token
            _PLAYED[key] = Played(bench.provider, exercise.operation, tape, result, token, exercise.reads)
    return _PLAYED[key]


@pytest.fixture
def played(subject: Subject, present: Capability) -> Played:
    """A capability's operation that went well once: its calls, its answers and its result."""
    return _play(subject, present)


@pytest.fixture
def played_listed(subject: Subject, listed: Capability) -> Played:
    return _play(subject, listed)


@pytest.fixture
def played_unpaid(subject: Subject, unpaid: Capability) -> Played:
    return _play(subject, unpaid)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what asks for a capability that the provider lacks: `test_absent` checks that one instead."""
    left_out = [item for item in items if not _has_what_it_needs(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def _has_what_it_needs(item: pytest.Item) -> bool:
    if not isinstance(item, pytest.Function) or not hasattr(item, "callspec"):
        return True
    subject: object = item.callspec.params.get("subject")
    if subject is None:
        return True
    if not isinstance(subject, Subject):
        return False  # no provider has any of these capabilities: pytest's place holder of an empty set
    mark = item.get_closest_marker("crowdhub_needs")
    if mark is None:
        return True
    if {Capability.APPROVE, Capability.REJECT} <= set(mark.args) and not subject.rejection_is_final:
        return False  # nothing can be settled the other way
    able = registry.load(subject.provider).capabilities
    return all(each in able for each in mark.args)
