"""eTXT: the neutral operations, over the functions of its API."""

from __future__ import annotations

from crowdhub.protocol import Declaration
from crowdhub_etxt.bonuses import Bonuses
from crowdhub_etxt.people import People
from crowdhub_etxt.publishing import Publishing
from crowdhub_etxt.reviewing import Reviewing


class Etxt(Publishing, Reviewing, Bonuses, People):
    """eTXT (https://www.etxt.ru), a Russian marketplace for texts. Pays in whole rubles (RUB).

    Everything that its API can do, and not only the neutral part, is in ``api``, by family:
    ``market.run(market.provider.api.messages.get_count_unread())``.
    """

    copies_keep_marks = True
    auto_approval_untold = "work is never approved by itself"
    declares = Declaration(
        draft_fields={"title", "instructions", "reward", "slots", "proof", "category", "image", "deadline"},
        absent={
            "subcategory": "categories are one list: give the subcategory's own number as `category`",
            "countries": "an order cannot be limited to countries; `EtxtOptions(target_task=…)` limits who may take it",
            "language": "only translations name languages: `EtxtOptions(language_from=…, language_to=…)`",
            "auto_approve": "work is never approved by itself; `EtxtOptions(auto_work=…)` accepts applications",
            "questions": "performers hand in texts and files; describe them in the instructions or in `proof`",
            "pause": "an order is hidden only by saving it anew with all its settings, which the API does not tell",
            "resume": "orders cannot be paused; `publish_draft` publishes one that is a draft",
        },
        limits={
            "publish": "title 512, instructions 9,960, source text 40,000 characters; whole rubles",
            "estimate": "without the commission, which is not documented, unless the account's settings assume one",
            "tasks": "100 a page; no paused or cancelled ones",
            "submissions": "links of files live about a day",
            "approve": "a comment of at most 5,000 characters",
            "request_redo": "a comment of at most 5,000 characters",
            "reject": "overdue orders at once; those under review by a ticket that the staff decide",
            "bulk_review": "100 orders in one call; several redos in one call lose their comments",
            "pay_bonus": "whole rubles, at most 3 × the order's price; the reason is not passed on",
            "find_bonus": "by the statement, where the performer has no other order of the account",
            "cancel": "waiting, overdue and draft orders only",
            "extend": "a new deadline, at most 90 days ahead; no more places",
            "message": "10,000 characters, one a minute; the account's own rating must be above 10,000",
            "block": "the reason is not kept",
            "accept": "of a multiple order: makes a new order",
            "proof": "added to the instructions",
            "category": "its number",
            "image": "attached as the order's file",
            "deadline": "at most 90 days ahead, to the minute, sent in Moscow time",
            "slots": "above 1: a multiple order, which gives out an order for each application accepted",
            "reward": "whole rubles; with `EtxtOptions(price_type=PER_1000_CHARACTERS)`, for 1,000 characters",
        },
    )
