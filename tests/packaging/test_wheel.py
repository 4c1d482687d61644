"""The wheel: built, installed into a fresh environment, and the demo run from it."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(*command: str | Path, folder: Path, timeout: float = 100) -> str:
    done = subprocess.run(
        [str(each) for each in command],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith(("CROWDHUB_", "PYTHON"))},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


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
    assert "crowdhub/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    for folder in folders - {"crowdhub"}:
        name = folder.removeprefix("crowdhub_")
        assert f"{name} = {folder}:" in entry_points, f"{name} has no entry point"
        assert f"{name} = {folder}.sandbox" in entry_points, f"{name} has no sandbox"
    assert "crowdhub = crowdhub.cli:main" in entry_points


@pytest.mark.timeout(240)
def test_a_fresh_environment_runs_the_demo_from_it(wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "venv"
    run(sys.executable, "-m", "venv", home, folder=tmp_path)
    python = home / "bin" / "python"
    run(
        python, "-m", "pip", "install", "--quiet", "--prefer-binary", "--constraint", ROOT / "constraints.txt",
        f"crowdhub[cli,sandbox] @ {wheel.as_uri()}", folder=tmp_path, timeout=200,
    )  # fmt: skip
    said = run(home / "bin" / "crowdhub", "demo", folder=tmp_path)
    assert "agree with the marketplace's own books" in said
    assert "rapidworkers" in run(home / "bin" / "crowdhub", "providers", folder=tmp_path)
    where = run(
        python,
        "-c",
        "import crowdhub, crowdhub_rapidworkers as r; print(crowdhub.__file__, r.__file__)",
        folder=tmp_path,
    )
    assert all(Path(path).is_relative_to(home.resolve()) for path in where.split())
    # Only what those extras bring: recording, tests and PostgreSQL are left out.
    run(
        python,
        "-c",
        "import importlib.util as u; assert not [n for n in ('vcr', 'pytest', 'psycopg') if u.find_spec(n)]",
        folder=tmp_path,
    )
