"""Answers of the four marketplaces, taken from the recordings and then spoiled: a result that keeps the rules of the
models, or one of our errors; never anything else."""

from __future__ import annotations

import json
import traceback
from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Protocol, TypeAlias, TypeVar, cast

import pytest
import simplejson
from hypothesis import given, note
from hypothesis import strategies as st
from pydantic import BaseModel

from crowdhub.cli.output import plain, record
from crowdhub.errors import CrowdhubError
from crowdhub.ledger.content import result_text
from crowdhub.model import Money
from crowdhub.protocol import Page, Response
from crowdhub.testing import walk
from crowdhub.testing.recording import files, load_script, replayed, script_names
from crowdhub.testing.recording.run import told
from crowdhub.testing.tape import Json, Step, places, replaced, replay
from tests.fuzz.budget import cases

CASSETTES = Path(__file__).parents[2] / "cassettes"
TOKENS = "/oauth/token"
DEEP = "a very deep list"
Steps: TypeAlias = tuple[Step, ...]
T = TypeVar("T")


class Draw(Protocol):
    def __call__(self, strategy: st.SearchStrategy[T], /) -> T: ...


WRONG_VALUES: list[Json] = [
    None,
    True,
    False,
    0,
    -1,
    1,
    10**30,
    10**300,
    Decimal("1.5"),
    Decimal("1e400"),
    Decimal("-0.0"),
    "",
    " ",
    "0",
    "1",
    "-1",
    "1e999999999",
    "9" * 5000,
    "NaN",
    "Infinity",
    "zz",
    "\x00",
    "\ud800",
    "\u202e\x1b[2J",
    "x" * 100_000,
    "http://[",
    "file:///etc/passwd",
    "2026-02-30T99:99:99",
    "9999-12-31T23:59:59-14:00",
    "0001-01-01T00:00:00+14:00",
    "Mon Oct 26 0001 07:17:24 GMT+2359 (CST)",
    "Mon Oct 26 9999 07:17:24 GMT-9959",
    253402300800,
    "253402300800",
    -62135596801,
    [],
    {},
    [None],
    [[]],
    [{}],
    {"": None},
    {"id": {"id": {"id": 1}}},
    {"0": {}, "1": []},
    DEEP,
    {"id": DEEP},
]
WRONG = st.sampled_from(WRONG_VALUES)
ANYTHING: st.SearchStrategy[Json] = st.recursive(
    WRONG | st.integers() | st.text(max_size=20) | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
STATUSES = st.sampled_from([200, 200, 200, 201, 204, 302, 304, 400, 401, 402, 403, 404, 409, 418, 429, 500, 503, 599])
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "content-type": st.sampled_from(["a/json", "text/html; charset=utf-7", "", "x" * 99, "a; charset=hex"]),
        "retry-after": st.sampled_from(["-1", "1e9", "9" * 50, "nan", "Mon, 99 Foo 2026", "Thu, 01 Jan 1970"]),
        "date": st.sampled_from(["now", "Thu, 01 Jan 0001 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 -1400", ""]),
    },
)  # fmt: skip


@cache
def recorded(name: str) -> list[str]:
    folder = CASSETTES / name / "recorded"
    return [each.name for each in load_script(name).recordings if (folder / f"{each.name}.yaml").is_file()]


@cache
def answers_of(name: str, which: str, *, tokens: bool = False) -> tuple[Response, ...]:
    """The recorded answers, but for those of fetching a token, which the engine asks for (or only those)."""
    tape = files.read(CASSETTES / name / "recorded" / f"{which}.yaml")
    return tuple(
        Response(
            each.status,
            headers=[(header, value) for header, values in each.answer_headers.items() for value in values],
            content=each.answer,
        )
        for each in tape.exchanges
        if tokens == each.uri.endswith(TOKENS)
    )


def play(name: str, which: str, answers: list[Response]) -> object:
    """The recording's flow on these answers, judged as the engine does; one of our errors is a good end, too."""
    script = load_script(name)
    tape, _ = replayed(script, which, CASSETTES / name / "recorded")
    flow = script.recording(which).play(tape.provider, tape._given)
    try:
        return replay(tape.provider, flow, answers)
    except CrowdhubError as error:
        check_error(error)
        return None
    except Exception as error:
        innermost = traceback.extract_tb(error.__traceback__)[-1]
        # What is recorded is a small program over the provider: `page.items[0]` of an empty page is its own fault.
        if Path(innermost.filename).name == "recordings.py" and isinstance(
            error, (IndexError, TypeError, AttributeError)
        ):
            return None
        raise


CURRENCIES = {
    "rapidworkers": "USD",
    "capsolver": "USD",
    "crowdsdom": "CNY",
    "etxt": "RUB",
    "mturk": "USD",
    "prolific": "GBP",
}


def check_error(error: CrowdhubError) -> None:
    assert len(str(error)) < 20_000, len(str(error))
    assert len(repr(error)) < 30_000


def check_result(result: object, provider: str) -> None:
    """No float, no naive time, money that is finite; and it can be written into a ledger, a terminal and JSON."""
    for item in flat(result):
        for where, value in walk.values(item):
            if ".raw" in where and isinstance(value, float):
                raise AssertionError(f"{where} is a float")
            if isinstance(value, Money):
                assert value.amount.is_finite(), where
        if not isinstance(item, BaseModel):
            continue
        identity = {"provider": provider}
        currency = CURRENCIES[provider]
        faults = walk.faults(item, identity, currency)
        assert not [each for each in faults if "has no id" not in each and "has lost `raw`" not in each], faults
        assert json.loads(result_text(item)) is not None
        result_text(item).encode()
        assert plain(item).isprintable()
        json.dumps(record(item), default=str)


def flat(result: object) -> list[object]:
    if isinstance(result, Page):
        page = cast("Page[object]", result)
        for error in page.unreadable:
            check_error(error)
        return list(page.items)
    if isinstance(result, dict):
        return [each for value in cast("dict[str, object]", result).values() for each in flat(value)]
    if isinstance(result, (list, tuple)):
        return [each for value in cast("Sequence[object]", result) for each in flat(value)]
    return [result]


def spoiled(draw: Draw, data: Json) -> Json:
    """Decoded JSON with a few places changed: another type, missing, more than there should be, moved elsewhere."""
    for _ in range(draw(st.integers(1, 4))):
        where: list[Steps] = [(), *places(data)]
        path = where[draw(st.integers(0, len(where) - 1))]
        how = draw(
            st.sampled_from(["wrong", "wrong", "anything", "gone", "more", "more", "twice", "swapped", "wrapped"])
        )
        value = at(data, path)
        if how == "gone" and path:
            data = without(data, path)
            continue
        if how in ("wrong", "gone"):
            value = draw(WRONG)
        elif how == "anything":
            value = draw(ANYTHING)
        elif how == "more":
            value = grown(draw, value)
        elif how == "twice":
            value = (
                [*value, *value] if isinstance(value, list) else value * 2 if isinstance(value, str) else [value] * 2
            )
        elif how == "swapped":
            value = at(data, where[draw(st.integers(0, len(where) - 1))])
        else:
            value = {"0": value} if draw(st.booleans()) else [value]
        data = replaced(data, path, value)
    return data


MEMBERS = st.sampled_from(
    ["next", "count", "results", "url", "images", "files", "path", "id", "userId", "ttl", "reward", "raw", "error"]
)
ADDRESSES: list[Json] = [
    "http://[",
    "https://xn--/a.png",
    "https://h:99999999/",
    "https://[::1/a",
    "//\u202e.x",
    "http://x/?" + "a=b&" * 17_000,
    "x" * 70_000,
]
"""Where a marketplace may say that something else lies: the next page, a file."""


def grown(draw: Draw, value: Json) -> Json:
    """The same with a member or a row more, or as the rows of an object that goes on elsewhere."""
    extra = draw(WRONG | st.sampled_from(ADDRESSES))
    if isinstance(value, dict):
        return {**value, draw(MEMBERS | st.text(max_size=8)): extra}
    if not isinstance(value, list):
        return value
    number, is_like = draw(st.integers(0, max(0, len(value) - 1))), draw(st.booleans())
    is_first, is_page = draw(st.booleans()), draw(st.integers(0, 3)) == 0
    like: Json = value[number] if value and is_like else None
    row: Json = {**like, draw(MEMBERS): extra} if isinstance(like, dict) else extra
    rows: list[Json] = [row, *value] if is_first else [*value, row]
    return rows if not is_page else {"count": len(rows), "next": extra, "results": rows}


def at(data: Json, path: Steps) -> Json:
    for step in path:
        data = data[step] if isinstance(data, dict) and isinstance(step, str) else cast("list[Json]", data)[int(step)]
    return data


def without(data: Json, path: Steps) -> Json:
    parent = at(data, path[:-1])
    smaller: Json
    if isinstance(parent, dict):
        smaller = {name: value for name, value in parent.items() if name != path[-1]}
    else:
        smaller = [value for number, value in enumerate(cast("list[Json]", parent)) if number != path[-1]]
    return replaced(data, path[:-1], smaller)


def spoiled_bytes(draw: Draw, body: bytes) -> bytes:
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(body)))
        end = draw(st.integers(start, min(len(body), start + 20)))
        body = (
            body[:start]
            + draw(st.binary(max_size=8) | st.sampled_from([b"", b"[" * 3000, b"\xff", b'"', b"}", b"9" * 90, b"NaN"]))
            + body[end:]
        )
    return body


@pytest.mark.parametrize("name", script_names())
def test_recorded_answers_are_read(name: str) -> None:
    """As they are they give what they gave when they were recorded, so that what follows spoils something good."""
    for which in recorded(name)[:12]:
        tape, _ = replayed(load_script(name), which, CASSETTES / name / "recorded")
        if not answers_of(name, which):  # only a token, which was refused
            continue
        result = play(name, which, list(answers_of(name, which)))
        assert result is not None
        assert told(result) == tape.expected
        check_result(result, name)


@pytest.mark.parametrize("name", script_names())
@given(data=st.data())
@cases(120)
def test_any_answer_is_a_result_or_one_of_our_errors(name: str, data: st.DataObject) -> None:
    draw = data.draw
    which = draw(st.sampled_from([each for each in recorded(name) if answers_of(name, each)]))
    answers = list(answers_of(name, which))
    number = draw(st.integers(0, len(answers) - 1))
    answers[number] = spoiled_answer(draw, answers[number])
    note(
        f"{which}, answer {number}: HTTP {answers[number]} {answers[number].headers} {answers[number].content[:2000]!r}"
    )
    check_result(play(name, which, answers), name)


FOUND: list[tuple[str, str, int, object]] = [
    # A time that is none in UTC could not be written into the ledger.
    ("rapidworkers", "workers-blocked", 0, [{"worker_id": "a", "blocked_at": "9999-12-31T23:59:59-14:00"}]),
    ("rapidworkers", "workers-blocked", 0, [{"worker_id": "a", "blocked_at": "0001-01-01T00:00:00+14:00"}]),
    # A list for an object, kept as what the marketplace said, which has to be a mapping.
    ("rapidworkers", "workers-block", 0, []),
    ("crowdsdom", "jobs-list", 0, [{"id": "a", "createdAt": "Mon Oct 26 0001 07:17:24 GMT+2359 (CST)"}]),
]


@pytest.mark.parametrize(("name", "which", "number", "data"), FOUND)
def test_what_was_found_before(name: str, which: str, number: int, data: object) -> None:
    answers = list(answers_of(name, which))
    answers[number] = Response(200, content=json.dumps(data).encode())
    check_result(play(name, which, answers), name)


@pytest.mark.parametrize("ttl", ["1e30", "9" * 40, "-" + "9" * 40, "0", "null", '"x"'])
@pytest.mark.parametrize("date", [None, "Fri, 31 Dec 9999 23:59:59 -1400", "Thu, 01 Jan 0001 00:00:00 GMT"])
def test_tokens_that_live_for_ever(ttl: str, date: str | None) -> None:
    tape, _ = replayed(load_script("crowdsdom"), "oauth-token", CASSETTES / "crowdsdom" / "recorded")
    body = f'{{"access_token": {{"id": "t", "ttl": {ttl}, "created": "2026-01-15T09:00:00.000Z"}}}}'
    answer = Response(200, headers={"date": date} if date else {}, content=body.encode())
    token = replay(tape.provider, tape.provider.authenticate(), [answer])
    assert token.value.get_secret_value() == "t"


def test_words_without_end() -> None:
    """An error code of megabytes made errors of megabytes."""
    tape, _ = replayed(load_script("capsolver"), recorded("capsolver")[0], CASSETTES / "capsolver" / "recorded")
    body = json.dumps({"errorId": 1, "errorCode": "x" * 10**6, "errorDescription": "y" * 10**6}).encode()
    with pytest.raises(CrowdhubError) as caught:
        replay(tape.provider, tape.provider.balance(), [Response(400, content=body)])
    check_error(caught.value)


@given(data=st.data())
@cases(60)
def test_any_answer_is_a_token_or_one_of_our_errors(data: st.DataObject) -> None:
    which = data.draw(st.sampled_from(["oauth-token", "oauth-token-wrong-secret"]))
    tape, _ = replayed(load_script("crowdsdom"), which, CASSETTES / "crowdsdom" / "recorded")
    (good,) = answers_of("crowdsdom", which, tokens=True)
    answer = spoiled_answer(data.draw, good)
    note(f"HTTP {answer} {answer.headers} {answer.content[:2000]!r}")
    try:
        token = replay(tape.provider, tape.provider.authenticate(), [answer])
    except CrowdhubError as error:
        check_error(error)
        return
    assert token.value.get_secret_value()
    assert token.expires_at is None or token.expires_at.tzinfo is not None


def spoiled_answer(draw: Draw, good: Response) -> Response:
    headers: dict[str, str] = {}
    try:
        decoded = simplejson.loads(good.content, use_decimal=True)
    except ValueError:
        decoded = None
    if draw(st.integers(0, 4)) and decoded is not None:
        body = simplejson.dumps(spoiled(draw, decoded), use_decimal=True).encode()
        depth = draw(st.sampled_from([10, 100, 400, 700, 900, 980, 5000])) if DEEP.encode() in body else 0
        body = body.replace(f'"{DEEP}"'.encode(), b"[" * depth + b"]" * depth)
    else:
        body = spoiled_bytes(draw, good.content)
    status = good.status_code
    if not draw(st.integers(0, 4)):
        status, headers = draw(STATUSES), draw(HEADERS)
    return Response(status, headers=headers, content=body)
