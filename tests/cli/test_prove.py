"""`crowdhub prove` as a person sees it."""

from __future__ import annotations

import pytest
from starlette.types import ASGIApp

from crowdhub.ledger import transitions
from crowdhub_capsolver.sandbox import CapSolverSandbox

from .conftest import Cli


def test_all_paths_of_an_operation(cli: Cli) -> None:
    said = cli.ok("prove", "-p", "capsolver", "-o", "publish", "-o", "bonus", "--variant", "one")
    assert "capsolver/publish/one" in said.out
    assert "0 violations" in said.out
    assert "capsolver/bonus is left out" in said.err


def test_a_violation_has_a_path_that_can_be_gone_again(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> bool:
        return False

    monkeypatch.setattr(transitions, "is_second", never)
    chosen = ("-p", "rapidworkers:", "-o", "publish", "--variant", "two")
    (row,) = cli("prove", *chosen, "--json").rows
    (violation,) = row["violations"]
    said = cli("prove", "--path", violation["path"])
    assert said.code == 1
    assert "the process is stopped past `settles_within`" in said.out
    assert f"WRONG: {violation['sentence']}" in said.out
    said = cli("prove", *chosen)
    assert said.code == 1
    assert f"crowdhub prove --path {violation['path']}" in said.out
    monkeypatch.undo()
    assert "Nothing is wrong on this path." in cli.ok("prove", "--path", violation["path"]).out


@pytest.mark.parametrize(
    "path",
    [
        "nonsense",
        "rapidworkers/publish/one",
        "rapidworkers/publish/one/zz",
        "rapidworkers/publish/one/1=-1",
        "rapidworkers/publish/one/99=1",
        "rapidworkers/publish/none/0",
        "a/b/c/0",
    ],
)
def test_a_path_that_is_not_there(cli: Cli, path: str) -> None:
    said = cli("prove", "--path", path)
    assert said.code == 2
    assert path.rpartition("/")[0] in said.err
    assert "int()" not in said.err
    assert "unpack" not in said.err


@pytest.mark.parametrize(
    "options", [("--planted", "-p", "etxt"), ("--planted", "--path", "x"), ("--path", "x", "-o", "bonus")]
)
def test_options_that_cannot_stand_together(cli: Cli, options: tuple[str, ...]) -> None:
    said = cli("prove", *options)
    assert said.code == 2
    assert "cannot stand beside" in said.err


def test_a_sandbox_that_is_not_there(cli: Cli) -> None:
    said = cli("prove", "-p", "nothing")
    assert said.code == 2
    assert "nothing" in said.err


@pytest.mark.parametrize("option", ["--operation", "--variant"])
def test_a_name_that_is_not_there(cli: Cli, option: str) -> None:
    said = cli("prove", option, "nothing")
    assert said.code == 2
    assert "'nothing' is none of" in said.err


def test_a_sandbox_that_cannot_be_copied_is_left_out(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    made = CapSolverSandbox.app

    def app(self: CapSolverSandbox) -> ASGIApp:
        monkeypatch.setattr(self, "numbers", (number for number in range(3)), raising=False)
        return made(self)

    monkeypatch.setattr(CapSolverSandbox, "app", app)
    said = cli("prove", "-p", "capsolver")
    assert said.code == 2
    assert "capsolver is left out: its sandbox cannot be copied: cannot pickle 'generator' object" in said.err
    assert "Nothing of what was chosen can be gone through." in said.err
