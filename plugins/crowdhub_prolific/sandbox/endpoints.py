"""What each endpoint does, with the request already authenticated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from urllib.parse import parse_qsl, urlencode

from crowdhub.sandbox.values import JsonObject
from crowdhub_prolific.sandbox import inputs
from crowdhub_prolific.sandbox.inputs import json_object
from crowdhub_prolific.sandbox.quirks import ProlificQuirks
from crowdhub_prolific.sandbox.refusal import ProlificRefusal, invalid, missing
from crowdhub_prolific.sandbox.shapes import STATUSES, Shapes
from crowdhub_prolific.sandbox.state import Letter, Participation, Study
from crowdhub_prolific.sandbox.workspace import Workspace

T = TypeVar("T")
NOTHING = object()
"""An answer without words: a JSON text, or no body."""
Answer = tuple[int, object]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: the variable parts of its path, its query and body, and its address for the links of a list."""

    path: Mapping[str, str]
    query: str
    url: str
    body: bytes

    @property
    def parameters(self) -> dict[str, str]:
        return dict(parse_qsl(self.query, keep_blank_values=True))

    @property
    def json(self) -> JsonObject:
        return json_object(self.body)


class Endpoints:
    """All of them. The caller holds the sandbox's lock."""

    def __init__(self, space: Workspace, quirks: ProlificQuirks, rows: int, now: Callable[[], datetime]) -> None:
        self.space, self.quirks, self.rows, self.now = space, quirks, rows, now
        self.shapes = Shapes(space, quirks, now)

    # --- studies

    def create_study(self, asked: Asked) -> Answer:
        body = asked.json
        inputs.refuse(inputs.study_faults(body))
        if body.get("project", self.space.project) != self.space.project:
            raise invalid(project="Project does not exist.")
        reward, places = inputs.count(body, "reward"), inputs.count(body, "total_available_places")
        made = self.space.create(body, str(body["name"]), reward, places, self.now())
        return 201, self.shapes.study(made)

    def study(self, asked: Asked) -> Answer:
        return 200, self.shapes.study(self._study(asked))

    def change_study(self, asked: Asked) -> Answer:
        study, body = self._study(asked), asked.json
        if study.phase != "UNPUBLISHED" and (wrong := body.keys() - inputs.CHANGEABLE):
            raise invalid(**dict.fromkeys(wrong, "This cannot be changed once a study is published."))
        after: JsonObject = {**study.asked, **body}
        inputs.refuse(inputs.study_faults(after))
        if "total_available_places" in body:
            self.space.set_places(study, inputs.count(body, "total_available_places"))
        study.asked, study.name, study.reward = after, str(after["name"]), inputs.count(after, "reward")
        return 200, self.shapes.study(study)

    def delete_study(self, asked: Asked) -> Answer:
        self.space.delete(self._study(asked))
        return 200, NOTHING

    def transition_study(self, asked: Asked) -> Answer:
        study = self._study(asked)
        action = inputs.text(asked.json, "action", required=True) or ""
        self.space.transition(study, action, self.now())
        return 200, self.shapes.study(study)

    def studies(self, asked: Asked) -> Answer:
        if asked.path["project"] != self.space.project:
            raise missing("Project")
        newest = asked.parameters.get("ordering", "-date_created").startswith("-")
        found = list(self.space.studies.values())
        return self._listed(asked, found[::-1] if newest else found, self.shapes.short_study)

    def cost_of_new(self, asked: Asked) -> Answer:
        reward, places = inputs.count(asked.json, "reward"), inputs.count(asked.json, "total_available_places")
        return 200, {"total_cost": self.shapes.cents(self.space.tariff.cost(reward * places).total)}

    def cost(self, asked: Asked) -> Answer:
        study = self._study(asked)
        return 200, {
            "rewards": self.shapes.cost(study.reward * study.funded),
            "bonuses": self.shapes.cost(study.bonuses),
        }

    # --- submissions

    def submissions(self, asked: Asked) -> Answer:
        query = asked.parameters
        if "study" not in query:
            raise invalid(study=inputs.REQUIRED)
        study = self.space.studies.get(query["study"])
        if study is None and self.quirks.unknown_study == "missing":
            raise missing("Study")
        wanted = _status(query.get("status", ""))
        found = [each for each in study.taken_part.values() if wanted in ("", each.status)] if study else []
        if query.get("ordering", "").startswith("-"):
            found.reverse()
        return self._listed(asked, found, self.shapes.row)

    def counts(self, asked: Asked) -> Answer:
        return 200, self.shapes.counts(self._study(asked))

    def submission(self, asked: Asked) -> Answer:
        return 200, self.shapes.detail(self._work(asked))

    def transition_submission(self, asked: Asked) -> Answer:
        work, body = self._work(asked), asked.json
        action = inputs.text(body, "action", required=True) or ""
        self.space.settle(work, action, inputs.text(body, "message"), inputs.text(body, "rejection_category"))
        return 200, self.shapes.detail(work)

    def bulk_approve(self, asked: Asked) -> Answer:
        body = asked.json
        if "submission_ids" in body:
            works = [self.space.work(each) for each in inputs.texts(body, "submission_ids")]
        else:
            study = self.space.study(inputs.text(body, "study_id", required=True) or "")
            people = inputs.texts(body, "participant_ids")
            works = [each for each in study.taken_part.values() if each.participant in people]
        self.space.approve_later(works, self.now())
        return 200, NOTHING

    def request_return(self, asked: Asked) -> Answer:
        work = self._work(asked)
        work.reasons = inputs.texts(asked.json, "request_return_reasons")
        work.return_requested = self.now()
        shown = self.shapes.detail(work)
        return 200, {name: shown[name] for name in ("id", "status", "participant", "return_requested")}

    # --- money

    def set_up_bonuses(self, asked: Asked) -> Answer:
        body = asked.json
        study = self.space.study(inputs.text(body, "study_id", required=True) or "")
        lines = inputs.bonus_lines(inputs.text(body, "csv_bonuses", required=True) or "")
        works = {name: self._taking_part(study, name) for name, _ in lines}
        if strange := [name for name, work in works.items() if work is None]:
            raise ProlificRefusal(400, "Validation error", f"They took no part: {', '.join(strange)}", 140301)
        made = self.space.set_up(study, [(work, cents) for name, cents in lines if (work := works[name]) is not None])
        return 201, self.shapes.setup(made)

    def pay_bonuses(self, asked: Asked) -> Answer:
        setup = self.space.setups.get(asked.path["bonus"])
        if setup is None:
            raise missing("BulkBonusPayment")
        self.space.pay_bonuses(setup, self.now())
        return 202, NOTHING

    def balance(self, asked: Asked) -> Answer:
        self._own(asked.path["workspace"])
        return 200, self.shapes.balance()

    def projects(self, asked: Asked) -> Answer:
        self._own(asked.path["workspace"])
        shown: JsonObject = {
            "id": self.space.project,
            "title": "Project",
            "description": "",
            "workspace": self.space.id,
        }
        return self._listed(asked, [shown], JsonObject)

    # --- people

    def groups(self, asked: Asked) -> Answer:
        query = asked.parameters
        if "workspace_id" not in query and "project_id" not in query:
            raise invalid(workspace_id="workspace_id or project_id is required.")
        if "workspace_id" in query:
            self._own(query["workspace_id"])
        return self._listed(asked, list(self.space.groups.values()), self.shapes.group)

    def make_group(self, asked: Asked) -> Answer:
        body = asked.json
        name = inputs.text(body, "name", required=True) or ""
        self._own(inputs.text(body, "workspace_id", required=True) or "")
        people = inputs.texts(body, "participant_ids") if "participant_ids" in body else []
        made = self.space.make_group(name, inputs.text(body, "description") or "", people, self.now())
        return 201, self.shapes.group(made)

    def members(self, asked: Asked) -> Answer:
        return 200, self.shapes.members(self.space.group(asked.path["group"]))

    def add_members(self, asked: Asked) -> Answer:
        group = self.space.group(asked.path["group"])
        for each in inputs.texts(asked.json, "participant_ids"):
            _ = group.members.setdefault(each, self.now())
        return 200, self.shapes.members(group)

    def remove_members(self, asked: Asked) -> Answer:
        group = self.space.group(asked.path["group"])
        for each in inputs.texts(asked.json, "participant_ids"):
            _ = group.members.pop(each, None)
        return 200, self.shapes.members(group)

    def send_message(self, asked: Asked) -> Answer:
        body = asked.json
        texts = {name: inputs.text(body, name, required=True) or "" for name in ("recipient_id", "body", "study_id")}
        study = self.space.study(texts["study_id"])
        if self._taking_part(study, texts["recipient_id"]) is None:
            raise invalid(recipient_id="The participant took no part in this study.")
        self.space.letters.append(Letter(texts["recipient_id"], study.id, texts["body"]))
        return 204, NOTHING

    # --- shared

    def _study(self, asked: Asked) -> Study:
        return self.space.study(asked.path["study"])

    def _work(self, asked: Asked) -> Participation:
        return self.space.work(asked.path["submission"])

    def _own(self, workspace: str) -> None:
        if workspace != self.space.id:
            raise missing("Workspace")

    @staticmethod
    def _taking_part(study: Study, name: str) -> Participation | None:
        """Who took part, by the id of the submission or of the participant."""
        found = study.taken_part.get(name)
        return found or next((each for each in study.taken_part.values() if each.participant == name), None)

    def _listed(self, asked: Asked, found: Sequence[T], shape: Callable[[T], JsonObject]) -> Answer:
        if not self.quirks.links and "page" not in asked.parameters:
            return 200, {"results": [shape(each) for each in found]}
        number, rows = inputs.page(asked.parameters, self.rows)
        pages = max(1, -(-len(found) // rows))
        if number > pages and self.quirks.behind_the_end == "missing":
            raise ProlificRefusal(404, "Not found", "Invalid page.")
        shown: JsonObject = {"results": [shape(each) for each in found[rows * (number - 1) : rows * number]]}
        if not self.quirks.links:
            return 200, shown

        def link(title: str, wanted: int) -> JsonObject:
            kept = {**asked.parameters, "page": str(wanted)}
            there = 1 <= wanted <= pages
            return {"href": f"{asked.url}?{urlencode(kept)}" if there else None, "title": title}

        links = {
            "self": link("Current", number),
            "next": link("Next", number + 1),
            "previous": link("Previous", number - 1),
            "last": link("Last", pages),
        }
        return 200, {**shown, "_links": links, "meta": {"count": len(found)}}


def _status(text: str) -> str:
    """The status that a list is asked for: in any case, with underscores for spaces, but TIMED-OUT as it is."""
    status = text.upper().replace("_", " ")
    if status and status not in STATUSES:
        raise invalid(status=f'"{text}" is not a valid choice.')
    return status
