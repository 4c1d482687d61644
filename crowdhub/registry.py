"""Finding plugins: the entry-point group ``crowdhub.providers``.

Listing imports nothing. A plugin is loaded by name on first use, so one that is broken stops nobody else.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, cast

from crowdhub.errors import ConfigurationError
from crowdhub.model import ProviderOptions
from crowdhub.protocol import Provider

GROUP = "crowdhub.providers"


@dataclass(frozen=True, slots=True)
class Plugin:
    """An installed plugin, as its distribution describes it. ``error``: why it cannot be used, once that is known."""

    name: str
    target: str
    distribution: str | None
    version: str | None
    error: str | None = None


def installed() -> list[Plugin]:
    """The plugins there are, by name, without importing any."""
    found = [
        Plugin(
            name=point.name,
            target=point.value,
            distribution=point.dist.name if point.dist else None,
            version=point.dist.version if point.dist else None,
        )
        for point in _points()
    ]
    return sorted(found, key=lambda plugin: plugin.name)


def examined() -> Iterator[tuple[Plugin, type[Provider[Any]] | None]]:
    """Every plugin with its class, or with the error that keeps it from loading."""
    for plugin in installed():
        try:
            yield plugin, load(plugin.name)
        except ConfigurationError as error:
            yield Plugin(plugin.name, plugin.target, plugin.distribution, plugin.version, error.message), None


@lru_cache(maxsize=64)
def load(name: str) -> type[Provider[Any]]:
    """The provider class called ``name``.

    Raises `ConfigurationError`: for an unknown name with the names there are and what to install, for a plugin
    that fails to import with its own error.
    """
    points = [point for point in _points() if point.name == name]
    if not points:
        raise _unknown(name)
    if len({point.value for point in points}) > 1:
        owners = ", ".join(f"{p.dist.name if p.dist else '?'} ({p.value})" for p in points)
        raise ConfigurationError(
            f"The provider name {name!r} is claimed by several distributions: {owners}.",
            provider=name,
            next_step="Uninstall all but one of them.",
        )
    found = _load(points[0])
    if not (isinstance(found, type) and issubclass(found, Provider)):
        raise ConfigurationError(
            f"The plugin {name!r} names {points[0].value}, which is no crowdhub.Provider class.", provider=name
        )
    return cast("type[Provider[Any]]", found)


def options_type(name: str) -> type[ProviderOptions] | None:
    """The class of a draft's options for this provider; None where it has none. Raises as `load` does."""
    _ = load(name)  # defines the plugin's classes
    return next((kind for kind in _subclasses(ProviderOptions) if kind.provider == name), None)


def _subclasses(kind: type[ProviderOptions]) -> Iterator[type[ProviderOptions]]:
    for each in kind.__subclasses__():
        yield each
        yield from _subclasses(each)


def _load(point: EntryPoint) -> Any:
    from stevedore import NamedExtensionManager

    cause: list[BaseException] = []

    def keep(_manager: Any, _point: Any, error: BaseException) -> None:
        cause.append(error)  # stevedore itself would lose it

    try:
        found: Any = NamedExtensionManager(
            GROUP, [point.name], on_load_failure_callback=keep, on_missing_entrypoints_callback=_not_in_cache
        )
        if cause:
            raise cause[0]
        plugins = [extension.plugin for extension in found]
        # stevedore reads a cache on disk that can be two minutes behind a fresh installation
        return plugins[0] if plugins else point.load()
    except (Exception, SystemExit) as error:
        raise ConfigurationError(
            f"The plugin {point.name!r} ({point.value}) cannot be loaded: {type(error).__name__}: {error}.",
            provider=point.name,
            next_step="Repair or reinstall that plugin; the others are not affected.",
        ) from error


def _not_in_cache(names: Any) -> None:
    """Leave it to `_load`, which then loads the entry point itself."""


def _unknown(name: str) -> ConfigurationError:
    names = [plugin.name for plugin in installed()]
    near = difflib.get_close_matches(name, names, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return ConfigurationError(
        f"There is no provider {name!r}. Installed: {', '.join(names) or 'none'}.{hint}",
        next_step=f"Install the plugin that has it (by convention `pip install crowdhub-{name}`), or correct the name.",
    )


def _points() -> list[EntryPoint]:
    # The same distribution can be found twice (installed, and as a source folder on the path).
    unique = {
        (point.name, point.value, point.dist.name if point.dist else None): point for point in entry_points(group=GROUP)
    }
    return list(unique.values())
