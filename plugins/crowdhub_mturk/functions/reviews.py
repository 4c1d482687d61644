"""What the marketplace's own review policies came to."""

from __future__ import annotations

from crowdhub.protocol import Flow, operation
from crowdhub_mturk.functions.base import ROWS, Family
from crowdhub_mturk.records import ReviewPolicyResults
from crowdhub_mturk.words import ReviewPolicyLevel


class Reviews(Family):
    @operation
    def list_review_policy_results_for_hit(
        self,
        hit_id: str,
        policy_levels: tuple[ReviewPolicyLevel, ...] | None = None,
        retrieve_actions: bool | None = None,
        retrieve_results: bool | None = None,
        next_token: str | None = None,
    ) -> Flow[ReviewPolicyResults]:
        """``ListReviewPolicyResultsForHIT``: one page; ``next_token`` of the last one asks for the next."""
        asked = {
            "HITId": hit_id,
            "PolicyLevels": policy_levels,
            "RetrieveActions": retrieve_actions,
            "RetrieveResults": retrieve_results,
            "NextToken": next_token,
            "MaxResults": ROWS,
        }
        answer = yield from self._ask("ListReviewPolicyResultsForHIT", asked)
        return ReviewPolicyResults.parse(answer)
