"""The whole campaign: chapters of random operations, kills, trouble with the ledger, and the naive program."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from contextlib import ExitStack

from crowdhub.sandbox import Fault
from crowdhub.testing.campaign.chapter import Chapter
from crowdhub.testing.campaign.kills import Kills
from crowdhub.testing.campaign.naive import naive
from crowdhub.testing.campaign.outages import Outages
from crowdhub.testing.campaign.place import Place
from crowdhub.testing.campaign.processes import Processes
from crowdhub.testing.campaign.result import Result, Tally
from crowdhub.testing.campaign.stages import STAGES, Stage, stage_of

RATE = 0.2
"""The share of requests that something happens to."""
CHAPTER = 150
"""Operations on one sandbox: lists stay short, and every chapter has other people."""
NAIVE = 200

Progress = Callable[[str, str, int], None]
"""Told: the marketplace, what begins now, how many operations were made."""


def _quiet(_provider: str, _what: str, _operations: int) -> None:
    return None


def run(
    provider: str,
    place: Place,
    *,
    operations: int = 2000,
    seed: int = 0,
    kills: bool = True,
    outages: bool = True,
    compare: int | None = None,
    rate: float = RATE,
    quick: bool = False,
    processes: Processes | None = None,
    progress: Progress = _quiet,
) -> Result:
    """One marketplace's campaign. ``compare``: tasks that the naive program publishes (0: none).

    ``kills`` need processes that fork; ``processes`` starts them, for several campaigns. ``quick`` leaves out most
    kinds of weather around the kills.
    Raises `InvalidRequest` for a marketplace that is not known here.
    """
    stage = stage_of(provider)
    logging.getLogger("crowdhub").addHandler(logging.NullHandler())
    began = time.monotonic()
    tally = Tally(provider)
    number = 0
    while tally.operations < operations:
        progress(provider, "random operations", tally.operations)
        with Chapter(stage, seed * 1000 + number, place.new(), rate=rate) as chapter:
            chapter.play(min(CHAPTER, operations - tally.operations))
            tally += chapter.audit()
        number += 1
    forks = hasattr(os, "fork")
    if not forks and (kills or outages):
        tally.notes.append("no process was killed: this system cannot fork")
    if outages or (kills and forks):
        with ExitStack() as stack:
            started = processes or stack.enter_context(Processes())
            if kills and forks:
                progress(provider, "kill -9 at every step", tally.operations)
                tally += _killed(stage, seed, place, started, quick=quick)
            if outages:
                progress(provider, "trouble with the ledger", tally.operations)
                with Chapter(stage, seed, place.new(), rate=0) as chapter:
                    Outages(chapter, place, started if forks else None).everything()
                    tally += chapter.tally
    tally += _doubled(stage, seed, place)
    tally.seconds = time.monotonic() - began
    compared = None
    if compare is None or compare:
        progress(provider, "naive retries", tally.operations)
        compared = naive(stage, seed, compare or NAIVE, rate)
    return Result(tally, compared, seed, place.kind)


def _killed(stage: Stage, seed: int, place: Place, processes: Processes, *, quick: bool) -> Tally:
    with Chapter(stage, seed, place.new(), rate=0) as chapter:
        kills = Kills(chapter, processes, quick=quick)
        kills.everything()
        kills.late_after_recovery()
        chapter.tally.duplicates += chapter.truth.problems()
        return chapter.tally


def _doubled(stage: Stage, seed: int, place: Place) -> Tally:
    """A network that itself delivers the request that publishes twice: nobody can prevent it, so it is told."""
    with Chapter(stage, seed, place.new(), rate=0) as chapter:
        chapter.storm.add(Fault.twice(), method="POST", path=stage.published)
        draft = stage.draft(600_001)
        _ = chapter.do("doubled", lambda: chapter.market.publish(draft, key="doubled"))
        bought = len(chapter.truth.bought("doubled"))
    said = (
        "bought one task all the same: what the network doubled was the making of a draft, which costs nothing"
        if bought == 1
        else f"bought {bought} tasks, which no client can prevent, and which is not noticed"
    )
    chapter.tally.notes.append(f"{stage.name}: a network that delivers the request that publishes twice {said}.")
    chapter.tally.operations = 0
    return chapter.tally


def names() -> list[str]:
    """The marketplaces that a campaign can be run on."""
    return list(STAGES)
