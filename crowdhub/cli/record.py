"""`record`: make a marketplace's recordings anew."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from crowdhub.cli.common import UNSETTLED, command, needs, writing
from crowdhub.cli.output import complain, json_line, say
from crowdhub.errors import InvalidRequest, Issue


@command
def record(
    name: Annotated[str, typer.Argument(metavar="MARKET", help="Whose endpoints.")],
    live: Annotated[
        bool, typer.Option("--live", help="From the real service with your own key, not the sandbox.")
    ] = False,
    account: Annotated[str | None, typer.Option("--account", "-a", help="With --live: whose key.")] = None,
    folder: Annotated[Path | None, typer.Option(help="Where the files go; cassettes/MARKET/... without.")] = None,
    only: Annotated[list[str] | None, typer.Option(help="This recording only; may be repeated.")] = None,
    given: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="With --live: what to work on, such as task_id=...")
    ] = None,
    yes: Annotated[
        bool,
        typer.Option("--yes", "-y", help="With --live: do not ask before each call that changes something or SPENDS."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="What came of each recording, one object a line.")] = False,
) -> None:
    """Record a marketplace's endpoints anew, scrubbed of keys. From its sandbox, or live with your own account."""
    if live and not yes and not sys.stdin.isatty():
        raise InvalidRequest(issues=[Issue("--live", "needs somebody to ask, or --yes")])
    try:
        from crowdhub.testing.recording import cli_record
    except ImportError as missing:
        hint = 'Recording needs more packages: pip install "crowdhub[record,sandbox]"'
        raise needs(missing, next_step=hint) from None
    place = "live" if live else "sandbox"
    with writing("--folder"):
        report = cli_record(
            name,
            live=live,
            account=account,
            folder=folder,
            only=tuple(only or ()),
            given=_given(given or []),
            confirm=lambda question: yes or typer.confirm(question, err=True),
            progress=None if as_json else lambda each: complain(f"{name} ({place}): {each}"),
        )
    for path in report.written:
        if as_json:
            json_line({"recording": path.stem, "result": "written", "file": str(path)})
        else:
            say(str(path))
    for result, reasons in (("skipped", report.skipped), ("failed", report.failed)):
        for each, why in reasons.items():
            if as_json:
                json_line({"recording": each, "result": result, "reason": why})
            else:
                complain(f"{result}: {each}: {why}")
    if report.notice:
        complain(report.notice)
    if report.failed:
        raise typer.Exit(UNSETTLED)


def _given(pairs: list[str]) -> dict[str, str]:
    issues = [Issue("--given", f"takes NAME=VALUE, not {pair!r}") for pair in pairs if "=" not in pair]
    if issues:
        raise InvalidRequest(issues=issues)
    return {name: value for name, _, value in (pair.partition("=") for pair in pairs)}
