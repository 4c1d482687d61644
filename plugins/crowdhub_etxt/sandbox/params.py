"""A request's parameters as PHP reads them, each checked when it is asked for."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from crowdhub_etxt.sandbox.refusal import MAX_LIMIT, NO_PARAMS, PRIVATE, EtxtRefusal

MOSCOW = timezone(timedelta(hours=3))
"""The documentation gives office hours in Moscow's time and no zone for deadlines: they are read so."""
MOST_IDS = 100

_INDEXED = re.compile(r"([^\[\]]+)\[(\d*)\]")
_NUMBER = re.compile(r"-?\d{1,15}", re.ASCII)
_DATE = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", re.ASCII)
_TIME = re.compile(r"(\d{1,2}):(\d{2})", re.ASCII)
_CONTACT = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+|\+\d[\d ()-]{8,}\d")


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file part of a multipart body."""

    name: str
    content: bytes


class Params:
    """The parameters of one call; of a repeated name the last value counts, `name[]` and `name[0]` are arrays."""

    def __init__(self, pairs: Iterable[tuple[str, str]], files: Mapping[str, UploadedFile] | None = None) -> None:
        self._values: dict[str, str] = {}
        self._arrays: dict[str, list[str]] = {}
        self.files = dict(files or {})
        for name, value in pairs:
            if indexed := _INDEXED.fullmatch(name):
                self._arrays.setdefault(indexed[1], []).append(value)
            else:
                self._values[name] = value

    def has(self, name: str) -> bool:
        """Whether a value was given, and not an empty one."""
        return bool(self._values.get(name, "").strip())

    def text(
        self, name: str, limit: int | None = None, *, least: int = 0, required: bool = False, public: bool = False
    ) -> str:
        """A text; `public` ones may hold no contact information."""
        value = self._values.get(name, "")
        if (required and not value.strip()) or len(value) < least:
            raise EtxtRefusal(NO_PARAMS)
        if limit is not None and len(value) > limit:
            raise EtxtRefusal(MAX_LIMIT)
        if public and _CONTACT.search(value):
            raise EtxtRefusal(PRIVATE)
        return value

    def choice(self, name: str, known: Iterable[str], default: str | None = None) -> str:
        """One of some words."""
        value = self._values.get(name, "") or default
        if value is None or value not in known:
            raise EtxtRefusal(NO_PARAMS)
        return value

    def maybe(self, name: str) -> int | None:
        """An integer, or `None` where the parameter is missing or empty."""
        value = self._values.get(name, "").strip()
        if not value:
            return None
        if not _NUMBER.fullmatch(value):
            raise EtxtRefusal(NO_PARAMS)
        return int(value)

    def integer(self, name: str, default: int | None = None, least: int | None = None, most: int | None = None) -> int:
        """An integer within bounds; without a default it is required."""
        value = self.maybe(name)
        if value is None:
            value = default
        if value is None or (least is not None and value < least) or (most is not None and value > most):
            raise EtxtRefusal(NO_PARAMS)
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A flag, 0 or 1."""
        return self.integer(name, int(default), 0, 1) == 1

    def moment(self, name: str) -> int | None:
        """A unixtime; 0 is none."""
        return self.maybe(name) or None

    def ids(self, name: str, *, single: bool = False) -> list[int]:
        """An array of ids, at most 100, each once; `single` says that a bare number will do."""
        given = self._arrays.get(name, [])
        if not given and single and self.has(name):
            given = [self._values[name]]
        if not given or not all(_NUMBER.fullmatch(value) for value in given):
            raise EtxtRefusal(NO_PARAMS)
        if len(given) > MOST_IDS:
            raise EtxtRefusal(MAX_LIMIT)
        return list(dict.fromkeys(map(int, given)))

    def window(self, most: int = 100) -> slice:
        """`count` and `from` of a listing."""
        count, start = self.integer("count", most, least=1), self.integer("from", 0, least=0)
        return slice(start, start + min(count, most))

    def deadline(self) -> datetime | None:
        """`deadline` (dd.mm.yyyy) and `timeline` (hh:mm, 23:59 by default) as one time; `None` without a date."""
        if not self.has("deadline"):
            return None
        date = _DATE.fullmatch(self._values["deadline"].strip())
        time = _TIME.fullmatch(self._values.get("timeline", "").strip() or "23:59")
        if date is None or time is None:
            raise EtxtRefusal(NO_PARAMS)
        try:
            return datetime(int(date[3]), int(date[2]), int(date[1]), int(time[1]), int(time[2]), tzinfo=MOSCOW)
        except ValueError as fault:
            raise EtxtRefusal(NO_PARAMS) from fault
