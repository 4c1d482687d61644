"""What the ledger knows of a batch before any of it is begun. Nothing is written or reserved here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy.engine import Connection

from crowdhub.errors import BudgetExceeded
from crowdhub.ledger import content as contents
from crowdhub.ledger import rows, totals, transitions
from crowdhub.ledger.budget import Budget, Rule
from crowdhub.ledger.ledger import Ledger
from crowdhub.model import Money


class KeyState(StrEnum):
    """What a key stands for in the ledger."""

    FREE = "free"
    """Nothing yet, or what was certainly not carried out."""
    OPEN = "open"
    """Under way, or without an outcome: its amount is reserved already."""
    DONE = "done"
    """Carried out and paid for."""
    OTHER = "other"
    """Other content: to ask for this under it is an error."""


class Need(NamedTuple):
    """What one account is about to spend on one thing, and the budget that stands before it."""

    identity: Mapping[str, str]
    amount: Money
    budget: Budget


def key_states(
    ledger: Ledger, identity: Mapping[str, str], operation: str, asked: Sequence[tuple[str, object]], owner: str | None
) -> list[KeyState]:
    """What each key stands for, asked for with this content. Raises `LedgerError`, and `InvalidRequest` for a file
    that cannot be read."""
    fingerprints = [contents.fingerprint(contents.canonical(content, ledger.redact)) for _, content in asked]

    def work(connection: Connection) -> list[KeyState]:
        found: list[KeyState] = []
        for (key, _), fingerprint in zip(asked, fingerprints, strict=True):
            row = rows.by_key(connection, identity, operation, key, owner)
            if row is None:
                found.append(KeyState.FREE)
            elif row.fingerprint != fingerprint:
                found.append(KeyState.OTHER)
            else:
                found.append(KeyState.OPEN if row.state in transitions.OPEN else KeyState.DONE)
        return found

    return ledger.database.read(work)


def check_sum(ledger: Ledger, needs: Sequence[Need]) -> None:
    """Raise `BudgetExceeded` where the sum certainly does not fit a limit of a hub, an account or a day, or a currency
    is not named. Each is checked again, and reserved, when it is begun."""
    day = totals.day_of(ledger.database.now())

    def work(connection: Connection) -> None:
        sums: dict[tuple[str, str, str], tuple[Rule, Need]] = {}
        for need in needs:
            account, currency = need.identity["account"], need.amount.currency
            need.budget.check_named(need.identity, currency, Money(need.amount.amount, currency), "publish_many")
            for rule in need.budget.rules(account, None, day, currency):
                if rule.kind == "task":
                    continue
                place = rule.name, need.identity["environment"], currency
                earlier = sums.get(place)
                whole = need.amount if earlier is None else earlier[1].amount + need.amount
                sums[place] = rule, need._replace(amount=whole)
        for rule, (identity, whole, _) in sums.values():
            left = rule.most - rule.used(connection, identity, whole.currency)
            if whole > left:
                have = max(left, Money(0, whole.currency))
                plain = Money(whole.amount, whole.currency)
                raise BudgetExceeded(plain, have, budget=rule.name, operation="publish_many")

    ledger.database.read(work)
