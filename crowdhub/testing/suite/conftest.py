# pyright: basic
"""Which providers the tests run for, and what each of them is asked."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import ExitStack
from importlib.metadata import entry_points
from typing import Any

import pytest

from crowdhub import registry
from crowdhub.errors import CrowdhubError
from crowdhub.model import Capability
from crowdhub.protocol import Provider
from crowdhub.testing.bench import WORLDS, Bench
from crowdhub.testing.operations import OPERATIONS
from crowdhub.testing.recording import load_script
from crowdhub.testing.subject import Subject, load
from crowdhub.testing.tape import Tape

IN_EVERY_WORLD = ("test_works", "test_twice", "test_a_mixed_review")  # elsewhere trio would find what asyncio does
# Nothing of that name on a market:
NO_OPERATION = {Capability.FIND_PUBLISHED, Capability.FIND_BONUS, Capability.BULK_REVIEW}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    wanted = set(metafunc.fixturenames)
    if "subject" not in wanted:
        return
    names: list[str] = metafunc.config.getoption("crowdhub_provider") or []
    try:
        subjects = [(load(name), registry.load(name)) for name in dict.fromkeys(names)]
    except CrowdhubError as error:
        raise pytest.UsageError(str(error)) from None
    for fixture, present in (("present", True), ("absent", False), ("settling", True)):
        if fixture in wanted:
            pairs = [
                (subject, each) for subject, kind in subjects for each in _capabilities(subject, kind, present, fixture)
            ]
            ids = [f"{subject.provider}-{each}" for subject, each in pairs]
            metafunc.parametrize(("subject", fixture), pairs, ids=ids)
            break
    else:
        if "recorded" in wanted:
            found = [(subject, name) for subject, _ in subjects for name in _recordings(subject.provider)]
            ids = [f"{subject.provider}-{name}" for subject, name in found]
            metafunc.parametrize(("subject", "recorded"), found, ids=ids)
            return
        metafunc.parametrize("subject", [subject for subject, _ in subjects], ids=[s.provider for s, _ in subjects])
    if "world" in wanted:
        every = metafunc.function.__name__ in IN_EVERY_WORLD
        metafunc.parametrize("world", WORLDS if every else WORLDS[:2])


def _recordings(provider: str) -> list[str | None]:
    """What its plugin can record, by name; one None where that is nothing."""
    if not entry_points(group="crowdhub.recordings", name=provider):
        return [None]
    return [each.name for each in load_script(provider).recordings]


def _capabilities(subject: Subject, kind: type[Provider[Any]], present: bool, fixture: str) -> list[Capability]:
    able = kind.capabilities()
    if fixture == "settling":
        final = [Capability.APPROVE, Capability.REJECT] if subject.rejection_is_final else [Capability.APPROVE]
        return [each for each in final if each in able]
    if not present:
        return [each for each in Capability if each not in able and each not in NO_OPERATION]
    return [each for each in OPERATIONS if each in able]


@pytest.fixture
def new_bench(subject: Subject) -> Generator[Callable[..., Bench]]:
    """Makes benches that are closed at the test's end."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(Bench(subject, **options))


@pytest.fixture
def bench(new_bench: Callable[..., Bench]) -> Bench:
    return new_bench()


@pytest.fixture
def taped(bench: Bench) -> Callable[[Any], tuple[Any, Tape]]:
    """Runs a flow in ordinary code: its result, and the tape."""

    def run(flow: Any) -> tuple[Any, Tape]:
        tape = Tape()
        return bench.market.run(tape.record(flow)), tape

    return run


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what asks for a capability that the provider lacks: `test_absent` checks that one instead."""
    left_out = [item for item in items if not _has_what_it_needs(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def _has_what_it_needs(item: pytest.Item) -> bool:
    if not isinstance(item, pytest.Function) or not hasattr(item, "callspec"):
        return True
    subject: Any = item.callspec.params.get("subject")
    if subject is None:
        return True
    if not isinstance(subject, Subject):
        return False  # no provider has any of these capabilities: pytest's place holder of an empty set
    mark = item.get_closest_marker("crowdhub_needs")
    if mark is None:
        return True
    if {Capability.APPROVE, Capability.REJECT} <= set(mark.args) and not subject.rejection_is_final:
        return False  # nothing can be settled the other way
    able = registry.load(subject.provider).capabilities()
    return all(each in able for each in mark.args)
