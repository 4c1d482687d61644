import json
import string
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from crowdhub.errors import UnreadableResponse
from crowdhub.model import Money
from crowdhub.protocol import (
    Amount,
    LenientDecimal,
    Response,
    WireModel,
    decimal_or_none,
    int_or_none,
    load_json,
    read_records,
    sequence,
    text_or_none,
    time_or_none,
    why_no_amount,
)
from crowdhub.protocol.reading import EVIDENCE, read_each

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.decimals(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
number_like = st.text(string.digits + "+-.,eE%_ \u00a0\u0663", max_size=24)


@given(anything | number_like)
def test_reading_a_number_never_fails_and_is_finite(value: object) -> None:
    exact = decimal_or_none(value)
    assert exact is None or exact.is_finite()
    whole = int_or_none(value)
    assert whole is None or isinstance(whole, int)
    if whole is not None and not isinstance(value, int):
        assert whole == exact


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**12), max_value=10**12))
def test_every_spelling_of_a_number_is_exact(value: Decimal) -> None:
    for spelling in (str(value), f" {value} ", f"{value}%", f"{value} %", value):
        assert decimal_or_none(spelling) == value
    assert decimal_or_none(f"{value:.4f}".replace(".", ",")) == value


@pytest.mark.parametrize(
    ("given_", "read"),
    [
        ("2.50", Decimal("2.50")),
        ("85%", Decimal(85)),
        ("2,5", Decimal("2.5")),
        (0.1, Decimal("0.1")),
        (3, Decimal(3)),
        ("1,000", None),  # a thousand in America, one in Europe: a wrong amount is worse than none
        ("-1,000", None),
        ("999,999", None),
        ("1,000.50", Decimal("1000.50")),
        ("1,234,567", Decimal(1234567)),
        ("1,234,567.8", Decimal("1234567.8")),
        ("1 234.50", Decimal("1234.50")),
        ("1 234,50", Decimal("1234.50")),
        ("-1\u00a0234\u202f567", Decimal(-1234567)),
        ("1.000,50", Decimal("1000.50")),
        ("1.234.567", Decimal(1234567)),
        ("0,500", Decimal("0.5")),
        ("12,34.50", None),
        ("1,2345.50", None),
        ("1234,567.50", None),
        ("1 23.50", None),
        ("1,234 567.50", None),
        ("1,,234.50", None),
        ("", None),
        ("%", None),
        ("abc", None),
        (True, None),
        ("NaN", None),
        (float("inf"), None),
        ("1e999999", None),
        (Decimal("1e9999999"), None),
        ("9" * 100, None),
        ([], None),
    ],
)
def test_numbers_as_marketplaces_write_them(given_: object, read: object) -> None:
    assert decimal_or_none(given_) == read


@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**12), max_value=10**12),
    st.sampled_from([(",", "."), (".", ","), (" ", "."), (" ", ","), ("\u00a0", ".")]),
)
def test_grouped_thousands_are_read_exactly(value: Decimal, separators: tuple[str, str]) -> None:
    group, point = separators
    whole, _, rest = f"{value:,.2f}".partition(".")
    assert decimal_or_none(whole.replace(",", group) + point + rest) == value


@given(st.integers(1, 999), st.integers(0, 999), st.sampled_from(["", "-", "+"]), st.sampled_from(["", " ", " %"]))
def test_what_can_be_two_numbers_is_none(thousands: int, rest: int, sign: str, around: str) -> None:
    assert decimal_or_none(f"{around.replace('%', '')}{sign}{thousands},{rest:03}{around}") is None


@given(anything | number_like)
def test_what_is_no_amount_is_said_in_words(value: object) -> None:
    assert 10 < len(why_no_amount(value)) < 200


class Account(WireModel):
    balance: Amount


def test_an_ambiguous_balance_is_refused_in_words() -> None:
    assert Account.parse({"balance": "1,234.50"}).balance == Decimal("1234.50")
    with pytest.raises(UnreadableResponse, match=r"'1,234' can be 1234 or 1\.234, so it is not guessed"):
        Account.parse({"balance": "1,234"})


@pytest.mark.parametrize(
    ("given_", "read"),
    [("7", 7), ("7.0", 7), (7.0, 7), ("7.5", None), (True, None), ("1e9999999", None), ("-3", -3), ("1E+2", 100)],
)
def test_whole_numbers(given_: object, read: object) -> None:
    assert int_or_none(given_) == read
    assert type(int_or_none(given_)) is type(read)


@given(anything | st.text(string.digits + "-:TZ+. W", max_size=30))
def test_reading_a_time_never_fails_and_is_aware(value: object) -> None:
    moment = time_or_none(value)
    assert moment is None or moment.tzinfo is not None


@given(st.datetimes(timezones=st.timezones() | st.none()))
def test_an_iso_time_is_read_exactly(moment: datetime) -> None:
    if (moment.utcoffset() or timedelta()).total_seconds() % 60:
        return  # old local times with seconds in their offset
    back = time_or_none(moment.isoformat())
    assert back is not None
    assert back.replace(tzinfo=None) == moment.replace(tzinfo=None)
    assert back.utcoffset() == (moment.utcoffset() or timedelta())


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (1768467600, datetime(2026, 1, 15, 9, tzinfo=UTC)),
        (Decimal("1768467600.25"), datetime(2026, 1, 15, 9, 0, 0, 250_000, tzinfo=UTC)),
        (1768467600000, None),  # milliseconds
        (20260115, None),
        (0, None),
        (True, None),
        (Decimal("NaN"), None),
        (Decimal("sNaN"), None),
    ],
)
def test_a_number_is_a_time_where_it_can_only_be_seconds(value: object, read: datetime | None) -> None:
    assert time_or_none(value) == read


def test_text_is_text_and_numbers_become_it() -> None:
    values: tuple[object, ...] = ("a", 5, Decimal("1.50"), True, None, [], {})
    assert [text_or_none(each) for each in values] == [
        "a",
        "5",
        "1.50",
        None,
        None,
        None,
        None,
    ]


class Row(BaseModel):
    id: str
    title: str | None = None
    at: datetime | None = None
    price: Decimal | None = None
    raw: Any = None


def prepare(row: dict[str, Any]) -> dict[str, Any]:
    return {"id": row["id"], "title": row.get("title"), "at": row.get("at"), "price": row.get("price"), "raw": row}


good = st.fixed_dictionaries({"id": st.text(string.ascii_letters, min_size=1), "title": st.text(string.ascii_letters)})


@given(st.lists(st.tuples(st.booleans(), good, anything.filter(lambda x: not isinstance(x, dict) or "id" not in x))))
def test_one_bad_record_never_costs_another(rows: list[tuple[bool, dict[str, str], Any]]) -> None:
    listed = [fine if is_good else bad for is_good, fine, bad in rows]
    read, failed = read_records(listed, prepare, Row)
    assert [row.id for row in read] == [fine["id"] for is_good, fine, _ in rows if is_good]
    assert len(failed) == sum(not is_good for is_good, _, _ in rows)
    # each error carries the record it stands for
    assert [error.records for error in failed] == [(bad,) for is_good, _, bad in rows if not is_good] or any(
        bad != bad for _, _, bad in rows
    )


@pytest.mark.parametrize("bad_price", ["free", [], "NaN!", {"amount": 1}])
@pytest.mark.parametrize("bad_time", ["yesterday", [], "2026-13-45"])
def test_a_wrong_optional_field_is_left_out_and_its_record_kept(bad_price: object, bad_time: object) -> None:
    rows = [{"id": "1", "title": "kept", "price": bad_price, "at": bad_time}, {"id": "2", "price": "1.5"}]
    read, failed = read_records(rows, prepare, Row)
    assert failed == ()
    assert (read[0].title, read[0].price, read[0].at) == ("kept", None, None)
    assert read[0].raw["price"] == bad_price
    assert read[1].price == Decimal("1.5")


def test_an_overflow_in_one_record_stays_there() -> None:
    rows = [{"id": "1"}, {"id": "2", "n": Decimal("1e9999999")}, {"id": "3"}]

    def overflowing(row: dict[str, Any]) -> dict[str, Any]:
        if "n" in row:
            _ = row["n"] * row["n"] * Decimal("1e999990")
        return prepare(row)

    read, failed = read_records(rows, overflowing, Row)
    assert [row.id for row in read] == ["1", "3"]
    assert len(failed) == 1


@pytest.mark.parametrize("rows", [None, {}, "list", 7])
def test_what_is_no_list_is_unreadable(rows: Any) -> None:
    with pytest.raises(UnreadableResponse, match="a list was expected"):
        read_records(rows, prepare, Row)


class Balance(WireModel):
    balance: Decimal
    bonus: LenientDecimal = None
    account_name: str | None = None


def test_both_spellings_unknown_fields_and_raw(answer: Callable[..., Response]) -> None:
    for name in ("accountName", "account_name"):
        read = Balance.read(answer({"balance": "1.50", name: "x", "new": [1]}))
        assert (read.account_name, read.balance) == ("x", Decimal("1.50"))
        assert read.raw["new"] == [1]
    assert Balance.read(answer({"balance": "1", "bonus": "lots"})).bonus is None


def test_a_number_is_never_a_float_on_its_way(answer: Callable[..., Response]) -> None:
    read = Balance.read(answer(b'{"balance": 0.1000000000000000055511151231}'))
    assert read.balance == Decimal("0.1000000000000000055511151231")
    assert load_json(answer(b'{"a": 2.50, "b": 1e3}')) == {"a": Decimal("2.50"), "b": Decimal("1e3")}
    assert load_json(answer(b"[1.5]")) == [Decimal("1.5")]
    assert isinstance(sequence(load_json(answer(b"[1.5]"))), list)
    assert not any(isinstance(each, float) for each in sequence(load_json(answer(b"[1.5]"))) or [0.0])


def deep(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b"[" + b"9" * 5000 + b"]",
        b"[0." + b"9" * 5000 + b"]",
        deep(100_000),
        b'{"a":' * 100_000,
        b'"\xff\xfe"',
        b"\x00",
        b'{"balance": "1"',
        b'{"a": 1}{"b": 2}',
    ],
)
def test_garbage_is_a_clear_error(answer: Callable[..., Response], body: Any) -> None:
    with pytest.raises(UnreadableResponse, match="cannot be read") as caught:
        load_json(answer(body))
    assert len(str(caught.value)) < 1000
    assert caught.value.excerpt is not None
    assert len(caught.value.excerpt) <= EVIDENCE
    assert caught.value.http_status == 200


@pytest.mark.parametrize("levels", [10, 100, 300, 500, 900])
def test_deep_json_of_the_wrong_shape_is_a_clear_error(answer: Callable[..., Response], levels: int) -> None:
    body = b'{"balance": ' + deep(levels) + b"}"
    with pytest.raises(UnreadableResponse) as caught:
        Balance.read(answer(body))
    caught.value.redacted(lambda text: text)
    with pytest.raises(UnreadableResponse):
        read_records({"deep": json.loads(deep(levels))}, prepare, Row)


@pytest.mark.parametrize("body", [[], "text", 7, None, {"balance": None}, {}, {"balance": "much"}])
def test_a_wrong_shape_says_what_is_wrong(answer: Callable[..., Response], body: Any) -> None:
    with pytest.raises(UnreadableResponse, match="Balance"):
        Balance.read(answer(body, 201))


def test_the_input_is_not_in_a_validation_error() -> None:
    with pytest.raises(ValidationError) as caught:
        Balance.model_validate({"balance": "s3cret"})
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "charset", ["hex", "zlib", "rot13", "base64", "idna", "punycode", "utf-7", "nonsense", "utf-16"]
)
def test_a_wrong_charset_is_no_crash(charset: str) -> None:
    from crowdhub.protocol import error_of_no_json, error_of_status, error_words

    for body in (b"<html>\xff\xfe</html>", b"plain words", b'{"error": "words"}'):
        headers = {"content-type": f"text/html; charset={charset}"}
        reply = Response(500, content=body, headers=headers)
        assert error_of_status(reply) is not None
        error_words(reply)
        error_of_no_json(reply)
        if not body.startswith(b"{"):
            with pytest.raises(UnreadableResponse):
                load_json(reply)


@given(st.binary(max_size=200))
def test_no_bytes_crash_the_reader(body: bytes) -> None:
    from crowdhub.protocol import error_of_no_json, error_of_status

    reply = Response(502, content=body)
    error = error_of_status(reply)
    assert error is not None
    assert error.http_status == 502
    error_of_no_json(reply)
    try:
        load_json(reply)
    except UnreadableResponse as unreadable:
        assert unreadable.excerpt is not None  # noqa: PT017


@pytest.mark.parametrize("bad", [None, {"title": "no id"}, {"id": 7}, {"id": ["x"]}, {"id": "x", "pay": "1e999"}])
def test_a_record_that_a_plugin_stumbles_over_loses_none_of_the_others(bad: object) -> None:
    """By its own code, without a model: whatever it raises is that record's."""

    def read(row: Any) -> tuple[str, Money]:
        if not isinstance(row["id"], str):
            raise TypeError("an id is a text")
        return row["id"], Money(row.get("pay", "1"), "USD")

    good, unreadable = read_each([{"id": "a"}, bad, {"id": "b"}], read)
    assert [each for each, _ in good] == ["a", "b"]
    (error,) = unreadable
    assert error.records == (bad,)
