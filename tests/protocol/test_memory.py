"""What an answer takes in memory beside its own size."""

from __future__ import annotations

import tracemalloc
from decimal import Decimal

from crowdhub.protocol import Response
from crowdhub.protocol.reading import load_json


def test_numbers_that_repeat_are_kept_once() -> None:
    answer = Response(200, content=b"[" + b",".join([b"0.25"] * 50_000) + b"]")
    tracemalloc.start()
    try:
        numbers = load_json(answer)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert numbers == [Decimal("0.25")] * 50_000
    assert peak < 6 * len(answer.content)
