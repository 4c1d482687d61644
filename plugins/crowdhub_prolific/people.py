"""Keeping people out of later studies, and writing to them."""

from __future__ import annotations

from crowdhub.errors import NotFound, UnreadableResponse
from crowdhub.model import Submission, Task, TaskStatus, Worker
from crowdhub.protocol import Call, Effect, Flow, Page, every, first_match, operation, path_segment, read_each
from crowdhub_prolific import wire
from crowdhub_prolific.account import Account, Query, Rows

GROUP = "crowdhub: kept out"
"""The participant group of those who are blocked; its name is how another program finds it."""


class People(Account):
    """`block`, `unblock`, `blocked_workers`, `message`."""

    def _kept_out(self) -> Flow[list[str]]:
        """The ids of the groups of blocked people: one, or several where two programs made it at the same time."""
        query: Query = {"workspace_id": self.settings.workspace, "active": "true"}

        def read(rows: object) -> Rows[wire.GroupRow]:
            return read_each(rows, wire.GroupRow.parse)

        groups: list[wire.GroupRow] = yield from every(self._listing("/participant-groups/", query, read))
        return [each.id for each in groups if each.name == GROUP and each.is_deleted is not True]

    @operation
    def block(self, worker_id: str, reason: str | None = None) -> Flow[Worker]:
        """Puts the participant into a group of the workspace, which studies published from now on do not show
        themselves to. Running studies are not changed; the reason is not kept. In it already: a success."""
        del reason
        groups = yield from self._kept_out()
        if groups:
            path = f"/participant-groups/{path_segment(groups[0])}/participants/"
            wire.acknowledged(
                (yield Call.post(path, json={"participant_ids": [worker_id]}, effect=Effect.SETTLE, costs=False))
            )
        else:
            body = {
                "workspace_id": self.settings.workspace,
                "name": GROUP,
                "description": "They do not see studies that are published through crowdhub.",
                "participant_ids": [worker_id],
            }
            # Two groups are as good as one: all of this name are kept out, so it may be sent again.
            wire.acknowledged((yield Call.post("/participant-groups/", json=body, effect=Effect.SETTLE, costs=False)))
        return Worker(id=worker_id, blocked=True)

    @operation
    def unblock(self, worker_id: str) -> Flow[Worker]:
        """Takes the participant out of the group. Not in it: a success."""
        for group in (yield from self._kept_out()):
            path = f"/participant-groups/{path_segment(group)}/participants/"
            wire.acknowledged(
                (yield Call.delete(path, json={"participant_ids": [worker_id]}, effect=Effect.SETTLE, costs=False))
            )
        return Worker(id=worker_id, blocked=False)

    @operation
    def blocked_workers(self) -> Flow[Page[Worker]]:
        found: dict[str, Worker] = {}
        bad: list[UnreadableResponse] = []
        for group in (yield from self._kept_out()):
            reply = yield Call.get(f"/participant-groups/{path_segment(group)}/participants/")
            members, unread = read_each(
                wire.Listing.read(reply).results, lambda row: wire.Member.parse(row).to_worker()
            )
            found.update((each.id, each) for each in members)
            bad += unread
        return Page(list(found.values()), unreadable=bad)

    @operation
    def message(self, worker_id: str, text: str) -> Flow[None]:
        """``POST /messages/`` wants a study: it is the newest in which the participant took part, which is looked for
        (a request or more for each study; ``api.send_message`` takes the study's id). Free, and written each time."""
        page: Page[Task] = yield from self.tasks()
        while True:
            for study in page.items:
                if study.status is not TaskStatus.DRAFT and (yield from self._took_part(worker_id, study.id)):
                    yield from self.api.send_message(worker_id, text, study.id)
                    return
            if page.more is None:
                raise NotFound(f"The participant {worker_id} took part in no study of the project.", sent=False)
            page = yield from page.more()

    def _took_part(self, worker_id: str, study_id: str) -> Flow[bool]:
        def is_his(each: Submission) -> bool:
            return each.worker.id == worker_id

        return (yield from first_match(self.submissions(study_id), is_his)) is not None
