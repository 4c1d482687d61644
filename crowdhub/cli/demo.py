"""`demo`: how `crowdhub.demo` looks on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from crowdhub.cli.common import MARKETPLACE, command, needs
from crowdhub.cli.output import AnyMarket, complain, console, json_line, place, plain, progress
from crowdhub.demo import run
from crowdhub.demo.show import LABELS, Silent
from crowdhub.model import Submission

AGREE = "On each, balances, payments and requests agree with the marketplace's own books; nothing was paid twice."


class OnConsole:
    """Prints what happens, as it happens."""

    def __init__(self) -> None:
        self._out = console()
        self._soft = not sys.stdout.isatty()
        self._widest = 0

    def _line(self, *parts: tuple[str, str] | str) -> None:
        text = Text.assemble(*((plain(part), "") if isinstance(part, str) else part for part in parts))
        self._out.print(text, soft_wrap=self._soft)

    def accounts(self, markets: Sequence[AnyMarket]) -> None:
        self._line("Marketplaces that run inside this program: nothing leaves the machine, nothing costs anything.")
        self._widest = max((len(market.name) for market in markets), default=0)
        for market in markets:
            self._line(("  " + place(market), "bold"))

    def step(self, name: str, what: str) -> None:
        self._out.print()
        self._line((f"{name}  ", "bold cyan"), what)

    def note(self, what: str) -> None:
        self._line(f"  {what}")

    def on(self, account: str, what: str) -> None:
        self._line("  ", (f"{account:<{self._widest}}", "bold"), f"  {what}")

    def work(self, verdict: str, work: Submission, words: str) -> None:
        style = {"reject": "red", "redo": "yellow"}.get(verdict, "green")
        who = f"  {work.worker.name or work.worker.id}" if work.worker.id else ""
        self._line(
            "  ",
            (f"{work.account:<{self._widest}}", "bold"),
            "  ",
            (f"{verdict:<7}", style),
            f" {work.id}{who}: {words}",
        )

    @contextmanager
    def progress(self, what: str, total: int) -> Generator[Callable[[int], None]]:
        with progress(what, total, on=self._out) as advance:
            yield advance

    def end(self, rows: Sequence[Mapping[str, object]], problems: Sequence[str]) -> None:
        self._out.print()
        closing(self._out, rows)
        self._out.print()
        if unknown := sum(count for row in rows if isinstance(count := row["unknown"], int)):
            self._line((f"{unknown} outcome cannot be told by the client and waits for a person.", "yellow"))
        for problem in problems:
            self._line((f"does not agree: {problem}", "bold red"))
        if problems:
            self._line(("The client's count and the marketplaces' own books do NOT agree.", "bold red"))
        else:
            self._line((AGREE, "bold green"))


def closing(out: Console, rows: Sequence[Mapping[str, object]]) -> None:
    """A column a marketplace where that fits; where it does not, one marketplace below the other."""
    columns = [[_shown(row, name) for name in LABELS] for row in rows]
    heads = [(str(row["marketplace"]), f"({row['environment']})") for row in rows]
    widths = [max(map(len, (*head, *column))) for head, column in zip(heads, columns, strict=True)]
    label = max(map(len, LABELS.values()))
    if label + sum(width + 2 for width in widths) <= out.width:
        grid = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0), collapse_padding=True)
        grid.add_column("", no_wrap=True)
        for head in heads:
            grid.add_column(Text("\n".join(head)), justify="right", no_wrap=True)
        for place, text in enumerate(LABELS.values()):
            grid.add_row(text, *(Text(column[place]) for column in columns))
        out.print(grid)
        return
    for head, column in zip(heads, columns, strict=True):
        out.print(Text(" ".join(head), style="bold", overflow="fold"))
        for text, value in zip(LABELS.values(), column, strict=True):
            out.print(Text(f"  {text:<{label}}  {value}", overflow="fold"))


def _shown(row: Mapping[str, object], name: str) -> str:
    """An amount without its currency, which has a line of its own."""
    value = row[name]
    if isinstance(value, bool):
        return "yes" if value else "NO"
    return "not told" if value is None else str(value).removesuffix(f" {row['currency']}")


@command
def demo(
    markets: Annotated[
        list[str] | None,
        typer.Argument(metavar="[MARKET]...", help="Installed marketplaces with a sandbox; all of them without."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Only the closing table, one object a marketplace.")] = False,
) -> None:
    """One program over all marketplaces, from publishing to paying. They run inside this program."""
    try:
        report = run(Silent() if as_json else OnConsole(), markets or ())
    except ImportError as missing:
        raise needs(missing) from None
    if as_json:
        for row in report.rows:
            json_line({**row, "agrees": report.agrees})
        for problem in report.problems:
            complain(problem)
    if not report.agrees:
        raise typer.Exit(MARKETPLACE)
