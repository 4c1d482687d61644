"""What starting costs: imports and the command's first answers, in processes of their own, side by side."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

ROUNDS = 15
HERE = Path(__file__).parents[1]
BARE, HTTPX, PYDANTIC = "bare Python", "import httpx", "import pydantic"
OTHERS = {BARE: "pass", HTTPX: "import httpx", PYDANTIC: "import pydantic", "import pytest": "import pytest"}
COMMAND = "import sys; sys.argv = ['crowdhub', '{}']; from crowdhub.cli import main; main()"
OURS = {
    "import crowdhub": "import crowdhub",
    "import crowdhub.errors": "import crowdhub.errors",
    "import crowdhub.hub": "import crowdhub.hub",
    "import crowdhub.testing.plugin": "import crowdhub.testing.plugin",
    "crowdhub --version": COMMAND.format("--version"),
    "crowdhub --help": COMMAND.format("--help"),
}


def measure(against: Path | None = None) -> None:
    checkouts = {"here": HERE} if against is None else {"here": HERE, "there": against.resolve()}
    for folder in checkouts.values():
        _ = processor_seconds(f"import crowdhub; assert crowdhub.__file__.startswith({str(folder)!r})", folder)
    times: dict[tuple[str, str], list[float]] = {}
    for number in range(ROUNDS + 1):
        for where, folder in checkouts.items():
            for name, code in (OTHERS | OURS if where == "here" else OURS).items():
                spent = processor_seconds(code, folder)
                if number:  # the first round warms up
                    times.setdefault((where, name), []).append(spent)
    _print({each: statistics.median(found) for each, found in times.items()}, compared=against is not None)


def processor_seconds(code: str, checkout: Path) -> float:
    """Processor time of a fresh Python that runs this: on a busy machine, it says more than the time on the wall."""
    path = os.pathsep.join(map(str, (checkout, checkout / "plugins")))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    _ = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tempfile.gettempdir(),  # the current folder would come before all others
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _print(found: Mapping[tuple[str, str], float], *, compared: bool) -> None:
    bare = found["here", BARE]
    httpx, pydantic = (found["here", name] - bare for name in (HTTPX, PYDANTIC))
    print(f"Starting: processor time of a fresh process above bare Python ({bare * 1000:.0f} ms), median of {ROUNDS}")
    print(f"  {'':<32}{'ms':>8}{': httpx':>12}{': pydantic':>12}" + (f"{': there':>12}" if compared else ""))
    for name in [*OTHERS, *OURS][1:]:
        own = found["here", name] - bare
        line = f"  {name:<32}{own * 1000:8.1f}{own / httpx:10.2f} ×{own / pydantic:10.2f} ×"
        if compared and name in OURS:
            line += f"{own / (found['there', name] - bare):10.2f} ×"
        print(line)
