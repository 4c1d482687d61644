"""Publishing under a key: the same key never publishes twice."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crowdhub.errors import InvalidRequest, Issue, NotSupported
from crowdhub.model import Capability, Model, Money, Quote, Submission, Task, TaskDraft
from crowdhub.operations.bonuses import look_for_bonus
from crowdhub.operations.spending import Guard, Wish, spend
from crowdhub.operations.steps import Run, Script
from crowdhub.protocol import UNSET, Call, Flow, FlowRun, Provider, Upload

if TYPE_CHECKING:
    from crowdhub.ledger import Intent


class DryRun(Model):
    """What publishing would send and cost. Nothing was sent."""

    quote: Quote | None
    method: str
    path: str
    content: Mapping[str, Any]


def with_reference(provider: Provider[Any], draft: TaskDraft, key: str | None) -> TaskDraft:
    """The draft with the mark by which it will be found: it follows from the key, so that another process finds
    what this one published; random without a key."""
    if key is None:
        text = secrets.token_bytes(10)
    else:
        named = "\0".join([provider.name, provider.account, provider.environment, key])
        text = hashlib.sha256(named.encode()).digest()[:10]
    return draft.copy_with(reference="ch-" + base64.b32encode(text).decode().lower())


def publish(provider: Provider[Any], guard: Guard, draft: TaskDraft, key: str | None) -> Script[Task]:
    """Publish once, with its intent in the ledger."""
    quote = yield from quoted(provider, draft)

    def look(since: datetime | None) -> Flow[Task | None]:
        return _found(provider, draft, key, since)

    def revive(intent: Intent) -> Task:
        return intent.read(Task)

    wish: Wish[Task] = Wish(
        operation="publish",
        content=draft,
        send=lambda: provider.publish(draft),
        revive=revive,
        look=look if Capability.FIND_PUBLISHED in provider.capabilities() else None,
        key=key,
        amount=quote,
        reference=draft.reference,
        title=draft.title,
        look_for=f'a task titled "{draft.title}" marked [ref {draft.reference}]',
    )
    return (yield from spend(provider, guard, wish))


def pay_bonus(
    provider: Provider[Any], guard: Guard, submission: Submission, amount: Money, reason: str, key: str | None
) -> Script[Submission]:
    """Pay a bonus once, with its intent in the ledger. It carries no mark, so it is looked for after a crash or a lost
    answer only: before that, an equal one that somebody paid by hand would be taken for it."""

    def revive(intent: Intent) -> Submission:
        return intent.read(Submission)

    wish: Wish[Submission] = Wish(
        operation="pay_bonus",
        content={"task": submission.task_id, "submission": submission.id, "amount": amount, "reason": reason},
        send=lambda: provider.pay_bonus(submission, amount, reason),
        revive=revive,
        look=look_for_bonus(provider, submission, amount, reason),
        look_first=False,
        key=key,
        amount=amount,
        task_id=submission.task_id,
        look_for=f"a bonus of {amount} for submission {submission.id} of task {submission.task_id}",
    )
    return (yield from spend(provider, guard, wish))


def quoted(provider: Provider[Any], draft: TaskDraft) -> Script[Quote | None]:
    if Capability.ESTIMATE not in provider.capabilities():
        return None
    try:
        quote: Quote = yield Run(provider.estimate(draft))
    except NotSupported:  # of this draft the price cannot be told
        return None
    return quote


def _found(provider: Provider[Any], draft: TaskDraft, key: str | None, since: datetime | None) -> Flow[Task | None]:
    found = yield from provider.find_published(draft, since)
    if found is not None:
        _refuse_other(found, draft, key)
        return found.copy_with(replayed=True)
    return None


def _refuse_other(found: Task, draft: TaskDraft, key: str | None) -> None:
    """Refuse a key that stands for another task already."""
    pairs: dict[str, tuple[object, object]] = {
        "title": (found.title and found.title.strip(), draft.title.strip()),
        "reward": (found.reward, draft.reward),
        "slots": (found.slots, draft.slots),
    }
    differ = [Issue(name, f"was {a}, now {b}") for name, (a, b) in pairs.items() if a is not None and a != b]
    if differ:
        said = "; ".join(map(str, differ))
        error = InvalidRequest(
            f"The key {key!r} has already published task {found.id}, with other content ({said}).",
            next_step="Use another key for another task; nothing was sent.",
        )
        error.issues = tuple(differ)
        raise error


def dry_run(provider: Provider[Any], draft: TaskDraft) -> Script[DryRun]:
    """The first request that publishing would make, without making it."""
    quote = yield from quoted(provider, draft)
    with FlowRun(provider.publish(draft)) as run:
        call = run.start()
    if call is None:
        raise RuntimeError(f"publishing on {provider.name} makes no request")
    return DryRun(quote=quote, method=call.method, path=call.path, content=_content(call))


def _content(call: Call) -> dict[str, Any]:
    def shown(value: str | Upload) -> str:
        return value if isinstance(value, str) else f"<file {value.filename}>"

    if call.multipart is not None:
        return {name: shown(value) for name, value in call.multipart}
    if call.form is not None:
        return dict(call.form)
    if call.json is not UNSET:
        return dict(call.json)
    return dict(call.query_pairs())
