"""Small answers that several functions share."""

from __future__ import annotations

from pydantic import model_validator

from crowdhub.protocol import WireModel, sequence
from crowdhub_etxt.decoding import Flag, Ids


class Done(WireModel):
    """Whether it was done."""

    status: Flag = None

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, value: object) -> object:
        # A bare 1 or true, beside the documented object.
        return {"status": value} if isinstance(value, (bool, int, str)) else value


class Changed(WireModel):
    """The ids that a call changed; those of an asked list that are not here were left as they are."""

    status: Flag = None
    ids: Ids = ()

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, value: object) -> object:
        listed = sequence(value)
        return value if listed is None else {"ids": listed}


class Named(WireModel):
    """The id of what was made or changed."""

    id: int
