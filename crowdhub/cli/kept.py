"""Decisions that a person made on the terminal: on disk at once, until they are carried out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import cast

from crowdhub import folders, strictjson
from crowdhub.cli.output import AnyMarket
from crowdhub.errors import ConfigurationError
from crowdhub.model import Decision, Submission, Verdict


class KeptDecisions:
    """Those on one task: JSON lines, which `crowdhub review TASK FILE` reads as well."""

    def __init__(self, market: AnyMarket, task: str) -> None:
        place = f"{market.provider.settings.base_url} {market.name} {task}"
        name = f"{market.name}-{hashlib.sha256(place.encode()).hexdigest()[:16]}.jsonl"
        self.file = folders.state() / "reviews" / name
        self._rows = self._read()

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._rows))

    def of(self, work: Submission) -> Decision | None:
        """What was decided on this work; None also where other work was handed in since."""
        row = self._rows.get(work.id)
        if row is None or row.get("submitted_at") != _moment(work):
            return None
        comment = None if row.get("comment") is None else str(row["comment"])
        return Decision(submission=work, verdict=Verdict(str(row["verdict"])), comment=comment)

    def keep(self, decision: Decision) -> None:
        """Write it down. Raises `ConfigurationError` where that cannot be."""
        work = decision.submission
        row: dict[str, object] = {
            "submission": work.id,
            "verdict": str(decision.verdict),
            "comment": decision.comment,
            "submitted_at": _moment(work),
        }
        self._rows[work.id] = row
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self.file.open("a", encoding="utf-8") as out:
                out.write(json.dumps(row) + "\n")
        except OSError as error:
            raise _unwritable(self.file, error) from None

    def forget(self, submissions: Iterable[str]) -> None:
        """They were carried out."""
        gone = self._rows.keys() & set(submissions)
        if not gone:
            return
        for each in gone:
            del self._rows[each]
        try:
            if self._rows:
                lines = "".join(json.dumps(row) + "\n" for row in self._rows.values())
                fresh = self.file.with_suffix(".new")
                _ = fresh.write_text(lines, encoding="utf-8")
                _ = fresh.replace(self.file)
            else:
                self.file.unlink(missing_ok=True)
        except OSError as error:
            raise _unwritable(self.file, error) from None

    def _read(self) -> dict[str, dict[str, object]]:
        try:
            lines = self.file.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError) as error:
            raise _unwritable(self.file, error) from None
        found: dict[str, dict[str, object]] = {}
        for line in lines:
            try:
                row: object = strictjson.loads(line)
            except ValueError:
                continue  # the last line of a program that was killed while it wrote, or one that says two things
            fields = cast("dict[str, object]", row) if isinstance(row, dict) else {}
            if fields.get("verdict") in [str(each) for each in Verdict] and isinstance(fields.get("submission"), str):
                found[str(fields["submission"])] = fields
        return found


def _moment(work: Submission) -> str | None:
    return None if work.submitted_at is None else work.submitted_at.isoformat()


def _unwritable(file: Path, error: Exception) -> ConfigurationError:
    return ConfigurationError(f"Decisions cannot be kept in {file}: {error}.")
