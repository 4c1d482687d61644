"""Which ids have been handed out, in about ten bytes each."""

from __future__ import annotations

from array import array
from hashlib import blake2b

_MASK = (1 << 64) - 1
_SPREAD = 0x9E3779B97F4A7C15  # spreads neighbouring ids over the table (Knuth's multiplicative hashing)


class Seen:
    """A set of ids. Whole numbers below 2**63 are held exactly, other texts by a 63-bit digest (a mix-up among a
    million of them: one in eighteen million)."""

    def __init__(self) -> None:
        self._slots = array("Q", bytes(8 * 64))
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, text: str) -> bool:
        number = _number(text)
        return self._slots[self._place(number)] == number

    def add(self, text: str) -> bool:
        """Remember an id; True if it is new."""
        if not self._put(_number(text)):
            return False
        self._count += 1
        if self._count * 5 > len(self._slots) * 4:
            self._grow()
        return True

    def _put(self, number: int) -> bool:
        place = self._place(number)
        if self._slots[place] == number:
            return False
        self._slots[place] = number
        return True

    def _place(self, number: int) -> int:
        """Where it is, or would be."""
        slots = self._slots
        last = len(slots) - 1
        place = ((number * _SPREAD) & _MASK) >> (64 - last.bit_length())
        while slots[place] and slots[place] != number:
            place = (place + 1) & last
        return place

    def _grow(self) -> None:
        old = self._slots
        self._slots = array("Q", [0]) * (2 * len(old))
        for number in old:
            if number:
                self._put(number)


def _number(text: str) -> int:
    """A number that is never 0 (an empty slot); digests have the top bit set, whole numbers have not."""
    if text.isascii() and text.isdigit() and len(text) < 19 and (text == "0" or text[0] != "0"):
        return int(text) + 1
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") | (1 << 63)
