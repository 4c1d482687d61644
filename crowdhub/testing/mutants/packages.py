"""Importable copies of providers' packages, each with what an installation would know of it."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from crowdhub import scaffold
from crowdhub.testing.mutants.bug import ONEDOOR, SCAFFOLD

OWN = Path(__file__).parent
ONEDOOR_POINTS = {
    "crowdhub.providers": {ONEDOOR: "crowdhub_onedoor:Onedoor"},
    "crowdhub.sandboxes": {ONEDOOR: "crowdhub_onedoor.sandbox:OnedoorSandbox"},
    "crowdhub.conformance": {ONEDOOR: "crowdhub_onedoor.conformance:OnedoorSubject"},
}


def package_of(provider: str) -> str:
    return "crowdhub_" + provider.replace("-", "_")


def prepare(provider: str, place: Path) -> None:
    """Put a copy of the provider's package into ``place / "path"``."""
    path, package = place / "path", package_of(provider)
    if provider == SCAFFOLD:
        project = place / "project"
        _ = scaffold.create(provider, project)
        _ = shutil.copytree(project / "src", path)
        described = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        _describe(path, package, described["name"], described["entry-points"])
        return
    if provider == ONEDOOR:
        _ = shutil.copytree(OWN / ONEDOOR, path / package, ignore=shutil.ignore_patterns("__pycache__"))
        for file in (path / package).glob("*.py"):  # as the package that it would be, if it were installed
            text = file.read_text(encoding="utf-8")
            _ = file.write_text(text.replace(f"{__package__}.{ONEDOOR}", package), encoding="utf-8")
        _describe(path, package, "crowdhub-onedoor", ONEDOOR_POINTS, requires=["simplejson>=3"])
        return
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"the package {package} is not installed")
    _ = shutil.copytree(Path(spec.origin).parent, path / package, ignore=shutil.ignore_patterns("__pycache__"))


def _describe(
    path: Path, package: str, name: str, points: Mapping[str, Mapping[str, str]], requires: Sequence[str] = ()
) -> None:
    info = path / f"{package}-0.dist-info"
    info.mkdir()
    lines = ["Metadata-Version: 2.1", f"Name: {name}", "Version: 0", *(f"Requires-Dist: {each}" for each in requires)]
    _ = (info / "METADATA").write_text("\n".join([*lines, ""]), encoding="utf-8")
    groups = [
        f"[{group}]\n" + "".join(f"{key} = {value}\n" for key, value in named.items())
        for group, named in points.items()
    ]
    _ = (info / "entry_points.txt").write_text("\n".join(groups), encoding="utf-8")
