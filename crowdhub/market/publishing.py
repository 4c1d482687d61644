"""Publishing under a key: the same key never publishes twice."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from typing import Any

from crowdhub.errors import Conflict
from crowdhub.flow import UNSET, Call, FlowRun, Upload
from crowdhub.market.steps import Run, Script
from crowdhub.model import Capability, Model, Quote, Task, TaskDraft
from crowdhub.provider import Provider


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
        text = hashlib.sha256(
            "\0".join([provider.name, provider.account, provider.environment, key]).encode()
        ).digest()[:10]
    return draft.copy_with(reference="ch-" + base64.b32encode(text).decode().lower())


def publish(provider: Provider[Any], draft: TaskDraft, key: str | None) -> Script[Task]:
    """Publish once. With a key, the marketplace is first asked whether that key was published before."""
    if key is not None and Capability.FIND_PUBLISHED in provider.capabilities():
        found: Task | None = yield Run(provider.find_published(draft))
        if found is not None:
            return _same(found, draft, key)
    task: Task = yield Run(provider.publish(draft))
    return task


def _same(found: Task, draft: TaskDraft, key: str) -> Task:
    """Refuse a key that stands for another task already."""
    pairs: dict[str, tuple[object, object]] = {
        "title": (found.title, draft.title),
        "reward": (found.reward, draft.reward),
        "slots": (found.slots, draft.slots),
    }
    differ = [f"{name}: {a} then, {b} now" for name, (a, b) in pairs.items() if a is not None and a != b]
    if differ:
        raise Conflict(
            f"The key {key!r} has already published task {found.id}, with other content ({'; '.join(differ)}).",
            actual=found,
            next_step="Use another key for another task; nothing was sent.",
        )
    return found.copy_with(replayed=True)


def dry_run(provider: Provider[Any], draft: TaskDraft) -> Script[DryRun]:
    """The first request that publishing would make, without making it."""
    quote: Quote | None = None
    if Capability.ESTIMATE in provider.capabilities():
        quote = yield Run(provider.estimate(draft))
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
