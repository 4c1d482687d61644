"""The third act: look at what was handed in, and pay."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from crowdhub.demo.scene import words_of
from crowdhub.demo.show import Show
from crowdhub.demo.stage import KEY, Stage
from crowdhub.model import Capability, Decision, Submission

SHOWN = 2
"""Pieces of work of each marketplace that are looked at closely."""


def look(show: Show, stage: Stage, folder: Path) -> None:
    """Download the files of some; show the answers where there are no files."""
    some = list(stage.tally.good.values())[:SHOWN]
    for work in some:
        said = words_of(work)
        if not work.files:
            show.on(stage.name, f'{work.id}: "{said}"')
        for path in stage.market.download(work, folder / stage.name) if work.files else ():
            about = f'"{said}"' if said else _figures(work)
            show.on(stage.name, f"{work.id}: {path.name}, {path.stat().st_size:,} bytes, {about}")


def _figures(work: Submission) -> str:
    return ", ".join(f"{name.removeprefix('per_')} {value:f} %" for name, value in (work.quality or {}).items())


def review(show: Show, stage: Stage) -> None:
    """Approve what is left, which is all good, in the fewest requests that are safe."""
    if not stage.can(Capability.APPROVE):
        show.on(stage.name, f"nothing to decide: {stage.market.capabilities[Capability.APPROVE].reason}")
        return
    tally = stage.tally
    decisions = [
        Decision.approve(work, "Thank you, well read.") for work in tally.good.values() if work.id not in tally.approved
    ]
    lost = stage.lost
    with show.progress("approve", len(decisions)) as advance:
        report = stage.market.review(decisions, progress=advance)
    for outcome in report.outcomes:
        if outcome.submission is not None and outcome.error is None:
            tally.approved[outcome.submission.id] = outcome.submission
        elif outcome.error is not None:
            show.on(stage.name, f"{outcome.decision.submission.id}: {outcome.error.message}")
    words = f"{len(decisions)} approved in {report.requests} requests, {stage.scene.how}"
    show.on(stage.name, words + (f"; {len(report.unintended)} settled unasked" if report.unintended else ""))
    if stage.lost > lost:
        show.on(stage.name, "  an answer was lost on purpose: looked, they are paid already, and not paid again")


def pay_bonus(show: Show, stage: Stage) -> None:
    """A bonus for who was first with good work, where the marketplace can pay one. The same key never pays twice."""
    first = next(iter(stage.tally.good.values()), None)
    if stage.scene.bonus is None or first is None or not stage.can(Capability.PAY_BONUS):
        return
    lost = stage.lost
    _ = stage.market.pay_bonus(first, stage.scene.bonus, "the first of all", key=f"{KEY}/bonus")
    stage.tally.bonuses.append(stage.scene.bonus)
    show.on(stage.name, f"{first.id}: {stage.scene.bonus} on top, for who was first")
    if stage.lost > lost:
        show.on(stage.name, "  its answer was lost on purpose: found in the account's statement, and not paid again")


def close(stage: Stage) -> None:
    """What the marketplace says at the end."""
    market, tally = stage.market, stage.tally
    tally.listed = Counter(work.status for task in tally.tasks for work in market.submissions(task))
    tally.after = market.balance() if stage.can(Capability.BALANCE) else None
    tally.lost = stage.lost
    tally.requests = market.requests
    tally.finished = True
