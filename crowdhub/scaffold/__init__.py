"""`crowdhub plugin new NAME`: a project of its own for a marketplace that crowdhub does not know yet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from keyword import iskeyword
from pathlib import Path

from crowdhub import model, protocol, registry
from crowdhub._version import __version__
from crowdhub.errors import InvalidRequest, Issue

__all__ = ["create", "files", "named"]

TEMPLATE = Path(__file__).with_name("template")
_NAME = re.compile(r"[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9]")  # PEP 508
_MARK = re.compile(r"\{\{(\w+)\}\}")


def create(name: str, folder: Path | str | None = None) -> Path:
    """Write a complete plugin project for a provider called ``name``; returns its folder.

    ``folder`` (``crowdhub-NAME`` here, unless given) must not exist. Raises `InvalidRequest` naming every issue;
    nothing is written then.
    """
    words = _words(name)
    target = Path(folder) if folder is not None else Path(f"crowdhub-{'-'.join(words)}")
    issues = list(_issues(name, words))
    if target.exists():
        issues.append(Issue("folder", f"{str(target)!r} exists already"))
    if issues:
        raise InvalidRequest(issues=issues)
    for path, content in files(name).items():
        file = target / path
        file.parent.mkdir(parents=True, exist_ok=True)
        _ = file.write_text(content, encoding="utf-8", newline="\n")
    return target


def files(name: str) -> dict[str, str]:
    """The files of the project, by their path in it."""
    words = _words(name)
    terms = {
        "name": named(name),
        "distribution": "crowdhub-" + "-".join(words),
        "module": "crowdhub_" + "_".join(words),
        "class": _class_of(words),
        "title": " ".join(word.capitalize() for word in words),
        "variable": "_".join(words).upper() + "_KEY",
        "version": __version__,
    }
    made: dict[str, str] = {}
    for file in sorted(TEMPLATE.rglob("*.tmpl")):
        path = file.relative_to(TEMPLATE).as_posix().removesuffix(".tmpl")
        path = path.replace("src/package/", f"src/{terms['module']}/").replace("gitignore", ".gitignore")
        made[path] = _MARK.sub(lambda mark: terms[mark[1]], file.read_text(encoding="utf-8"))
    return made


def named(name: str) -> str:
    """The provider's name for a name as it was given."""
    return "-".join(_words(name))


def _words(name: str) -> list[str]:
    """The name as PEP 503 normalises it, in words."""
    return [word for word in re.split(r"[-_.]+", name.lower()) if word]


def _class_of(words: list[str]) -> str:
    return "".join(word.capitalize() for word in words)


def _issues(name: str, words: list[str]) -> Iterator[Issue]:
    if not _NAME.fullmatch(name):
        yield Issue("name", f"{name!r} is not a name for a package: letters, digits, and - _ . between them")
    elif not words[0][0].isalpha():
        yield Issue("name", f"{name!r} begins with a digit, which a class name cannot")
    elif iskeyword(_class_of(words)) or _class_of(words) in {*model.__all__, *protocol.__all__}:
        yield Issue("name", f"{name!r} would make a class {_class_of(words)}, which is something else already")
    elif "-".join(words) in {"-".join(_words(plugin.name)) for plugin in registry.installed()}:
        yield Issue("name", f"{name!r} is an installed provider already")
