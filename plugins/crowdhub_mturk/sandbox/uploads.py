"""The files that workers handed in, served by links that end."""

import hashlib
import hmac
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlencode

from crowdhub_mturk.sandbox.state import Upload
from crowdhub_mturk.sandbox.turk import Turk

PATH = "/uploads/"


class Uploads:
    """Makes links and knows which are good. A link holds all that is needed to tell."""

    def __init__(self, turk: Turk, secret: str) -> None:
        self._turk = turk
        self._secret = secret.encode()

    def link(self, assignment: str, question: str, end: datetime) -> str:
        """The path and query for one file."""
        until = f"{end.timestamp():.3f}"
        query = {"question": question, "Expires": until, "Signature": self._sign(assignment, question, until)}
        return f"{PATH}{assignment}?{urlencode(query)}"

    def served(self, path: str, query: str, now: datetime) -> Upload | None:
        """The file, while its link lives."""
        assignment, told = path.removeprefix(PATH), parse_qs(query)
        question, until, signature = (told.get(name, [""])[0] for name in ("question", "Expires", "Signature"))
        if not hmac.compare_digest(self._sign(assignment, question, until).encode(), signature.encode()):
            return None
        work = self._turk.assignments.get(assignment)
        alive = now < datetime.fromtimestamp(float(until), UTC)
        return work.files.get(question) if work is not None and alive and not work.hit.disposed else None

    def _sign(self, *parts: str) -> str:
        return hmac.new(self._secret, "\n".join(parts).encode(), hashlib.sha256).hexdigest()
