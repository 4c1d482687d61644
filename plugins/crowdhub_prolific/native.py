"""What only Prolific has, call by call: ``market.run(market.provider.api.…)``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crowdhub.errors import InvalidRequest, Issue, OutcomeUnknown
from crowdhub.protocol import Call, Effect, Flow, load_json, mapping, operation, path_segment
from crowdhub_prolific import wire


class ProlificApi:
    """Calls that have no neutral verb, or say more than that."""

    @operation
    def request_return(self, submission_id: str, reasons: Sequence[str]) -> Flow[Mapping[str, object]]:
        """``POST /submissions/ID/request-return/`` (experimental, says the documentation): ask a participant to give
        the place back. He need not."""
        if not reasons or not all(each.strip() for each in reasons):
            raise InvalidRequest(issues=[Issue("reasons", "hold none, or an empty one")])
        path = f"/submissions/{path_segment(submission_id)}/request-return/"
        body = {"request_return_reasons": list(reasons)}
        reply = yield Call.post(path, json=body, effect=Effect.SETTLE, costs=False)
        return mapping(load_json(reply)) or {}

    @operation
    def send_message(self, participant_id: str, text: str, study_id: str) -> Flow[None]:
        """``POST /messages/``. Free, and written each time that it is sent."""
        body = {"recipient_id": participant_id, "body": text, "study_id": study_id}
        try:
            wire.acknowledged((yield Call.post("/messages/", json=body, effect=Effect.SPEND, costs=False)))
        except OutcomeUnknown as lost:
            raise lost.looking_for(f"a message to the participant {participant_id}") from lost.__cause__

    @operation
    def delete_draft(self, study_id: str) -> Flow[None]:
        """``DELETE /studies/ID/``: a study that was never published."""
        wire.acknowledged((yield Call.delete(f"/studies/{path_segment(study_id)}/", effect=Effect.SETTLE, costs=False)))

    @operation
    def cost(self, study_id: str) -> Flow[Mapping[str, object]]:
        """``GET /studies/ID/cost/``: rewards and bonuses, each with fees and tax, in the smallest units."""
        reply = yield Call.get(f"/studies/{path_segment(study_id)}/cost/")
        return mapping(load_json(reply)) or {}
