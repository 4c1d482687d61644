"""The members of a request, typed: `kinds` has checked them."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import cast


class Members:
    """Checked members by name. What is asked for is there, or has a default."""

    def __init__(self, given: Mapping[str, object]) -> None:
        self._given = given

    def __contains__(self, name: str) -> bool:
        return name in self._given

    def text(self, name: str, default: str | None = None) -> str:
        return cast("str", self._given[name] if default is None else self._given.get(name, default))

    def maybe_text(self, name: str) -> str | None:
        return cast("str | None", self._given.get(name))

    def whole(self, name: str, default: int | None = None) -> int:
        return cast("int", self._given[name] if default is None else self._given.get(name, default))

    def maybe_whole(self, name: str) -> int | None:
        return cast("int | None", self._given.get(name))

    def flag(self, name: str, default: bool = False) -> bool:
        return cast("bool", self._given.get(name, default))

    def moment(self, name: str) -> datetime:
        return cast("datetime", self._given[name])

    def money(self, name: str) -> Decimal:
        return cast("Decimal", self._given[name])

    def texts(self, name: str) -> list[str]:
        return cast("list[str]", self._given.get(name, []))

    def wholes(self, name: str) -> list[int]:
        return cast("list[int]", self._given.get(name, []))

    def records(self, name: str) -> list["Members"]:
        return [Members(each) for each in cast("list[Mapping[str, object]]", self._given.get(name, []))]

    def maybe_record(self, name: str) -> "Members | None":
        return Members(cast("Mapping[str, object]", self._given[name])) if name in self._given else None
