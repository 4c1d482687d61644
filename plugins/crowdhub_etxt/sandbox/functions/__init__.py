"""The 61 functions by name."""

from crowdhub_etxt.sandbox.asked import Handler
from crowdhub_etxt.sandbox.functions import (
    articles,
    checks,
    messages,
    reference,
    task_edits,
    task_lists,
    task_reviews,
    users,
)

FUNCTIONS: dict[str, Handler] = {
    **reference.FUNCTIONS,
    **users.FUNCTIONS,
    **task_lists.FUNCTIONS,
    **task_edits.FUNCTIONS,
    **task_reviews.FUNCTIONS,
    **articles.FUNCTIONS,
    **messages.FUNCTIONS,
    **checks.FUNCTIONS,
}
