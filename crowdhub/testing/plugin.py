"""The pytest plugin: `box = crowdhub_sandbox("rapidworkers")` in a test, and `pytest --crowdhub-provider NAME`."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from crowdhub.testing import SandboxFactory, sandboxes

SUITE = Path(__file__).with_name("suite")


@pytest.fixture
def crowdhub_sandbox() -> Generator[SandboxFactory]:
    """A factory of running sandboxes; they stop when the test ends."""
    with sandboxes() as make:
        yield make


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("crowdhub").addoption(
        "--crowdhub-provider",
        action="append",
        default=[],
        metavar="NAME",
        help="run crowdhub's conformance kit for this installed provider, against its own sandbox, in each of its"
        " readings, or in one alone as NAME:READING, or as it is alone as NAME: (repeatable)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Add the kit's tests to what was asked for; alone, where no test was named."""
    config.addinivalue_line("markers", "crowdhub_needs(*capabilities): a conformance test of these capabilities")
    if not config.getoption("crowdhub_provider"):
        return
    named = config.args if config.args_source is pytest.Config.ArgsSource.ARGS else []
    # Files rather than their folder: they are then collected whatever the project calls its own test files.
    config.args[:] = [*named, *(str(file) for file in sorted(SUITE.glob("test_*.py")) if str(file) not in named)]
    if "s" not in config.option.reportchars and "a" not in config.option.reportchars.lower():
        config.option.reportchars += "s"  # what was not checked is said, with its reason


def pytest_report_header(config: pytest.Config) -> str | None:
    names: list[str] = config.getoption("crowdhub_provider") or []
    return f"crowdhub conformance kit: {', '.join(names)}" if names else None
