"""`users`: performers, lists, notes, reviews, the account's balance and statement."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AliasChoices, BeforeValidator, Field, model_validator

from crowdhub.errors import Issue
from crowdhub.protocol import Effect, LenientInt, LenientText, Lookup, Operation, Page, WireModel, mapping
from crowdhub_etxt.codes import Rate, UserList, UserListAction, WorkType
from crowdhub_etxt.decoding import Flag, Names, Rub, When, rows_of
from crowdhub_etxt.encoding import Id, aware, between, identifier, length
from crowdhub_etxt.functions.base import Functions
from crowdhub_etxt.functions.records import Done


class Person(WireModel):
    """A user as a list shows him."""

    id_user: int
    login: LenientText = None
    fio: LenientText = None
    description: LenientText = None
    country: LenientText = None
    city: LenientText = None
    online: Flag = None
    regdate: When = None
    rate: LenientInt = None


class Profile(Person):
    """A user in full. Only performers have ``works``, ``categories``, ``langs`` and ``portfolio`` (how many works)."""

    photo: LenientText = None
    group: LenientText = None
    works: Names = ()
    categories: Names = ()
    langs: Names = ()
    portfolio: LenientInt = None
    reports: LenientInt = None
    """Good reviews."""
    reports_n: LenientInt = None
    """Bad reviews."""


class Listed(WireModel):
    """A user on the white or black list."""

    id_user: int
    id_group: LenientInt = None
    login: LenientText = None
    fio: LenientText = None
    online: Flag = None
    type: UserList | None = None


class Note(WireModel):
    """The account's own note about a user."""

    id_user: LenientInt = None
    text: LenientText = None
    date: When = None


class StatementRow(WireModel):
    """One entry of the statement. ``commission`` is spelt ``comission`` on the wire."""

    id: int
    date: When = None
    count: Rub = None
    balance: Rub = None
    operation: LenientText = None
    id_user_to: LenientInt = None
    commission: Rub = Field(None, validation_alias=AliasChoices("comission", "commission"))
    id_folder: LenientInt = None


class Work(WireModel):
    """A kind of work that a performer does; a ``minprice`` of 0 means any price."""

    id_type: WorkType
    minprice: Rub = None


class Works(WireModel):
    works: Annotated[tuple[Work, ...], BeforeValidator(rows_of)] = ()

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, value: object) -> object:
        members = mapping(value)
        return members if members is not None and "works" in members else {"works": value}


class Review(WireModel):
    """A review about a user."""

    id_author: LenientInt = None
    text: LenientText = None
    date: When = None


def _by_author(value: object) -> list[object]:
    """Reviews grouped by author, as a flat list; the author is in the key where the record leaves him out."""
    groups = mapping(value)
    if groups is None:
        return rows_of(value)
    found: list[object] = []
    for author, group in groups.items():
        for each in rows_of(group):
            members = mapping(each)
            found.append(each if members is None else {"id_author": author, **members})
    return found


class Reviews(WireModel):
    """The reviews about a user, good and bad."""

    positive: Annotated[tuple[Review, ...], BeforeValidator(_by_author)] = ()
    negative: Annotated[tuple[Review, ...], BeforeValidator(_by_author)] = ()

    @model_validator(mode="before")
    @classmethod
    def _empty(cls, value: object) -> object:
        return {} if value == [] else value


class ReviewSaved(WireModel):
    id_report: int


class OnLists(WireModel):
    """On how many white and black lists a user is."""

    id_user: LenientInt = None
    white_list: LenientInt = None
    black_list: LenientInt = None


class ListChanged(WireModel):
    id: LenientInt = None
    type: UserListAction | None = None


class Balance(WireModel):
    """What is free on the account."""

    id: LenientInt = None
    balance: Rub = None
    date: When = None


class Users(Functions):
    family = "users"

    def get_list(
        self,
        *,
        count: int = 100,
        offset: int = 0,
        rate_from: int | None = None,
        rate_out: int | None = None,
        online: bool | None = None,
    ) -> Operation[Page[Person]]:
        """`users.getList`: performers, in no order, with a rating from ``rate_from`` to ``rate_out``. READ, paged."""
        params = {"rate_from": rate_from, "rate_out": rate_out, "online": online}
        return self._pages("getList", Person, params, count=count, offset=offset, issues=_window(count, offset))

    def get_bw(
        self,
        *,
        count: int = 100,
        offset: int = 0,
        id_group: Id | None = None,
        type: UserList | None = None,  # noqa: A002
    ) -> Operation[Page[Listed]]:
        """`users.getBW`: the account's white and black lists; with ``id_group``, ``type`` is ignored. READ, paged."""
        params = {"id_group": id_group, "type": type}
        issues = [*_window(count, offset), *identifier("id_group", id_group)]
        return self._pages("getBW", Listed, params, count=count, offset=offset, issues=issues)

    def get_note(self, id: Id) -> Operation[Note]:  # noqa: A002
        """`users.getNote`: the account's note about a user. READ."""
        return self._one("getNote", Note, {"id": id}, issues=identifier("id", id))

    def set_note(self, id: Id, text: str) -> Operation[Done]:  # noqa: A002
        """`users.setNote`: replace the note about a user (at most 1,000 characters). SETTLE."""
        issues = [*identifier("id", id), *length("text", text, 1000)]
        return self._one("setNote", Done, {"id": id, "text": text}, effect=Effect.SETTLE, issues=issues)

    def get_stats(
        self,
        *,
        count: int = 100,
        offset: int = 0,
        date_from: datetime | None = None,
        date_to: datetime | None = None,
        login: str | None = None,
        promo: bool | None = None,
        id_folder: Id | None = None,
        sub: bool | None = None,
    ) -> Operation[Page[StatementRow]]:
        """`users.getStats`: the statement. READ, paged.

        ``login``: part of the other side's login, at most 15 characters. ``promo``: the promotional points in place
        of the money. ``sub``: look in the folders below ``id_folder`` too.
        """
        params = {
            "date_from": date_from,
            "date_to": date_to,
            "login": login,
            "promo": promo,
            "id_folder": id_folder,
            "sub": sub,
        }
        issues = [
            *_window(count, offset),
            *aware(date_from=date_from, date_to=date_to),
            *length("login", login, 15),
            *identifier("id_folder", id_folder),
        ]
        return self._pages("getStats", StatementRow, params, count=count, offset=offset, issues=issues)

    def get_user(self, id: Id | None = None, login: str | None = None) -> Operation[Profile]:  # noqa: A002
        """`users.getUser`: one user, by id or (without an id) by login. READ."""
        issues = identifier("id", id)
        if id is None and not login:
            issues = [Issue("id", "is missing, and so is `login`; give one of them")]
        return self._one("getUser", Profile, {"id": id, "login": login}, issues=issues)

    def get_works(self, id: Id) -> Operation[Works]:  # noqa: A002
        """`users.getWorks`: the kinds of work that a performer does, each with the lowest price. READ."""
        return self._one("getWorks", Works, {"id": id}, issues=identifier("id", id))

    def get_reports(self, id: Id) -> Operation[Reviews]:  # noqa: A002
        """`users.getReports`: the reviews about a user. READ."""
        return self._run("getReports", Reviews.read, {"id": id}, issues=identifier("id", id))

    def set_report(
        self, id_user: Id, text: str, *, rate: Rate | None = None, id_report: Id | None = None
    ) -> Operation[ReviewSaved]:
        """`users.setReport`: review a user (50 to 5,000 characters; good unless ``rate`` says otherwise), or change
        the review ``id_report`` within an hour of its publication.

        SPEND without ``id_report``, else SETTLE; free. After a lost answer nothing names the id of a review, so
        `OutcomeUnknown` says to look. Raises `RateLimited` (``is_timeout``: one review a day about the same user)
        and `PermissionDenied` (``no_access``: barred from reviews, or no work in common).
        """
        return self._one(
            "setReport",
            ReviewSaved,
            {"id_user": id_user, "id_report": id_report, "text": text, "rate": rate},
            effect=Effect.SPEND if id_report is None else Effect.SETTLE,
            costs=False,
            issues=[
                *identifier("id_user", id_user),
                *identifier("id_report", id_report),
                *length("text", text, 5000, 50),
            ],
            lookup=Lookup(f"your review about the user {id_user} in `users.get_reports`"),
        )

    def get_user_bw(self, id: Id) -> Operation[OnLists]:  # noqa: A002
        """`users.getUserBW`: on how many users' white and black lists a user is. READ."""
        return self._one("getUserBW", OnLists, {"id": id}, issues=identifier("id", id))

    def set_user_bw(self, id: Id, type: UserListAction, id_group: Id | None = None) -> Operation[ListChanged]:  # noqa: A002
        """`users.setUserBW`: put a user on the white or the black list (in a group), or take him off. SETTLE."""
        params = {"id": id, "id_group": id_group, "type": type}
        issues = [*identifier("id", id), *identifier("id_group", id_group)]
        return self._one("setUserBW", ListChanged, params, effect=Effect.SETTLE, issues=issues)

    def get_balance(self) -> Operation[Balance]:
        """`users.getBalance`: what is free on the account, in RUB. READ."""
        return self._one("getBalance", Balance, {})


def _window(count: int, offset: int) -> list[Issue]:
    return [*between("count", count, 1, 100), *between("offset", offset, 0)]
