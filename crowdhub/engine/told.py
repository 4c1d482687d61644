"""What answers tell of an account's money by the way."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import datetime

from crowdhub.model import Money
from crowdhub.protocol import Call, Effect


class ToldBalance:
    """What the last answer told of the account's money, as long as nothing has changed it since from here."""

    def __init__(self) -> None:
        self.last: tuple[Money, datetime] | None = None
        self._changes = 0
        self._under_way = 0

    @contextmanager
    def around(self, call: Call) -> Generator[Callable[[Money | None, datetime], None]]:
        """Around a request; yields what takes the balance that its answer told. It counts only where nothing else that
        may change it was under way meanwhile."""
        if call.effect is Effect.READ:
            yield _ignored
            return
        self.last = None
        self._changes += 1
        self._under_way += 1
        mine, alone = self._changes, self._under_way == 1

        def hear(money: Money | None, at: datetime) -> None:
            if money is not None and alone and mine == self._changes:
                self.last = money, at

        try:
            yield hear
        finally:
            self._under_way -= 1


def _ignored(money: Money | None, at: datetime) -> None:
    """What a call that changes nothing tells of it is not kept."""
