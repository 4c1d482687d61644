"""How the command speaks: tables on a terminal, tab-separated lines in a pipe, JSON lines with `--json`.

What workers and marketplaces wrote is shown without its control characters: it must not steer the terminal.
"""

from __future__ import annotations

import itertools
import json
import sys
import unicodedata
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TypeAlias, TypeVar, cast

from pydantic import BaseModel
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from crowdhub.cli.signals import STOPS
from crowdhub.cli.telling import TOLD, error_json, shortened
from crowdhub.errors import CrowdhubError, InvalidRequest
from crowdhub.market import Market
from crowdhub.model import Money
from crowdhub.protocol import Provider, ProviderSettings

AnyMarket: TypeAlias = Market[Provider[ProviderSettings]]
"""A market, whatever its provider."""
T = TypeVar("T", bound=BaseModel)
Columns = Mapping[str, Callable[[T], object]]

CHUNK = 200  # rows of a terminal's table that are measured together
DEEPEST = 100  # lists in lists of a marketplace's own data; more are an attack
LONGEST = 72  # characters of one cell on a terminal; a pipe and JSON get everything


def console() -> Console:
    """Standard output."""
    return Console(highlight=False, markup=False, emoji=False)


def errors() -> Console:
    """Standard error: questions, progress and what went wrong."""
    return Console(stderr=True, highlight=False, markup=False, emoji=False)


def say(text: str, *, style: str | None = None) -> None:
    """A line for the person, on standard output."""
    console().print(Text(plain(text), style=style or ""), soft_wrap=not sys.stdout.isatty())


def complain(text: str) -> None:
    """A line on standard error."""
    errors().print(Text(plain(shortened(text))), soft_wrap=not sys.stderr.isatty())


def complain_at_end(message: str, next_step: str, *, spent: bool) -> None:
    """The last line on standard error, of how a command that was stopped left its work; ``spent``: whether money may
    be."""
    if STOPS.code is None:
        complain(f"{message} {next_step}")
    else:
        STOPS.leave(plain(shortened(message)), plain(shortened(next_step)), spent=spent)


def place(market: AnyMarket) -> str:
    """An account is never named without its environment."""
    return f"{market.name} ({market.environment})"


def plain(value: object) -> str:
    """Text of one line that cannot steer a terminal or turn the direction of writing."""
    text = cell(value)
    return text if text.isascii() and text.isprintable() else "".join(map(_visible, text))


def _visible(character: str) -> str:
    if character in "\n\r\t\v\f\u2028\u2029":
        return " "
    kind = unicodedata.category(character)
    # Joiners belong to words (and emoji) in several scripts; the other format characters only deceive.
    return "\ufffd" if kind in ("Cc", "Cs", "Co") or (kind == "Cf" and character not in "\u200c\u200d") else character


def cell(value: object) -> str:
    """A value as text for people."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    return str(value)


def record(model: BaseModel, **more: object) -> dict[str, object]:
    """A model for `--json`: everything but the marketplace's raw answer, money and other exact numbers as text."""
    try:
        told: dict[str, object] = model.model_dump(mode="json")
    except (ValueError, RecursionError):  # something in it is nested deeper than pydantic goes
        told = {name: getattr(model, name) for name in type(model).model_fields}
    return more | _members_without_raw(told, 0)


def _members_without_raw(members: Mapping[str, object], depth: int) -> dict[str, object]:
    return {name: _without_raw(each, depth + 1) for name, each in members.items() if name != "raw"}


def _without_raw(value: object, depth: int) -> object:
    if depth > DEEPEST:
        return "…"
    if isinstance(value, BaseModel):
        return _members_without_raw({name: getattr(value, name) for name in type(value).model_fields}, depth)
    if isinstance(value, dict):
        return _members_without_raw(cast("dict[str, object]", value), depth)
    if isinstance(value, (list, tuple)):
        return [_without_raw(each, depth + 1) for each in cast("Sequence[object]", value)]
    return value


def unresolved_words(begun: Sequence[datetime], now: datetime) -> str:
    """How many intents are unresolved, and how old the oldest is. ``begun``: when each was, at least one."""
    minutes = int((now - min(begun)).total_seconds()) // 60
    hours, days = minutes // 60, minutes // 1440
    age = f"{days} days" if days > 1 else f"{hours} hours" if hours > 1 else f"{minutes} minutes"
    return f"{len(begun)} unresolved; the oldest is {age} old. `crowdhub recover` asks the marketplaces."


def error_line(error: CrowdhubError) -> None:
    """An error as a JSON line on standard error, where a program reads the output."""
    told: dict[str, object] = {name: getattr(error, name) for name in TOLD}
    sys.stderr.write(error_json(type(error).__name__, told, error.issues if isinstance(error, InvalidRequest) else ()))


def json_line(value: Mapping[str, object]) -> None:
    """One JSON object on one line, at once."""
    sys.stdout.write(json.dumps(value, ensure_ascii=True, default=_as_json) + "\n")
    sys.stdout.flush()


def _as_json(value: object) -> object:
    if isinstance(value, Money):
        return {"amount": f"{value.amount:f}", "currency": value.currency}
    return str(value)


def listing(
    market: AnyMarket, what: str, items: Iterable[T], columns: Columns[T], *, as_json: bool, follow: bool = False
) -> int:
    """Print a listing as it is read; returns how many there were. ``follow``: each at once."""
    count = 0
    if as_json or not sys.stdout.isatty():
        for item in items:
            count += 1
            if count == 1 and not as_json:  # not before it is known that the listing can be read
                sys.stdout.write("\t".join(("account", *columns)) + "\n")
            if as_json:
                json_line(record(item, account=market.name, environment=market.environment))
            else:
                cells = (place(market), *(read(item) for read in columns.values()))
                sys.stdout.write("\t".join(map(plain, cells)) + "\n")
                if follow:
                    sys.stdout.flush()
        return count
    out = console()
    out.print(Text(f"{what} on {place(market)}", style="bold"))
    rows = ([plain(read(item)) for read in columns.values()] for item in items)
    for chunk in _chunks(rows, 1 if follow else CHUNK):
        count += len(chunk)
        table(out, list(columns), chunk)
    if not count:
        out.print("none")
    return count


def _chunks(rows: Iterator[list[str]], size: int) -> Iterator[tuple[list[str], ...]]:
    while chunk := tuple(itertools.islice(rows, size)):
        yield chunk


def table(out: Console, names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table where it fits the terminal; where it does not, each row as a block of lines, so nothing is cut off."""
    short = [[text if len(text) <= LONGEST else text[: LONGEST - 1] + "…" for text in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(names, *short, strict=True)]
    if sum(widths) + 2 * len(widths) <= out.width:
        grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for name in names:
            grid.add_column(name, style="", header_style="bold", no_wrap=True)
        for row in short:
            grid.add_row(*(Text(text) for text in row))
        out.print(grid)
        return
    label = max(map(len, names))
    for whole in rows:
        for name, text in zip(names, whole, strict=True):
            if text:
                out.print(Text(f"{name:<{label}}  {text}", overflow="fold"))
        out.print()


@contextmanager
def progress(what: str, total: int | None, *, on: Console | None = None) -> Generator[Callable[[int], None]]:
    """A bar on standard error while something long goes on; nothing where nobody looks."""
    out = on or errors()
    if not out.is_terminal:
        yield lambda _: None
        return
    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=out,
        transient=True,
    )
    with bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.advance(task, done)
