"""Moments as the database keeps them: whole microseconds since 1970, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from crowdhub.errors import InvalidRequest, Issue

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(moment: datetime) -> int:
    """Microseconds since 1970, exact. Raises `InvalidRequest` for a moment without a time zone."""
    if moment.tzinfo is None:
        raise InvalidRequest(issues=[Issue("moment", f"{moment.isoformat()} has no time zone")])
    return (moment - EPOCH) // timedelta(microseconds=1)


def moment_of(number: int) -> datetime:
    """The moment that `micros` made ``number`` of."""
    return EPOCH + timedelta(microseconds=number)
