"""How paths are gone through, on a toy."""

from __future__ import annotations

from collections import Counter

import pytest

from crowdhub.testing.prover import NotRepeatable, paths
from crowdhub.testing.prover.paths import GOES_ON, Choices, Option, explore

WRONG = Option("goes wrong")
FREE = Option("goes otherwise", 0)


def three_steps(choices: Choices) -> tuple[int, ...]:
    """Each may go wrong in two ways; what went wrong at the first has a fourth step."""
    made = [choices.choose([GOES_ON, WRONG, WRONG]) for _ in range(3)]
    if made[0]:
        made.append(choices.choose([GOES_ON, WRONG]))
    return tuple(made)


def test_every_path_is_gone_once_the_short_ones_first() -> None:
    found = list(explore(three_steps, 2))
    assert len({result for _, result in found}) == len(found)
    departures = [choices.departures for choices, _ in found]
    assert departures == sorted(departures)
    # one good path; 3 × 2 with one departure; then 4 + 4 + 4 with two, and 2 × 1 with the fourth step
    assert Counter(departures) == {0: 1, 1: 6, 2: 14}


def test_what_is_free_is_no_departure() -> None:
    found = [result for _, result in explore(lambda choices: choices.choose([GOES_ON, FREE, WRONG]), 0)]
    assert found == [0, 1]


@pytest.mark.parametrize("wanted", [{}, {0: 1}, {12: 3, 40: 1}])
def test_a_path_is_read_as_it_was_written(wanted: dict[int, int]) -> None:
    assert paths.read(paths.written(wanted)) == wanted


@pytest.mark.parametrize("wanted", [{0: 9}, {9: 1}])
def test_a_path_that_is_not_there_is_told(wanted: dict[int, int]) -> None:
    def run() -> None:
        choices = Choices(wanted)
        _ = three_steps(choices)
        choices.finish()

    with pytest.raises(NotRepeatable):
        run()
