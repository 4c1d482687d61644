"""Money is spent once: all that has to do with it, for every spend of every plugin.

A `Purchase` is one thing to spend on. `spend` writes its intent into the ledger, asks for confirmation, sends it, looks
for what a lost answer may have paid for, sends again where that is proven safe, and settles the intent. A plugin only
says how a thing is found (`Provider.find_published`, `find_bonus`, or an operation's own `Lookup`).

- `policy`: what stands between a wish to spend and the request (ledger, budget, confirmation).
- `purchase`: one thing to spend on, and its result as the ledger keeps it.
- `once`: a purchase from its key to its result.
- `reservation`: what stands before each of its requests that take money: intent, confirmation, the witnesses.
- `outcomes`: writing down what became of it.
- `looking`: what a lost answer may have paid for.
- `batch`: many drafts published together.
- `publishing`, `bonuses`, `extending`, `native`: the purchases that there are.
- `deciding`: decisions about work, where a plugin's call for one takes money.
- `recovering`: settling what a process that ended left open.
"""

from crowdhub.operations.spending.batch import AccountBatch, Keyed, publish_many, published_before
from crowdhub.operations.spending.bonuses import pay_bonus
from crowdhub.operations.spending.deciding import DecisionTill
from crowdhub.operations.spending.extending import extend
from crowdhub.operations.spending.native import run
from crowdhub.operations.spending.plan import DryRun, dry_run
from crowdhub.operations.spending.policy import Confirm, Spend, SpendingPolicy
from crowdhub.operations.spending.publishing import Prepared, asks_for_price, publish, publish_lookup, with_reference
from crowdhub.operations.spending.recovering import Recovered, RecoverReport, Settled, recover, unresolved
from crowdhub.operations.unnoted import LedgerWarning

__all__ = [
    "AccountBatch",
    "Confirm",
    "DecisionTill",
    "DryRun",
    "Keyed",
    "LedgerWarning",
    "Prepared",
    "RecoverReport",
    "Recovered",
    "Settled",
    "Spend",
    "SpendingPolicy",
    "asks_for_price",
    "dry_run",
    "extend",
    "pay_bonus",
    "publish",
    "publish_lookup",
    "publish_many",
    "published_before",
    "recover",
    "run",
    "unresolved",
    "with_reference",
]
