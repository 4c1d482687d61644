"""eTXT (https://www.etxt.ru), a marketplace for texts."""

from crowdhub_etxt.codes import (
    ArticleField,
    ArticleSort,
    ArticleType,
    AutoPay,
    Correctable,
    FolderSort,
    Level,
    Movable,
    Neural,
    Order,
    OrderFilter,
    OrderStatus,
    PriceType,
    Rate,
    RatingBack,
    ResultStatus,
    Target,
    TextType,
    UserList,
    UserListAction,
    WorkType,
)
from crowdhub_etxt.options import EtxtOptions
from crowdhub_etxt.provider import Etxt
from crowdhub_etxt.settings import EtxtSettings
from crowdhub_etxt.texts import read_text

__all__ = [
    "ArticleField",
    "ArticleSort",
    "ArticleType",
    "AutoPay",
    "Correctable",
    "Etxt",
    "EtxtOptions",
    "EtxtSettings",
    "FolderSort",
    "Level",
    "Movable",
    "Neural",
    "Order",
    "OrderFilter",
    "OrderStatus",
    "PriceType",
    "Rate",
    "RatingBack",
    "ResultStatus",
    "Target",
    "TextType",
    "UserList",
    "UserListAction",
    "WorkType",
    "read_text",
]
