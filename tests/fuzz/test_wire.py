"""The entry points of `crowdhub.protocol`: any bytes, any decoded value."""

# ruff: noqa: PT017 - either end is good, and looked at

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from typing import cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crowdhub.errors import UnreadableResponse
from crowdhub.model import Model, Money
from crowdhub.protocol import (
    Amount,
    LenientDecimal,
    LenientInt,
    LenientText,
    LenientTime,
    Response,
    WireModel,
    decimal_or_none,
    int_or_none,
    load_json,
    read_each,
    read_record,
    read_records,
    text_or_none,
    texts,
    time_or_none,
    unreadable,
)
from crowdhub.protocol.reading import EVIDENCE
from tests.fuzz.budget import cases


class Inner(WireModel):
    name: str
    share: LenientDecimal = None


class Everything(WireModel):
    an_id: str
    price: Amount
    number: LenientInt = None
    moment: LenientTime = None
    words: LenientText = None
    inner: Inner | None = None
    many: list[Inner] = []  # noqa: RUF012 - pydantic copies it


class Neutral(Model):
    id: str
    price: Decimal | None = None
    moment: datetime | None = None
    inner: Inner | None = None
    raw: object = None


NAMES = st.sampled_from(
    ["anId", "an_id", "id", "price", "number", "moment", "words", "inner", "many", "name", "share", "raw"]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=True)
    | st.floats()
    | st.text(max_size=12)
    | st.text("0123456789+-.,eE%_ \u00a0\u0663\u2212", max_size=24)
    | st.datetimes().map(str)
    | st.sampled_from(
        ["\ud800", "9" * 5000, "1e999999999", "-", "1_0", "２", "\x00", 10**400, -(10**400), "0" * 4999 + "1"]
    )
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(max_size=4), inner, max_size=6)
)
CHARSETS = st.sampled_from(
    [
        "",
        "; charset=utf-16",
        "; charset=utf-7",
        "; charset=rot13",
        "; charset=hex",
        "; charset=idna",
        "; charset=\xff",
        "; charset=undefined",
        "; charset=punycode",
        "; charset=unicode_escape",
    ]
)


def response(body: bytes, charset: str = "") -> Response:
    return Response(200, headers={"content-type": f"application/json{charset}"}, content=body)


@given(st.binary(max_size=200) | VALUES.map(lambda value: json.dumps(value, default=str).encode()), CHARSETS)
@cases(150)
@example(b"[" * 100_000, "")
@example(b'{"a":' * 100_000, "")
@example(b"[" * 990 + b"]" * 990, "")
@example(b'{"anId": "1", "price": 1e400}', "")
@example(b"9" * 10_000, "")
@example(b"-" + b"9" * 39, "; charset=hex")
@example(b"NaN", "")
@example(b"\xef\xbb\xbf{}", "")
@example('{"anId": "x", "price": "1"}'.encode("utf-16"), "; charset=utf-16")
@example(b'{"anId": "\\ud800", "price": 1}', "; charset=undefined")
@example(b"+AHs-", "; charset=utf-7")
@example(b"\\N{", "; charset=unicode_escape")
@example(b"\\\x00", "; charset=unicode_escape")
def test_bytes(body: bytes, charset: str) -> None:
    answer = response(body, charset)
    assert isinstance(answer.text, str)
    try:
        data = load_json(answer)
    except UnreadableResponse as error:
        assert len(str(error)) < 1000
        assert len(error.excerpt or "") <= EVIDENCE
        return
    no_floats(data)
    try:
        read = Everything.read(answer)
    except UnreadableResponse as error:
        assert len(str(error)) < 1000
        return
    assert read.price.is_finite()
    assert read.moment is None or read.moment.tzinfo is not None


def no_floats(data: object) -> None:
    todo: list[object] = [data]
    while todo:
        each = todo.pop()
        assert not isinstance(each, float), each
        assert not isinstance(each, Decimal) or each.is_finite()
        if isinstance(each, (dict, list)):
            todo += cast("dict[str, object]", each).values() if isinstance(each, dict) else cast("list[object]", each)


@given(VALUES)
@cases(200)
@example("1,5 %")
@example("٣")
@example(Decimal("sNaN"))
@example(Decimal("1e999999"))
@example("-" + "9" * 41)
@example(float("nan"))
@example(10**5000)
@example("0001-01-01T00:00:00+23:59")
@example("2026-W01")
@example("9999-12-31T23:59:59-14:00")  # no time in UTC
@example("20260101T000000,5Z")
def test_readers_of_one_value_never_fail(value: object) -> None:
    number = decimal_or_none(value)
    assert number is None or number.is_finite()
    if number is not None:
        assert len(str(number)) < 6000
        try:
            Money(number, "USD")
        except ValueError as error:
            assert "digits" in str(error)
    whole = int_or_none(value)
    assert whole is None or type(whole) is int
    moment = time_or_none(value)
    assert moment is None or moment.tzinfo is not None
    text = text_or_none(value)
    assert text is None or isinstance(text, str)
    assert all(isinstance(each, str) for each in texts(value))
    assert len(unreadable("x", value).excerpt or "") <= EVIDENCE


def prepare(row: dict[str, object]) -> dict[str, object]:
    return {
        "id": text_or_none(row["id"]),
        "price": decimal_or_none(row.get("price")),
        "moment": row.get("moment"),
        "inner": row.get("inner"),
        "raw": row,
    }


@given(VALUES | st.lists(st.dictionaries(NAMES, SCALARS, min_size=1), max_size=5))
@cases(200)
@example([{"id": "1"}, None, {"id": {}}, {"id": True}, {"id": 2, "price": "x", "moment": []}])
@example([{"id": "1", "inner": {"name": []}}])
@example([{"id": "1", "inner": {"name": "n", "share": []}}])
@example([[[]]] * 1500)
@example([{"id": 10**5000}])
def test_records(rows: object) -> None:
    """Good records are kept, each bad one is an error, and none is lost."""
    try:
        good, bad = read_records(rows, prepare, Neutral)
    except UnreadableResponse as error:
        assert not isinstance(rows, list) or len(cast("list[object]", rows)) > 1000
        assert len(str(error)) < 1000
        return
    assert len(good) + len(bad) == len(cast("list[object]", rows))
    for each in good:
        assert each.id is not None
        assert each.price is None or each.price.is_finite()
    again, unread = read_each(rows, lambda row: read_record(row, prepare, Neutral))
    assert [each.id for each in again] == [each.id for each in good]
    assert len(unread) == len(bad)


@given(VALUES)
@cases(150)
@example({"anId": 10**5000, "price": 1})
@example({"anId": "\ud800", "price": "1", "many": [{"name": 1}, []]})
@example({"anId": "1", "price": Decimal("NaN")})
@example({"anId": "1", "price": float("inf")})
def test_models(value: object) -> None:
    try:
        read = Everything.parse(value)
    except UnreadableResponse as error:
        assert len(str(error)) < 1000
        return
    assert read.raw == value or read.raw != read.raw
    assert read.price.is_finite()


def test_a_value_is_told_apart_from_none() -> None:
    with pytest.raises(UnreadableResponse):
        read_records({"0": {}}, prepare, Neutral)
