"""What an import costs: nothing that is not used. And the names of the package, which are loaded on first use."""

from __future__ import annotations

import ast
import os
import pickle
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import crowdhub
import crowdhub.testing

HEAVY = "anyio pydantic httpx vcr typer rich stevedore sqlalchemy starlette uvicorn PIL tenacity"


def run(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("crowdhub", f"{HEAVY} typing asyncio crowdhub.errors"),
        ("crowdhub.errors", f"{HEAVY} asyncio crowdhub.model"),
        ("crowdhub.clock", f"{HEAVY} asyncio crowdhub.model"),
        ("crowdhub.protocol", "httpx vcr typer rich stevedore sqlalchemy starlette uvicorn PIL tenacity"),
        ("crowdhub.hub", "vcr typer starlette uvicorn PIL"),
        ("crowdhub.cli", f"{HEAVY} crowdhub.model"),
        ("crowdhub.testing", f"{HEAVY} asyncio crowdhub.model"),
        ("crowdhub.testing.recording", "vcr typer rich"),
        ("crowdhub.testing.plugin", f"{HEAVY} asyncio crowdhub.errors crowdhub.model crowdhub.sandbox"),
        ("crowdhub_rapidworkers", "httpx starlette vcr"),
    ],
)
def test_importing_is_light(module: str, absent: str) -> None:
    loaded = run(f"import sys; before = {{*sys.modules}}; import {module}; print(*sys.modules.keys() - before)")
    assert set(loaded.split()) & set(absent.split()) == set()


def test_a_run_of_pytest_loads_next_to_nothing_of_it(tmp_path: Path) -> None:
    """Not before its fixture is used or its option given: whoever has crowdhub installed has the plugin, too."""
    (tmp_path / "test_other.py").write_text("def test_other(): pass", encoding="utf-8")
    said = run(
        "import pytest, sys\n"
        "options = ['-q', '-p', 'crowdhub.testing.plugin', '-p', 'no:cacheprovider']\n"
        f"assert pytest.main([*options, {str(tmp_path)!r}]) == 0\n"
        "print(*sorted(name for name in sys.modules if name.startswith(('crowdhub', 'pydantic', 'httpx'))))",
        PYTEST_DISABLE_PLUGIN_AUTOLOAD="1",
    )
    assert said.splitlines()[-1] == "crowdhub crowdhub._version crowdhub.testing crowdhub.testing.plugin"


@pytest.mark.parametrize("home", crowdhub._HOMES)
def test_public_names_can_be_imported_first_from_whichever_home(home: str) -> None:
    names = crowdhub._HOMES[home]
    code = f"from crowdhub import {', '.join(names)}\nimport crowdhub, {home} as home\n"
    same = " and ".join(f"{name} is crowdhub.{name} is home.{name}" for name in names)
    assert run(f"{code}print({same})") == "True"


def test_everything_at_once() -> None:
    given = set(run("before = set(globals()); from crowdhub import *; print(*set(globals()) - before)").split())
    assert given == {*crowdhub.__all__, "before"}


def test_the_homes_of_names_are_those_that_type_checkers_read() -> None:
    tree = ast.parse(Path(crowdhub.__file__).read_text(encoding="utf-8"))
    (typed,) = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    read = {
        alias.name: node.module
        for node in typed.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }  # fmt: skip
    homes = {name: home for home, names in crowdhub._HOMES.items() for name in names}
    modules = dict.fromkeys(crowdhub._MODULES, "crowdhub")
    assert homes | modules == read
    assert {*homes, "__version__"} == set(crowdhub.__all__)
    assert {*crowdhub.__all__, *modules} <= set(dir(crowdhub))
    assert run("import crowdhub; print('Hub' in dir(crowdhub), 'Hub' in vars(crowdhub))") == "True False"


def test_a_public_name_is_the_one_of_its_home() -> None:
    for home, names in crowdhub._HOMES.items():
        for name in names:
            assert getattr(crowdhub, name) is getattr(import_module(home), name)
    assert pickle.loads(pickle.dumps(crowdhub.Hub)) is crowdhub.Hub
    money = crowdhub.Money("1.50", "USD")
    assert pickle.loads(pickle.dumps(money)) == money


def test_the_modules_that_programs_name_need_no_import_of_their_own() -> None:
    assert run("import crowdhub; print(crowdhub.errors.NotFound.__name__, crowdhub.model.Task.__name__)") == (
        "NotFound Task"
    )


def test_what_a_subject_is_lies_with_the_kit() -> None:
    from crowdhub.testing.subject import Subject

    assert crowdhub.testing.Subject is Subject


def test_an_unknown_name_is_an_ordinary_error() -> None:
    said = run("import crowdhub\ntry: crowdhub.Hbu\nexcept AttributeError as error: print(error)")
    assert said == "module 'crowdhub' has no attribute 'Hbu'"
