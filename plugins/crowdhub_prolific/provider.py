"""Prolific: the neutral operations. Written from its documentation alone; never tried against the live service."""

from __future__ import annotations

from crowdhub.protocol import Declaration
from crowdhub_prolific.bonuses import Bonuses
from crowdhub_prolific.publishing import Publishing
from crowdhub_prolific.reviewing import Reviewing


class Prolific(Publishing, Reviewing, Bonuses):
    """Prolific (https://www.prolific.com), where researchers find participants for their studies. Pays in the
    workspace's currency, GBP or USD.

    Calls without a neutral verb are in ``api``:
    ``market.run(market.provider.api.request_return(submission.id, ["…"]))``.
    """

    declares = Declaration(
        draft_fields={"title", "instructions", "reward", "slots", "questions", "auto_approve"},
        absent={
            "request_redo": "work is approved or rejected; `provider.api.request_return` asks for the place back",
            "find_bonus": "bonuses are told as amounts alone; right after a lost answer they are counted",
            "worker": "the API has no profiles of participants",
            "applications": "participants take a place without applying",
            "accept": "participants take a place without applying",
            "decline": "participants take a place without applying",
            "proof": "participants hand in on a page of yours; ask for it there",
            "category": "studies have labels: `ProlificOptions(study_labels=…)`",
            "subcategory": "studies have labels: `ProlificOptions(study_labels=…)`",
            "countries": "who may take part is said by filters: `ProlificOptions(filters=…)`",
            "language": "who may take part is said by filters: `ProlificOptions(filters=…)`",
            "image": "a study is a page of yours; show it there",
            "deadline": "a study runs until its places are taken; stop it with `cancel`",
        },
        limits={
            "publish": "a draft, then its publishing; `ProlificOptions` with minutes and a completion code are needed",
            "estimate": "as the marketplace's own calculator says, fee and tax included",
            "find_published": "by the mark behind the internal name",
            "tasks": "those of one project",
            "approve": "the note goes nowhere",
            "reject": "a reason of at least 100 characters, and a category: `ProlificReject`",
            "bulk_review": "approvals of one study, 1,000 in one request; told after a look",
            "pay_bonus": "the reason goes nowhere; one at a time for each workspace",
            "extend": "more places, not more time",
            "message": "needs a study in which the participant took part, which is looked for",
            "block": "keeps out of studies that are published later, not of running ones; the reason is not kept",
            "blocked_workers": "the participant group that `block` makes",
            "questions": "an `ExternalForm`: a page of yours",
            "auto_approve": "True: with the completion code; else after 21 days, which cannot be changed",
            "reward": "whole pence or cents of the workspace's currency",
        },
    )
