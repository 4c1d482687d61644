"""What a path is made of: copies of a marketplace, spoiled listings, processes that die."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from crowdhub.protocol import Response
from crowdhub.sandbox import SandboxClock
from crowdhub.sandbox.registry import load_sandbox
from crowdhub.testing.campaign.profile import names, profile_of
from crowdhub.testing.prover import listings
from crowdhub.testing.prover.listings import ALTERED, CUT
from crowdhub.testing.prover.scenarios import Scene
from crowdhub.testing.prover.snapshot import Snapshot


@pytest.mark.parametrize("name", names())
def test_a_copy_of_a_marketplace_lives_apart_from_it(name: str) -> None:
    scene = Scene(profile_of(name), {})
    sandbox = scene.marketplace.sandbox
    state, before = Snapshot(sandbox), sandbox.books()
    _ = scene.do(scene.account.publish(scene.profile.draft(1), None))
    assert len(sandbox.books().charges) == len(before.charges) + 1
    for _ in range(2):
        clock = SandboxClock()
        copy = state.copy(clock)
        assert copy.books() == before
        assert copy.clock is clock
        _ = clock.advance(days=20)
        copy.tick()  # what is due by then is done in the copy, whatever the original has
    assert len(sandbox.books().charges) == len(before.charges) + 1


def test_a_function_within_a_state_is_copied_with_what_it_closes_over() -> None:
    sandbox = load_sandbox("crowdsdom")(clock=SandboxClock(), seed=0)
    state = Snapshot(sandbox)
    made = [[state.copy(SandboxClock()).fake_key("x") for _ in range(2)] for _ in range(2)]
    assert made[0] == made[1]


ROWS = {"count": 2, "next": None, "results": [{"id": 1, "title": "A  b & c"}, {"id": 2, "tags": ["ch-x"], "pay": 0.10}]}


NOTHING: list[str] = []


@pytest.mark.parametrize(
    ("words", "rows"),
    [
        ("last row of one", [{"id": 1, "title": "A  b & c"}]),
        ("first row of listings is missing", [{"id": 2, "tags": ["ch-x"], "pay": 0.1}]),
        ("blanks taken together", [{"id": 1, "title": "A b & c"}, {"id": 2, "tags": ["ch-x"], "pay": 0.1}]),
        ("capitals", [{"id": 1, "title": "A  B & C"}, {"id": 2, "tags": ["CH-X"], "pay": 0.1}]),
        ("as HTML", [{"id": 1, "title": "A  b &amp; c"}, {"id": 2, "tags": ["ch-x"], "pay": 0.1}]),
        ("cannot be read", [{"id": None, "title": None}, {"id": 2, "tags": ["ch-x"], "pay": 0.1}]),
        (
            "a footer",
            [
                {"id": 1, "title": "<p>A  b & c</p><p>Posted through a partner.</p>"},
                {"id": 2, "tags": ["<p>ch-x</p><p>Posted through a partner.</p>"], "pay": 0.1},
            ],
        ),
        ("leave out the numbers", [{"id": None, "title": "A  b & c"}, {"id": None, "tags": ["ch-x"], "pay": None}]),
        ("as empty", [{"id": 1, "title": "A  b & c"}, {"id": 2, "tags": NOTHING, "pay": 0.1}]),
    ],
)
def test_a_listing_is_spoiled_and_its_count_stays(words: str, rows: object) -> None:
    (spoiling,) = [each for each in (*CUT, *ALTERED) if words in each.words]
    answer = listings.changed(Response(200, content=json.dumps(ROWS).encode()), spoiling)
    assert json.loads(answer.content) == {**ROWS, "results": rows}


def test_an_answer_without_rows_stays_as_it_is() -> None:
    answer = Response(200, content=b'{"balance": 1.10}')
    assert all(listings.changed(answer, each) is answer for each in (*CUT, *ALTERED))
    assert listings.read(answer) == {"balance": Decimal("1.10")}
    assert listings.read(Response(200, content=b"<html>")) is None
