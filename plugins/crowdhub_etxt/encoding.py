"""Parameters on their way out: one place that turns Python values into the texts of the wire, and checks them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from enum import Enum
from typing import cast

from crowdhub.errors import InvalidRequest, Issue
from crowdhub.model import Money

MOSCOW = timezone(timedelta(hours=3), "MSK")
"""The marketplace's own time: dates that travel as text are in it. (Its documentation names no zone; its office
hours are given in Moscow time.)"""

LONGEST_DEADLINE = timedelta(days=90)

CLOCKS = timedelta(minutes=2)
"""How far the marketplace's clock may be from ours."""

Id = int | str
Params = Mapping[str, object]
"""The parameters of a function, by their names on the wire, as Python values."""


def encode(params: Params) -> list[tuple[str, str]]:
    """The pairs of the wire. None is left out; flags are 1 and 0, times are unixtime, money whole rubles, enums
    their codes; a list becomes ``name[0]``, ``name[1]`` …"""
    pairs: list[tuple[str, str]] = []
    for name, value in params.items():
        if value is None:
            continue
        if isinstance(value, (list, tuple)):
            pairs.extend((f"{name}[{n}]", _text(name, each)) for n, each in enumerate(cast("Sequence[object]", value)))
        else:
            pairs.append((name, _text(name, value)))
    return pairs


def _text(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, Enum):
        if value.name == "UNKNOWN":
            raise InvalidRequest(issues=[Issue(name, "UNKNOWN is only for answers; choose one of the others")])
        return str(value.value)
    if isinstance(value, datetime):
        return str(int(value.timestamp()))
    if isinstance(value, Money):
        return f"{value.amount:.0f}"
    return str(value)


def day_and_hour(moment: datetime | None) -> dict[str, str | None]:
    """``deadline`` and ``timeline``, as the wire wants them: dd.mm.yyyy and hh:mm, in Moscow time."""
    if moment is None:
        return {"deadline": None, "timeline": None}
    local = moment.astimezone(MOSCOW)
    return {"deadline": f"{local:%d.%m.%Y}", "timeline": f"{local:%H:%M}"}


# --- checks: each gives the issues it finds -------------------------------------------------------------


def length(where: str, text: str | None, most: int, least: int = 0) -> list[Issue]:
    """A text of ``least`` to ``most`` characters; None is not checked."""
    if text is None or least <= len(text) <= most:
        return []
    wanted = f"at most {most}" if least == 0 else f"{least} to {most}"
    return [Issue(where, f"has {len(text)} characters; {wanted} are allowed")]


def between(where: str, value: int | None, least: int, most: int | None = None) -> list[Issue]:
    """A number in a range; None is not checked."""
    if value is None or (value >= least and (most is None or value <= most)):
        return []
    return [Issue(where, f"{value} is not {f'{least} to {most}' if most is not None else f'at least {least}'}")]


def identifier(where: str, value: Id | None) -> list[Issue]:
    """An id of the marketplace: a whole number, as a number or as text."""
    text = str(value)
    if value is None or (not isinstance(value, bool) and text.isascii() and text.isdecimal() and len(text) < 20):
        return []
    return [Issue(where, f"{value!r} is not an id of this marketplace (a whole number)")]


def identifiers(where: str, values: Iterable[Id], most: int | None = 100) -> list[Issue]:
    """At least one id, at most ``most``."""
    given = list(values)
    found = [issue for value in given for issue in identifier(where, value)]
    if not given:
        found.append(Issue(where, "is empty; name at least one"))
    elif most is not None and len(given) > most:
        found.append(Issue(where, f"names {len(given)}; at most {most} go into one call"))
    return found


def rubles(where: str, amount: Money | None) -> list[Issue]:
    """A positive whole amount of rubles; None is not checked."""
    if amount is None:
        return []
    if amount.currency != "RUB":
        return [Issue(where, f"{amount} is not in RUB, which eTXT pays in")]
    if amount.amount <= 0:
        return [Issue(where, f"{amount} is not more than 0")]
    if amount.amount != amount.amount.to_integral_value():
        return [Issue(where, f"{amount} is not in whole rubles, which eTXT takes only")]
    return []


def due(where: str, moment: datetime | None, now: datetime) -> list[Issue]:
    """A deadline: ahead of now, at most 90 days; None is not checked."""
    if moment is None:
        return []
    if moment.tzinfo is None:
        return [Issue(where, f"{moment} names no time zone")]
    if moment <= now:
        return [Issue(where, f"{moment.isoformat(timespec='minutes')} has passed")]
    if moment - now > LONGEST_DEADLINE:
        return [Issue(where, f"{moment.isoformat(timespec='minutes')} is more than 90 days ahead")]
    return []


def aware(**moments: datetime | None) -> list[Issue]:
    """Times that name their zone."""
    return [
        Issue(where, f"{moment} names no time zone")
        for where, moment in moments.items()
        if moment is not None and moment.tzinfo is None
    ]
