"""What `crowdhub plugin new` writes, and what it refuses."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest

from crowdhub import scaffold
from crowdhub.errors import InvalidRequest


@pytest.mark.parametrize(
    ("given", "name", "package", "kind"),
    [
        ("beehive", "beehive", "crowdhub_beehive", "Beehive"),
        ("Bee.Hive", "bee-hive", "crowdhub_bee_hive", "BeeHive"),
        ("bee__hive-2", "bee-hive-2", "crowdhub_bee_hive_2", "BeeHive2"),
    ],
)
def test_the_names(given: str, name: str, package: str, kind: str) -> None:
    made = scaffold.files(given)
    points = tomllib.loads(made["pyproject.toml"])["project"]["entry-points"]
    assert points["crowdhub.providers"] == {name: f"{package}:{kind}"}
    assert points["crowdhub.sandboxes"] == {name: f"{package}.sandbox:{kind}Sandbox"}
    assert points["crowdhub.conformance"] == {name: f"{package}.conformance:{kind}Subject"}
    assert f"src/{package}/provider.py" in made
    assert scaffold.named(given) == name


def test_everything_is_there_and_filled_in() -> None:
    made = scaffold.files("beehive")
    names = ("__init__.py", "provider.py", "settings.py", "wire.py", "conformance.py", "py.typed")
    assert {f"src/crowdhub_beehive/{name}" for name in names} <= set(made)
    rooms = ("__init__.py", "market.py", "state.py", "inputs.py", "shapes.py", "workers.py")
    assert {f"src/crowdhub_beehive/sandbox/{name}" for name in rooms} <= set(made)
    tests = {"tests/test_provider.py", "tests/test_sandbox.py"}
    assert {"README.md", "pyproject.toml", ".gitignore", *tests} <= set(made)
    for path, content in made.items():
        assert "{{" not in content, path
        if path.endswith(".py"):
            ast.parse(content)
            assert max(map(len, content.splitlines()), default=0) <= 120, path


def test_it_writes_the_files(tmp_path: Path) -> None:
    folder = scaffold.create("beehive", tmp_path / "deep" / "project")
    written = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}
    assert written == set(scaffold.files("beehive"))


BAD = ["", "-bee", "bee-", "bee hive", "böe", "bee/hive", "../bee", "3bees", "none", "True", "task", "page"]


@pytest.mark.parametrize("name", BAD)
def test_a_bad_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        scaffold.create(name, tmp_path / "project")
    assert [issue.where for issue in caught.value.issues] == ["name"]
    assert not (tmp_path / "project").exists()


def test_every_issue_at_once(tmp_path: Path) -> None:
    """An installed provider's name, however it is spelt, and a folder that exists."""
    with pytest.raises(InvalidRequest) as caught:
        scaffold.create("RapidWorkers", tmp_path)
    assert [issue.where for issue in caught.value.issues] == ["name", "folder"]
