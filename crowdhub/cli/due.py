"""`due`: work that marketplaces will approve, and pay for, by themselves."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

import typer

from crowdhub.cli.common import MARKETPLACE, AsJson, Config, command, open_hub, tell
from crowdhub.cli.output import Columns, console, json_line, plain, record, say, table
from crowdhub.errors import InvalidRequest, Issue
from crowdhub.model import DueReport, Submission

Account = Annotated[
    str | None, typer.Option("--account", "-a", help="Only this account; all without.", show_default=False)
]
Within = Annotated[str, typer.Option(metavar="TIME", help="How far ahead: 90m, 36h, 2d.")]
UNITS = {"m": "minutes", "h": "hours", "d": "days"}
COLUMNS: Columns[Submission] = {
    "approved at": lambda work: work.auto_approves_at,
    "account": lambda work: f"{work.account} ({work.environment})",
    "task": lambda work: work.task_id,
    "submission": lambda work: work.id,
    "worker": lambda work: work.worker.id,
    "handed in": lambda work: work.submitted_at,
}


@command
def due(account: Account = None, within: Within = "24h", config: Config = None, as_json: AsJson = False) -> None:
    """Work that will be approved, and paid, unless you decide before.

    Soonest first, times in UTC, with the sum of money. Accounts whose marketplace does not tell are named.
    """
    ahead = _time(within)
    with open_hub(config) as hub:
        report = hub.due(within=ahead) if account is None else hub[account].due(within=ahead)
        environments = {name: hub[name].environment for name in report.untold}
    if as_json:
        _as_json(report, environments)
    else:
        _as_text(report, environments, within)
    for name, error in report.failed.items():
        tell(error.located(account=name), as_json=as_json)
    if report.failed:
        raise typer.Exit(MARKETPLACE)


def _time(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,6})([mhd])", text.strip())
    if found is None:
        raise InvalidRequest(issues=[Issue("--within", f"{text!r} is not a time such as 90m, 36h or 2d")])
    return timedelta(**{UNITS[found[2]]: int(found[1])})


def _as_json(report: DueReport, environments: Mapping[str, str]) -> None:
    for each in report.submissions:
        json_line(record(each, kind="submission"))
    for name, why in report.untold.items():
        json_line({"kind": "untold", "account": name, "environment": environments[name], "reason": why})
    for name, error in report.failed.items():
        json_line({"kind": "failed", "account": name, "error": str(error)})
    counts = {"submissions": len(report.submissions), "unpriced": report.unpriced, "undated": report.undated}
    json_line({"kind": "total", **counts, "total": list(report.total.values())})


def _as_text(report: DueReport, environments: Mapping[str, str], within: str) -> None:
    rows = [[plain(read(each)) for read in COLUMNS.values()] for each in report.submissions]
    if rows and not sys.stdout.isatty():
        for row in [list(COLUMNS), *rows]:
            sys.stdout.write("\t".join(row) + "\n")
    elif rows:
        table(console(), list(COLUMNS), rows)
    money = " and ".join(map(str, report.total.values()))
    unpriced = f"; the price of {report.unpriced} of them is not told" if report.unpriced else ""
    say(f"{len(rows)} due within {within}: {money or 'no known sum'}{unpriced}." if rows else "Nothing is due.")
    if report.undated:
        say(f"{report.undated} more are pending, and when they will be approved is not told.")
    for name, why in report.untold.items():
        say(f"{name} ({environments[name]}) does not tell: {why}.")
