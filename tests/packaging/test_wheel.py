"""The wheel: built, installed into a fresh environment, the demo run and an application type-checked there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.packages

ROOT = Path(__file__).parents[2]


def run(*command: str | Path, folder: Path, timeout: float = 100) -> subprocess.CompletedProcess[str]:
    ours = ("CROWDHUB_", "PYTHON", "MYPY")  # settings that would lead back to the source folder
    done = subprocess.run(
        [str(each) for each in command],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith(ours)},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr[-4000:]}"
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    # The build tool is installed here already: nothing is fetched for it.
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, folder=folder)
    (built,) = folder.glob("*.whl")
    return built


def test_it_carries_the_library_and_its_plugins_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (points,) = [name for name in names if name.endswith("entry_points.txt")]
        entry_points = archive.read(points).decode()
    folders = {name.split("/")[0] for name in names if ".dist-info" not in name.split("/")[0]}
    assert folders == {path.name for path in (ROOT / "plugins").iterdir() if (path / "__init__.py").is_file()} | {
        "crowdhub"
    }
    assert {f"{folder}/py.typed" for folder in folders} <= set(names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    for folder in folders - {"crowdhub"}:
        name = folder.removeprefix("crowdhub_")
        assert f"{name} = {folder}:" in entry_points, f"{name} has no entry point"
        assert f"{name} = {folder}.sandbox" in entry_points, f"{name} has no sandbox"
    assert "crowdhub = crowdhub.cli:main" in entry_points


@pytest.fixture(scope="module")
def home(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment of its own, with nothing in it but the wheel and what it needs."""
    folder = tmp_path_factory.mktemp("installed")
    home = folder / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", home, folder=folder)
    run(
        sys.executable, "-m", "pip", "--python", home / "bin" / "python", "install", "--quiet", "--prefer-binary",
        "--constraint", ROOT / "constraints.txt", f"crowdhub[cli,sandbox] @ {wheel.as_uri()}",
        folder=folder, timeout=200,
    )  # fmt: skip
    return home


@pytest.mark.timeout(240)
def test_a_fresh_environment_runs_the_demo_from_it(home: Path, tmp_path: Path) -> None:
    python = home / "bin" / "python"
    said = run(home / "bin" / "crowdhub", "demo", folder=tmp_path).stdout
    assert "agree with the marketplace's own books" in said
    assert "rapidworkers" in run(home / "bin" / "crowdhub", "providers", folder=tmp_path).stdout
    where = run(
        python,
        "-c",
        "import crowdhub, crowdhub_rapidworkers as r; print(crowdhub.__file__, r.__file__)",
        folder=tmp_path,
    ).stdout
    assert all(Path(path).is_relative_to(home.resolve()) for path in where.split())
    # Only what those extras bring: recording, tests and PostgreSQL are left out.
    run(
        python,
        "-c",
        "import importlib.util as u; assert not [n for n in ('vcr', 'pytest', 'psycopg') if u.find_spec(n)]",
        folder=tmp_path,
    )


@pytest.mark.timeout(240)
def test_an_application_is_typed_through_and_through(home: Path, tmp_path: Path) -> None:
    """The type checkers of this environment, looking at the packages of that one."""
    program = shutil.copy(Path(__file__).with_name("consumer.py"), tmp_path)
    python = home / "bin" / "python"
    checked = run(
        sys.executable, "-m", "mypy", "--strict", "--verbose", "--python-executable", python,
        "--cache-dir", tmp_path / "cache", program, folder=tmp_path,
    )  # fmt: skip
    assert "no issues found in 1 source file" in checked.stdout
    read = {Path(path) for path in re.findall(r"Parsing (\S+) \(crowdhub\S*\)", checked.stderr)}
    assert len(read) > 50
    assert all(path.is_relative_to(home.resolve()) for path in read), "those of the wheel, not the source folder's"
    run(sys.executable, "-m", "pyright", "--pythonpath", python, program, folder=tmp_path)
