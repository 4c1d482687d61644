"""Commands that are listed before they are loaded: `crowdhub --help` imports none of their modules."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

HELP = {"help_option_names": ["-h", "--help"]}


class Entry(NamedTuple):
    """Where a command is, and its line in the list: the first sentence of its own help (a test holds them equal)."""

    target: str  # module:name, of a function or of a Typer of further commands
    summary: str


class LazyCommand(TyperCommand):
    """A name and a summary; when it is called, it hands over to the command itself."""

    def __init__(self, name: str, entry: Entry) -> None:
        super().__init__(name, help=entry.summary, rich_markup_mode=None)
        self._target = entry.target

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        module, _, attribute = self._target.partition(":")
        found = getattr(import_module(module), attribute)
        if not isinstance(found, typer.Typer):
            function, found = found, typer.Typer(add_completion=False, rich_markup_mode=None, context_settings=HELP)
            found.command(self.name)(function)
        return typer.main.get_command(found).make_context(info_name, args, parent, **extra)


class LazyGroup(TyperGroup):
    """The commands of ``entries``, in their order."""

    entries: ClassVar[Mapping[str, Entry]] = {}

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for name, entry in self.entries.items():
            self.commands[name] = LazyCommand(name, entry)
