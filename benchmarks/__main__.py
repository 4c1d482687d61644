from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path

MEASURES = ("imports", "calls", "streaming", "sample", "moves", "counts", "ledger", "turk")

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("measures", nargs="*", metavar="MEASURE", help=f"of {', '.join(MEASURES)}; all without")
    parser.add_argument("--against", type=Path, metavar="FOLDER", help="imports, streaming, ledger: another checkout")
    chosen = parser.parse_args()
    if unknown := set(chosen.measures) - set(MEASURES):
        parser.error(f"there is no measure {min(unknown)!r}; there are {', '.join(MEASURES)}")
    for name in chosen.measures or MEASURES:
        module = import_module(f"benchmarks.{name}")
        if name in ("imports", "streaming", "ledger"):
            module.measure(chosen.against)
        else:
            module.measure()
        print(flush=True)
