"""A study, and a hub on a sandbox without scripted people."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from crowdhub import ExternalForm, Hub, Market, Money, TaskDraft
from crowdhub.ledger import Intent
from crowdhub.sandbox import Sandbox
from crowdhub_prolific import CompletionCode, Prolific, ProlificOptions
from crowdhub_prolific.sandbox import ProlificSandbox

DRAFT = TaskDraft(
    title="What do you see?",
    instructions="Look at ten pictures.",
    reward=Money("1.50", "GBP"),
    slots=3,
    questions=ExternalForm(url="https://survey.example/study"),
    options=(ProlificOptions(estimated_completion_time=10, completion_codes=(CompletionCode(code="C1"),)),),
)
REASON = (
    "Nothing of what was asked for in the second step can be found in what was handed in, although it was said twice."
)


@dataclass(frozen=True)
class Place:
    """A hub, and the sandbox behind it."""

    box: Sandbox
    hub: Hub

    @property
    def market(self) -> Market[Prolific]:
        return self.hub.market(Prolific)

    @property
    def side(self) -> ProlificSandbox:
        return self.box.market(ProlificSandbox)

    def entries(self) -> list[Intent]:
        """What the ledger has."""
        assert self.hub.ledger is not None
        return list(self.hub.ledger.report.entries())

    def paths(self) -> list[str]:
        """What was asked for, without the part that all paths share."""
        return [f"{each.method} {each.path.removeprefix('/api/v1')}" for each in self.side.requests]


Open = Callable[..., Place]


@pytest.fixture
def open_place(tmp_path: Path) -> Iterator[Open]:
    with ExitStack() as opened:

        def make(budget: Mapping[str, str] | None = None, **options: object) -> Place:
            box = opened.enter_context(Sandbox("prolific", options={"prolific": {"every": 0, **options}}))
            hub = opened.enter_context(
                Hub(box.accounts, clock=box.clock, ledger=tmp_path / "ledger.sqlite3", budget=budget)
            )
            return Place(box, hub)

        yield make


@pytest.fixture
def place(open_place: Open) -> Place:
    return open_place()
