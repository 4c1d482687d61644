"""The workers: as many as needed, each following from a number and the seed."""

from functools import lru_cache
from typing import NamedTuple

FIRST_PUBLIC_ID = 10_000
POPULATION = 1_000  # that exist from the start; more come when they are needed
OWNER, OTHER_OWNER, FIRST_WORKER = 0, 1, 2

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_IDS = 26**6 * 1000
_STEP = 123_456_789_011  # shares no factor with _IDS, so ids never repeat
_NAMES = ("Amara", "Bruno", "Chen", "Divya", "Elif", "Farid", "Grace", "Hugo", "Ines", "Jonas", "Kofi", "Lena")
COUNTRIES = {
    "US": "United States",
    "IN": "India",
    "PH": "Philippines",
    "GB": "United Kingdom",
    "KE": "Kenya",
    "BR": "Brazil",
    "CA": "Canada",
    "DE": "Germany",
    "BD": "Bangladesh",
    "ID": "Indonesia",
    "MA": "Morocco",
}


class WorkerProfile(NamedTuple):
    """What the marketplace shows of a worker."""

    public_id: int
    user_id: str
    name: str
    country_code: str
    country: str
    account_age_days: int
    approval_percent: int
    completed: int


class Population:
    """The workers of one sandbox."""

    def __init__(self, seed: int) -> None:
        self._offset = seed * 7_919 + 4_242_424_243
        self._size = POPULATION
        self.person = lru_cache(maxsize=20_000)(self._person)

    def _person(self, index: int) -> WorkerProfile:
        number = (index * _STEP + self._offset) % _IDS
        rest, digits = divmod(number, 1000)
        letters = ""
        for _ in range(6):
            rest, letter = divmod(rest, 26)
            letters += _LETTERS[letter]
        code = tuple(COUNTRIES)[(index * 7 + digits) % len(COUNTRIES)]
        return WorkerProfile(
            public_id=FIRST_PUBLIC_ID + index,
            user_id=f"{letters[:3]}-{letters[3:]}-{digits:03}",
            name=f"{_NAMES[digits % len(_NAMES)]}{letters[0].upper()}{index}",
            country_code=code,
            country=COUNTRIES[code],
            account_age_days=digits * 3 + 5,
            approval_percent=55 + digits % 46,
            completed=digits * 2,
        )

    def meet(self, index: int) -> None:
        """From now on this worker, and each before, exists."""
        self._size = max(self._size, index + 1)

    def find(self, worker_id: int | str) -> int | None:
        """The number of the worker with this public id (an integer, or its digits) or this user id."""
        if isinstance(worker_id, str) and not worker_id.isdecimal():
            index = self._index_of(worker_id)
        else:
            index = int(worker_id) - FIRST_PUBLIC_ID
        return index if index is not None and 0 <= index < self._size else None

    def _index_of(self, user_id: str) -> int | None:
        parts = user_id.split("-")
        if [len(part) for part in parts] != [3, 3, 3] or not parts[2].isdecimal():
            return None
        number = 0
        for letter in reversed(parts[0] + parts[1]):
            if letter not in _LETTERS:
                return None
            number = number * 26 + _LETTERS.index(letter)
        number = number * 1000 + int(parts[2])
        return (number - self._offset) * pow(_STEP, -1, _IDS) % _IDS
