"""The plugin's own source: what it imports, and operations that are made and dropped."""

from __future__ import annotations

import pytest

from crowdhub import registry
from crowdhub.testing import source
from crowdhub.testing.subject import Subject


@pytest.fixture
def plugin(subject: Subject) -> list[source.Module]:
    return source.modules(registry.load(subject.provider))


def test_imports(plugin: list[source.Module]) -> None:
    """The client side imports nothing of the engine, no HTTP client, no other plugin and not its own sandbox; the
    sandbox nothing of the client side, so that a mistake cannot hide by being made twice. Libraries are its own
    distribution's."""
    found = [each for module in plugin for each in source.import_violations(module)]
    assert not found, "\n".join(found)


def test_the_sandbox_is_a_part_of_its_own(plugin: list[source.Module]) -> None:
    assert any(module.is_sandbox for module in plugin), "the plugin has no module `sandbox`"


def test_no_operation_is_dropped(plugin: list[source.Module]) -> None:
    """`self.cancel(task)` without `yield from` does nothing at all."""
    found = source.dropped_operations(plugin)
    assert not found, "\n".join(found)
