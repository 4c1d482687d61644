"""articles.* and articles_archive.*: ready texts for sale, and those that were bought."""

import base64
from collections.abc import Callable
from typing import Any

from crowdhub.sandbox import png
from crowdhub.sandbox.values import JsonObject
from crowdhub_etxt.sandbox.accounts import Bought
from crowdhub_etxt.sandbox.answers import Rows, unixtime
from crowdhub_etxt.sandbox.asked import FunctionCall, Handler
from crowdhub_etxt.sandbox.catalogue import ShopArticle, subcategories
from crowdhub_etxt.sandbox.refusal import MAX_LIMIT, NO_ACCESS, NO_OBJECT, NO_PARAMS, EtxtRefusal

MOST = 20
FIELDS = ("title", "description", "keywords")


def get_list(asked: FunctionCall) -> object:
    """articles.getList: what is for sale, or with filter=1 what the customer bought."""
    bought_only, basket = asked.params.flag("filter"), asked.params.flag("basket")
    folder = asked.params.maybe("id_folder")
    found: list[ShopArticle] = []
    for article in _matching(asked, asked.params.maybe("id")):
        bought = asked.customer.bought.get(article.id)
        if bought_only:
            wanted = bought is not None and not bought.archived and (folder is None or bought.folder == folder)
        else:
            wanted = bought is None and (not basket or article.id in asked.customer.basket)
        if wanted and _within(asked, article):
            found.append(article)
    rows = [_for_sale(asked, article) for article in _sorted(asked, found)[asked.params.window(MOST)]]
    return Rows(rows, "id")


def buy(asked: FunctionCall) -> object:
    """articles.buy: once."""
    article = asked.world.articles.get(asked.params.integer("id"))
    if article is None:
        raise EtxtRefusal(NO_OBJECT)
    if article.id in asked.customer.bought:
        raise EtxtRefusal(NO_ACCESS)
    price = article.price(asked.now)
    asked.customer.pay_article(article.id, price, article.author)
    asked.customer.bought[article.id] = Bought(article.id, asked.now, price)
    asked.customer.basket.discard(article.id)
    return {"id": article.id}


def get_text(asked: FunctionCall) -> object:
    """articles.getText."""
    return _texts(asked, archived=False)


def download(asked: FunctionCall) -> object:
    """articles.download."""
    return _zip(asked, archived=False)


def archive_list(asked: FunctionCall) -> object:
    """articles_archive.getList, in the order of buying."""
    backwards = asked.params.choice("order", ("asc", "desc"), "asc") == "desc"
    bought = asked.customer.bought
    found = [each for each in _matching(asked, None) if each.id in bought and bought[each.id].archived]
    found.sort(key=lambda each: (unixtime(bought[each.id].date), each.id), reverse=backwards)
    rows = [
        {
            **_common(article),
            "description": article.description,
            "full_price": bought[article.id].price,
            "quality": _grades(article) if article.graded else {},
        }
        for article in found[asked.params.window(MOST)]
    ]
    return Rows(rows, "id")


def archive_text(asked: FunctionCall) -> object:
    """articles_archive.getText."""
    return _texts(asked, archived=True)


def archive_download(asked: FunctionCall) -> object:
    """articles_archive.download."""
    return _zip(asked, archived=True)


def _matching(asked: FunctionCall, number: int | None) -> list[ShopArticle]:
    """The filters that both lists have."""
    params = asked.params
    text, field = params.text("text").lower(), params.choice("text_type", (*FIELDS, ""), "")
    if len(text) > 40:
        raise EtxtRefusal(MAX_LIMIT)
    author, category = params.maybe("id_user"), params.maybe("id_category")
    subtype = params.maybe("id_subtype")
    if subtype is not None and not 1 <= subtype <= 10:
        raise EtxtRefusal(NO_PARAMS)
    categories = {category} if category is not None else None
    if category is not None and params.flag("subcat"):
        categories = subcategories(category)
    return [
        article
        for article in asked.world.articles.values()
        if number in (None, article.id)
        and author in (None, article.author)
        and subtype in (None, article.id_subtype)
        and (categories is None or article.category in categories)
        and (not text or any(text in getattr(article, name).lower() for name in ((field,) if field else FIELDS)))
    ]


def _within(asked: FunctionCall, article: ShopArticle) -> bool:
    """The ranges: price (for 1000 characters where price_type is given), size, uniqueness; language, rating."""
    params = asked.params
    price = article.price(asked.now)
    if params.has("price_type"):
        price = price * 1000 / article.size
    language, rate = params.integer("id_language", 0), params.integer("min_rate", -1000, -1000, 100_000)
    for name, value in (("price", price), ("size", article.size), ("uniq", min(article.unique))):
        low, high = params.maybe(f"{name}_from"), params.maybe(f"{name}_to")
        if (low is not None and value < low) or (high is not None and value > high):
            return False
    return language in (0, article.language) and asked.world.people.person(article.author).rate >= rate


def _sorted(asked: FunctionCall, found: list[ShopArticle]) -> list[ShopArticle]:
    by = asked.params.choice("sort", ("relevancy", "title", "price", "size", "uniq", "date"), "date")
    order = asked.params.choice("order", ("asc", "desc"), "desc" if by == "date" else "asc")
    keys: dict[str, Callable[[ShopArticle], Any]] = {
        "relevancy": lambda each: each.id,
        "title": lambda each: each.title,
        "price": lambda each: each.price(asked.now),
        "size": lambda each: each.size,
        "uniq": lambda each: min(each.unique),
        "date": lambda each: each.date,
    }
    return sorted(found, key=keys[by], reverse=order == "desc")


def _common(article: ShopArticle) -> JsonObject:
    return {
        "id": article.id,
        "title": article.title,
        "keywords": article.keywords,
        "date": article.date,
        "id_type": article.id_type,
        "id_subtype": article.id_subtype,
        "id_category": article.category,
        "id_language": article.language,
        "size": article.size,
        "images": article.images,
    }


def _for_sale(asked: FunctionCall, article: ShopArticle) -> JsonObject:
    bought = asked.customer.bought.get(article.id)
    picture = base64.b64encode(png(str(article.id), (240, 60))).decode()
    shown = {
        **_common(article),
        "description": picture,
        "id_folder": bought.folder if bought else 0,
        "id_user": article.author,
        "full_price": bought.price if bought else article.price(asked.now),
        "discount": article.discount,
        "date_discount": unixtime(article.discount_until),
        "unq": article.unique[0],
        "unq_shin": article.unique[1],
        "moder_check": article.graded,
        **_grades(article),
    }
    if bought is not None:
        shown["date_buy"] = bought.date
    return shown


def _grades(article: ShopArticle) -> dict[str, bool]:
    return dict(zip(("moder_orph", "moder_punc", "moder_style"), article.grades, strict=True))


def _owned(asked: FunctionCall, *, archived: bool) -> list[ShopArticle]:
    """The articles named; one that is for sale refuses all, unknown ones are left out."""
    found: list[ShopArticle] = []
    for number in asked.params.ids("id"):
        article, bought = asked.world.articles.get(number), asked.customer.bought.get(number)
        if article is None:
            continue
        if bought is None:
            raise EtxtRefusal(NO_ACCESS)
        if bought.archived == archived:
            found.append(article)
    if not found:
        raise EtxtRefusal(NO_OBJECT)
    return found


def _texts(asked: FunctionCall, *, archived: bool) -> object:
    rows = [
        {"id": each.id, "title": each.title, "description": each.description, "text": each.text}
        for each in _owned(asked, archived=archived)
    ]
    return Rows(rows, "id")


def _zip(asked: FunctionCall, *, archived: bool) -> object:
    numbers = [article.id for article in _owned(asked, archived=archived)]
    return {"path": asked.link("zip", *numbers, name="articles.zip")}


FUNCTIONS: dict[str, Handler] = {
    "articles.getList": get_list,
    "articles.buy": buy,
    "articles.getText": get_text,
    "articles.download": download,
    "articles_archive.getList": archive_list,
    "articles_archive.getText": archive_text,
    "articles_archive.download": archive_download,
}
