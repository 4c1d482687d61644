"""Look at what was handed in, and pay."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from crowdhub.demo.participant import KEY, Participant
from crowdhub.demo.show import Show
from crowdhub.model import Capability, Decision, Submission
from crowdhub.testing.plans import contents_of

SHOWN = 2
"""Pieces of work of each marketplace that are looked at closely."""


def look(show: Show, participant: Participant, folder: Path) -> None:
    """Download the files of some; show the answers where there are no files."""
    some = list(participant.counts.good.values())[:SHOWN]
    for work in some:
        said = contents_of(work)
        if not work.files:
            show.on(participant.name, f'{work.id}: "{said}"')
        for path in participant.market.download(work, folder / participant.name) if work.files else ():
            about = f'"{said}"' if said else _figures(work)
            show.on(participant.name, f"{work.id}: {path.name}, {path.stat().st_size:,} bytes, {about}")


def _figures(work: Submission) -> str:
    return ", ".join(f"{name.removeprefix('per_')} {value:f} %" for name, value in (work.quality or {}).items())


def review(show: Show, participant: Participant) -> None:
    """Approve what is left, which is all good, in the fewest requests that are safe."""
    if not participant.can(Capability.APPROVE):
        show.on(participant.name, f"nothing to decide: {participant.market.capabilities[Capability.APPROVE].reason}")
        return
    counts = participant.counts
    decisions = [
        Decision.approve(work, "Thank you, well read.")
        for work in counts.good.values()
        if work.id not in counts.approved
    ]
    lost = participant.lost
    with show.progress("approve", len(decisions)) as advance:
        report = participant.market.review(decisions, progress=advance)
    for outcome in report.outcomes:
        if outcome.submission is not None and outcome.error is None:
            counts.approved[outcome.submission.id] = outcome.submission
        elif outcome.error is not None:
            show.on(participant.name, f"{outcome.decision.submission.id}: {outcome.error.message}")
    words = f"{len(decisions)} approved in {report.requests} requests, {participant.plan.how}"
    show.on(participant.name, words + (f"; {len(report.unintended)} settled unasked" if report.unintended else ""))
    if participant.lost > lost:
        show.on(participant.name, "  an answer was lost on purpose: looked, they are paid already, and not paid again")


def pay_bonus(show: Show, participant: Participant) -> None:
    """A bonus for who was first with good work, where the marketplace can pay one. The same key never pays twice."""
    first = next(iter(participant.counts.good.values()), None)
    if participant.plan.bonus is None or first is None or not participant.can(Capability.PAY_BONUS):
        return
    lost = participant.lost
    _ = participant.market.pay_bonus(first, participant.plan.bonus, "the first of all", key=f"{KEY}/bonus")
    participant.counts.bonuses.append(participant.plan.bonus)
    show.on(participant.name, f"{first.id}: {participant.plan.bonus} on top, for who was first")
    if participant.lost > lost:
        show.on(
            participant.name, "  its answer was lost on purpose: found in the account's statement, and not paid again"
        )


def close(participant: Participant) -> None:
    """What the marketplace says at the end."""
    market, counts = participant.market, participant.counts
    counts.listed = Counter(work.status for task in counts.tasks for work in market.submissions(task))
    counts.after = market.balance() if participant.can(Capability.BALANCE) else None
    counts.lost = participant.lost
    counts.requests = market.requests
    counts.finished = True
