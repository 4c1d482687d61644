"""eTXT: performers apply and are chosen; a text that is too much like others is sent back to be done again."""

from __future__ import annotations

from decimal import Decimal

from crowdhub.demo.scene import Lost, Scene
from crowdhub.model import Money, Submission

UNIQUE = Decimal(90)
FIGURE = "per_antiplagiat"  # eTXT's own figure of how unlike other texts this one is


def judge(work: Submission) -> str | None:
    unique = (work.quality or {}).get(FIGURE)
    if unique is None or unique >= UNIQUE:
        return None
    return f"Only {unique:f} % of it is unlike other texts; {UNIQUE} % are needed."


SCENE = Scene(
    name="etxt",
    reward=Money(40, "RUB"),
    slots=8,
    judge=judge,
    settings={"id_category": 6, "size": 300},
    # The first saveTask makes a draft, which costs nothing; the second publishes it.
    lost=(Lost(r"tasks\.saveTask$", skip=1), Lost(r"tasks\.paidTask$"), Lost(r"tasks\.extraPaid$")),
    singly=0,
    how="up to 100 orders in a request",
    bonus=Money(15, "RUB"),
    sandbox={"work_rate": 10, "work_hours": 1, "poor_share": 0.4},
)
