"""Decisions about submissions from a file: CSV with a header, or JSON lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from crowdhub import strictjson
from crowdhub.cli.files import read_text
from crowdhub.cli.table import BadTable, Record, read_csv
from crowdhub.errors import InvalidRequest, Issue
from crowdhub.model import Decision, Submission, Verdict
from crowdhub.model.taking import unsendable
from crowdhub.strictjson import NameTwice

VERDICTS = {str(each): each for each in Verdict} | {"request_redo": Verdict.REDO}
COLUMNS = ("submission", "verdict", "comment")


@dataclass(frozen=True, slots=True)
class Line:
    """One decision as it stands in the file."""

    number: int
    submission: str
    verdict: Verdict
    comment: str | None


def read_file(path: Path) -> list[Line]:
    """The decisions of a file. Raises `InvalidRequest` naming every bad line at once."""
    text = read_text(path)
    rows = _json_rows(text) if text.lstrip().startswith("{") else _csv_rows(text)
    lines: list[Line] = []
    issues: list[Issue] = []
    decided: dict[str, int] = {}
    for number, row in rows:
        where = f"{path.name}, line {number}"
        if isinstance(row, str):
            issues.append(Issue(where, row))
            continue
        if twice := _twice(row):
            issues.append(Issue(where, f"names {twice!r} twice"))
            continue
        fields = {_plain(name): value for name, value in row.items() if value not in (None, "")}
        name = str(fields.get("submission", fields.get("id", ""))).strip()
        said = str(fields.get("verdict", "")).strip().lower()
        told = fields.get("comment", fields.get("words"))  # the column's name in files of earlier versions
        comment = str(told).strip() if told is not None else None
        if not name:
            issues.append(Issue(where, f"has no submission; the columns are {', '.join(COLUMNS)}"))
        elif name in decided:
            issues.append(Issue(where, f"submission {name} was decided in line {decided[name]} already"))
        elif said not in VERDICTS:
            issues.append(Issue(where, f"the verdict {said!r} is not one of {', '.join(VERDICTS)}"))
        elif VERDICTS[said] is not Verdict.APPROVE and not comment:
            issues.append(Issue(where, f"a {said} needs a comment for the worker"))
        elif what := unsendable([name, comment]):
            issues.append(Issue(where, what))
        else:
            lines.append(Line(number, name, VERDICTS[said], comment))
        decided.setdefault(name, number)
    if issues:
        raise InvalidRequest(issues=issues)
    return lines


def match(lines: Iterable[Line], submissions: Iterable[Submission], path: Path) -> list[Decision]:
    """The decisions with their submissions. Raises `InvalidRequest` naming all that are not among them."""
    wanted = {line.submission: line for line in lines}
    found = {each.id: each for each in submissions if each.id in wanted}
    missing = [line for line in wanted.values() if line.submission not in found]
    if missing:
        raise InvalidRequest(
            issues=[
                Issue(f"{path.name}, line {each.number}", f"the task has no submission {each.submission}")
                for each in missing
            ]
        )
    return [
        Decision(submission=found[name], verdict=line.verdict, comment=line.comment) for name, line in wanted.items()
    ]


def _plain(name: str) -> str:
    """The name of a column or a field as it is meant, whatever its capitals."""
    return name.strip().lower()


def _twice(names: Iterable[str]) -> str | None:
    """A name that is there twice, such as a verdict beside another; None where there is none. Columns without a name
    are nobody's."""
    counted = Counter(_plain(name) for name in names)
    return next((name for name, count in counted.items() if name and count > 1), None)


def _json_rows(text: str) -> Iterator[tuple[int, Mapping[str, object] | str]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row: object = strictjson.loads(line)
        except NameTwice as twice:
            yield number, f"names {twice.name!r} twice"
            continue
        except (ValueError, RecursionError) as error:
            yield number, f"is not JSON ({error})"
            continue
        yield number, cast("dict[str, object]", row) if isinstance(row, dict) else "is not a JSON object"


def _csv_rows(text: str) -> Iterator[tuple[int, Mapping[str, object] | str]]:
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    try:
        records = read_csv(text, delimiter)
        header = next(records, Record(1, ()))
        names = [_plain(name) for name in header.cells]
        if not ({"submission", "id"} & {*names} and "verdict" in names) or header.further:
            yield header.line, f"names no columns; the first line is {','.join(COLUMNS)}"
            return
        if twice := _twice(header.cells):
            yield header.line, f"names the column {twice!r} twice"
            return
        for each in records:
            yield each.line, _why_wrong(each, names, delimiter) or dict(zip(names, each.cells, strict=False))
    except BadTable as error:
        yield error.line, error.what


def _why_wrong(row: Record, names: Sequence[str], delimiter: str) -> str | None:
    """What makes the row differ from the table's others; None for nothing."""
    if len(row.cells) > len(names):
        return "has more cells than the first line"
    if not row.further:
        return None
    for name, cell in zip(names, row.cells, strict=False):
        if "\n" in cell and name in ("submission", "id", "verdict"):
            return f"the cell of {name!r} goes on for several lines"
    if _holds_rows(row, names, delimiter):
        return (
            "its quoted text holds what looks like further rows; words for the worker that look so go on one line,"
            " or into JSON lines"
        )
    return None if len(row.cells) == len(names) else "has a cell of several lines, and fewer cells than the first line"


def _holds_rows(row: Record, names: Sequence[str], delimiter: str) -> bool:
    """Whether what a quote takes in could be decisions: they would not be carried out, and told to the worker."""
    further = [line.split(delimiter) for line in row.further if line.strip(' "')]
    place = names.index("verdict")
    decides = any(len(cells) > place and cells[place].strip(' "').lower() in VERDICTS for cells in further)
    return decides or (bool(further) and all(len(cells) >= len(names) for cells in further))
