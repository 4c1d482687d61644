"""A test in a process of its own: what it leaves behind (the connections of a loop that ended) ends with it, and is not
met by whichever test the garbage collector runs in."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]


def in_own_process(test: Callable[..., None], *arguments: object) -> None:
    """Call a function of a module with texts as its arguments, and fail with what it said."""
    code = f"import sys; from {test.__module__} import {test.__name__} as test; test(*sys.argv[1:])"
    done = subprocess.run(
        [sys.executable, "-W", "ignore::ResourceWarning", "-c", code, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
