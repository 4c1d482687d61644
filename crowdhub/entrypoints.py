"""What installed distributions bring, by name: the entry-point groups.

Listing imports nothing. Something is loaded by name on first use, so one that is broken stops nobody else.
"""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from pathlib import Path
from typing import Generic, NoReturn, Protocol, TypeGuard, TypeVar

T = TypeVar("T")


_PACKAGE = re.compile("[a-z0-9]+(?:[-_][a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Plugin:
    """An installed plugin, as its distribution describes it. ``error``: why it cannot be used, once that is known."""

    name: str
    target: str
    distribution: str | None
    version: str | None
    error: str | None = None


class _Unusable(Exception):
    """Why an entry cannot be used, before it becomes its group's error."""

    def __init__(self, message: str, next_step: str) -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step


class ErrorOf(Protocol):
    """Makes the error that a group raises; ``name`` is what was asked for."""

    def __call__(self, message: str, *, name: str, next_step: str) -> Exception: ...


@dataclass(frozen=True, slots=True)
class Group(Generic[T]):
    """One entry-point group, and what its entries must be."""

    name: str
    """Of the group: ``crowdhub.providers``."""
    noun: str
    """What one entry is called in messages: ``provider``."""
    wanted: str
    """What an entry must name, in words: ``a crowdhub.Provider class``."""
    fits: Callable[[object], TypeGuard[T]]
    error: ErrorOf

    def installed(self) -> list[Plugin]:
        """What there is, by name, without importing any of it."""
        found = [
            Plugin(
                name=point.name,
                target=point.value,
                distribution=point.dist.name if point.dist else None,
                version=point.dist.version if point.dist else None,
            )
            for point in self._points()
        ]
        return sorted(found, key=lambda plugin: plugin.name)

    def names(self) -> list[str]:
        """The names, each once, without importing anything."""
        return sorted({point.name for point in self._points()})

    def examined(self) -> Iterator[tuple[Plugin, T | None]]:
        """All of them, each with what it names, or with the error that keeps it from loading."""
        for plugin in self.installed():
            try:
                yield plugin, self._find(plugin.name)
            except _Unusable as why:
                yield replace(plugin, error=why.message), None

    def load(self, name: str) -> T:
        """What the entry called ``name`` names.

        Raises the group's error: for an unknown name with the names there are, for a name that several distributions
        claim, for one that fails to import with its own error, and for one that names something else.
        """
        try:
            return self._find(name)
        except _Unusable as why:
            raise self.error(why.message, name=name, next_step=why.next_step) from why.__cause__

    def _find(self, name: str) -> T:
        points = [point for point in self._points() if point.name == name]
        if not points:
            raise self._unknown(name)
        target = points[0].value
        if any(point.value != target for point in points):
            owners = ", ".join(f"{each.dist.name if each.dist else '?'} ({each.value})" for each in points)
            raise _Unusable(
                f"The {self.noun} name {name!r} is claimed by several distributions: {owners}.",
                "Uninstall all but one of them.",
            )
        try:
            found = _loaded(self.name, points[0])
        except (Exception, SystemExit) as error:
            raise _Unusable(
                f"The {self.noun} {name!r} ({target}) cannot be loaded: {type(error).__name__}: {error}.",
                "Repair or reinstall that plugin; the others are not affected.",
            ) from error
        if not self.fits(found):
            raise _Unusable(
                f"The {self.noun} {name!r} names {target}, which is not {self.wanted}.",
                f"Correct the plugin's entry point in the group {self.name!r}.",
            )
        return found

    def _unknown(self, name: str) -> _Unusable:
        names = self.names()
        near = difflib.get_close_matches(name, names, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        package = f" (by convention `pip install crowdhub-{name}`)" if _PACKAGE.fullmatch(name) else ""
        return _Unusable(
            f"There is no {self.noun} {name!r}. Installed: {', '.join(names) or 'none'}.{hint}",
            f"Correct the name, or install a plugin that has it in its entry-point group {self.name!r}{package}.",
        )

    def _points(self) -> list[EntryPoint]:
        # The same distribution can be found twice (installed, and as a source folder on the path).
        return list({(point.name, point.value): point for point in _present(self.name)}.values())


def _present(group: str) -> EntryPoints:
    """The entry points of a group. They are read again when something was installed or removed since."""
    return _read(group, tuple((place, _changed_at(place)) for place in sys.path))


@lru_cache(maxsize=16)
def _read(group: str, _places: tuple[tuple[str, int], ...]) -> EntryPoints:
    return entry_points(group=group)


def _changed_at(place: str) -> int:
    try:
        return Path(place).stat().st_mtime_ns
    except OSError:
        return 0


def _loaded(group: str, point: EntryPoint) -> object:
    from stevedore import ExtensionManager

    class Single(ExtensionManager[object]):
        """Of one entry point: stevedore's own list is cached on disk, and misses what was installed a moment ago."""

        def list_entry_points(self) -> list[EntryPoint]:
            return [point]

    def fail(_manager: ExtensionManager[object], _point: EntryPoint, error: BaseException) -> NoReturn:
        raise error  # stevedore itself would only log it

    (extension,) = Single(group, on_load_failure_callback=fail)
    return extension.plugin
