"""`python -m crowdhub.testing.mutants`: the deliberate bugs, and which test of the conformance kit catches each.

Exit code 1 where one is not caught. ``--short`` takes six of them.
"""

from __future__ import annotations

import argparse
import sys
import time

from crowdhub.testing.mutants.run import check, chosen


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m crowdhub.testing.mutants", description=__doc__)
    _ = parser.add_argument("--short", action="store_true", help="six of the bugs")
    bugs = chosen(short=parser.parse_args(arguments).short)
    start, missed = time.monotonic(), 0
    for verdict in check(bugs):
        missed += not verdict.caught
        word = "caught" if verdict.caught else "MISSED"
        sys.stdout.write(f"{word}  {verdict.bug.name:<58} {verdict.by}\n")
        sys.stdout.flush()
    seconds = time.monotonic() - start
    sys.stdout.write(f"\n{len(bugs) - missed} of {len(bugs)} bugs caught, in {seconds:.0f} s\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
