"""Lists in pages: ``MaxResults``, ``NextToken``, ``NumResults``."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from itertools import islice
from typing import TypeVar

from crowdhub.sandbox.values import JsonObject
from crowdhub_mturk.sandbox.members import Members
from crowdhub_mturk.sandbox.readings import MTurkReadings
from crowdhub_mturk.sandbox.refusal import Refusal

T = TypeVar("T")
ROWS = 10
"""A page, where nothing is said."""


class Pages:
    """Cuts numbered rows into pages. A token is good for the operation that gave it."""

    def __init__(self, readings: MTurkReadings) -> None:
        self._readings = readings

    def page(
        self,
        operation: str,
        members: Members,
        name: str,
        rows: Iterable[tuple[int, T]],
        shape: Callable[[T], JsonObject],
    ) -> JsonObject:
        """One page of rows, each with its number in the list's order."""
        size = members.whole("MaxResults", ROWS)
        after = self._after(operation, members.maybe_text("NextToken"))
        if after is None:
            left = iter(rows)
        elif self._readings.tokens_count_rows:
            left = islice(rows, after, None)
        elif self._readings.newest_first and name == "HITs":
            left = (row for row in rows if row[0] < after)
        else:
            left = (row for row in rows if row[0] > after)
        shown = list(islice(left, size))
        answer: JsonObject = {"NumResults": len(shown), name: [shape(row) for _, row in shown]}
        more = next(iter(left), None) is not None
        if shown and (more or self._readings.empty_last_page):
            last = (after or 0) + len(shown) if self._readings.tokens_count_rows else shown[-1][0]
            answer["NextToken"] = urlsafe_b64encode(f"{operation} {last}".encode()).decode()
        return answer

    @staticmethod
    def _after(operation: str, token: str | None) -> int | None:
        if token is None:
            return None
        try:
            whose, _, last = urlsafe_b64decode(token).decode().partition(" ")
            if whose == operation:
                return int(last)
        except ValueError:
            pass
        raise Refusal("InvalidParameterValue", "The NextToken is not one of this operation.")
