"""What the marketplace settled by itself before the first look is handed out as well; what a person settled is not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import anyio
import pytest

from crowdhub import AsyncHub, Hub, Submission, SubmissionStatus, TaskDraft
from crowdhub.sandbox import Sandbox, png
from crowdhub_capsolver import CapSolverOptions
from tests.support.staged import FACES, Stage, staged

AUTOMATIC = {"auto_approve": timedelta(hours=1), "slots": 6}
RESUMED = pytest.mark.parametrize("resume", [None, "a name"])
SOLUTIONS = {
    "at once": TaskDraft(image=png("AB3C")),
    "asked for": TaskDraft(options=[CapSolverOptions(task={"type": "ReCaptchaV2TaskProxyLess"})]),
}


def told(works: Sequence[Submission]) -> list[tuple[SubmissionStatus, bool]]:
    return [(each.status, each.settled_unseen) for each in works]


@RESUMED
@pytest.mark.parametrize("face", FACES)
def test_what_was_approved_by_itself(monkeypatch: pytest.MonkeyPatch, face: str, resume: str | None) -> None:
    """Two before the first look, and one that a person approved before; then one more."""
    draft = Stage.draft_of("crowdsdom").copy_with(**AUTOMATIC)
    with staged("crowdsdom", monkeypatch, draft) as stage:
        stage.hand_in()
        with Hub(stage.box.accounts, clock=stage.box.clock) as hub:
            (by_hand,) = hub["crowdsdom"].submissions(stage.task)
            hub["crowdsdom"].approve(by_hand)
        stage.hand_in(2)
        stage.box.advance(hours=2)
        stage.acts = [stage.hand_in, lambda: stage.box.advance(hours=2)]
        found = stage.watched(face, rounds=3, resume=resume)
        assert told(found) == [(SubmissionStatus.APPROVED, True)] * 2 + [(SubmissionStatus.PENDING, False)]
        assert by_hand.id not in {each.id for each in found}
        again = [] if resume else [(SubmissionStatus.APPROVED, True)] * 3
        assert told(stage.watched(face, rounds=1, resume=resume)) == again


@RESUMED
@pytest.mark.parametrize("kind", SOLUTIONS)
@pytest.mark.parametrize("face", FACES)
def test_what_nobody_can_approve(tmp_path: Path, face: str, kind: str, resume: str | None) -> None:
    """A solution is approved as it comes; the watch of its task ends then."""
    with Sandbox("capsolver") as box:
        ledger = tmp_path / "ledger"

        async def run() -> list[Submission]:
            async with AsyncHub(box.accounts, clock=box.clock, ledger=ledger) as hub:
                task = await hub["capsolver"].publish(SOLUTIONS[kind])
                box.advance(seconds=60)
                found = [each async for each in hub["capsolver"].watch([task], resume=resume)]
                again = [each async for each in hub["capsolver"].watch([task], resume=resume)]
                assert len(again) == (0 if resume else 1)
                return found

        if face == "sync":
            with Hub(box.accounts, clock=box.clock, ledger=ledger) as hub:
                task = hub["capsolver"].publish(SOLUTIONS[kind])
                box.advance(seconds=60)
                found = list(hub["capsolver"].watch([task], resume=resume))
                assert len(list(hub["capsolver"].watch([task], resume=resume))) == (0 if resume else 1)
        else:
            found = anyio.run(run, backend=face)
    assert told(found) == [(SubmissionStatus.APPROVED, True)]
