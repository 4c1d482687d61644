"""Other processes, as real ones: small programs run side by side."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

PREFACE = """
import json, os, sys, time
from crowdhub.protocol import Call, Effect
from crowdhub.ledger import *
from crowdhub.ratelimit import *
from crowdhub.model import Money, Task
from crowdhub.protocol import RateLimit
from crowdhub.errors import BudgetExceeded
ID = {"provider": "acme", "account": "acme", "environment": "sandbox"}
def say(value):
    print(json.dumps(value), flush=True)
"""


class Program:
    """A running program. It says JSON lines on its output and waits for lines on its input."""

    def __init__(self, source: str, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", PREFACE + source, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def said(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the program ended without saying what was expected"
        return json.loads(line)

    def go_on(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def kill(self) -> None:
        """``kill -9``. Its parent does not look after it yet, so that its process id still exists."""
        self._process.kill()
        os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT)

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)
        self._process.stdout.close()

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self.close()
