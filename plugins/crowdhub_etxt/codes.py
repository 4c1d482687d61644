"""The coded values of the eTXT API, by the names they have in this plugin.

Those that come back in answers have ``UNKNOWN``: a code that the documentation does not list breaks nothing.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Self

from crowdhub.protocol import int_or_none


class Code(IntEnum):
    """A number of the marketplace, which may arrive as text."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        number = int_or_none(value) if isinstance(value, str) else None
        return cls.__members__.get("UNKNOWN") if number is None else cls(number)


class Word(StrEnum):
    """A word of the marketplace."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        del value
        return cls.__members__.get("UNKNOWN")


class OrderStatus(Code):
    """``status`` of an order."""

    WAITING = 1
    """For a performer to be chosen."""
    IN_WORK = 2
    UNDER_REVIEW = 3
    DONE = 4
    OVERDUE = 5
    UNKNOWN = -1


class ResultStatus(Code):
    """``status`` of a result that was handed in."""

    UNDER_REVIEW = 0
    REJECTED = 1
    ACCEPTED = 2
    UNKNOWN = -1


class WorkType(Code):
    """``id_type``: the kind of work."""

    COPYWRITING = 1
    REWRITING = 2
    TRANSLATION = 3
    SEO_COPYWRITING = 4
    UNKNOWN = -1


class TextType(Code):
    """``id_subtype`` of an order: the kind of text."""

    NOT_SET = 0
    SALES = 1
    INFORMATION = 2
    NEWS = 3
    EMAIL = 4
    SOCIAL_MEDIA = 5
    REVIEW = 6
    UNKNOWN = -1


class Level(Code):
    """``id_level``: how difficult an order is."""

    NONE = 0
    BEGINNER = 1
    MIDDLE = 2
    HIGH = 3
    UNKNOWN = -1


class PriceType(Code):
    """``price_type``: what the price is for."""

    PER_1000_CHARACTERS = 1
    WHOLE_ORDER = 2
    UNKNOWN = -1


class Target(Code):
    """``target_task``: who may take an order."""

    EVERYBODY = 1
    WHITE_LIST = 2
    ONE_PERFORMER = 3
    UNKNOWN = -1


class ArticleType(Code):
    """``id_subtype`` of a ready article."""

    GENERAL = 1
    NEWS = 2
    PRODUCT_DESCRIPTION = 3
    PRODUCT_REVIEW = 4
    RECIPE = 5
    MASTER_CLASS = 6
    PRESS_RELEASE = 7
    ESSAY = 8
    HOME_PAGE = 9
    POEM = 10
    UNKNOWN = -1


class OrderFilter(Code):
    """``filter`` of `tasks.listTasks`; it wins over ``status``."""

    OVERDUE_UNDECIDED = 10
    """Overdue orders in work about which nothing was decided."""


class Neural(Code):
    """``robot``: whether a performer may use a neural network."""

    FORBIDDEN = -1
    NO_MATTER = 0
    ALLOWED = 1


class Rate(Code):
    """``rate`` of a review about a user."""

    POSITIVE = 1
    NEGATIVE = 2


class RatingBack(Code):
    """``back``: whether the performer got the rating back after a refusal."""

    ALL = 0
    RETURNED = 1
    NOT_RETURNED = 2


class UserList(Word):
    """``type``: the white or the black list."""

    WHITE = "whiteList"
    BLACK = "blackList"
    UNKNOWN = "unknown"


class UserListAction(Word):
    """``type`` of `users.setUserBW`: put on a list, or take off."""

    WHITE = "whiteList"
    BLACK = "blackList"
    DELETE = "delete"
    UNKNOWN = "unknown"


class Movable(Word):
    """``type`` of `folders.moveToFolder`: what is moved."""

    ORDER = "task"
    ARCHIVED_ORDER = "archive"
    ARTICLE = "article"
    ARCHIVED_ARTICLE = "article_archive"
    CORRECTION = "correction"
    ASSIGNMENT = "bhv_task"


class FolderSort(Word):
    DATE = "date"
    NAME = "name"


class Order(Word):
    """``order``: the direction of a sorting."""

    ASCENDING = "asc"
    DESCENDING = "desc"


class ArticleSort(Word):
    RELEVANCE = "relevancy"
    TITLE = "title"
    PRICE = "price"
    SIZE = "size"
    UNIQUENESS = "uniq"
    DATE = "date"


class ArticleField(Word):
    """``text_type``: where the words of an article search are looked for."""

    TITLE = "title"
    DESCRIPTION = "description"
    KEYWORDS = "keywords"


class AutoPay(Word):
    """``autopay`` of `tasks.extraPaid`."""

    CALCULATE = "get"
    PAY = "pay"


class Correctable(Word):
    """``type`` of `correction.import`."""

    ORDER = "task"
    """Named by the id of a **result**, not of the order."""
    ARCHIVED_ORDER = "a_task"
    ARTICLE = "article"
    ARCHIVED_ARTICLE = "a_article"
