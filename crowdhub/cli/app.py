"""The commands, put together."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from crowdhub._version import __version__
from crowdhub.cli.lazy import HELP, Entry, LazyGroup
from crowdhub.cli.telling import error_json, shortened, wants_json

COMMANDS = {
    "demo": Entry("crowdhub.cli.demo:demo", "One program over all marketplaces, from publishing to paying."),
    "providers": Entry(
        "crowdhub.cli.providers:providers", "The marketplaces that are installed, and what each can do."
    ),
    "balance": Entry("crowdhub.cli.work:balance", "The money on an account, or on every account."),
    "publish": Entry("crowdhub.cli.publish:publish", "Publish a task, described by a file, by options, or by both."),
    "tasks": Entry("crowdhub.cli.work:tasks", "The tasks of an account."),
    "submissions": Entry("crowdhub.cli.work:submissions", "The work handed in on a task."),
    "review": Entry("crowdhub.cli.review:review", "Decide on a task's work: by a file, in one go, or one by one."),
    "due": Entry("crowdhub.cli.due:due", "Work that will be approved, and paid, unless you decide before."),
    "block": Entry("crowdhub.cli.workers:block", "Keep a worker away from an account's tasks."),
    "unblock": Entry("crowdhub.cli.workers:unblock", "Let a blocked worker work again."),
    "blocked": Entry("crowdhub.cli.workers:blocked", "The workers that are blocked."),
    "sandbox": Entry("crowdhub.cli.sandbox:sandbox", "Run marketplaces on this machine until Ctrl-C."),
    "record": Entry("crowdhub.cli.record:record", "Record a marketplace's endpoints anew, scrubbed of keys."),
    "unresolved": Entry("crowdhub.cli.recover:unresolved", "List what may have been paid and cannot be told."),
    "recover": Entry("crowdhub.cli.recover:recover", "Settle what a crash or a lost answer left open."),
    "chaos": Entry("crowdhub.cli.chaos:chaos", "Let everything go wrong, then compare books and ledger."),
    "prove": Entry("crowdhub.cli.prove:prove", "Go through all paths; nothing is paid twice or lost."),
    "plugin": Entry("crowdhub.cli.plugin:app", "Write a provider for another marketplace."),
    "ledger": Entry("crowdhub.cli.ledger:app", "What was spent where, from the ledger alone."),
}


class Commands(LazyGroup):
    entries = COMMANDS


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings=HELP,
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
    4 a fault of crowdhub or of this machine, 5 a dry run would not go through, 130 Ctrl-C, 143 SIGTERM.
    """
    del version


def run() -> None:
    """Run the command of this process's command line. Raises `SystemExit` with its exit code."""
    try:
        code: object = app(prog_name="crowdhub", standalone_mode=False)
    except typer.Abort:
        sys.stderr.write("Aborted!\n")
        raise SystemExit(1) from None
    except Exception as error:
        # Since typer has a click of its own, the class of such errors has no public name in all versions.
        if not (hasattr(error, "format_message") and hasattr(error, "show")):
            raise
        _misused(error)
        raise SystemExit(2) from None
    raise SystemExit(code if isinstance(code, int) else 0)


def _misused(error: Any) -> None:
    """The command line is not one of this program."""
    if wants_json():
        told = {"message": error.format_message(), "next_step": "Read the command's --help.", "sent": False}
        sys.stderr.write(error_json("UsageError", told))
        return
    error.message = shortened(error.message)
    error.show()
