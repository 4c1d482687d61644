from __future__ import annotations

import sys

from benchmarks import calls, sample, streaming

MEASURES = {"calls": calls.measure, "streaming": streaming.measure, "sample": sample.measure}

if __name__ == "__main__":
    for name in sys.argv[1:] or MEASURES:
        MEASURES[name]()
        print(flush=True)
