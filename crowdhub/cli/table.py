"""CSV as a person writes it, read strictly: a quote that is not closed must not swallow the rows below it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


class BadTable(Exception):
    """The text is no CSV from this line on."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line
        self.what = what


@dataclass(frozen=True, slots=True)
class Record:
    """One row: the line on which it begins, its cells, and the ``further`` lines of the file that a quote takes in."""

    line: int
    cells: Sequence[str]
    further: Sequence[str] = ()


def read_csv(text: str, delimiter: str) -> Iterator[Record]:
    """The rows that are not empty. Raises `BadTable`."""
    lines = text.split("\n")
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    while True:
        before = reader.line_num
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise BadTable(before + 1, _why(str(error), reader.line_num)) from None
        if cells is None:
            return
        if cells:
            yield Record(before + 1, cells, lines[before + 1 : reader.line_num])


def _why(error: str, line: int) -> str:
    if error == "unexpected end of data":
        return "a quote is opened and not closed, so the rows below cannot be told from its text"
    if "expected after" in error:
        return f"text stands behind a closing quote (line {line}); within quotes, a quote is written twice"
    return f"is not CSV ({error})"
