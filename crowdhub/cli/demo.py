"""`demo`: how the play of `crowdhub.demo` looks on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from crowdhub.cli.common import MARKETPLACE, command
from crowdhub.cli.output import complain, console, json_line, place, plain, progress
from crowdhub.demo import SCENES, run
from crowdhub.demo.show import LABELS, Silent
from crowdhub.errors import Fault, InvalidRequest
from crowdhub.market import Market
from crowdhub.model import Submission


class OnConsole:
    """Prints what happens, as it happens."""

    def __init__(self) -> None:
        self._out = console()
        self._soft = not sys.stdout.isatty()

    def _line(self, *parts: tuple[str, str] | str) -> None:
        text = Text.assemble(*((plain(part), "") if isinstance(part, str) else part for part in parts))
        self._out.print(text, soft_wrap=self._soft)

    def accounts(self, markets: Sequence[Market[Any]]) -> None:
        self._line("Marketplaces that run inside this program: nothing leaves the machine, nothing costs anything.")
        for market in markets:
            self._line(("  " + place(market), "bold"))

    def step(self, name: str, what: str) -> None:
        self._out.print()
        self._line((f"{name}  ", "bold cyan"), what)

    def note(self, what: str) -> None:
        self._line(f"  {what}")

    def work(self, verdict: str, work: Submission, reason: str | None) -> None:
        style = "red" if verdict == "reject" else "green"
        words = reason or f'"{work.text}"'
        who = work.worker.name or work.worker.id
        self._line("  ", (f"{verdict:<8}", style), f"{work.id}  {who}: {words}")

    @contextmanager
    def progress(self, what: str, total: int) -> Generator[Callable[[int], None]]:
        with progress(what, total, on=self._out) as advance:
            yield advance

    def end(self, rows: Sequence[Mapping[str, Any]], problems: Sequence[str]) -> None:
        self._out.print()
        table = Table(show_edge=False, pad_edge=False)
        table.add_column("", overflow="fold")
        for row in rows:
            table.add_column(f"{row['marketplace']} ({row['environment']})", justify="right", overflow="fold")
        for name, label in LABELS.items():
            table.add_row(label, *(str(row[name]) for row in rows))
        self._out.print(table)
        self._out.print()
        for problem in problems:
            self._line((f"does not agree: {problem}", "bold red"))
        if problems:
            self._line(("The client's count and the marketplace's own books do NOT agree.", "bold red"))
        else:
            self._line(
                (
                    "Balances, payments and requests agree with the marketplace's own books; nothing was paid twice.",
                    "bold green",
                )
            )


@command
def demo(
    markets: Annotated[
        list[str] | None, typer.Argument(metavar="[MARKET]...", help=f"Of {', '.join(SCENES)}; all without.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Only the closing table, one object a marketplace.")] = False,
) -> None:
    """The main job from beginning to end, on marketplaces that run inside this program."""
    names = markets or list(SCENES)
    if unknown := [name for name in names if name not in SCENES]:
        raise InvalidRequest(faults=[Fault(name, f"is none of {', '.join(SCENES)}") for name in unknown])
    try:
        outcome = run(Silent() if as_json else OnConsole(), names)
    except ImportError as missing:
        complain(str(missing))
        raise typer.Exit(2) from None
    if as_json:
        for row in outcome.rows:
            json_line({**row, "agrees": outcome.agrees})
        for problem in outcome.problems:
            complain(problem)
    if not outcome.agrees:
        raise typer.Exit(MARKETPLACE)
