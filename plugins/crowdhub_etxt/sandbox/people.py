"""The performers: each follows from the seed and its id."""

from datetime import datetime, timedelta
from functools import lru_cache
from random import Random
from typing import NamedTuple

FIRST_ID = 1001
POPULATION = 300
WORK_TYPES = (1, 2, 3, 4)

_NAMES = ("Анна", "Борис", "Вера", "Глеб", "Дарья", "Егор", "Жанна", "Илья", "Ксения", "Лев", "Мария", "Олег")
_FAMILIES = ("Белая", "Волк", "Гора", "Дым", "Ель", "Заря", "Ива", "Клён", "Лис", "Мак")
_LOGINS = ("pero", "slovo", "stroka", "tekst", "bukva", "list", "glava", "avtor")
_PLACES = (("Россия", "Москва"), ("Россия", "Казань"), ("Беларусь", "Минск"), ("Казахстан", "Алматы"))
_ABOUT = ("Пишу о технике.", "Перевожу с английского.", "Люблю короткие тексты.", "Работаю каждый день.")


class Performer(NamedTuple):
    """What the marketplace shows of a performer; `works` is the least price of each kind of work."""

    id: int
    login: str
    name: str
    description: str
    country: str
    city: str
    online: bool
    registered: datetime
    rate: int
    works: dict[int, int]
    categories: tuple[int, ...]
    langs: tuple[int, ...]
    portfolio: int
    reports: int
    reports_n: int
    white: int
    black: int


class Performers:
    """All performers of one sandbox."""

    def __init__(self, seed: int, start: datetime) -> None:
        self._seed = seed
        self._start = start
        self.person = lru_cache(maxsize=POPULATION)(self._person)

    def exists(self, user: int) -> bool:
        """Whether a performer has this id."""
        return FIRST_ID <= user < FIRST_ID + POPULATION

    @property
    def ids(self) -> range:
        """The ids of all performers."""
        return range(FIRST_ID, FIRST_ID + POPULATION)

    def by_login(self, login: str) -> int | None:
        """The performer with this login."""
        return next((user for user in self.ids if self.person(user).login == login), None)

    def _person(self, user: int) -> Performer:
        dice = Random(f"etxt/{self._seed}/{user}")  # noqa: S311  (repeatable, not secret)
        country, city = dice.choice(_PLACES)
        kinds = sorted({1, *dice.sample(WORK_TYPES, 3)})
        return Performer(
            id=user,
            login=f"{dice.choice(_LOGINS)}{user}",
            name=f"{dice.choice(_NAMES)} {dice.choice(_FAMILIES)}",
            description=dice.choice(_ABOUT),
            country=country,
            city=city,
            online=dice.random() < 0.5,
            registered=self._start - timedelta(days=dice.randrange(20, 3000)),
            rate=dice.randrange(0, 12_000),
            works={kind: dice.choice((0, 0, 10, 30, 60)) for kind in kinds},
            categories=tuple(sorted(dice.sample(range(1, 13), 3))),
            langs=(1, *dice.sample(range(2, 9), dice.randrange(0, 3))),
            portfolio=dice.randrange(0, 30),
            reports=dice.randrange(0, 200),
            reports_n=dice.randrange(0, 6),
            white=dice.randrange(0, 40),
            black=dice.randrange(0, 8),
        )
