"""The pytest plugin: `box = crowdhub_sandbox("rapidworkers")` in a test."""

from collections.abc import Generator

import pytest

from crowdhub.testing import SandboxFactory, sandboxes


@pytest.fixture
def crowdhub_sandbox() -> Generator[SandboxFactory]:
    """A factory of running sandboxes; they stop when the test ends."""
    with sandboxes() as make:
        yield make
