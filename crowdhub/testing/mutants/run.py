"""Running the kit on each bug, in a process of its own, two at a time."""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from crowdhub import scaffold
from crowdhub.testing.mutants.bugs import BUGS, SCAFFOLD, Bug

AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the kit said of one bug: ``caught`` by a test, or not; ``by`` the test, or why it could not be run."""

    bug: Bug
    caught: bool
    by: str


PRELOADED = ("pytest", "trio", "crowdhub.hub", "crowdhub.sandbox", "crowdhub.ratelimit", "crowdhub.testing.operations")
"""Imported before the processes part, so that none pays for it again. No plugin is among them."""


def chosen(*, short: bool) -> list[Bug]:
    return [bug for bug in BUGS if bug.short or not short]


def check(bugs: Sequence[Bug]) -> Iterator[Verdict]:
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


def prepare(provider: str, place: Path) -> None:
    """An importable copy of the provider's package, with what an installation would know of it."""
    if provider == SCAFFOLD:
        project = place / "project"
        _ = scaffold.create(provider, project)
        _ = shutil.copytree(project / "src", place / "path")
        described = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        info = place / "path" / f"{package_of(provider)}-0.dist-info"
        info.mkdir()
        name = f"Metadata-Version: 2.1\nName: {described['name']}\nVersion: 0\n"
        _ = (info / "METADATA").write_text(name, encoding="utf-8")
        groups = [
            f"[{group}]\n" + "".join(f"{key} = {value}\n" for key, value in points.items())
            for group, points in described["entry-points"].items()
        ]
        _ = (info / "entry_points.txt").write_text("\n".join(groups), encoding="utf-8")
        return
    package = package_of(provider)
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"the package {package} is not installed")
    source = Path(spec.origin).parent
    _ = shutil.copytree(source, place / "path" / package, ignore=shutil.ignore_patterns("__pycache__"))


def package_of(provider: str) -> str:
    return "crowdhub_" + provider.replace("-", "_")


def _judge(job: tuple[Bug, str]) -> Verdict:
    bug, folder = job
    path = Path(folder, "path")
    package = package_of(bug.provider)
    file = path / package / bug.file
    text = file.read_text(encoding="utf-8")
    if text.count(bug.old) != 1:
        return Verdict(bug, False, f"stale: its place stands {text.count(bug.old)} times in {bug.file}")
    _ = file.write_text(text.replace(bug.old, bug.new.replace("{module}", package)), encoding="utf-8")
    sys.path.insert(0, str(path))
    sys.dont_write_bytecode = True
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        failed, ended = _kit(bug, Path(folder))
    return Verdict(bug, failed is not None, failed or ended)


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
