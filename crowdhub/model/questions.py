"""Structured questions of a task, for marketplaces that show workers a form."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from crowdhub.model.base import Given

Id = Annotated[str, StringConstraints(min_length=1)]


class Choice(Given):
    """One option of a selection: ``id`` comes back in the answer, ``text`` is what the worker reads."""

    id: Id
    text: str


class SelectionStyle(StrEnum):
    RADIOBUTTON = "radiobutton"
    CHECKBOX = "checkbox"
    DROPDOWN = "dropdown"


class FreeText(Given):
    """A question answered in the worker's own words."""

    kind: Literal["free_text"] = "free_text"
    id: Id
    text: str
    required: bool = True
    min_length: int | None = Field(default=None, ge=0)
    max_length: int | None = Field(default=None, ge=1)
    default: str | None = None


class Selection(Given):
    """A question answered by choosing. ``min_choices``/``max_choices`` count the chosen options of a checkbox."""

    kind: Literal["selection"] = "selection"
    id: Id
    text: str
    choices: tuple[Choice, ...]
    style: SelectionStyle = SelectionStyle.RADIOBUTTON
    required: bool = True
    min_choices: int | None = Field(default=None, ge=0)
    max_choices: int | None = Field(default=None, ge=1)


Question = Annotated[FreeText | Selection, Field(discriminator="kind")]


class QuestionForm(Given):
    """A form made of questions; the marketplace draws it."""

    questions: tuple[Question, ...]


class ExternalForm(Given):
    """A page of yours, shown to the worker in a frame of ``height`` pixels."""

    url: str
    height: int = Field(default=400, ge=1)


class HtmlForm(Given):
    """A form in HTML of your own, as the marketplace wants it."""

    html: str


Questions = QuestionForm | ExternalForm | HtmlForm
