"""What the functions of `tasks` and `tasks_archive` answer: orders, results, applications."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Self

from pydantic import AliasChoices, BeforeValidator, Field, model_validator

from crowdhub.protocol import LenientDecimal, LenientInt, LenientText, WireModel, mapping
from crowdhub_etxt.codes import Level, OrderStatus, PriceType, ResultStatus, Target, TextType, WorkType
from crowdhub_etxt.decoding import Flag, Names, Rub, When, file_rows, flag


class OrderBase(WireModel):
    """What current and archived orders share. ``price`` is the price of the whole order, whatever ``price_type``."""

    id: int
    id_user: LenientInt = None
    """The performer; 0: none yet."""
    id_folder: LenientInt = None
    id_category: LenientInt = None
    date: When = None
    """When it was made or last edited."""
    end_date: When = None
    """When it was accepted."""
    title: LenientText = None
    description: LenientText = None
    id_type: WorkType | None = None
    id_level: Level | None = None
    deadline: When = None
    price: Rub = None
    price_type: PriceType | None = None
    size: LenientInt = None
    whitespaces: Flag = None
    text: LenientText = None
    keywords: Names = ()


class OrderInfo(OrderBase):
    """An order as `tasks.listTasks` shows it (with ``only_id``: the id alone)."""

    id_subtype: TextType | None = None
    status: OrderStatus | None = None
    public: Flag = None
    checksize: Flag = None
    quick: Flag = None
    uniq: LenientInt = None
    target: Target | None = None
    id_target: LenientInt = None
    language_from: LenientInt = None
    language_to: LenientInt = None
    multitask: Flag = None
    multicount: LenientInt = None
    """How many orders a multiple order can still give out; at 0 it is taken off the market by itself."""
    filename: LenientText = None
    client_comment: LenientText = None


class ArchivedOrder(OrderBase):
    """An order in the archive. The languages are as the marketplace tells them (an id or a name)."""

    date_archive: When = None
    language_from: LenientText = None
    language_to: LenientText = None


class NoteInfo(WireModel):
    """An application or a comment on an order: ``id_note`` is the application's id, 0 for a mere comment."""

    id: int
    text: LenientText = None
    date: When = None
    id_user: LenientInt = None
    login: LenientText = None
    id_note: LenientInt = None
    id_task: LenientInt = None


class ApplicationInfo(WireModel):
    """An application, with what it is for."""

    id_note: int
    title: LenientText = None
    price: Rub = None
    deadline: When = None
    id_task: LenientInt = None
    id_user: LenientInt = None
    user: LenientText = None
    date: When = None
    text: LenientText = None


class NoteAnswered(WireModel):
    """An application that was accepted or declined: the order (a new one, of a multiple order) and its performer."""

    id_task: int
    id_user: LenientInt = None


class Figures(WireModel):
    """The marketplace's figures on a text, in per cent."""

    per_keywords: LenientDecimal = None
    per_mistakes: LenientDecimal = None
    per_antiplagiat: LenientDecimal = None
    """How much of the text is unique."""
    per_diff: LenientDecimal = None
    """How like the source it is, for rewriting."""


class ResultFile(Figures):
    """A file of a result. ``name`` is its kind; the link in ``path`` lives about a day from the request."""

    name: LenientText = None
    size: LenientInt = None
    path: LenientText = None


Files = Annotated[tuple[ResultFile, ...], BeforeValidator(file_rows)]


class ResultInfo(Figures):
    """One result that a performer handed in. The figures are its own, or those of its files."""

    id: int
    id_task: int
    id_user: LenientInt = None
    comment: LenientText = None
    date: When = None
    date_reset: When = None
    """When it was sent back to be done again."""
    status: ResultStatus | None = None
    check: Flag = None
    """Whether the marketplace has checked it."""
    files: Files = ()
    auto_check_date: When = None
    # The documentation lists the fields of a file beside those of the result; either place is read.
    name: LenientText = None
    size: LenientInt = None
    path: LenientText = None

    def all_files(self) -> tuple[ResultFile, ...]:
        """The files, wherever the answer had them."""
        if self.path and not self.files:
            return (ResultFile(name=self.name, size=self.size, path=self.path),)
        return self.files

    def figures(self) -> dict[str, Decimal]:
        """The figures that are told, wherever the answer had them."""
        found: dict[str, Decimal] = {}
        for part in (*self.files, self):
            told = {name: getattr(part, name) for name in Figures.model_fields if name != "raw"}
            found |= {name: value for name, value in told.items() if isinstance(value, Decimal)}
        return found


def _checks(value: object) -> object:
    if mapping(value) is not None:
        return mapping(value)
    told = flag(value)
    return {} if value in (None, "", []) or told is None else {"check": told}


class ArchivedResult(WireModel):
    """A result of an archived order, with its text. ``check`` holds the marketplace's figures."""

    id_task: LenientInt = None
    id_user: LenientInt = None
    comment: LenientText = None
    content: LenientText = None
    date: When = None
    date_reset: When = None
    check: Annotated[dict[str, object], BeforeValidator(_checks)] = Field(default_factory=dict[str, object])
    files: Files = ()


class Saved(WireModel):
    """The id of the order that was made or changed."""

    id_task: int


class Paid(WireModel):
    """``count``: the extra pay, where it was only calculated. What does not say that it was done does not tell."""

    status: Flag = None
    count: Rub = None

    @model_validator(mode="after")
    def _is_told(self) -> Self:
        if not self.status:
            raise ValueError("its status does not say that it was done")
        return self


class Failed(WireModel):
    """An overdue order that was taken back, its copy if one was asked for, and the link that restores the
    performer's rating."""

    id: LenientInt = None
    id_copy: LenientInt = None
    rateup: LenientText = None


class Copied(WireModel):
    id_copy: int


class DeadlineSet(WireModel):
    id: LenientInt = None
    deadline: When = None
    status: OrderStatus | None = None
    quick: Flag = None


class Commented(WireModel):
    """``comments``: how many the order now has."""

    id: LenientInt = None
    id_comment: int
    comments: LenientInt = None


class TicketMade(WireModel):
    """``ticket``: the link to the ticket with the marketplace's staff."""

    status: Flag = None
    ticket: LenientText = Field(None, validation_alias=AliasChoices("ticket", "url"))
