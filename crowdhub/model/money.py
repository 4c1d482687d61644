"""Money: an exact amount in one currency."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_UP, Context, Decimal, InvalidOperation
from functools import total_ordering
from typing import TYPE_CHECKING, Self, cast

from pydantic import ModelWrapValidatorHandler, model_serializer, model_validator

from crowdhub.errors import InvalidRequest, Issue
from crowdhub.frames import also_half_made
from crowdhub.model.base import Model
from crowdhub.model.currency import exponent, is_known
from crowdhub.shown import shown

LONGEST = 40  # digits before or after the point: more is not an amount of money, and costs memory to write out
_CONTEXT = Context(prec=4 * LONGEST)  # the default one rounds to 28 digits, in silence


@total_ordering
class Money(Model):
    """A Decimal amount and an ISO 4217 currency: ``Money("1.50", "USD")``.

    Never a float (``Money(0.1, …)`` is refused). Adding or comparing two currencies is an error.
    """

    amount: Decimal
    currency: str

    if TYPE_CHECKING:

        def __init__(self, amount: Decimal | int | str, currency: str, **more: object) -> None: ...

    else:  # from a file or an answer either can be missing, which is an issue like others

        def __init__(self, /, amount: object = None, currency: object = None, **more: object) -> None:
            more |= {"amount": _exact(amount), "currency": _known(currency)}
            super().__init__(**more)

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        """``"1.50 USD"`` is accepted wherever a Money is."""
        if isinstance(value, str):
            amount, _, currency = value.strip().partition(" ")
            return {"amount": _exact(amount), "currency": _known(currency)}
        return value

    @model_validator(mode="wrap")
    @classmethod
    def _by_names(cls, value: object, read: ModelWrapValidatorHandler[Self]) -> Self:
        """Pydantic gives a mapping's names to `__init__`, whatever they are."""
        if isinstance(value, dict) and not all(isinstance(name, str) for name in cast("dict[object, object]", value)):
            raise ValueError("is no amount with its currency")
        return read(value)

    @model_serializer
    def _as_dict(self) -> dict[str, object]:
        return {"amount": str(self.amount), "currency": self.currency}

    def _same(self, other: Money) -> Decimal:
        if other.currency != self.currency:
            raise InvalidRequest(
                issues=[Issue("currency", f"{self} and {other} are in different currencies and cannot be combined")]
            )
        return other.amount

    def __add__(self, other: Money) -> Money:
        if not isinstance(other, Money):  # pyright: ignore[reportUnnecessaryIsInstance]
            return NotImplemented
        return Money(_CONTEXT.add(self.amount, self._same(other)), self.currency)

    def __sub__(self, other: Money) -> Money:
        if not isinstance(other, Money):  # pyright: ignore[reportUnnecessaryIsInstance]
            return NotImplemented
        return Money(_CONTEXT.subtract(self.amount, self._same(other)), self.currency)

    def __neg__(self) -> Money:
        return Money(self.amount.copy_negate(), self.currency)

    def __mul__(self, factor: int | Decimal) -> Money:
        if not isinstance(factor, (int, Decimal)):  # pyright: ignore[reportUnnecessaryIsInstance]
            return NotImplemented
        return Money(_CONTEXT.multiply(self.amount, Decimal(factor)), self.currency)

    __rmul__ = __mul__

    def __lt__(self, other: Money) -> bool:
        if not isinstance(other, Money):  # pyright: ignore[reportUnnecessaryIsInstance]
            return NotImplemented
        return self.amount < self._same(other)

    def __eq__(self, other: object) -> bool:
        # A Quote equals the Money it stands for.
        if not isinstance(other, Money):
            return NotImplemented
        return (self.amount, self.currency) == (other.amount, other.currency)

    def __hash__(self) -> int:
        return hash((self.amount, self.currency))

    def __bool__(self) -> bool:
        return self.amount != 0

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"

    @also_half_made
    def __repr__(self) -> str:
        return f'Money("{self.amount:f}", "{self.currency}")'

    @property
    def plain(self) -> Decimal:
        """The amount without zeros behind the currency's own decimals, as it is sent: 0.25 for 0.250 USD, 0.50 as it
        is."""
        decimals = exponent(self.currency) or 0
        amount = self.amount
        while (places := -int(amount.as_tuple().exponent)) > decimals:
            fewer = amount.quantize(Decimal(1).scaleb(1 - places), context=_CONTEXT)
            if fewer != amount:
                break
            amount = fewer
        return amount

    def rounded_up(self, places: int = 2) -> Money:
        """Rounded away from zero to ``places`` decimals: what a marketplace may charge at most."""
        step = Decimal(1).scaleb(-places)
        return Money(self.amount.quantize(step, rounding=ROUND_UP, context=_CONTEXT), self.currency)

    @classmethod
    def from_minor(cls, minor: int, currency: str) -> Self:
        """``Money.from_minor(150, "USD")`` is 1.50 USD: an amount in the currency's smallest units (ISO 4217)."""
        if type(minor) is not int:  # a flag is an int as well, and a float comes from untyped code
            raise InvalidRequest(issues=[Issue("minor", f"{shown(minor)} is not a whole number of minor units")])
        code = _known(currency)
        return cls(_exact(minor).scaleb(-_decimals(code), _CONTEXT), code)

    @property
    def minor(self) -> int:
        """The amount in the currency's smallest units: 150 for 1.50 USD, 150 for 150 JPY.

        Raises `InvalidRequest` where that is not a whole number.
        """
        units = self.amount.scaleb(_decimals(self.currency), _CONTEXT)
        if units != units.to_integral_value(context=_CONTEXT):
            raise InvalidRequest(issues=[Issue("amount", f"{self} is not a whole number of minor units")])
        return int(units)

    @classmethod
    def total(cls, amounts: Iterable[Money]) -> dict[str, Money]:
        """The sums by currency; amounts in different currencies have no common total."""
        sums: dict[str, Money] = {}
        for money in amounts:
            sums[money.currency] = sums[money.currency] + money if money.currency in sums else money
        return sums


class Quote(Money):
    """What publishing will take: a Money, with how it is made up.

    ``work`` goes to the workers, ``commission`` to the marketplace (None: not known), and ``assumption``
    says in words what of it the marketplace has not promised. ``assumed_commission`` is the share of the work that was
    taken for the commission where the marketplace does not state it (``0.10``: 10 %): the amount is an estimate then,
    and what is charged can be more.
    """

    work: Money | None = None
    commission: Money | None = None
    assumption: str | None = None
    assumed_commission: Decimal | None = None

    def __str__(self) -> str:
        """With the currency's own decimals (2 for USD, none for JPY), and with more only where they are not 0."""
        amount, decimals = self.plain, exponent(self.currency) or 0
        if -int(amount.as_tuple().exponent) < decimals:
            amount = amount.quantize(Decimal(1).scaleb(-decimals), context=_CONTEXT)
        return f"{amount:f} {self.currency}"

    @model_serializer
    def _as_dict(self) -> dict[str, object]:
        parts = {"work": self.work, "commission": self.commission, "assumption": self.assumption}
        if self.assumed_commission is not None:
            parts["assumed_commission"] = str(self.assumed_commission)
        return {"amount": str(self.amount), "currency": self.currency, **parts}

    @classmethod
    def of(
        cls,
        work: Money,
        commission: Money | None = None,
        assumption: str | None = None,
        *,
        assumed_commission: Decimal | None = None,
    ) -> Self:
        """``assumed_commission`` in place of ``commission``: a share of the work, rounded up to cents."""
        if assumed_commission is not None and commission is None:
            commission = (work * assumed_commission).rounded_up()
        total = work + commission if commission is not None else work
        return cls(
            amount=total.amount,
            currency=total.currency,
            work=work,
            commission=commission,
            assumption=assumption,
            assumed_commission=assumed_commission,
        )


class Balance(Money):
    """What an account has to spend: a Money, and what stands beside it.

    ``held`` is set aside for work under way and cannot be spent (None: not known, or not told apart). ``others`` is
    what the account has in further currencies.
    """

    held: Money | None = None
    others: tuple[Money, ...] = ()

    if TYPE_CHECKING:

        def __init__(
            self,
            amount: Decimal | int | str,
            currency: str,
            *,
            held: Money | None = None,
            others: Sequence[Money] = (),
        ) -> None: ...

    @model_serializer
    def _as_dict(self) -> dict[str, object]:
        return {"amount": str(self.amount), "currency": self.currency, "held": self.held, "others": self.others}

    @also_half_made
    def __repr__(self) -> str:
        beside = f", held={self.held!r}" if self.held is not None else ""
        if self.others:
            beside += f", others={self.others!r}"
        return f'Balance("{self.amount:f}", "{self.currency}"{beside})'


def _exact(amount: object) -> Decimal:
    if isinstance(amount, (float, bool)):
        raise InvalidRequest(
            issues=[Issue("amount", f"{shown(amount)} is a {type(amount).__name__}; give text, an int or a Decimal")]
        )
    try:
        if not isinstance(amount, (Decimal, int, str)) or (isinstance(amount, str) and "_" in amount):
            raise TypeError
        exact = Decimal(amount)
    except (InvalidOperation, TypeError, ValueError):
        raise InvalidRequest(issues=[Issue("amount", f"{shown(amount)} is not a number")]) from None
    if not exact.is_finite():
        raise InvalidRequest(issues=[Issue("amount", f"{shown(amount)} is not a finite number")])
    _, digits, exponent = exact.as_tuple()
    if len(digits) > 2 * LONGEST or abs(exact.adjusted()) > LONGEST or abs(int(exponent)) > LONGEST:
        raise InvalidRequest(
            issues=[Issue("amount", f"a number of more than {LONGEST} digits is not an amount of money")]
        )
    return exact


def _known(currency: object) -> str:
    if isinstance(currency, str):
        code = currency.strip().upper()
        if is_known(code):
            return code
    raise InvalidRequest(issues=[Issue("currency", f"{shown(currency)} is not an ISO 4217 currency code such as USD")])


def _decimals(currency: str) -> int:
    decimals = exponent(currency)
    if decimals is None:
        raise InvalidRequest(issues=[Issue("currency", f"{currency} has no minor unit")])
    return decimals
