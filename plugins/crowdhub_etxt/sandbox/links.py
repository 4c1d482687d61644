"""Links to files that live for a day, by the sandbox's clock."""

import hashlib
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import quote

FILES = "/files/"
LIFE = timedelta(days=1)

_PATH = re.compile(r"(?P<what>[a-z_]+/[0-9-]+)/(?P<until>\d{1,12})/(?P<mark>[0-9a-f]{16})/[^/]*", re.ASCII)


class Links:
    """Makes links that carry their own end, and reads them again. What a link shows is made when it is asked for."""

    def __init__(self, secret: str, now: Callable[[], datetime]) -> None:
        self._secret = secret
        self._now = now

    def make(self, origin: str, kind: str, *numbers: int, name: str, lasting: bool = False) -> str:
        """A link to one file, by its kind and numbers; a `lasting` one has no end."""
        what = f"{kind}/{'-'.join(map(str, numbers))}"
        until = 0 if lasting else int((self._now() + LIFE).timestamp())
        return f"{origin}{FILES}{what}/{until}/{self._mark(what, until)}/{quote(name, safe='')}"

    def read(self, path: str) -> tuple[str, tuple[int, ...]] | None:
        """Kind and numbers of a link's path; `None` where it is forged or its day is over."""
        match = _PATH.fullmatch(path.removeprefix(FILES))
        if match is None:
            return None
        until = int(match["until"])
        if match["mark"] != self._mark(match["what"], until) or (until and until < self._now().timestamp()):
            return None
        kind, _, numbers = match["what"].partition("/")
        return kind, tuple(int(number) for number in numbers.split("-"))

    def _mark(self, what: str, until: int) -> str:
        return hashlib.sha256(f"{self._secret}/{what}/{until}".encode()).hexdigest()[:16]
