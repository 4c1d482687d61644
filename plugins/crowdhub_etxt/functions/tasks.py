"""`tasks`: orders from being saved to being paid. Reading what is there; see `task_changes` for what changes it."""

from __future__ import annotations

from collections.abc import Sequence

from crowdhub.errors import Issue
from crowdhub.protocol import Operation, Page
from crowdhub_etxt.codes import Order, OrderFilter, OrderStatus, Target
from crowdhub_etxt.encoding import Id, between, identifier, identifiers
from crowdhub_etxt.functions.base import Functions
from crowdhub_etxt.functions.orders import (
    ApplicationInfo,
    ArchivedOrder,
    ArchivedResult,
    NoteInfo,
    OrderInfo,
    ResultInfo,
)

MOST = 100
"""Orders in one page, and in one call that takes several."""


class TaskLists(Functions):
    family = "tasks"

    def list_tasks(
        self,
        *,
        count: int = MOST,
        offset: int = 0,
        id: Id | None = None,  # noqa: A002
        id_user: Id | None = None,
        id_folder: Id | None = None,
        status: OrderStatus | None = None,
        filter: OrderFilter | None = None,  # noqa: A002
        target: Target | None = None,
        only_id: bool | None = None,
    ) -> Operation[Page[OrderInfo]]:
        """`tasks.listTasks`: the account's orders, drafts among them unless ``status`` is WAITING. READ, paged.

        ``id``: that order only. ``id_user``: those of one performer. ``filter`` wins over ``status``.
        ``only_id``: nothing but the ids.
        """
        params = {
            "id": id,
            "id_user": id_user,
            "id_folder": id_folder,
            "status": status,
            "filter": filter,
            "target": target,
            "only_id": only_id,
        }
        issues = [*_window(count, offset), *identifier("id", id)]
        issues += [*identifier("id_user", id_user), *identifier("id_folder", id_folder)]
        return self._pages("listTasks", OrderInfo, params, count=count, offset=offset, issues=issues)

    def view_notes(self, id: Sequence[Id]) -> Operation[Page[NoteInfo]]:  # noqa: A002
        """`tasks.viewNotes`: applications and comments on up to 100 orders. READ."""
        return self._many("viewNotes", NoteInfo, {"id": list(id)}, issues=identifiers("id", id, MOST))

    def view_notes_all(self) -> Operation[Page[ApplicationInfo]]:
        """`tasks.viewNotesAll`: every application on any of the account's orders. READ."""
        return self._many("viewNotesAll", ApplicationInfo, {})

    def get_results(self, id: Sequence[Id], *, after: float = 0) -> Operation[Page[ResultInfo]]:  # noqa: A002
        """`tasks.getResults`: what was handed in for some orders (no limit is documented; 100 are taken). READ, sent
        ``after`` so many seconds.

        The links of the files live about a day from this request: download soon, or ask again.
        """
        return self._many("getResults", ResultInfo, {"id": list(id)}, issues=identifiers("id", id, MOST), after=after)


class TasksArchive(Functions):
    family = "tasks_archive"

    def list_tasks(
        self,
        *,
        count: int = MOST,
        offset: int = 0,
        order: Order | None = None,
        id: Id | None = None,  # noqa: A002
        id_folder: Id | None = None,
        id_user: Id | None = None,
    ) -> Operation[Page[ArchivedOrder]]:
        """`tasks_archive.listTasks`: archived orders, ascending unless ``order`` says otherwise. READ, paged."""
        params = {"order": order, "id": id, "id_folder": id_folder, "id_user": id_user}
        issues = [*_window(count, offset), *identifier("id", id)]
        issues += [*identifier("id_folder", id_folder), *identifier("id_user", id_user)]
        return self._pages("listTasks", ArchivedOrder, params, count=count, offset=offset, issues=issues)

    def get_results(self, id: Id) -> Operation[Page[ArchivedResult]]:  # noqa: A002
        """`tasks_archive.getResults`: what was handed in for one archived order, with the text. READ.

        The links of the files live about a day from this request.
        """
        return self._many("getResults", ArchivedResult, {"id": id}, issues=identifier("id", id))


def _window(count: int, offset: int) -> list[Issue]:
    return [*between("count", count, 1, MOST), *between("offset", offset, 0)]
