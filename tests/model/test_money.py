import copy
import pickle
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from crowdhub import Money, Quote, TaskDraft
from crowdhub.errors import InvalidRequest

amounts = st.decimals(min_value=-(10**15), max_value=10**15, places=4)
money = amounts.map(lambda amount: Money(amount, "USD"))


@pytest.mark.parametrize("bad", [0.1, 1.0, float("nan"), True, False])
def test_a_float_or_a_flag_is_refused_with_what_to_give_instead(bad):
    with pytest.raises(InvalidRequest, match=r"amount: .*give text, an int or a Decimal"):
        Money(bad, "USD")


@pytest.mark.parametrize("bad", ["", "one", "1,50", "NaN", "Infinity", "-inf", "sNaN", None, [], "1.5 USD"])
def test_what_is_no_number_is_refused(bad):
    with pytest.raises(InvalidRequest, match="amount"):
        Money(bad, "USD")


@pytest.mark.parametrize("bad", ["", "US", "USDT", "XX1", "usdollar", None, 840, "$"])
def test_what_is_no_currency_is_refused(bad):
    with pytest.raises(InvalidRequest, match="ISO 4217"):
        Money(1, bad)


def test_any_iso_currency_in_any_case():
    assert Money(1, "usd") == Money("1.00", "USD")
    assert Money(1, " jpy ").currency == "JPY"
    assert Money(1, "VND").currency == "VND"


def test_a_float_does_not_sneak_in_through_a_model():
    for given_ in ({"amount": 0.1, "currency": "USD"}, 0.1, (0.1, "USD")):
        with pytest.raises(InvalidRequest):
            TaskDraft(title="t", reward=given_)
        with pytest.raises(ValidationError):
            Money.model_validate(given_)
    with pytest.raises(ValidationError):
        TypeAdapter(Money).validate_json('{"amount": 0.1, "currency": "USD"}')


def test_text_is_accepted_where_a_money_is():
    assert TaskDraft(reward="1.50 USD").reward == Money("1.50", "USD")
    for text in ("1.50", "USD 1.50", "1.50 USD USD", "1.50 DOLLARS"):
        with pytest.raises(InvalidRequest):
            TaskDraft(reward=text)


@pytest.mark.parametrize("combine", [lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a < b, lambda a, b: a >= b])
def test_two_currencies_never_mix(combine):
    with pytest.raises(InvalidRequest, match=r"1 USD and 2 EUR are in different currencies"):
        combine(Money(1, "USD"), Money(2, "EUR"))
    assert Money(1, "USD") != Money(1, "EUR")


@pytest.mark.parametrize("other", [1, "1 USD", Decimal(1), 1.5, None])
def test_money_does_not_mix_with_plain_numbers(other):
    for combine in (lambda a, b: a + b, lambda a, b: b + a, lambda a, b: a - b, lambda a, b: a < b):
        with pytest.raises(TypeError):
            combine(Money(1, "USD"), other)
    assert Money(1, "USD") != other
    with pytest.raises(TypeError):
        Money(1, "USD") * 1.5


def test_sum_needs_no_total_over_currencies():
    parts = [Money("0.10", "USD"), Money(2, "EUR"), Money("0.20", "USD")]
    assert Money.total(parts) == {"USD": Money("0.30", "USD"), "EUR": Money(2, "EUR")}
    assert Money.total([]) == {}


@given(money, money, money)
def test_sums_are_exact(a, b, c):
    assert (a + b) + c == a + (b + c)
    assert a + b == b + a
    assert a + b - b == a
    assert a - (a + a) == -a
    assert a - a == Money(0, "USD")
    assert not (a - a)


@given(money, st.integers(0, 10**6))
def test_a_multiple_is_a_repeated_sum(a, times):
    assert a * times == times * a
    assert (a * times).amount == a.amount * times
    assert a * Decimal(2) == a + a


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**40), max_value=10**40))
def test_large_amounts_lose_no_digit(amount):
    """The default decimal context would round to 28 digits in silence."""
    one = Money("0.01", "USD")
    try:
        total = Money(amount, "USD") + one
    except InvalidRequest:
        return  # refused is fine, rounded is not
    assert total - one == Money(amount, "USD")
    assert (total > Money(amount, "USD")) is True


@pytest.mark.parametrize("text", ["1e999999999", "1e-999999999", "9" * 10_000, "1e5000"])
def test_an_absurd_amount_is_refused_at_once(text):
    """Written out, the first would take a gigabyte."""
    with pytest.raises(InvalidRequest, match="amount"):
        Money(text, "USD")


@given(money, st.integers(0, 6))
def test_rounding_up_never_takes_away(a, places):
    rounded = a.rounded_up(places)
    assert abs(rounded.amount) >= abs(a.amount)
    assert abs(rounded.amount - a.amount) < Decimal(1).scaleb(-places)
    assert rounded.rounded_up(places) == rounded


@given(money)
def test_it_survives_text_json_pickle_and_copies(a):
    assert Money.model_validate(str(a)) == a
    assert eval(repr(a), {"Money": Money}) == a
    assert Money.model_validate(a.model_dump()) == a
    assert Money.model_validate_json(a.model_dump_json()) == a
    assert pickle.loads(pickle.dumps(a)) == a
    assert copy.deepcopy(a) == a == copy.copy(a)
    assert hash(pickle.loads(pickle.dumps(a))) == hash(a)


def test_text_is_plain_digits():
    assert str(Money("1E+3", "USD")) == "1000 USD"
    assert str(Money("0.0000001", "USD")) == "0.0000001 USD"
    assert repr(Money("2.50", "USD")) == 'Money("2.50", "USD")'
    assert Money("2.50", "USD").model_dump() == {"amount": "2.50", "currency": "USD"}


def test_equal_amounts_are_equal_and_hash_alike_whatever_their_digits():
    assert {Money("1.5", "USD"), Money("1.50", "USD"), Money("15E-1", "usd")} == {Money("1.500", "USD")}
    assert min([Money(2, "USD"), Money("1.5", "USD")]) == Money("1.5", "USD")
    assert max(Money(2, "USD"), Money("2.01", "USD")) == Money("2.01", "USD")


def test_it_is_frozen_and_knows_its_fields():
    with pytest.raises(ValidationError):
        Money(1, "USD").amount = Decimal(2)
    with pytest.raises(ValidationError):
        Money(1, "USD", tip=3)
    with pytest.raises(InvalidRequest):
        Money(1)


def test_a_quote_is_the_money_it_stands_for_and_keeps_its_parts():
    quote = Quote.of(Money(50, "USD"), Money(5, "USD"), "an assumption")
    assert quote == Money(55, "USD")
    assert Money(55, "USD") == quote
    assert hash(quote) == hash(Money(55, "USD"))
    assert quote < Money(56, "USD")
    assert quote + Money(1, "USD") == Money(56, "USD")
    assert (quote.work, quote.commission, quote.assumption) == (Money(50, "USD"), Money(5, "USD"), "an assumption")
    assert str(quote) == "55 USD"
    same = pickle.loads(pickle.dumps(quote))
    assert (same.work, same.commission) == (quote.work, quote.commission)
    assert Quote.of(Money(50, "USD")) == Money(50, "USD")
    with pytest.raises(InvalidRequest):
        Quote.of(Money(50, "USD"), Money(5, "EUR"))


def test_a_quote_loses_nothing_on_its_way_through_json():
    quote = Quote.of(Money(50, "USD"), Money(5, "USD"), "an assumption")
    back = Quote.model_validate_json(quote.model_dump_json())
    assert (back, back.work, back.commission, back.assumption) == (quote, quote.work, quote.commission, "an assumption")
