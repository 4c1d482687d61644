"""What the documents show works, and what they list is all there is."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

import crowdhub.errors
from crowdhub import Hub, registry
from crowdhub.cli.app import COMMANDS, app
from crowdhub.cli.matrix import Kind, inserted, matrix, reasons
from crowdhub.cli.providers import own
from crowdhub.errors import CallerError, MarketplaceError
from crowdhub.hub import config
from crowdhub.protocol import ProviderSettings
from crowdhub.sandbox import Sandbox
from tests.layers import picture

ROOT = Path(__file__).parents[2]
WALK = ROOT / "docs" / "write-a-provider.md"  # shows pieces of the scaffold, which is tested as a whole
DOCS = [each for each in sorted((ROOT / "docs").rglob("*.md")) if each != WALK]
RUN = [ROOT / "README.md", *DOCS, ROOT / "plugins/crowdhub_rapidworkers/README.md"]
ALL = [*RUN, WALK, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "plugins").glob("*/README.md"))]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block of a document."""

    document: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.document.relative_to(ROOT)}:{self.line}"


def blocks(language: str | None = None) -> list[Block]:
    found: list[Block] = []
    for document in RUN:
        text = document.read_text(encoding="utf-8")
        found += [
            Block(document, text.count("\n", 0, each.start()) + 1, each[1], each[2]) for each in FENCE.finditer(text)
        ]
    return found if language is None else [each for each in found if each.language == language]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the README's own settings file; only the address is another, that of a sandbox."""
    (readme,) = [each for each in blocks("toml") if each.document.name == "README.md"]
    (tmp_path / "crowdhub.toml").write_text(readme.text, encoding="utf-8")
    for name in [name for name in os.environ if name.startswith("CROWDHUB_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    with Sandbox("rapidworkers") as box:
        account = box.accounts["rapidworkers"]
        monkeypatch.setenv("RAPIDWORKERS_KEY", account["api_key"])
        monkeypatch.setenv("CROWDHUB_RAPIDWORKERS_BASE_URL", account["base_url"])
        yield tmp_path


@pytest.mark.parametrize("block", blocks("python"), ids=str)
def test_a_program_runs(block: Block, home: Path) -> None:
    if re.search(r"^def test_", block.text, re.MULTILINE):
        file = home / "test_block.py"
        file.write_text(block.text, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(file)],
            cwd=home, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert "1 passed" in done.stdout, done.stdout + done.stderr
        return
    # Without this file's own `from __future__`, under which a name that is not imported may stand in an annotation.
    code = compile("\n" * block.line + block.text, str(block.document), "exec", dont_inherit=True)
    exec(code, {"__name__": "__main__"})


@pytest.mark.parametrize(
    ("block", "line"),
    [(block, line) for block in blocks("sh") for line in block.text.splitlines()],
    ids=str,
)
def test_a_command_runs(block: Block, line: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = shlex.split(line)
    match words:
        case ["make", *_]:  # the continuous integration runs them; here only that they exist
            subprocess.run(["make", "-C", str(ROOT), "-n", *words[1:]], capture_output=True, timeout=30, check=True)
        case ["pip", "install", what]:
            extras = re.fullmatch(r"\.\[([\w,]+)\]", what)
            assert extras is not None
            project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
            assert set(extras[1].split(",")) <= project["optional-dependencies"].keys()
        case ["crowdhub", *arguments]:
            served: list[str] = []

            def serve(names: list[str], **_: object) -> None:
                served.extend(names)

            monkeypatch.setattr("crowdhub.sandbox.run_forever", serve)
            result = CliRunner().invoke(app, arguments)
            assert result.exit_code == 0, result.output
            assert bool(served) == (arguments[0] == "sandbox")
        case _:
            pytest.fail(f"{block} shows a command that no test knows: {line}")


@pytest.mark.parametrize("block", blocks("toml"), ids=str)
def test_a_settings_file_is_right(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "crowdhub.toml"
    file.write_text(block.text, encoding="utf-8")
    for name in re.findall(r'_env = "(\w+)"', block.text):
        monkeypatch.setenv(name, "not-a-key")
    found = config.load(file)
    with Hub.from_config(file, ledger=tmp_path / "ledger.sqlite3") as hub:
        assert [hub[name].environment for name in found.accounts] == ["live"] * len(found.accounts)


def test_there_is_something_to_run() -> None:
    assert len(blocks("python")) >= 6
    assert len(blocks("sh")) >= 3
    assert {each.language for each in blocks()} == {"mermaid", "python", "sh", "toml"}


@pytest.mark.parametrize("document", ALL, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8")):
        if not target.startswith(("https://", "#")):
            assert (document.parent / target.partition("#")[0]).exists(), f"{document.name} links to {target}"


@pytest.mark.parametrize(("name", "write"), [("README.md", matrix), ("docs/marketplaces.md", reasons)])
def test_the_matrix_is_current(name: str, write: Callable[[Sequence[Kind]], str]) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert inserted(text, write(own())) == text, "the plugins have changed: make docs"


def test_the_picture_is_current() -> None:
    text = picture.PAGE.read_text(encoding="utf-8")
    assert picture.inserted(text) == text, "the imports have changed: make docs"


def test_every_error_is_explained() -> None:
    text = (ROOT / "docs/errors.md").read_text(encoding="utf-8")
    for name in crowdhub.errors.__all__:
        kind = getattr(crowdhub.errors, name)
        if isinstance(kind, type) and issubclass(kind, (CallerError, MarketplaceError)):
            assert f"`{name}`" in text


def test_every_setting_is_explained() -> None:
    text = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    own_names = {name for kind in own() for name in kind.settings_type.model_fields}
    for name in {*config.HUB_SETTINGS, *own_names, *ProviderSettings.model_fields}:
        assert f"`{name}`" in text
    for kind in own():
        assert f"| `{kind.name}` |" in text


def test_every_command_is_named() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in COMMANDS:
        assert re.search(rf"[`, ]{name}[`, \n]", text), name


def test_the_plugins_of_this_distribution_are_those_described() -> None:
    assert {"rapidworkers"} <= {kind.name for kind in own()} <= {plugin.name for plugin in registry.installed()}
