"""Finding providers: the entry-point group ``crowdhub.providers``."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, TypeGuard

from crowdhub.entrypoints import Group, Plugin
from crowdhub.errors import ConfigurationError
from crowdhub.model import ProviderOptions
from crowdhub.protocol import Provider

__all__ = ["PROVIDERS", "Plugin", "examined", "installed", "load", "options_type"]


def _is_provider(found: object) -> TypeGuard[type[Provider[Any]]]:
    return isinstance(found, type) and issubclass(found, Provider)


def _error(message: str, *, name: str, next_step: str) -> ConfigurationError:
    return ConfigurationError(message, provider=name, next_step=next_step)


PROVIDERS = Group("crowdhub.providers", "provider", "a crowdhub.Provider class", _is_provider, _error)


def installed() -> list[Plugin]:
    """The plugins there are, by name, without importing any."""
    return PROVIDERS.installed()


def examined() -> Iterator[tuple[Plugin, type[Provider[Any]] | None]]:
    """Every plugin with its class, or with the error that keeps it from loading."""
    return PROVIDERS.examined()


@lru_cache(maxsize=64)
def load(name: str) -> type[Provider[Any]]:
    """The provider class called ``name``.

    Raises `ConfigurationError`: for an unknown name with the names there are and what to install, for a plugin
    that fails to import with its own error.
    """
    return PROVIDERS.load(name)


def options_type(name: str) -> type[ProviderOptions] | None:
    """The class of a draft's options for this provider; None where it has none. Raises as `load` does."""
    _ = load(name)  # defines the plugin's classes
    return next((kind for kind in _subclasses(ProviderOptions) if kind.provider == name), None)


def _subclasses(kind: type[ProviderOptions]) -> Iterator[type[ProviderOptions]]:
    for each in kind.__subclasses__():
        yield each
        yield from _subclasses(each)
