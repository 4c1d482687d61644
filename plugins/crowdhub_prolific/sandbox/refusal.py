"""How the marketplace says no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Detail = str | Sequence[str] | Mapping[str, Sequence[str]]


class ProlificRefusal(Exception):
    """An answer with an error status. ``detail``: a text, a list of texts, or texts by the field that is wrong."""

    def __init__(self, status: int, title: str, detail: Detail, code: int = 140000) -> None:
        super().__init__(title)
        self.status, self.title, self.detail, self.code = status, title, detail, code


def invalid(**fields: str) -> ProlificRefusal:
    """What is wrong with a request, by its fields."""
    return ProlificRefusal(400, "Validation error", {name: [words] for name, words in fields.items()}, 140001)


def missing(what: str) -> ProlificRefusal:
    return ProlificRefusal(404, "Not found", f"No {what} matches the given query.", 140404)
