"""The prover must be able to fail: faults put into the core on purpose, each of which it has to find.

A fault is in place while a path is gone through. It counts as caught where a path has a violation that the same path
does not have without the fault.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from itertools import chain
from unittest.mock import patch

from crowdhub.testing.prover.faults import FAULTS, Planted
from crowdhub.testing.prover.paths import Choices, NotRepeatable, explore, read, written
from crowdhub.testing.prover.prover import Prover
from crowdhub.testing.prover.scenarios import Scenario, scenario_of


@dataclass(frozen=True, slots=True)
class PlantedVerdict:
    """Whether a fault was caught, by which ``path`` and with which ``sentence``, after so many ``paths``."""

    fault: Planted
    caught: bool
    paths: int
    path: str = ""
    sentence: str = ""


def check(faults: Sequence[Planted] = FAULTS) -> Iterator[PlantedVerdict]:
    """The prover's verdict on each fault."""
    with Prover() as prover:
        for fault in faults:
            yield _judged(prover, fault)


def _judged(prover: Prover, fault: Planted) -> PlantedVerdict:
    scenario = scenario_of(fault.scenario)
    patches = fault.patches()

    def run(choices: Choices) -> Sequence[str]:
        with ExitStack() as planted:
            for place, changed in patches:
                _ = planted.enter_context(patch(place, changed))
            return prover.run(scenario, choices).violations

    number = 0
    for choices, sentences in chain(_known(run, fault), explore(run, fault.depth)):
        number += 1
        fresh = sentences and [each for each in sentences if each not in _without(prover, scenario, choices)]
        if fresh:
            return PlantedVerdict(fault, True, number, f"{scenario.name}/{written(choices.wanted)}", fresh[0])
    return PlantedVerdict(fault, False, number)


def _known(run: Callable[[Choices], Sequence[str]], fault: Planted) -> Iterator[tuple[Choices, Sequence[str]]]:
    if fault.known:
        choices = Choices(read(fault.known))
        with suppress(NotRepeatable):
            yield choices, run(choices)


def _without(prover: Prover, scenario: Scenario, choices: Choices) -> Sequence[str]:
    """What is wrong on the same path without the fault."""
    try:
        return prover.run(scenario, Choices(choices.wanted)).violations
    except NotRepeatable:
        return ()


__all__ = ["FAULTS", "Planted", "PlantedVerdict", "check"]
