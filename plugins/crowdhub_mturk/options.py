"""What a draft can say to MTurk alone."""

from __future__ import annotations

from typing import ClassVar

from crowdhub.model import FreeText, ProviderOptions, TaskDraft
from crowdhub_mturk.structures import QualificationRequirement

DAY = 24 * 3600
LIFETIME = 7 * DAY
DURATION = 3600


class MTurkOptions(ProviderOptions):
    """Settings of a draft for MTurk alone. Durations are whole seconds.

    ``keywords``: words by which workers find it. ``description``: what they read in the list of HITs in place of the
    instructions, which the form then shows. ``lifetime``: how long they may take it (a week), in place of the draft's
    ``deadline``; ``assignment_duration``: how long one worker may take (an hour). ``auto_approval_delay``: when work
    that nobody decided on is approved, and paid, by itself (the marketplace's default is 30 days), in place of the
    draft's ``auto_approve``. ``qualifications``: what workers must have or not have; ``masters``: Masters only, for 5 %
    more.
    """

    provider: ClassVar[str] = "mturk"

    keywords: tuple[str, ...] = ()
    description: str | None = None
    lifetime: int | None = None
    assignment_duration: int = DURATION
    auto_approval_delay: int | None = None
    qualifications: tuple[QualificationRequirement, ...] = ()
    masters: bool = False


class MTurkText(FreeText):
    """A free text question in a box of so many ``lines``."""

    provider: ClassVar[str] = "mturk"

    lines: int | None = None


class MTurkFile(FreeText):
    """A question that is answered with a file of ``min_bytes`` to ``max_bytes``; the limits of a text do not count."""

    provider: ClassVar[str] = "mturk"

    min_bytes: int = 1
    max_bytes: int = 10_000_000


def options_of(draft: TaskDraft) -> MTurkOptions:
    found = draft.options_for("mturk")
    return found if isinstance(found, MTurkOptions) else MTurkOptions()
