"""A long run: ``python -m tests.fuzz [FACTOR] [pytest's options]``, 50 times the usual number of cases without one.

What it finds is printed as a case to add to the tests, by ``@example`` or to a table.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def main(arguments: list[str]) -> int:
    factor = arguments.pop(0) if arguments and arguments[0].isdecimal() else "50"
    command = [sys.executable, "-m", "pytest", str(Path(__file__).parent), "--timeout=0", *arguments]
    return subprocess.run(command, env={**os.environ, "CROWDHUB_FUZZ": factor}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
