"""Answers that are small on the wire and large when they are unpacked."""

from __future__ import annotations

import gzip
import zlib
from functools import cache
from typing import Literal

MIB = 1024 * 1024


@cache
def bomb(mebibytes: int, how: Literal["gzip", "gzip, gzip", "deflate"] = "gzip", *, begin: bytes = b"[") -> bytes:
    """So many mebibytes of spaces behind ``begin``, packed without ever being held in memory."""
    packing = zlib.compressobj(1, wbits=zlib.MAX_WBITS if how == "deflate" else zlib.MAX_WBITS | 16)
    parts = [packing.compress(begin)]
    parts += [packing.compress(b" " * MIB) for _ in range(mebibytes)]
    packed = b"".join([*parts, packing.flush()])
    return gzip.compress(packed) if how == "gzip, gzip" else packed
