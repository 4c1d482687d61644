"""What one process of a campaign asks another to do, and what that answers: plain data, sent as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildJob:
    """``do`` says what: ``work`` is a submission's id, and so are the keys of ``decisions``, each with its verdict.
    ``kill_at``: the number of the step at which the process kills itself."""

    do: Literal["publish", "bonus", "review", "recover"]
    provider: str = ""
    accounts: Mapping[str, Mapping[str, object]] = field(default_factory=dict[str, dict[str, object]])
    ledger: str = ""
    now: str = ""
    timeout: float = 0.0
    key: str = ""
    number: int = 0
    task: str = ""
    work: str = ""
    worker: str = ""
    decisions: Mapping[str, str] = field(default_factory=dict[str, str])
    kill_at: int | None = None

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> ChildJob:
        return cls(**json.loads(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class JobResult:
    """``id``: of what was bought. ``results``: of the decisions, by the submission's id; of a recovery those that it
    carried on with, and ``intents``, how each ended. ``error``: how the job failed, with its ``words``. ``killed``: the
    signal that ended the process. ``defect``: what should never happen. ``points``: the steps that it took."""

    id: str | None = None
    results: Mapping[str, str] = field(default_factory=dict[str, str])
    intents: Sequence[str] = ()
    error: str | None = None
    words: str | None = None
    killed: int | None = None
    defect: str | None = None
    points: Sequence[str] = ()

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> JobResult:
        return cls(**json.loads(text))
