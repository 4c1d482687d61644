"""Switches for what the documentation leaves open or says in two ways."""

from dataclasses import dataclass
from typing import Literal


@dataclass(slots=True)
class RapidWorkersQuirks:
    """The defaults are what the documented example answers show."""

    field_names: Literal["camel", "snake", "both"] = "camel"
    """How campaigns and submissions spell their fields: the example answers camel, the sample code snake."""
    campaign_page: bool = False
    """Whether the campaign list is a page object, as the sample code reads it, or a bare array."""
    campaign_page_size: int = 100
    """Campaigns a page, where the list is a page object."""
    newest_first: bool = False
    """Whether submissions are listed newest first."""
    remaining_as_documented: bool = False
    """Whether `remainingAvailabilities` is slots - approved - rejected, as in the example."""
    integer_user_ids: bool = False
    """Whether a submission's `userId` is the integer public id."""
    blocked_public_ids: bool = False
    """Whether the list of blocked workers always shows the integer public id."""
    retry_after: Literal["none", "seconds", "date"] = "none"
    """Whether and how a 429 carries Retry-After; the documentation promises none."""
    approval_lacks_funds: bool = False
    """Whether approving fails with "Insufficient funds"."""
    user_missing: bool = False
    """Whether the account behind the key is gone, so that get_balance is 404."""
    moderation: bool = False
    """Whether a new campaign is Pending until `activate`."""
