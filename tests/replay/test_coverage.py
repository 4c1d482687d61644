"""Every endpoint of every plugin is on tape, in both kinds."""

from __future__ import annotations

import ast
import importlib
import json
import re
from pathlib import Path

import pytest

from crowdhub.testing.recording import load_script
from crowdhub.testing.recording.documented import make
from crowdhub.testing.recording.files import read

KINDS = ("documented", "recorded")


@pytest.mark.parametrize("kind", KINDS)
def test_every_endpoint_has_a_cassette_with_a_request_to_it(provider_name: str, kind: str, cassettes: Path) -> None:
    script = load_script(provider_name)
    found: set[str] = set()
    for path in (cassettes / provider_name / kind).glob("*.yaml"):
        tape = read(path)
        endpoint = script.endpoint(tape.about["endpoint"])
        if any(endpoint.matches(each.method, each.uri, script.operation_of(each.headers)) for each in tape.exchanges):
            found.add(endpoint.name)
    assert found == {endpoint.name for endpoint in script.endpoints}


# eTXT's are held by test_every_function_of_etxt.
@pytest.mark.parametrize("provider", ["rapidworkers", "crowdsdom", "capsolver", "prolific"])
def test_every_call_in_the_plugin_is_one_of_its_endpoints(provider: str) -> None:
    """Read from the plugin's source, so that a new endpoint cannot be forgotten here."""
    script = load_script(provider)
    folder = Path(str(importlib.import_module(f"crowdhub_{provider}").__file__)).parent
    files = [path for path in folder.rglob("*.py") if "sandbox" not in path.relative_to(folder).as_posix()]
    calls = {call for path in files for call in _calls(path)}
    assert calls
    listed = [(endpoint.method, endpoint.path.replace("{}", "1")) for endpoint in script.endpoints]
    for method, path in calls:
        pattern = "[^/]+".join(re.escape(piece) for piece in path.split("{}"))
        assert any(method == known and re.fullmatch(pattern, place) for known, place in listed), (method, path)


def _calls(path: Path) -> list[tuple[str, str]]:
    """Method and path of each `Call.method(path)` in a file, with ``{}`` for whatever is put in."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    texts = {
        target.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    found: list[tuple[str, str]] = []
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "Call"
            and node.args
        ):
            place = node.args[0]
            if isinstance(place, ast.Name) and place.id in texts:
                place = texts[place.id]
            text = _text(place)
            if text is not None:
                found.append((node.func.attr.upper(), text))
    return found


def _text(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return None


def test_documented_cassettes_are_made_from_their_list(provider_name: str, cassettes: Path, tmp_path: Path) -> None:
    folder = cassettes / provider_name
    made = make(folder / "documented.yaml", tmp_path)
    assert {path.name for path in made} == {path.name for path in (folder / "documented").glob("*.yaml")}
    for path in made:
        assert path.read_bytes() == (folder / "documented" / path.name).read_bytes(), path.name


def test_answers_of_the_documented_list_are_json(provider_name: str, cassettes: Path) -> None:
    for path in (cassettes / provider_name / "documented").glob("*.yaml"):
        for exchange in read(path).exchanges:
            assert re.match(r"2\d\d", str(exchange.status))
            assert exchange.answer == b"" if exchange.status == 204 else json.loads(exchange.answer) is not None
