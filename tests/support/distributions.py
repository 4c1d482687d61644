"""Distributions on the path, as pip would put them there."""

from __future__ import annotations

import sys
import textwrap
import tomllib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

PREFIX = "plugin_"


class Distributions:
    """Installs distributions: of one module and one entry point each, or whole projects."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.monkeypatch = monkeypatch
        self.packages: list[str] = []
        """Of the projects."""

    def install(
        self,
        name: str,
        code: str | None,
        *,
        group: str = "crowdhub.providers",
        module: str | None = None,
        target: str | None = None,
        distribution: str | None = None,
    ) -> str:
        """Install one, version 1.2, whose entry ``name`` names ``Fine`` in its module; returns the module's name.

        In ``code`` ``{name}`` stands for the name; with None there is no such module.
        """
        site = self.folder / f"site-{distribution or name}"
        module = module or f"{PREFIX}{name}"
        distribution = distribution or f"crowdhub-{name}"
        info = site / f"{distribution.replace('-', '_')}-1.2.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n")
        (info / "entry_points.txt").write_text(f"[{group}]\n{name} = {target or module + ':Fine'}\n")
        if code is not None:
            (site / f"{module}.py").write_text(textwrap.dedent(code).replace("{name}", name))
        self.monkeypatch.syspath_prepend(str(site))  # pyright: ignore[reportUnknownMemberType]
        return module

    def install_project(self, project: Path) -> None:
        """Install a project as its ``pyproject.toml`` says, with all its entry points, from its ``src`` folder."""
        said = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        site = project / "src"
        info = site / f"{said['name'].replace('-', '_')}-{said['version']}.dist-info"
        info.mkdir()
        metadata = f"Metadata-Version: 2.1\nName: {said['name']}\nVersion: {said['version']}\n"
        (info / "METADATA").write_text(metadata, encoding="utf-8")
        lines: list[str] = []
        for group, points in said["entry-points"].items():
            lines += [f"[{group}]", *(f"{name} = {target}" for name, target in points.items())]
        (info / "entry_points.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.monkeypatch.syspath_prepend(str(site))  # pyright: ignore[reportUnknownMemberType]
        self.packages += [path.name for path in site.iterdir() if (path / "__init__.py").is_file()]


@contextmanager
def distributions(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Distributions]:
    """Their modules are forgotten at the end; leaving the path is the monkeypatch's."""
    made = Distributions(folder, monkeypatch)
    yield made
    for module in [each for each in sys.modules if each.startswith(PREFIX) or each.split(".")[0] in made.packages]:
        del sys.modules[module]
