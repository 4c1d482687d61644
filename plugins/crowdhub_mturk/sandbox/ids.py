"""Ids as MTurk makes them: capitals and digits."""

from random import Random
from string import ascii_uppercase, digits

ALPHABET = ascii_uppercase + digits
POPULATION = 1_000
_LENGTH = 13
_IDS: int = len(ALPHABET) ** _LENGTH
_STEP = 123_456_789_012_345_677  # shares no factor with 36, so ids never repeat
_BACK: int = pow(_STEP, -1, _IDS)


class Ids:
    """Makes ids that follow from the seed."""

    def __init__(self, dice: Random, seed: int) -> None:
        self._dice = dice
        self._offset = seed * 7_919 + 3_141_592_653_589_793

    def new(self) -> str:
        """The id of a HIT, an assignment or anything else."""
        return "3" + "".join(self._dice.choices(ALPHABET, k=29))

    def worker(self, number: int) -> str:
        """The id of the worker of this number."""
        rest, letters = (number * _STEP + self._offset) % _IDS, ""
        for _ in range(_LENGTH):
            rest, letter = divmod(rest, len(ALPHABET))
            letters += ALPHABET[letter]
        return "A" + letters

    def number_of(self, worker: str) -> int | None:
        """The number of the worker of this id, which may be one that nobody has met."""
        if len(worker) != _LENGTH + 1:
            return None
        value = 0
        for letter in reversed(worker[1:]):
            value = value * len(ALPHABET) + ALPHABET.index(letter)
        return (value - self._offset) * _BACK % _IDS
