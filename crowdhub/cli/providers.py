"""`providers`: what is installed, and what each marketplace can do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from crowdhub import registry
from crowdhub.cli.common import CALLER, AsJson, command, tell, writing
from crowdhub.cli.matrix import Kind, insert, matrix, reasons
from crowdhub.cli.output import console, json_line, table
from crowdhub.errors import ConfigurationError


@command
def providers(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Only these, with everything they say.")
    ] = None,
    as_matrix: Annotated[bool, typer.Option("--matrix", help="What each can do, as a table in Markdown.")] = False,
    with_reasons: Annotated[
        bool, typer.Option("--reasons", help="Limits, and why not, as tables in Markdown.")
    ] = False,
    into: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write that between the marks in this file, for crowdhub's own plugins."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """The marketplaces that are installed, and what each can do."""
    found = [each for each in registry.examined() if not names or each[0].name in names]
    if unknown := set(names or ()) - {plugin.name for plugin, _ in found}:
        _ = registry.load(min(unknown))  # raises, with the names there are
    if into is not None:
        with writing("--into"):
            insert(into, (reasons if with_reasons else matrix)(own()))
        return
    kinds = [kind for _, kind in found if kind is not None]
    if as_json:
        for plugin, kind in found:
            json_line(_described(plugin, kind))
    elif as_matrix or with_reasons:
        # Markdown goes out as it is: a terminal's width must not break its lines.
        console().print((reasons if with_reasons else matrix)(kinds), soft_wrap=True, end="")
    elif names:
        console().print(reasons(kinds), soft_wrap=True, end="")
    else:
        rows = [
            [
                plugin.name,
                kind.title if kind else "",
                kind.currency if kind else "",
                _where(plugin),
                plugin.error or "ready",
            ]
            for plugin, kind in found
        ]
        table(console(), ["name", "marketplace", "pays in", "from", "state"], rows)
    broken = [plugin for plugin, kind in found if kind is None]
    if names and broken:
        for plugin in broken:
            tell(ConfigurationError(plugin.error or "", next_step=""), as_json=as_json)
        raise typer.Exit(CALLER)


def own() -> list[Kind]:
    """The plugins of this distribution, which its documents describe; others may be installed beside them."""
    return [kind for plugin, kind in registry.examined() if kind is not None and plugin.distribution == "crowdhub"]


def _where(plugin: registry.Plugin) -> str:
    return " ".join(part for part in (plugin.distribution, plugin.version) if part)


def _described(plugin: registry.Plugin, kind: Kind | None) -> dict[str, object]:
    described: dict[str, object] = {
        "name": plugin.name,
        "target": plugin.target,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "error": plugin.error,
    }
    if kind is not None:
        able = kind.capabilities
        described |= {
            "title": kind.title,
            "currency": kind.currency,
            "capabilities": {str(name): able[name].limits for name in able},
            "missing": {str(name): why for name, why in able.missing().items()},
            "draft_fields": [name for name, support in able.fields.items() if support],
        }
    return described
