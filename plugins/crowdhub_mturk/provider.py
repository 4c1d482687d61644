"""Amazon Mechanical Turk: the neutral operations, over those of its API."""

from __future__ import annotations

from crowdhub.protocol import Declaration
from crowdhub_mturk.paying import Paying
from crowdhub_mturk.people import People
from crowdhub_mturk.publishing import Publishing
from crowdhub_mturk.reviewing import Reviewing

NO_PAUSE = "a HIT can be ended before its time, and given more time; it cannot be hidden meanwhile"
NO_APPLICATIONS = "workers take a HIT without applying; `MTurkOptions(qualifications=…)` says who may"
KEYWORDS = "HITs have keywords instead: `MTurkOptions(keywords=…)`"


class MTurk(Publishing, Reviewing, Paying, People):
    """One requester's account at Amazon Mechanical Turk (https://requester.mturk.com). Pays in US dollars.

    Everything that its API can do, and not only the neutral part, is in ``api``, by family:
    ``market.run(market.provider.api.hits.list_reviewable_hits())``.
    """

    declares = Declaration(
        draft_fields={
            "title",
            "instructions",
            "reward",
            "slots",
            "proof",
            "countries",
            "deadline",
            "auto_approve",
            "questions",
        },
        absent={
            "request_redo": "the marketplace can only approve or reject",
            "bulk_review": "the API settles one assignment a call; they go side by side",
            "pause": NO_PAUSE,
            "resume": NO_PAUSE,
            "worker": "the API tells a worker's id and nothing more",
            "applications": NO_APPLICATIONS,
            "accept": NO_APPLICATIONS,
            "decline": NO_APPLICATIONS,
            "category": KEYWORDS,
            "subcategory": KEYWORDS,
            "language": "a HIT has no language of its own; a qualification can ask for one",
            "image": "show images in an ExternalForm or HtmlForm",
        },
        limits={
            "publish": "fewer than 128 characters of title and 2,000 of instructions; a form of 65,535 bytes",
            "estimate": "slots × (reward + 20 %), 40 % from ten slots on, 5 % more for Masters, a cent each at least",
            "tasks": "100 a request, chosen by status here; deleted HITs are not among them",
            "submissions": "100 a request; only what was handed in",
            "approve": "a note of at most 1,024 characters",
            "reject": "a reason of at most 1,024 characters; the slot does not open again",
            "pay_bonus": "the amount and 20 % at once",
            "find_bonus": "by amount, reason and time",
            "cancel": "workers already at it may finish",
            "extend": "a HIT of fewer than ten slots stays below ten",
            "message": "4,096 characters by e-mail, to who was approved or rejected before",
            "block": "the marketplace wants a reason, and tells the worker none",
            "find_published": "by the RequesterAnnotation, through all HITs",
            "proof": "becomes a form with this one question; with `questions`, the form says it",
            "countries": "30 at most, as a qualification",
            "deadline": "30 seconds to 365 days ahead (a week without); who is at work then may finish",
            "auto_approve": "after 0 to 30 days (30 by default); it cannot be switched off",
            "slots": "1 to 1,000,000,000",
            "reward": "whole cents",
        },
    )
