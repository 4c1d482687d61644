"""How much may be spent: by a hub, by one of its accounts, in a day, on a task."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Literal, NamedTuple, cast

from pydantic import Field
from sqlalchemy.engine import Connection

from crowdhub.errors import BudgetExceeded, ConfigurationError, InvalidRequest
from crowdhub.ledger import totals
from crowdhub.model import Model, Money

PERIODS = ("per_day", "per_task")


class Limits(Model):
    """The most that may be spent: in ``total``, in one day (UTC), on one task (its publishing and its bonuses).

    By currency; a currency that is not named is not limited.
    """

    total: Mapping[str, Money] = Field(default_factory=dict[str, Money])
    per_day: Mapping[str, Money] = Field(default_factory=dict[str, Money])
    per_task: Mapping[str, Money] = Field(default_factory=dict[str, Money])

    def __bool__(self) -> bool:
        return bool(self.total or self.per_day or self.per_task)


class Budget(Limits):
    """A hub's limits, and those of its ``accounts``, by name. All that apply are kept.

    As an application writes it::

        {"USD": "50"}
        {"USD": "50", "per_day": {"USD": "10"}, "per_task": {"USD": "5"},
         "rapidworkers": {"USD": "20", "per_day": {"USD": "4"}}}

    What is spent is read from the ledger, so it counts over processes and restarts, and only within one environment:
    a sandbox never uses up the live budget. ``unpriced`` says what becomes of a call whose price is not known before:
    ``refuse`` it where a limit applies to its account, or ``allow`` it.
    """

    accounts: Mapping[str, Limits] = Field(default_factory=dict[str, Limits])
    unpriced: Literal["refuse", "allow"] = "refuse"
    among: frozenset[str] | None = None
    """The accounts whose spending counts for the hub's limits; None: all in the ledger."""

    @classmethod
    def of(cls, given: Budget | Mapping[str, object] | None, accounts: Iterable[str] | None = None) -> Budget:
        """The budget that an application gave. ``accounts``: the hub's; any other name is an error.

        Raises `ConfigurationError`.
        """
        among = None if accounts is None else frozenset(accounts)
        if given is None:
            return cls(among=among)
        if isinstance(given, Budget):
            return given.copy_with(among=among) if among is not None else given
        if not isinstance(given, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance] - out of a file
            raise ConfigurationError(f'budget = {given!r}: give amounts by currency, such as {{"USD": "50"}}.')
        plain = dict(given)
        unpriced = plain.pop("unpriced", "refuse")
        if unpriced not in ("refuse", "allow"):
            raise ConfigurationError(f'budget: unpriced = {unpriced!r} is neither "refuse" nor "allow".')
        names = [name for name, value in plain.items() if isinstance(value, Mapping) and name not in PERIODS]
        if among is not None and (wrong := [name for name in names if name not in among]):
            raise ConfigurationError(
                f"budget: there is no account {' or '.join(map(repr, wrong))} here"
                f" (accounts: {', '.join(sorted(among))})."
            )
        per_account = {name: Limits(**_limits(plain.pop(name), f"budget.{name}")) for name in names}
        return cls(
            **_limits(plain, "budget"),
            accounts=per_account,
            unpriced="allow" if unpriced == "allow" else "refuse",
            among=among,
        )

    def __bool__(self) -> bool:
        return super().__bool__() or any(self.accounts.values())

    def applies_to(self, account: str) -> bool:
        return Limits.__bool__(self) or bool(self.accounts.get(account))

    def rules(self, account: str, task_id: str | None, day: str, currency: str) -> list[Rule]:
        """The limits that a call on ``account`` has to keep, in one currency."""
        found: list[Rule] = []
        for limits, whose, among in (
            (self, "", self.among),
            (self.accounts.get(account, Limits()), f" of {account}", frozenset({account})),
        ):
            if (most := limits.total.get(currency)) is not None:
                found.append(Rule(f"budget{whose}", most, "all", "", among))
            if (most := limits.per_day.get(currency)) is not None:
                found.append(Rule(f"budget{whose} for {day} (UTC)", most, "day", day, among))
            if (most := limits.per_task.get(currency)) is not None:
                found.append(Rule(f"budget{whose} for one task", most, "task", task_id, frozenset({account})))
        return found

    def check(
        self,
        connection: Connection,
        identity: Mapping[str, str],
        amount: Money | None,
        *,
        task_id: str | None,
        now: datetime,
        operation: str,
    ) -> None:
        """Raise `BudgetExceeded` if ``amount`` would pass a limit. To be called in the transaction that reserves it."""
        if amount is None:
            if self.unpriced == "refuse" and self.applies_to(identity["account"]):
                raise ConfigurationError(
                    "A budget is set and the price of this call is not known before it is sent.",
                    next_step="Say the most it may cost, or set unpriced to allow in the budget; nothing was sent.",
                    provider=identity["provider"],
                    account=identity["account"],
                    environment=identity["environment"],
                    operation=operation,
                )
            return
        worst: tuple[Money, str] | None = None
        for rule in self.rules(identity["account"], task_id, totals.day_of(now), amount.currency):
            left = rule.most - rule.used(connection, identity, amount.currency)
            if amount > left and (worst is None or left < worst[0]):
                worst = (left, rule.name)
        if worst is not None:
            have = max(worst[0], Money(0, amount.currency))
            raise BudgetExceeded(amount, have, budget=worst[1], **identity, operation=operation)


class Rule(NamedTuple):
    """One limit, and which totals count for it."""

    name: str
    most: Money
    kind: totals.Kind
    value: str | None
    among: frozenset[str] | None

    def used(self, connection: Connection, identity: Mapping[str, str], currency: str) -> Money:
        if self.value is None:  # a task that is about to be published: nothing was spent on it yet
            return Money(0, currency)
        provider = identity["provider"] if self.kind == "task" else None
        used = totals.used(
            connection, self.kind, self.value, identity["environment"], currency, accounts=self.among, provider=provider
        )
        return Money(used, currency)


def _limits(given: object, where: str) -> dict[str, dict[str, Money]]:
    if not isinstance(given, Mapping):
        raise ConfigurationError(f'{where} = {given!r}: give amounts by currency, such as {{"USD": "50"}}.')
    plain = dict(cast("Mapping[str, object]", given))
    found = {name: _amounts(plain.pop(name, {}), f"{where}.{name}") for name in PERIODS}
    return {"total": _amounts(plain, where), **found}


def _amounts(given: object, where: str) -> dict[str, Money]:
    if not isinstance(given, Mapping):
        raise ConfigurationError(f'{where} = {given!r}: give amounts by currency, such as {{"USD": "50"}}.')
    found: dict[str, Money] = {}
    for currency, amount in cast("Mapping[str, object]", given).items():
        try:
            money = amount if isinstance(amount, Money) else Money(cast("Decimal | int | str", amount), currency)
        except InvalidRequest as error:
            issues = "; ".join(each.what for each in error.issues)
            raise ConfigurationError(f"{where}.{currency} = {amount!r}: {issues}.") from None
        if money.amount < 0 or money.currency != str(currency).strip().upper():
            raise ConfigurationError(f"{where}.{currency} = {amount!r}: an amount of 0 or more, in {currency}.")
        found[money.currency] = money
    return found
