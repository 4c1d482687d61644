"""A marketplace's words reach a person, in whatever shape they come: refusals and answers that cannot be read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from crowdhub import Hub
from crowdhub.errors import CrowdhubError, InvalidRequest, OutcomeUnknown
from crowdhub.market import Market
from crowdhub.model import Capability
from crowdhub.protocol import AnyProvider
from tests.conftest import World
from tests.hostile.conftest import Hostile, answer
from tests.hostile.test_every_provider import KEY, SETTINGS, SPENDS, SUBJECTS, account
from tests.support.hand_clock import HandClock

WORDS = "Die Bezahlung liegt unter dem Mindestlohn: mind. 0,25"
PAGE = f"""<!DOCTYPE html><html><head><style>{"p { color: red } " * 60}</style><script>var a = "<b>";</script></head>
<body><!-- gateway -->\n<h1>Fehler</h1>\n\t<p class="a">{WORDS}</p></body></html>"""
SHAPES: dict[str, bytes] = {
    name: json.dumps(body).encode()
    for name, body in {
        "message": {"message": WORDS},
        "error": {"error": WORDS},
        "nested": {"error": {"message": WORDS}},
        "beside": {"error": True, "message": WORDS},
        "detail": {"detail": WORDS},
        "errors": {"errors": [WORDS]},
        "field": {"pay_rate": [WORDS]},
        "fields": {"errors": {"pay_rate": [{"text": WORDS}]}},
        "reason": {"reason": WORDS},
        "msg": {"msg": WORDS, "status": 0},
        "errorMessage": {"errorMessage": WORDS, "success": False},
        "list": [WORDS],
        "text": WORDS,
    }.items()
} | {"plain": WORDS.encode(), "page": PAGE.encode()}
READ, SPEND = "read", "spend"


def ask(market: Market[AnyProvider], effect: str) -> object:
    if effect == READ:
        return market.balance() if Capability.BALANCE in market.capabilities else market.task("7")
    return market.publish(SUBJECTS[market.provider.name]().draft())


@pytest.fixture(params=sorted(SETTINGS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def caught(name: str, hostile: Hostile, clock: HandClock) -> Iterator[Callable[..., CrowdhubError]]:
    """The error of a read or a spend that is answered with a body."""
    with Hub(account(name, hostile.url), clock=clock, ledger=None) as hub:

        def error(body: bytes, status: str, effect: str, *headers: str) -> CrowdhubError:
            hostile.says(answer(body, *headers, status=status))
            with pytest.raises(CrowdhubError) as found:
                ask(hub[name], effect)
            return found.value

        yield error


@pytest.mark.parametrize("effect", [READ, SPEND])
@pytest.mark.parametrize("status", ["400 Bad Request", "403 Forbidden", "422 No", "500 Oops"])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_refusal_keeps_its_words(caught: Callable[..., CrowdhubError], shape: str, status: str, effect: str) -> None:
    error = caught(SHAPES[shape], status, effect)
    assert WORDS in str(error)
    assert str(error).count(WORDS) == 1
    assert "color: red" not in str(error)
    assert "\n" not in str(error)


@pytest.mark.parametrize("effect", [READ, SPEND])
@pytest.mark.parametrize("shape", SHAPES)
def test_what_cannot_be_read_keeps_its_words(
    caught: Callable[..., CrowdhubError], name: str, shape: str, effect: str
) -> None:
    error = caught(SHAPES[shape], "200 OK", effect)
    assert WORDS in str(error)
    assert name == "etxt" or effect == READ or isinstance(error, OutcomeUnknown)


@pytest.mark.parametrize("status", ["400 Bad Request", "500 Oops", "200 OK"])
def test_in_all_worlds(world: World, name: str, hostile: Hostile, clock: HandClock, status: str) -> None:
    hostile.says(answer(SHAPES["field"], status=status))
    with pytest.raises(CrowdhubError, match="Mindestlohn"):
        world.hub(account(name, hostile.url), lambda hub: ask(hub[name], SPEND), clock=clock)


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"<html></html>"])
def test_what_is_not_named_is_not_to_be_corrected(caught: Callable[..., CrowdhubError], body: bytes) -> None:
    error = caught(body, "400 Bad Request", READ)
    assert "named above" not in str(error)
    if isinstance(error, InvalidRequest):
        assert "names nothing" in str(error)


def test_a_beginning_is_enough(caught: Callable[..., CrowdhubError]) -> None:
    error = caught(json.dumps({"reason": ["Word \u202e\x1b[2J " * 5000]}).encode(), "400 Bad Request", READ)
    assert len(str(error)) < 800
    assert error.excerpt is not None
    assert len(error.excerpt) <= 301 + 10 * 60  # what is written out grows
    assert not {"\u202e", "\x1b"} & set(str(error))


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"reason": f"no {KEY} here"}),
        f"<p>{'x' * 280} {KEY}</p>",
        f"<p>no <b>{KEY}</b></p>",
        json.dumps({"reason": ["".join(f"\\u{ord(each):04x}" for each in KEY)]}),
        f"<i title='{KEY}'></i> " * 50,
    ],
)
@pytest.mark.parametrize("status", ["400 Bad Request", "200 OK"])
def test_a_repeated_key_is_not_quoted(caught: Callable[..., CrowdhubError], body: str, status: str) -> None:
    for effect in (READ, SPEND):
        error = caught(body.encode(), status, effect)
        assert KEY not in f"{error!r} {error} {vars(error)}"
        assert KEY[:12] not in str(error)


def test_spends_are_sent_once(caught: Callable[..., CrowdhubError], name: str, hostile: Hostile) -> None:
    caught(SHAPES["reason"], "200 OK", SPEND)
    assert sum(SPENDS[name].replace(b"\\", b"") in each for each in hostile.requests) == 1
