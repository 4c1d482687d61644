"""Long words of a marketplace are cut, and a key that stands at the cut leaves nothing of itself."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from decimal import Decimal

import pytest

from crowdhub import Hub
from crowdhub.engine.redact import MASK, Redactor
from crowdhub.errors import CrowdhubError
from crowdhub.ledger.content import LONGEST_TEXT, result_text
from crowdhub.model import Task
from tests.hostile.conftest import Hostile, answer
from tests.support.hand_clock import HandClock

KEY = "Kq7zP2mWx9Lt4RvB8sNdYh3GfJ6cQe1A"
SPELLINGS = {
    "plain": KEY,
    "percent": "".join(f"%2525{ord(char):02x}" for char in KEY),
    "JSON": "".join(f"\\u{ord(char):04x}" for char in KEY),
    "HTML": "".join(f"&#{ord(char)};" for char in KEY),
    "Basic": b64encode(f"user:{KEY}".encode()).decode(),
    "a name": f"sign={'0123456789abcdef' * 2}",
}


@pytest.fixture
def hostile() -> Iterator[Hostile]:
    server = Hostile()
    yield server
    server.close()


def rests(written: str) -> list[str]:
    """Beginnings of it that would tell something of the key."""
    return [written[:count] for count in range(8 + len(written) // 8, len(written))]


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("longest", [20, 100])
def test_of_a_secret_at_the_cut_nothing_is_left(spelling: str, longest: int) -> None:
    written = SPELLINGS[spelling]
    redact = Redactor([KEY], ["sign"])
    for before in range(longest + 1):
        said = redact.beginning(f"{'.' * before} {written} and more", longest)
        assert len(said) <= longest + len(MASK)
        assert not any(rest in said for rest in rests(written))


def test_what_was_taken_out_before_brings_no_cut_secret_into_view() -> None:
    long = "".join(f"%2525252525{ord(char):02x}" for char in KEY)
    said = Redactor([KEY]).beginning(f"{long} " * 100, 1000)
    assert said == f"{MASK} {MASK} {MASK}"


@pytest.mark.parametrize("where", ["message", "code", "a record", "no JSON", "an odd balance"])
@pytest.mark.parametrize("spelling", ["plain", "percent", "HTML"])
def test_words_that_an_error_cuts(hostile: Hostile, where: str, spelling: str) -> None:
    written = SPELLINGS[spelling]
    for longest in (200, 300, 500, 1000):
        for missing in (1, 3, 15, len(written) - 9):
            long = f"{'z' * (longest - len(written) + missing)}{written} and more"
            bodies = {
                "message": ("400 Bad", json.dumps({"message": long})),
                "code": ("500 Bad", json.dumps({"error": long, "message": "x"})),
                "a record": ("200 OK", json.dumps({"echo": long})),
                "no JSON": ("200 OK", f"<html>{long}"),
                "an odd balance": ("200 OK", json.dumps({"balance": long})),
            }
            status, body = bodies[where]
            hostile.says(answer(body.encode(), status=status))
            accounts = {"rapidworkers": {"api_key": KEY, "base_url": hostile.url}}
            with Hub(accounts, clock=HandClock(), max_wait=0) as hub, pytest.raises(CrowdhubError) as caught:
                hub["rapidworkers"].balance()
            said = f"{caught.value} {vars(caught.value)!r} {caught.value.__cause__}"
            assert not any(rest in said for rest in rests(written))
            assert len(said) < 8000


def test_an_endless_id_is_cleaned_before_it_is_cut() -> None:
    made = Task.model_construct(id=f"{'z' * 180}{KEY}{'z' * LONGEST_TEXT}", raw={}, price=Decimal("NaN"))
    kept = result_text(made, Redactor([KEY]))
    assert KEY[:8] not in kept


def test_a_long_result_without_a_model_is_cleaned_before_it_is_cut() -> None:
    kept = result_text({"text": f"{'z' * (LONGEST_TEXT - 10)}{KEY}{'z' * 2_000_000}"}, Redactor([KEY]))
    assert KEY[:8] not in kept
