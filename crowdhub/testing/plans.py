"""What a marketplace says about itself for `crowdhub chaos` and `crowdhub demo`, beside its `Subject`. All of it has
defaults: a plugin with a sandbox and a subject can be put through both as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from crowdhub.model import Money, ProviderOptions, Submission, Task, TaskDraft
from crowdhub.protocol import AnyProvider, Flow, Operation


def with_number(draft: TaskDraft, number: int) -> TaskDraft:
    """The draft with a number in its title, so that its task is not taken for another."""
    return draft.copy_with(title=f"{draft.title} {number}") if draft.title else draft


def as_published(provider: AnyProvider, draft: TaskDraft) -> Operation[Task]:
    return provider.publish(draft)


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignPlan:
    """How `crowdhub chaos` uses the marketplace."""

    vary: Callable[[TaskDraft, int], TaskDraft] = with_number
    """Makes the subject's draft one of its own, by a number."""
    slots: int | None = None
    """Of a task whose work is reviewed; by default six, or as many as a task can have."""
    hand_in: Callable[[Any, str, int], None] | None = None
    """Lets so many people hand in on a task of the sandbox; by default as the subject does."""
    sandbox: Mapping[str, object] = field(default_factory=dict[str, object])
    """The sandbox's options, over the subject's: much money, a request limit where there is one."""
    why_unknown: str = ""
    """Why some outcomes cannot be told here, in words; by default the reason why they cannot be looked for."""
    naive: Callable[[AnyProvider, TaskDraft], Operation[object] | Flow[object]] = as_published
    """How a program that knows no drafts would publish: in one request, if it can."""
    purchase: Callable[[AnyProvider, int], Operation[Any]] | None = None
    """A purchase of the marketplace's own, for `crowdhub prove`: another number, another thing at the same price."""
    purchase_settings: Mapping[str, object] = field(default_factory=dict[str, object])
    """What an account has to be told to make it."""


def contents_of(work: Submission) -> str:
    """What was handed in, on one line: the text, or the answers of a form."""
    if work.text:
        return work.text
    answers: object = work.answers
    if not isinstance(answers, Mapping):
        return "" if answers is None else str(answers)
    return ", ".join(f"{name}: {_joined(each)}" for name, each in cast("Mapping[str, object]", answers).items())


def _joined(answer: object) -> str:
    return ", ".join(map(str, cast("list[object]", answer))) if isinstance(answer, (list, tuple)) else str(answer)


def unless_empty(work: Submission) -> str | None:
    return None if work.text or work.files or work.answers else "There is nothing in it."


@dataclass(frozen=True, slots=True)
class LostAnswer:
    """A request whose answer is lost on purpose, after the marketplace has done the work.

    ``path`` is a regular expression on its path, behind which the operation's name stands where it has one; ``skip``
    lets so many through before.
    """

    path: str
    method: str | None = None
    skip: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPlan:
    """The marketplace's part in `crowdhub demo`: its share of one draft that goes to all of them, and what its people
    and its sandbox do."""

    reward: Money | None = None
    """For one piece of work; by default the subject's draft's."""
    slots: int | None = None
    """By default eight, or as many as a task can have."""
    options: Sequence[ProviderOptions] = ()
    """Its own options in the draft."""
    fitting: Callable[[TaskDraft, Sequence[bytes]], Sequence[TaskDraft]] | None = None
    """Makes drafts that fit, of the one draft and the pictures, where it has no place for that; by default the
    subject's draft is published instead."""
    fits: str = "with a draft of its own"
    """What ``fitting`` makes, in words."""
    judge: Callable[[Submission], str | None] = unless_empty
    """The reason to refuse a piece of work; None for good work."""
    scripted: bool = False
    """The sandbox's people come by themselves; where they do not, `Subject.hand_in` makes them."""
    lost: Sequence[LostAnswer] | None = None
    """By default the request that publishes."""
    singly: int = 3
    """Approvals made as the work comes; the rest waits for the review in the end."""
    how: str = "one by one"
    """How the marketplace takes many decisions."""
    bonus: Money | None = None
    """What the first good work earns on top, where the marketplace can pay that."""
    sandbox: Mapping[str, object] = field(default_factory=dict[str, object])
    """The sandbox's options."""
    prepare: Callable[[Any, Sequence[bytes]], None] | None = None
    """Tells the sandbox what its side has to know about the pictures."""
