from __future__ import annotations

import copy
import operator
import pickle
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, cast

import pycountry
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from crowdhub import Money, Quote, TaskDraft
from crowdhub.errors import InvalidRequest
from crowdhub.ledger.content import canonical, result_text
from crowdhub.model import Balance
from crowdhub.model.currency import exponent

amounts = st.decimals(min_value=-(10**15), max_value=10**15, places=4)
money = amounts.map(lambda amount: Money(amount, "USD"))


@pytest.mark.parametrize("bad", [0.1, 1.0, float("nan"), True, False])
def test_a_float_or_a_flag_is_refused_with_what_to_give_instead(bad: Any) -> None:
    with pytest.raises(InvalidRequest, match=r"amount: .*give text, an int or a Decimal"):
        Money(bad, "USD")


@pytest.mark.parametrize("bad", ["", "one", "1,50", "1_000", "NaN", "Infinity", "-inf", "sNaN", None, [], "1.5 USD"])
def test_what_is_not_a_number_is_refused(bad: Any) -> None:
    with pytest.raises(InvalidRequest, match="amount"):
        Money(bad, "USD")


@pytest.mark.parametrize("bad", ["", "US", "USDT", "XX1", "usdollar", None, 840, "$"])
def test_what_is_not_a_currency_is_refused(bad: Any) -> None:
    with pytest.raises(InvalidRequest, match="ISO 4217"):
        Money(1, bad)


def test_any_iso_currency_in_any_case() -> None:
    assert Money(1, "usd") == Money("1.00", "USD")
    assert Money(1, " jpy ").currency == "JPY"
    assert Money(1, "VND").currency == "VND"


def test_a_float_does_not_sneak_in_through_a_model() -> None:
    inputs: list[Any] = [{"amount": 0.1, "currency": "USD"}, 0.1, (0.1, "USD")]
    for given_ in inputs:
        with pytest.raises(InvalidRequest):
            TaskDraft(title="t", reward=given_)
        with pytest.raises(ValidationError):
            Money.model_validate(given_)
    with pytest.raises(ValidationError):
        TypeAdapter(Money).validate_json('{"amount": 0.1, "currency": "USD"}')


def test_text_is_accepted_where_a_money_is() -> None:
    def rewarded(text: Any) -> TaskDraft:
        return TaskDraft(reward=text)

    assert rewarded("1.50 USD").reward == Money("1.50", "USD")
    for text in ("1.50", "USD 1.50", "1.50 USD USD", "1.50 DOLLARS"):
        with pytest.raises(InvalidRequest):
            rewarded(text)


@pytest.mark.parametrize("combine", [operator.add, operator.sub, operator.lt, operator.ge])
def test_two_currencies_never_mix(combine: Callable[[Money, Money], object]) -> None:
    with pytest.raises(InvalidRequest, match=r"1 USD and 2 EUR are in different currencies"):
        combine(Money(1, "USD"), Money(2, "EUR"))
    assert Money(1, "USD") != Money(1, "EUR")


@pytest.mark.parametrize("other", [1, "1 USD", Decimal(1), 1.5, None])
def test_money_does_not_mix_with_plain_numbers(other: Any) -> None:
    for combine in (operator.add, operator.sub, operator.lt):
        with pytest.raises(TypeError):
            combine(Money(1, "USD"), other)
        with pytest.raises(TypeError):
            combine(other, Money(1, "USD"))
    assert Money(1, "USD") != other
    factor: Any = 1.5
    with pytest.raises(TypeError):
        _ = Money(1, "USD") * factor


def test_sum_needs_no_total_over_currencies() -> None:
    parts = [Money("0.10", "USD"), Money(2, "EUR"), Money("0.20", "USD")]
    assert Money.total(parts) == {"USD": Money("0.30", "USD"), "EUR": Money(2, "EUR")}
    assert Money.total([]) == {}


@given(money, money, money)
def test_sums_are_exact(a: Money, b: Money, c: Money) -> None:
    assert (a + b) + c == a + (b + c)
    assert a + b == b + a
    assert a + b - b == a
    assert a - (a + a) == -a
    assert a - a == Money(0, "USD")
    assert not (a - a)


@given(money, st.integers(0, 10**6))
def test_a_multiple_is_a_repeated_sum(a: Money, times: int) -> None:
    assert a * times == times * a
    assert (a * times).amount == a.amount * times
    assert a * Decimal(2) == a + a


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**40), max_value=10**40))
def test_large_amounts_lose_no_digit(amount: Decimal) -> None:
    """The default decimal context would round to 28 digits in silence."""
    one = Money("0.01", "USD")
    try:
        total = Money(amount, "USD") + one
    except InvalidRequest:
        return  # refused is fine, rounded is not
    assert total - one == Money(amount, "USD")
    assert (total > Money(amount, "USD")) is True


@pytest.mark.parametrize("text", ["1e999999999", "1e-999999999", "9" * 10_000, "1e5000"])
def test_an_absurd_amount_is_refused_at_once(text: str) -> None:
    """Written out, the first would take a gigabyte."""
    with pytest.raises(InvalidRequest, match="amount"):
        Money(text, "USD")


@given(money, st.integers(0, 6))
def test_rounding_up_never_takes_away(a: Money, places: int) -> None:
    rounded = a.rounded_up(places)
    assert abs(rounded.amount) >= abs(a.amount)
    assert abs(rounded.amount - a.amount) < Decimal(1).scaleb(-places)
    assert rounded.rounded_up(places) == rounded


@given(money)
def test_it_survives_text_json_pickle_and_copies(a: Money) -> None:
    assert Money.model_validate(str(a)) == a
    assert eval(repr(a), {"Money": Money}) == a
    assert Money.model_validate(a.model_dump()) == a
    assert Money.model_validate_json(a.model_dump_json()) == a
    assert pickle.loads(pickle.dumps(a)) == a
    assert copy.deepcopy(a) == a == copy.copy(a)
    assert hash(pickle.loads(pickle.dumps(a))) == hash(a)


def test_text_is_plain_digits() -> None:
    assert str(Money("1E+3", "USD")) == "1000 USD"
    assert str(Money("0.0000001", "USD")) == "0.0000001 USD"
    assert repr(Money("2.50", "USD")) == 'Money("2.50", "USD")'
    assert Money("2.50", "USD").model_dump() == {"amount": "2.50", "currency": "USD"}


def test_equal_amounts_are_equal_and_hash_alike_whatever_their_digits() -> None:
    assert {Money("1.5", "USD"), Money("1.50", "USD"), Money("15E-1", "usd")} == {Money("1.500", "USD")}
    assert min([Money(2, "USD"), Money("1.5", "USD")]) == Money("1.5", "USD")
    assert max(Money(2, "USD"), Money("2.01", "USD")) == Money("2.01", "USD")


def test_it_is_frozen_and_knows_its_fields() -> None:
    one: Any = Money(1, "USD")
    with pytest.raises(ValidationError):
        one.amount = Decimal(2)
    with pytest.raises(ValidationError):
        Money(1, "USD", tip=3)
    missing: dict[str, Any] = {"amount": 1}
    with pytest.raises(InvalidRequest):
        Money(**missing)


def test_a_quote_is_the_money_it_stands_for_and_keeps_its_parts() -> None:
    quote = Quote.of(Money(50, "USD"), Money(5, "USD"), "an assumption")
    assert quote == Money(55, "USD")
    assert Money(55, "USD") == quote
    assert hash(quote) == hash(Money(55, "USD"))
    assert quote < Money(56, "USD")
    assert quote + Money(1, "USD") == Money(56, "USD")
    assert (quote.work, quote.commission, quote.assumption) == (Money(50, "USD"), Money(5, "USD"), "an assumption")
    assert str(quote) == "55.00 USD"
    same = pickle.loads(pickle.dumps(quote))
    assert (same.work, same.commission) == (quote.work, quote.commission)
    assert Quote.of(Money(50, "USD")) == Money(50, "USD")
    with pytest.raises(InvalidRequest):
        Quote.of(Money(50, "USD"), Money(5, "EUR"))


def test_a_quote_loses_nothing_on_its_way_through_json() -> None:
    quote = Quote.of(Money(50, "USD"), Money(5, "USD"), "an assumption")
    back = Quote.model_validate_json(quote.model_dump_json())
    assert (back, back.work, back.commission, back.assumption) == (quote, quote.work, quote.commission, "an assumption")


MINOR = [
    (150, "USD", "1.50"),
    (1, "USD", "0.01"),
    (-7, "EUR", "-0.07"),
    (0, "RUB", "0"),
    (150, "JPY", "150"),
    (1500, "KRW", "1500"),
    (1500, "KWD", "1.500"),
    (12345, "CLF", "1.2345"),
    (10**30, "USD", "1" + "0" * 28),
]


@pytest.mark.parametrize(("minor", "currency", "amount"), MINOR)
def test_minor_units_by_the_currency(minor: int, currency: str, amount: str) -> None:
    money = Money.from_minor(minor, currency)
    assert money == Money(amount, currency)
    assert (money.minor, type(money.minor)) == (minor, int)


def test_an_amount_from_minor_units_shows_them() -> None:
    assert str(Money.from_minor(150, "usd")) == "1.50 USD"
    assert str(Money.from_minor(100, "USD")) == "1.00 USD"
    assert str(Money.from_minor(5, "KWD")) == "0.005 KWD"


CURRENCIES = cast("Iterable[Any]", pycountry.currencies)
CODES: list[str] = sorted(each.alpha_3 for each in CURRENCIES)


@given(st.integers(-(10**20), 10**20), st.sampled_from(CODES))
def test_every_currency_has_its_minor_unit_or_says_that_it_has_none(minor: int, currency: str) -> None:
    if exponent(currency) is None:
        assert currency.startswith("X")
        with pytest.raises(InvalidRequest, match="has no minor unit"):
            Money.from_minor(minor, currency)
    else:
        assert Money.from_minor(minor, currency).minor == minor


@pytest.mark.parametrize(
    ("amount", "currency"), [("0.001", "USD"), ("1.5", "JPY"), ("0.0001", "KWD"), ("1E-39", "EUR")]
)
def test_a_part_of_a_minor_unit_is_refused(amount: str, currency: str) -> None:
    with pytest.raises(InvalidRequest, match="not a whole number of minor units"):
        _ = Money(amount, currency).minor
    assert Money("1.500", "USD").minor == 150


@pytest.mark.parametrize("bad", [1.0, "150", None, True, Decimal(150)])
def test_minor_units_are_a_whole_number(bad: Any) -> None:
    with pytest.raises(InvalidRequest, match="whole number of minor units"):
        Money.from_minor(bad, "USD")


def test_a_metal_has_no_minor_unit() -> None:
    for ask in (lambda: Money.from_minor(1, "XAU"), lambda: Money(1, "XAU").minor):
        with pytest.raises(InvalidRequest, match="XAU has no minor unit"):
            _ = ask()
    with pytest.raises(InvalidRequest, match="ISO 4217"):
        Money.from_minor(1, "DOLLARS")


BALANCE = Balance("10.50", "USD", held=Money(2, "USD"), others=(Money(3, "EUR"), Money(400, "JPY")))


def test_a_balance_is_the_money_that_is_available() -> None:
    assert isinstance(BALANCE, Money)
    plain, balance = Money("10.5", "USD"), BALANCE
    assert balance == plain
    assert plain == balance
    assert hash(balance) == hash(plain)
    assert balance < Money(11, "USD")
    assert Money(1, "USD") < balance
    assert str(BALANCE) == "10.50 USD"
    assert BALANCE - Money("0.50", "USD") == Money(10, "USD")
    assert type(BALANCE + Money(1, "USD")) is Money
    assert BALANCE.minor == 1050
    with pytest.raises(InvalidRequest, match="different currencies"):
        _ = balance < Money(1, "EUR")


def test_its_repr_shows_what_stands_beside_it() -> None:
    assert repr(Balance(1, "USD")) == 'Balance("1", "USD")'
    assert repr(Balance(1, "USD", held=Money(2, "USD"))) == 'Balance("1", "USD", held=Money("2", "USD"))'
    again = eval(repr(BALANCE), {"Money": Money, "Balance": Balance})
    assert (again, again.held, again.others) == (BALANCE, BALANCE.held, BALANCE.others)
    assert type(again) is Balance


@given(money, st.none() | money, st.lists(money, max_size=2).map(tuple))
def test_a_balance_loses_nothing_on_its_way(free: Money, held: Money | None, others: tuple[Money, ...]) -> None:
    balance = Balance(free.amount, free.currency, held=held, others=others)
    ways = [
        Balance.model_validate_json(balance.model_dump_json()),
        Balance.model_validate(balance.model_dump()),
        pickle.loads(pickle.dumps(balance)),
        copy.deepcopy(balance),
    ]
    for again in ways:
        assert (type(again), again, again.held, again.others) == (Balance, balance, held, others)


def test_a_balance_is_frozen_and_knows_its_fields() -> None:
    balance: Any = BALANCE
    with pytest.raises(ValidationError):
        balance.held = None
    wrong: dict[str, Any] = {"amount": 1, "currency": "USD", "hold": 3}
    with pytest.raises(ValidationError):
        Balance(**wrong)
    with pytest.raises(InvalidRequest):
        Balance.from_minor(1, "DOLLARS")
    assert type(Balance.from_minor(150, "USD")) is Balance


def test_the_ledger_takes_it_for_the_money_it_is() -> None:
    assert canonical({"have": BALANCE}) == canonical({"have": Money("10.50", "USD")})
    again = Balance.model_validate_json(result_text(BALANCE))
    assert (again, again.held, again.others) == (BALANCE, BALANCE.held, BALANCE.others)


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        ("2.5", "USD", "2.50 USD"),
        ("2.500000", "USD", "2.50 USD"),
        ("0.0012", "USD", "0.0012 USD"),
        ("150.00", "JPY", "150 JPY"),
        ("1.5", "KWD", "1.500 KWD"),
        ("0", "USD", "0.00 USD"),
    ],
)
def test_an_estimate_is_shown_with_the_currencys_own_decimals(amount: str, currency: str, shown: str) -> None:
    assert str(Quote.of(Money(amount, currency))) == shown


@pytest.mark.parametrize(
    ("amount", "currency", "plain"),
    [
        ("0.250", "USD", "0.25"),
        ("0.50", "USD", "0.50"),
        ("2", "USD", "2"),
        ("0.9752", "USD", "0.9752"),
        ("7.0", "JPY", "7"),
    ],
)
def test_zeros_behind_the_currencys_decimals_are_not_sent(amount: str, currency: str, plain: str) -> None:
    assert str(Money(amount, currency).plain) == plain
