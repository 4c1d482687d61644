"""Switches for what the documentation leaves open or says in two ways."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(slots=True)
class ProlificQuirks:
    """The defaults are what the documentation shows most often."""

    errors: Literal["wrapped", "bare", "message"] = "wrapped"
    """How an error is written: ``{"error": {…}}``, the inner object alone, or ``{"message", "detail"}``."""
    links: bool = True
    """Whether a list tells what follows (``_links``, ``meta``), as Prolific's own client reads it; the API's
    description shows its rows alone."""
    behind_the_end: Literal["empty", "missing"] = "missing"
    """What a page behind the last one is."""
    unknown_study: Literal["empty", "missing"] = "empty"
    """What the submissions of a study that is not there are."""
    fractions: bool = False
    """Whether amounts are written with a decimal point (``409.0``)."""
    empty_answers: bool = False
    """Whether an answer that says nothing has no body, in place of a JSON text."""
    publishing_for: float = 0
    """Seconds for which a study that was published shows as PUBLISHING."""
    publish_again: Literal["refused", "ignored", "no funds"] = "refused"
    """What it is to publish what is published already; ``no funds``: where the money does not suffice for it once more,
    that is said first."""
    same_places: Literal["ignored", "refused"] = "ignored"
    """What it is to ask for as many places as there are: they can only be increased."""
    stopped_waits: bool = True
    """Whether a stopped study with work to review shows as AWAITING REVIEW."""
    bulk_delay: float = 20
    """Seconds after which a bulk approval is carried out."""
    bonus_delay: float = 120
    """Seconds after which a bonus that was paid is shown with its submission."""
    funds_words: str = "Not enough balance to publish this study"
    """How it says that there is too little money; not documented."""
