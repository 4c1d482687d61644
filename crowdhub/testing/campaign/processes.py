"""The campaign's end of the processes that are made to be killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from types import TracebackType
from typing import Self

from crowdhub.testing.campaign.jobs import ChildJob, JobResult


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
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},  # the same plugins are found
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

    def do(self, job: ChildJob) -> JobResult:
        """One job."""
        return self.together(1, job)[0]

    def together(self, copies: int, job: ChildJob) -> list[JobResult]:
        """The same job in several processes at once."""
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        self._parent.stdin.write(json.dumps([copies, job.to_json()]) + "\n")
        self._parent.stdin.flush()
        line = self._parent.stdout.readline()
        if not line:
            raise RuntimeError("the process that starts the others has ended")
        found = [JobResult.from_json(each) for each in json.loads(line)]
        self.run += copies
        self.killed += sum(each.killed is not None for each in found)
        for each in found:
            if each.defect is not None:
                raise RuntimeError(f"a job failed with {each.defect}")
        return found
