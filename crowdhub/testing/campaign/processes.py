"""The campaign's end of the processes that are made to be killed."""

from __future__ import annotations

import json
import subprocess
import sys
from types import TracebackType
from typing import Any, Self


class Processes:
    """Runs jobs, each in a process of its own that may not live to its end."""

    def __init__(self) -> None:
        self.run = 0
        self.killed = 0

    def __enter__(self) -> Self:
        self._parent = subprocess.Popen(
            [sys.executable, "-c", "from crowdhub.testing.campaign.child import main; main()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        self._parent.stdin.close()
        try:
            _ = self._parent.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._parent.kill()
            _ = self._parent.wait()
        self._parent.stdout.close()

    def do(self, **job: Any) -> dict[str, Any]:
        """One job: what it returned (``said``), ``error``, or ``killed``, the signal that ended it."""
        return self.together(1, **job)[0]

    def together(self, copies: int, **job: Any) -> list[dict[str, Any]]:
        """The same job in several processes at once."""
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        self._parent.stdin.write(json.dumps({**job, "copies": copies}) + "\n")
        self._parent.stdin.flush()
        line = self._parent.stdout.readline()
        if not line:
            raise RuntimeError("the process that starts the others has ended")
        found: list[dict[str, Any]] = json.loads(line)
        self.run += copies
        self.killed += sum("killed" in each for each in found)
        for each in found:
            if "defect" in each:
                raise RuntimeError(f"a job failed with {each['defect']}")
        return found
