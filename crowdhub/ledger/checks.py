"""What may be begun: sensible keys and amounts, and a key for one thing only."""

from __future__ import annotations

import json

from crowdhub.errors import InvalidRequest, Issue
from crowdhub.ledger.content import difference
from crowdhub.model import Money
from crowdhub.model.keys import key_issues
from crowdhub.store.schema import IntentRow

LARGEST_AMOUNT = 15  # digits before the point
MOST_DECIMALS = 9


def check(key: str | None, amount: Money | None) -> None:
    """Raise `InvalidRequest` for a key or an amount that cannot be kept."""
    issues = key_issues(key)
    if amount is not None and not is_countable(amount):
        issues.append(
            Issue(
                "amount",
                f"{str(amount.amount)[:40]} cannot be spent: give 0 or more, with at most {LARGEST_AMOUNT} digits"
                f" before the point and {MOST_DECIMALS} after it",
            )
        )
    if issues:
        raise InvalidRequest(issues=issues)


def counted(money: Money) -> Money | None:
    """A charge that was told, with as many decimals as are counted; None where it makes no sense."""
    if is_countable(money):
        return money
    if money.amount.adjusted() >= LARGEST_AMOUNT:
        return None
    rounded = Money(Money(round(money.amount, MOST_DECIMALS), money.currency).plain, money.currency)
    return rounded if is_countable(rounded) else None


def is_countable(money: Money) -> bool:
    """Whether sums of it stay exact."""
    exponent = money.amount.as_tuple().exponent
    return money.amount >= 0 and money.amount.adjusted() < LARGEST_AMOUNT and int(exponent) >= -MOST_DECIMALS


def other_account(earlier: IntentRow, row: IntentRow) -> InvalidRequest | None:
    """The error for a key that an account of this name, which another API key opens, has; None where it is the same
    account, as far as that is known."""
    if earlier.owner is None or row.owner is None or earlier.owner == row.owner:
        return None
    said = f"was used for an account that is called {row.account!r} as well, and is opened by another API key"
    return InvalidRequest(
        issues=[Issue("key", f"{row.key!r} {said}")],
        next_step="Give two accounts two names. If it is one account whose API key was changed, say so, once:"
        f" crowdhub ledger key-changed --account {row.account}. Nothing was sent.",
        provider=row.provider,
        account=row.account,
        environment=row.environment,
        operation=row.operation,
    )


def other_content(earlier: IntentRow, row: IntentRow) -> InvalidRequest:
    """The error for a key that was used for something else, with the difference field by field."""
    if earlier.content is None or row.content is None:
        issues = [Issue("content", "differs; the first one's was compacted away")]
    else:
        issues = difference(json.loads(earlier.content), json.loads(row.content))
    return InvalidRequest(
        f"The key {row.key!r} was used for another {row.operation}: {'; '.join(map(str, issues))}.",
        issues=issues,
        next_step="Use a new key for a new request, or ask for the same as before; nothing was sent.",
        provider=row.provider,
        account=row.account,
        environment=row.environment,
        operation=row.operation,
    )
