"""Reference data: categories, languages, and the ready articles that are for sale."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random

from crowdhub_etxt.sandbox.accounts import CENT
from crowdhub_etxt.sandbox.people import FIRST_ID, POPULATION

CATEGORIES: dict[int, tuple[int, str, str]] = {
    1: (0, "Авто", "auto"),
    2: (1, "Мотоциклы", "moto"),
    3: (0, "Дом и сад", "home"),
    4: (3, "Ремонт", "repair"),
    5: (0, "Закон и право", "law"),
    6: (0, "Кулинария", "food"),
    7: (0, "Медицина", "medicine"),
    8: (0, "Строительство", "building"),
    9: (0, "Бухгалтерия и финансы", "finance"),
    10: (0, "Путешествия", "travel"),
    11: (0, "Спорт", "sport"),
    12: (0, "Электроника", "electronics"),
}
"""Parent, name and keyword of each category."""

LANGUAGES = {
    1: "Русский",
    2: "Английский",
    3: "Немецкий",
    4: "Французский",
    5: "Испанский",
    6: "Украинский",
    7: "Китайский",
    8: "Итальянский",
}

FIRST_ARTICLE = 6001
ARTICLES = 45
_TOPICS = ("Выбор", "Уход", "История", "Обзор", "Секреты")


def subcategories(category: int) -> set[int]:
    """This category and those in it."""
    return {category} | {each for each, (parent, _, _) in CATEGORIES.items() if parent == category}


@dataclass(frozen=True, slots=True)
class ShopArticle:
    """A ready text; `price` includes the commission and any discount."""

    id: int
    title: str
    description: str
    keywords: str
    date: datetime
    id_type: int
    id_subtype: int
    category: int
    author: int
    language: int
    base_price: Decimal
    discount: int
    discount_until: datetime | None
    text: str
    images: int
    unique: tuple[int, int]
    graded: bool
    grades: tuple[bool, bool, bool]

    def price(self, now: datetime) -> Decimal:
        """What it costs now, in rubles."""
        reduced = self.discount if self.discount_until is not None and now <= self.discount_until else 0
        return (self.base_price * (100 - reduced) / 100).quantize(CENT, ROUND_HALF_UP)

    @property
    def size(self) -> int:
        """Characters."""
        return len(self.text)


def articles(dice: Random, start: datetime) -> dict[int, ShopArticle]:
    """What is for sale in a new sandbox."""
    made: dict[int, ShopArticle] = {}
    for number in range(FIRST_ARTICLE, FIRST_ARTICLE + ARTICLES):
        category = dice.choice(list(CATEGORIES))
        theme = CATEGORIES[category][1].lower()
        title = f"{dice.choice(_TOPICS)}: {theme} {number}"
        discount = dice.choice((0, 0, 10, 25))
        made[number] = ShopArticle(
            id=number,
            title=title,
            description=f"Текст о теме «{theme}» с примерами.",
            keywords=f"{theme}, {CATEGORIES[category][2]}",
            date=start - timedelta(hours=dice.randrange(1, 5000)),
            id_type=dice.choice((1, 2, 3)),
            id_subtype=dice.randrange(1, 11),
            category=category,
            author=FIRST_ID + dice.randrange(POPULATION),
            language=dice.choice((1, 1, 1, 2)),
            base_price=Decimal(dice.randrange(50, 900)),
            discount=discount,
            discount_until=start + timedelta(days=dice.randrange(1, 30)) if discount else None,
            text=f"{title}. " + "Слово за словом складывается рассказ. " * dice.randrange(15, 120),
            images=dice.choice((0, 0, 1, 3)),
            unique=(dice.randrange(85, 101), dice.randrange(80, 101)),
            graded=dice.random() < 0.6,
            grades=(dice.random() < 0.8, dice.random() < 0.7, dice.random() < 0.7),
        )
    return made
