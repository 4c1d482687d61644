"""``UniqueRequestToken``: a call that was done is not done again for a day."""

from datetime import datetime, timedelta

LIFE = timedelta(hours=24)


class Tokens:
    """Remembers what each token of one kind of call made."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[datetime, str]] = {}

    def made(self, token: str | None, now: datetime) -> str | None:
        """The id of what this token made within the last day."""
        if token is None or token not in self._made:
            return None
        at, made = self._made[token]
        return made if now < at + LIFE else None

    def keep(self, token: str | None, made: str, now: datetime) -> None:
        if token is not None:
            self._made[token] = (now, made)
