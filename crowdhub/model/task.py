"""What we ask for: a draft, and the task it becomes once published."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import AwareDatetime, BeforeValidator, Field, SerializeAsAny

from crowdhub.model.base import Answer, CountryText, Given, Moment, Status
from crowdhub.model.money import Money
from crowdhub.model.questions import Questions


class ProviderOptions(Given):
    """Typed settings that only one marketplace understands; a plugin subclasses it.

    A draft may carry options for several marketplaces: each reads its own and leaves the others alone.
    """

    provider: ClassVar[str] = ""


def _path(value: Any) -> Any:
    return Path(value) if isinstance(value, str) else value


class TaskDraft(Given):
    """A task to publish.

    ``reward`` is what one worker gets for one accepted submission, ``slots`` how many submissions are
    wanted, ``proof`` what a worker must hand in. ``countries`` limits who may work (codes or English names;
    empty: everyone). ``auto_approve``: True where the marketplace may approve by itself when the task is full,
    or a timedelta after which it may. ``options`` hold settings of single marketplaces.

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
    image: Annotated[bytes | Path | None, BeforeValidator(_path)] = Field(default=None, repr=False)
    deadline: AwareDatetime | timedelta | None = None
    auto_approve: bool | timedelta | None = None
    questions: Questions | None = None
    options: Sequence[SerializeAsAny[ProviderOptions]] = ()
    reference: str | None = Field(default=None, max_length=64)
    """A short mark that the market puts into the published text, so that a lost publish can be found again."""

    def options_for(self, provider: str) -> ProviderOptions | None:
        """The options meant for ``provider``, if the draft carries any."""
        return next((each for each in self.options if each.provider == provider), None)


class TaskStatus(Status):
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
    replayed: bool = False
    """True where this is the result of an earlier call, found again rather than made now."""

    def __hash__(self) -> int:
        return hash((self.provider, self.account, self.id))
