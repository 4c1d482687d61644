"""The report of work that marketplaces will settle, and pay for, if nobody decides before."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from crowdhub.errors import CrowdhubError
from crowdhub.model.base import Model
from crowdhub.model.money import Money
from crowdhub.model.submission import Submission


class DueReport(Model):
    """``submissions``: those that will be approved by themselves, soonest first; ``auto_approves_at`` says when.

    ``total``: what that will take, by currency, commission included where it is known; of ``unpriced`` submissions the
    price is not told. ``undated``: pending ones whose moment is not told. ``untold``: the accounts whose marketplace
    tells of no moment at all, each with the reason. ``failed``: the accounts that could not be asked.
    """

    submissions: tuple[Submission, ...] = ()
    total: Mapping[str, Money] = Field(default_factory=dict[str, Money])
    unpriced: int = 0
    undated: int = 0
    untold: Mapping[str, str] = Field(default_factory=dict[str, str])
    failed: Mapping[str, CrowdhubError] = Field(default_factory=dict[str, CrowdhubError])

    def __add__(self, other: DueReport) -> DueReport:
        return DueReport(
            submissions=tuple(sorted((*self.submissions, *other.submissions), key=soonest)),
            total=Money.total((*self.total.values(), *other.total.values())),
            unpriced=self.unpriced + other.unpriced,
            undated=self.undated + other.undated,
            untold={**self.untold, **other.untold},
            failed={**self.failed, **other.failed},
        )


def soonest(submission: Submission) -> tuple[float, str, str]:
    """The order of what is due: by its moment (one that has none last), then by account and id."""
    at = submission.auto_approves_at
    return (at.timestamp() if at is not None else float("inf"), submission.account, submission.id)


__all__ = ["DueReport", "soonest"]
