"""What we ask for: a draft, and the task it becomes once published."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import cast

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from crowdhub.model.base import Answer, CountryText, FixedMoment, Moment, OpenEnum
from crowdhub.model.content import FileContent
from crowdhub.model.frozen import FrozenDict, Metadata
from crowdhub.model.input import InputModel
from crowdhub.model.money import Money
from crowdhub.model.options import Options, ProviderOptions, options_for
from crowdhub.model.questions import Questions


class TaskDraft(InputModel):
    """A task to publish.

    ``reward`` is what one worker gets for one accepted submission, ``slots`` how many submissions are
    wanted, ``proof`` what a worker must hand in. ``countries`` limits who may work (codes or English names;
    empty: everyone). ``auto_approve``: True where the marketplace may approve by itself when the task is full,
    or a timedelta after which it may. ``metadata`` is the application's own, kept with the draft and its task.
    ``options`` hold settings of single marketplaces.

    ``TaskDraft.model_validate_json(draft.model_dump_json())`` is the same draft, options and pictures included.
    A draft may be wrong: `Market.publish`, `estimate` and `check` name everything that is, at once.
    """

    title: str = ""
    instructions: str = ""
    reward: Money | None = None
    slots: int = 1
    proof: str | None = None
    category: str | None = None
    subcategory: str | None = None
    countries: tuple[CountryText, ...] = ()
    language: str | None = None
    image: FileContent | None = Field(default=None, repr=False)
    deadline: FixedMoment | timedelta | None = None
    auto_approve: bool | timedelta | None = None
    questions: Questions | None = None
    metadata: Metadata = FrozenDict()
    options: Options = ()
    reference: str | None = Field(default=None, max_length=64)
    """A short mark that the market puts into the published text, so that a lost publish can be found again."""

    @field_validator("slots", mode="before")
    @classmethod
    def _no_flag(cls, given: object) -> object:
        if isinstance(given, bool):
            raise PydanticCustomError("flag", "is a truth value; say how many")
        return given

    def options_for(self, provider: str) -> ProviderOptions | None:
        """The options meant for ``provider``, if the draft carries any."""
        return options_for(self.options, provider)


class TaskStatus(OpenEnum):
    DRAFT = "draft"
    OPEN = "open"
    PAUSED = "paused"
    FULL = "full"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    UNKNOWN = "unknown"

    @property
    def ended(self) -> bool:
        """Nothing more will be handed in."""
        return self in (TaskStatus.COMPLETED, TaskStatus.CANCELLED, TaskStatus.EXPIRED)


class Task(Answer):
    """A published task, as it stood when it was read. Counters that a marketplace does not tell are None."""

    id: str
    provider: str
    account: str
    environment: str
    title: str | None = None
    instructions: str | None = None
    reward: Money | None = None
    status: TaskStatus = TaskStatus.UNKNOWN
    slots: int | None = None
    remaining: int | None = None
    in_progress: int | None = None
    """How many people are at work on it and have not handed in yet."""
    pending: int | None = None
    approved: int | None = None
    rejected: int | None = None
    success_rate: Decimal | None = None
    category: str | None = None
    created_at: Moment | None = None
    expires_at: Moment | None = None
    url: str | None = None
    charged: Money | None = None
    """What publishing took from the balance, commission included, where the marketplace says it."""
    reference: str | None = None
    metadata: Metadata = FrozenDict()
    """The application's own, as it was given with the draft."""
    replayed: bool = False
    """True where this is the result of an earlier call, found again rather than made now."""
    warnings: tuple[str, ...] = ()
    """How the task differs from what was asked for: fields of the draft were left out that the marketplace has no place
    for; what was found again by its own mark was changed there, or its key was used for something else elsewhere; the
    marketplace told a charge that is none."""

    @model_validator(mode="before")
    @classmethod
    def _no_charge_below_nothing(cls, given: object) -> object:
        """Publishing gives no money back: a charge below 0 is told in words, and what was reserved counts."""
        fields = cast("dict[str, object]", given) if isinstance(given, dict) else {}
        charged, before = fields.get("charged"), fields.get("warnings", ())
        if not isinstance(charged, Money) or charged.amount >= 0:
            return cast("object", given)
        told = f"The marketplace told a charge of {charged}, which publishing cannot take, so it is not counted."
        return fields | {"charged": None, "warnings": (*cast("Iterable[str]", before), told)}

    def __hash__(self) -> int:
        return hash((self.provider, self.account, self.id))
