"""`plugin`: for whoever writes a provider."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from crowdhub import scaffold
from crowdhub.cli.common import command, writing
from crowdhub.cli.output import say

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)


@app.callback()
def plugin() -> None:
    """Write a provider for another marketplace."""


@app.command()
@command
def new(
    name: Annotated[str, typer.Argument(help="The provider's name, such as bee-hive.", show_default=False)],
    folder: Annotated[
        Path | None,
        typer.Option("--folder", "-f", help="Where to write it, instead of ./crowdhub-NAME.", show_default=False),
    ] = None,
) -> None:
    """Write a complete project of its own: provider, sandbox, tests, README. The tests pass as written."""
    with writing("NAME" if folder is None else "--folder"):
        made = scaffold.create(name, folder)
    say(f"Written: {made}")
    say(f'Next: cd {made} && pip install -e ".[test]" && pytest && pytest --crowdhub-provider {scaffold.named(name)}')
