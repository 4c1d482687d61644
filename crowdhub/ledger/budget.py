"""How much may be spent: by a hub, by one of its accounts, in a day, on a task."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal, NamedTuple, cast

from pydantic import Field
from sqlalchemy.engine import Connection

from crowdhub.errors import BudgetExceeded, ConfigurationError, InvalidRequest
from crowdhub.ledger import names, totals
from crowdhub.model import Model, Money
from crowdhub.shown import shown

PERIODS = ("per_day", "per_task")


class Limits(Model):
    """The most that may be spent: in ``total``, in one day (UTC), on one task (its publishing and its bonuses).

    By currency. What becomes of one that is not named, `Budget.others` says.
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
    ``refuse`` it where a limit applies to its account, or ``allow`` it while there is something left: it counts with
    what the marketplace says it took, so the last such call can pass the limit. ``others``: what becomes of spending to
    which no limit applies, in a currency that is not named for the account: ``refuse``, or ``unlimited``.
    """

    accounts: Mapping[str, Limits] = Field(default_factory=dict[str, Limits])
    unpriced: Literal["refuse", "allow"] = "refuse"
    others: Literal["refuse", "unlimited"] = "refuse"
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
            raise ConfigurationError('budget: give amounts by currency, such as {"USD": "50"}.')
        plain = dict(given)
        unpriced = plain.pop("unpriced", "refuse")
        if unpriced not in ("refuse", "allow"):
            raise ConfigurationError(f'budget: unpriced = {shown(unpriced)} is neither "refuse" nor "allow".')
        others = plain.pop("others", "refuse")
        if others not in ("refuse", "unlimited"):
            raise ConfigurationError(f'budget: others = {shown(others)} is neither "refuse" nor "unlimited".')
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
            others="unlimited" if others == "unlimited" else "refuse",
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
        currency: str | None = None,
    ) -> None:
        """Raise `BudgetExceeded` if ``amount`` would pass a limit, or no limit names its currency. To be called in the
        transaction that reserves it. ``currency``: what the account pays in, where the amount is not known."""
        if amount is None:
            if self.unpriced == "refuse" and self.applies_to(identity["account"]):
                raise ConfigurationError(
                    "A budget is set and the price of this call is not known before it is sent.",
                    next_step="Say the most it may cost, or set unpriced to allow in the budget; nothing was bought.",
                    provider=identity["provider"],
                    account=identity["account"],
                    environment=identity["environment"],
                    operation=operation,
                )
            if currency is not None:
                self.check_named(identity, currency, None, operation)
                self._check_any_left(connection, identity, currency, task_id=task_id, now=now, operation=operation)
            return
        self.check_named(identity, amount.currency, amount, operation)
        worst: tuple[Money, str] | None = None
        for rule in self.rules(identity["account"], task_id, totals.day_of(now), amount.currency):
            left = rule.most - rule.used(connection, identity, amount.currency)
            if amount > left and (worst is None or left < worst[0]):
                worst = (left, rule.name)
        if worst is not None:
            have = max(worst[0], Money(0, amount.currency))
            raise BudgetExceeded(amount, have, budget=worst[1], **identity, operation=operation)

    def check_named(self, identity: Mapping[str, str], currency: str, amount: Money | None, operation: str) -> None:
        """Raise `BudgetExceeded` for money in a currency in which no limit applies to the account, unless the budget
        lets ``others`` through."""
        account = identity["account"]
        nothing = amount is not None and not amount
        if nothing or not self or self.others == "unlimited" or self.rules(account, None, "", currency):
            return
        error = BudgetExceeded(amount, Money(0, currency), **identity, operation=operation)
        raise error.with_(
            message=f"The budget names no limit in {currency} for {account}.",
            next_step=f'Add {currency} to the budget, or set others = "unlimited" in it; nothing was bought.',
        )

    def _check_any_left(
        self,
        connection: Connection,
        identity: Mapping[str, str],
        currency: str,
        *,
        task_id: str | None,
        now: datetime,
        operation: str,
    ) -> None:
        for rule in self.rules(identity["account"], task_id, totals.day_of(now), currency):
            left = rule.most - rule.used(connection, identity, currency)
            if left.amount <= 0:
                error = BudgetExceeded(None, Money(0, currency), budget=rule.name, **identity, operation=operation)
                raise error.with_(
                    message=f"The {rule.name} has nothing left, and what this takes is not known before it is sent."
                )


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
        environment = identity["environment"]
        # What was spent from the same account under another name counts, too.
        accounts = self.among if self.among is None else names.of_the_same(connection, environment, self.among)
        used = totals.used(
            connection, self.kind, self.value, environment, currency, accounts=accounts, provider=provider
        )
        return Money(used, currency)


def _limits(given: object, where: str) -> dict[str, dict[str, Money]]:
    if not isinstance(given, Mapping):
        raise ConfigurationError(f'{where}: give amounts by currency, such as {{"USD": "50"}}.')
    plain = dict(cast("Mapping[str, object]", given))
    found = {name: _amounts(plain.pop(name, {}), f"{where}.{name}") for name in PERIODS}
    return {"total": _amounts(plain, where), **found}


def _amounts(given: object, where: str) -> dict[str, Money]:
    if not isinstance(given, Mapping):
        raise ConfigurationError(f'{where}: give amounts by currency, such as {{"USD": "50"}}.')
    found: dict[str, Money] = {}
    for currency, amount in cast("Mapping[object, object]", given).items():
        at = f"{where}.{currency if isinstance(currency, str) else shown(currency)}"
        try:
            money = amount if isinstance(amount, Money) else Money(cast("str", amount), cast("str", currency))
        except InvalidRequest as error:
            issues = "; ".join(each.what for each in error.issues)
            raise ConfigurationError(f"{at} = {shown(amount)}: {issues}.") from None
        if money.amount < 0 or money.currency != str(currency).strip().upper():
            raise ConfigurationError(f"{at} = {shown(amount)}: an amount of 0 or more, in {currency}.")
        if money.currency in found:
            raise ConfigurationError(f"{where} names {money.currency} twice.")
        found[money.currency] = money
    return found
