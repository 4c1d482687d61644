"""The commands, put together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from crowdhub._version import __version__
from crowdhub.cli import (
    chaos,
    demo,
    ledger,
    plugin,
    providers,
    publish,
    record,
    recover,
    review,
    sandbox,
    work,
    workers,
)

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"crowdhub {__version__}")
        raise typer.Exit


@app.callback()
def crowdhub(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="The version.")] = False,
) -> None:
    """One interface over many crowdsourcing marketplaces.

    Exit codes: 0 done, 1 the marketplace's errors, 2 yours, 3 decisions of a review that failed or are unknown,
    130 Ctrl-C.
    """
    del version


COMMANDS: dict[str, Callable[..., None]] = {
    "demo": demo.demo,
    "providers": providers.providers,
    "balance": work.balance,
    "publish": publish.publish,
    "tasks": work.tasks,
    "submissions": work.submissions,
    "review": review.review,
    "block": workers.block,
    "unblock": workers.unblock,
    "blocked": workers.blocked,
    "sandbox": sandbox.sandbox,
    "record": record.record,
    "recover": recover.recover,
    "chaos": chaos.chaos,
}

for name, function in COMMANDS.items():
    app.command(name)(function)
app.add_typer(plugin.app, name="plugin")
app.add_typer(ledger.app, name="ledger")
