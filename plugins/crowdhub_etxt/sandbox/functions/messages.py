"""messages.*: system messages and private ones."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from crowdhub_etxt.sandbox.accounts import Letter, Notice
from crowdhub_etxt.sandbox.answers import Rows, unixtime
from crowdhub_etxt.sandbox.asked import FunctionCall, Handler
from crowdhub_etxt.sandbox.refusal import NO_ACCESS, NO_OBJECT, EtxtRefusal

MOST = 100
BETWEEN_LETTERS = timedelta(minutes=1)
RATING_TO_WRITE = 10_000


def get_list(asked: FunctionCall) -> object:
    """messages.getList: unread ones, newest first."""
    since = asked.params.moment("from") or 0
    unread = [each for each in asked.customer.notices.values() if not each.read and unixtime(each.date) >= since]
    rows = [{"id": each.id, "date": each.date, "text": each.text} for each in reversed(unread)]
    return Rows(rows[:MOST], "id")


def set_read(asked: FunctionCall) -> object:
    """messages.setRead."""

    def mark(notice: Notice) -> None:
        notice.read = True

    return {"ids": _each_unread(asked, mark)}


def set_delete(asked: FunctionCall) -> object:
    """messages.setDelete; what is deleted keeps its number, so that none is given twice."""

    def clear(notice: Notice) -> None:
        notice.read, notice.text = True, ""

    return {"ids": _each_unread(asked, clear)}


def read_private(asked: FunctionCall) -> object:
    """messages.readPrivate: newest first; with unread=1 what is shown counts as read."""
    params, person = asked.params, asked.person("id_user")
    since, until, unread = params.moment("date_from"), params.moment("date_to"), params.flag("unread")
    found = [
        letter
        for letter in reversed(asked.customer.letters)
        if letter.peer == person.id
        and (since is None or unixtime(letter.date) >= since)
        and (until is None or unixtime(letter.date) <= until)
        and not (unread and (letter.read or letter.author == asked.customer.id))
    ][params.window()]
    rows = [
        {
            "date": letter.date,
            "text": letter.text,
            "id_author": letter.author,
            "id_user": letter.peer,
            "reads": letter.read,
        }
        for letter in found
    ]
    if unread:
        for letter in found:
            letter.read = True
    return Rows(rows)


def get_count_unread(asked: FunctionCall) -> object:
    """messages.getCountUnread: what performers wrote and nobody read."""
    counts = Counter(each.author for each in asked.customer.letters if not each.read and each.author == each.peer)
    users = [{"id_author": author, "count": count} for author, count in counts.items()]
    return {"count": counts.total(), "users": users}


def write_private(asked: FunctionCall) -> object:
    """messages.writePrivate: one a minute, to anyone; for customers with a rating above 10000."""
    customer, person = asked.customer, asked.person("id_user")
    text = asked.params.text("text", 10_000, required=True, public=True)
    if customer.rating <= RATING_TO_WRITE:
        raise EtxtRefusal(NO_ACCESS)
    if customer.last_letter is not None and asked.now < customer.last_letter + BETWEEN_LETTERS:
        raise EtxtRefusal(asked.world.quirks.message_timeout_error)
    customer.last_letter = asked.now
    customer.letters.append(Letter(customer.id, person.id, text, asked.now))
    return {"id_user": person.id, "text": text, "time": asked.now}


def _each_unread(asked: FunctionCall, change: Callable[[Notice], None]) -> list[int]:
    known = asked.customer.notices
    found = [known[number] for number in asked.params.ids("ids") if number in known and not known[number].read]
    if not found:
        raise EtxtRefusal(NO_OBJECT)
    for notice in found:
        change(notice)
    return [notice.id for notice in found]


FUNCTIONS: dict[str, Handler] = {
    "messages.getList": get_list,
    "messages.setRead": set_read,
    "messages.setDelete": set_delete,
    "messages.readPrivate": read_private,
    "messages.getCountUnread": get_count_unread,
    "messages.writePrivate": write_private,
}
