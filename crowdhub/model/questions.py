"""Structured questions of a task, for marketplaces that show workers a form. A plugin may subclass each of them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from crowdhub.model.input import InputModel
from crowdhub.model.pluggable import Pluggable, Stored

Id = Annotated[str, StringConstraints(min_length=1)]


class Choice(InputModel):
    """One option of a selection: ``id`` comes back in the answer, ``text`` is what the worker reads."""

    id: Id
    text: str


class SelectionStyle(StrEnum):
    RADIOBUTTON = "radiobutton"
    CHECKBOX = "checkbox"
    DROPDOWN = "dropdown"


class FreeText(Pluggable):
    """A question answered in the worker's own words."""

    kind: Literal["free_text"] = "free_text"
    id: Id
    text: str
    required: bool = True
    min_length: int | None = Field(default=None, ge=0)
    max_length: int | None = Field(default=None, ge=1)
    default: str | None = None


class Selection(Pluggable):
    """A question answered by choosing. ``min_choices``/``max_choices`` count the chosen options of a checkbox."""

    kind: Literal["selection"] = "selection"
    id: Id
    text: str
    choices: tuple[Choice, ...]
    style: SelectionStyle = SelectionStyle.RADIOBUTTON
    required: bool = True
    min_choices: int | None = Field(default=None, ge=0)
    max_choices: int | None = Field(default=None, ge=1)


Question = Stored[Annotated[FreeText | Selection, Field(discriminator="kind")]]


class QuestionForm(Pluggable):
    """A form made of questions; the marketplace draws it."""

    questions: tuple[Question, ...]


class ExternalForm(Pluggable):
    """A page of yours, shown to the worker in a frame of ``height`` pixels."""

    url: str
    height: int = Field(default=400, ge=1)


class HtmlForm(Pluggable):
    """A form in HTML of your own, as the marketplace wants it."""

    html: str


Questions = Stored[QuestionForm | ExternalForm | HtmlForm]
