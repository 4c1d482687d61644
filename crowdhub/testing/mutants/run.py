"""Running the kit on each bug, in a process of its own, two at a time."""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from crowdhub.testing.mutants.bugs import BUGS, Bug
from crowdhub.testing.mutants.packages import package_of, prepare

AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """What the kit said of one bug: ``caught`` by a test, or not; ``by`` the test, or why it could not be run."""

    bug: Bug
    caught: bool
    by: str


PRELOADED = ("pytest", "trio", "crowdhub.hub", "crowdhub.sandbox", "crowdhub.ratelimit", "crowdhub.testing.exercises")
"""Imported before the processes part, so that none pays for it again. No plugin is among them."""


def chosen(*, short: bool) -> list[Bug]:
    return [bug for bug in BUGS if bug.short or not short]


def check(bugs: Sequence[Bug]) -> Iterator[Finding]:
    """The kit's verdict on each bug, in their order."""
    for module in PRELOADED:
        with contextlib.suppress(ModuleNotFoundError):
            _ = import_module(module)
    method = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
    with tempfile.TemporaryDirectory() as folder:
        jobs: list[tuple[Bug, str]] = []
        for number, bug in enumerate(bugs):
            place = Path(folder, str(number))
            prepare(bug.provider, place)
            jobs.append((bug, str(place)))
        with multiprocessing.get_context(method).Pool(AT_ONCE, maxtasksperchild=1) as pool:
            yield from pool.imap(_judge, jobs, chunksize=1)


def _judge(job: tuple[Bug, str]) -> Finding:
    bug, folder = job
    path = Path(folder, "path")
    package = package_of(bug.provider)
    file = path / package / bug.file
    text = file.read_text(encoding="utf-8")
    if text.count(bug.old) != 1:
        return Finding(bug, False, f"stale: its place stands {text.count(bug.old)} times in {bug.file}")
    _ = file.write_text(text.replace(bug.old, bug.new.replace("{module}", package)), encoding="utf-8")
    sys.path.insert(0, str(path))
    sys.dont_write_bytecode = True
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        failed, ended = _kit(bug, Path(folder))
    return Finding(bug, failed is not None, failed or ended)


def _kit(bug: Bug, folder: Path) -> tuple[str | None, str]:
    """The first test of the kit that fails, those first that are expected to; where none does, how it ended."""
    import pytest

    from crowdhub.testing.plugin import SUITE

    class First:
        failed: str | None = None

        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            if report.failed and self.failed is None:
                file, _, name = report.location
                self.failed = f"{Path(file).name}::{name}"

    first = First()
    files = sorted(SUITE.glob("test_*.py"), key=lambda file: (file.stem != f"test_{bug.seen_by}", file.name))
    settings = folder / "pytest.ini"
    _ = settings.write_text("[pytest]\nfilterwarnings = error\n", encoding="utf-8")
    quiet = ["-x", "-q", "-p", "no:cacheprovider", "--no-header", "--tb=no", "--assert=plain", "-c", str(settings)]
    code = pytest.main([*quiet, "--crowdhub-provider", bug.provider, *map(str, files)], plugins=[first])
    if first.failed is None and code != pytest.ExitCode.OK:
        return None, f"the kit could not run ({pytest.ExitCode(code).name.lower()})"
    return first.failed, "every test of the kit passed"
