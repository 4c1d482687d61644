"""The account's money."""

from __future__ import annotations

from crowdhub.protocol import Flow, operation
from crowdhub_mturk.functions.base import Family
from crowdhub_mturk.records import AccountBalance


class AccountMoney(Family):
    @operation
    def get_account_balance(self) -> Flow[AccountBalance]:
        """``GetAccountBalance``: what can be spent, and what is held for HITs."""
        return AccountBalance.parse((yield from self._ask("GetAccountBalance", {})))
