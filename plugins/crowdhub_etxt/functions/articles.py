"""`articles` and `articles_archive`: ready texts that can be bought."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from crowdhub.errors import Issue
from crowdhub.protocol import (
    Effect,
    Flow,
    LenientDecimal,
    LenientInt,
    LenientText,
    Lookup,
    Operation,
    Page,
    WireModel,
    first_match,
)
from crowdhub_etxt.codes import ArticleField, ArticleSort, ArticleType, Order
from crowdhub_etxt.decoding import Data, Flag, Rub, When
from crowdhub_etxt.encoding import Id, between, identifier, identifiers, length
from crowdhub_etxt.functions.base import Functions
from crowdhub_etxt.functions.records import Named

MOST = 20
"""Articles in one page."""


class ArticleBase(WireModel):
    """What articles on sale and archived ones share. ``full_price`` holds the buyer's commission."""

    id: int
    title: LenientText = None
    description: LenientText = None
    keywords: LenientText = None
    date: When = None
    id_type: LenientInt = None
    id_subtype: ArticleType | None = None
    id_category: LenientInt = None
    id_language: LenientInt = None
    full_price: Rub = None
    size: LenientInt = None
    images: LenientInt = None


class Article(ArticleBase):
    """An article on sale, or bought (then with ``date_buy``). ``description`` is a PNG picture in base64.

    ``unq`` and ``unq_shin`` are its uniqueness in per cent against rewriting and against copies; the ``moder_…``
    marks are True for "without errors".
    """

    date_buy: When = None
    id_folder: LenientInt = None
    id_user: LenientInt = None
    discount: LenientDecimal = None
    date_discount: When = None
    unq: LenientDecimal = None
    unq_shin: LenientDecimal = None
    moder_check: Flag = None
    moder_orph: Flag = None
    moder_punc: Flag = None
    moder_style: Flag = None


class ArchivedArticle(ArticleBase):
    """A bought article in the archive; ``quality`` holds the marks of its check, if there was one."""

    quality: Data = Field(default_factory=dict[str, object])


class ArticleText(WireModel):
    """A bought article in full."""

    id: int
    title: LenientText = None
    description: LenientText = None
    text: LenientText = None


class Archive(WireModel):
    """Where a ZIP of texts and pictures can be downloaded."""

    path: str


class Articles(Functions):
    family = "articles"

    def get_list(
        self,
        *,
        count: int = MOST,
        offset: int = 0,
        id_user: Id | None = None,
        id_category: Id | None = None,
        subcat: bool | None = None,
        id_subtype: ArticleType | None = None,
        id_folder: Id | None = None,
        filter: bool | None = None,  # noqa: A002
        basket: bool | None = None,
        id: Id | None = None,  # noqa: A002
        text: str | None = None,
        text_type: ArticleField | None = None,
        price_from: int | None = None,
        price_to: int | None = None,
        price_type: bool | None = None,
        size_from: int | None = None,
        size_to: int | None = None,
        uniq_from: int | None = None,
        uniq_to: int | None = None,
        id_language: Id | None = None,
        min_rate: int | None = None,
        sort: ArticleSort | None = None,
        order: Order | None = None,
    ) -> Operation[Page[Article]]:
        """`articles.getList`: articles on sale, or with ``filter`` those that this account bought. READ, paged by 20.

        Prices in whole RUB, per 1,000 characters with ``price_type``; ``uniq_…`` in per cent; ``min_rate`` from
        -1,000 to 100,000; ``text`` of at most 40 characters; ``order`` only with ``sort``.
        """
        params = {
            "id_user": id_user,
            "id_category": id_category,
            "subcat": subcat,
            "id_subtype": id_subtype,
            "id_folder": id_folder,
            "filter": filter,
            "basket": basket,
            "id": id,
            "text": text,
            "text_type": text_type,
            "price_from": price_from,
            "price_to": price_to,
            "price_type": price_type or None,  # any value switches it on
            "size_from": size_from,
            "size_to": size_to,
            "uniq_from": uniq_from,
            "uniq_to": uniq_to,
            "id_language": id_language,
            "min_rate": min_rate,
            "sort": sort,
            "order": order,
        }
        issues = [*_window(count, offset), *length("text", text, 40), *between("min_rate", min_rate, -1000, 100_000)]
        for where, value in {"id": id, "id_user": id_user, "id_category": id_category, "id_folder": id_folder}.items():
            issues += identifier(where, value)
        if order is not None and sort is None:
            issues.append(Issue("order", "has a meaning only with `sort`"))
        return self._pages("getList", Article, params, count=count, offset=offset, issues=issues)

    def buy(self, id: Id) -> Operation[Named]:  # noqa: A002
        """`articles.buy`: buy an article at its ``full_price``. SPEND; after a lost answer the list of bought
        articles tells."""

        def bought() -> Flow[Named | None]:
            listed = self.get_list(id=id, filter=True)
            found = yield from first_match(listed, lambda article: article.id == int(id), whole=True)
            return None if found is None else Named(id=found.id, raw=found.raw)

        lookup = Lookup(f"the article {id} among the bought ones", lambda _, __: bought())
        return self._one("buy", Named, {"id": id}, effect=Effect.SPEND, issues=identifier("id", id), lookup=lookup)

    def get_text(self, id: Sequence[Id]) -> Operation[Page[ArticleText]]:  # noqa: A002
        """`articles.getText`: the texts of bought articles. READ."""
        return self._many("getText", ArticleText, {"id": list(id)}, issues=identifiers("id", id, None))

    def download(self, id: Sequence[Id]) -> Operation[Archive]:  # noqa: A002
        """`articles.download`: make a ZIP of bought articles; says where it is. READ."""
        return self._one("download", Archive, {"id": list(id)}, issues=identifiers("id", id, None))


class ArticlesArchive(Functions):
    family = "articles_archive"

    def get_list(
        self,
        *,
        count: int = MOST,
        offset: int = 0,
        id_user: Id | None = None,
        id_subtype: ArticleType | None = None,
        order: Order | None = None,
        id_category: Id | None = None,
        subcat: bool | None = None,
        text: str | None = None,
    ) -> Operation[Page[ArchivedArticle]]:
        """`articles_archive.getList`: bought articles in the archive, ascending unless ``order`` says otherwise.
        READ, paged by 20."""
        params = {
            "id_user": id_user,
            "id_subtype": id_subtype,
            "order": order,
            "id_category": id_category,
            "subcat": subcat,
            "text": text,
        }
        issues = [*_window(count, offset), *length("text", text, 40)]
        issues += [*identifier("id_user", id_user), *identifier("id_category", id_category)]
        return self._pages("getList", ArchivedArticle, params, count=count, offset=offset, issues=issues)

    def get_text(self, id: Sequence[Id]) -> Operation[Page[ArticleText]]:  # noqa: A002
        """`articles_archive.getText`: the texts of archived articles. READ."""
        return self._many("getText", ArticleText, {"id": list(id)}, issues=identifiers("id", id, None))

    def download(self, id: Sequence[Id]) -> Operation[Archive]:  # noqa: A002
        """`articles_archive.download`: make a ZIP of archived articles; says where it is. READ."""
        return self._one("download", Archive, {"id": list(id)}, issues=identifiers("id", id, None))


def _window(count: int, offset: int) -> list[Issue]:
    return [*between("count", count, 1, MOST), *between("offset", offset, 0)]
