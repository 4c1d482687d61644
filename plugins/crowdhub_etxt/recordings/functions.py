# ruff: noqa: ARG005 - every recording takes what all take
"""The recordings of the 61 functions, each under the function's own name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from crowdhub.protocol import Flow, Operation
from crowdhub.testing.recording import Given
from crowdhub_etxt.codes import Correctable, FolderSort, Movable, UserList
from crowdhub_etxt.provider import Etxt
from crowdhub_etxt.recordings import prepared, several
from crowdhub_etxt.recordings.prepared import SOURCE

if TYPE_CHECKING:
    from crowdhub_etxt.sandbox import EtxtSandbox

Play: TypeAlias = Callable[[Etxt, Given], Operation[object] | Flow[object]]
Prepare: TypeAlias = "Callable[[Etxt, EtxtSandbox], Flow[Given]]"

NEEDED = {
    "task_id": "an order of yours in the state that the function is for",
    "task_ids": "orders of yours under review",
    "user_id": "a performer",
    "application_id": "an application for one of your orders (id_note)",
    "result_id": "the id of a result",
    "group_id": "a group of your white and black lists",
    "folder_id": "one of your folders",
    "article_id": "an article that you bought",
    "message_ids": "system messages",
    "check_id": "a check of the detector",
}
"""What each given value is, for whoever records live."""


def of(*names: str) -> Mapping[str, str]:
    return {name: NEEDED[name] for name in names}


def in_days(provider: Etxt, days: int) -> datetime:
    return provider.now() + timedelta(days=days)


TABLE: Sequence[tuple[str, Play, Prepare | None, Mapping[str, str]]] = [
    ("categories.listCategories", lambda p, g: p.api.categories.list_categories(), None, {}),
    ("folders.listFolders", lambda p, g: p.api.folders.list_folders(FolderSort.NAME), prepared.foldered, {}),
    ("folders.addFolder", lambda p, g: p.api.folders.add_folder("Cats"), None, {}),
    (
        "folders.moveToFolder",
        lambda p, g: p.api.folders.move_to_folder(g["folder_id"], Movable.ORDER, [g["task_id"]]),
        prepared.foldered,
        of("folder_id", "task_id"),
    ),
    ("users.getList", lambda p, g: p.api.users.get_list(count=3, rate_from=5000, online=True), None, {}),
    ("users.getBW", lambda p, g: p.api.users.get_bw(type=UserList.WHITE), prepared.listed, {}),
    ("users.getNote", lambda p, g: p.api.users.get_note(g["user_id"]), prepared.performer, of("user_id")),
    ("users.setNote", lambda p, g: p.api.users.set_note(g["user_id"], "Quick"), prepared.performer, of("user_id")),
    ("users.getStats", lambda p, g: p.api.users.get_stats(), partial(prepared.handed_in, orders=2), {}),
    ("users.getUser", several.get_user, prepared.performer, of("user_id")),
    ("users.getWorks", lambda p, g: p.api.users.get_works(g["user_id"]), prepared.performer, of("user_id")),
    ("users.getReports", lambda p, g: p.api.users.get_reports(g["user_id"]), prepared.performer, of("user_id")),
    ("users.setReport", several.set_report, prepared.handed_in, of("user_id")),
    ("users.getUserBW", lambda p, g: p.api.users.get_user_bw(g["user_id"]), prepared.listed, of("user_id")),
    ("users.setUserBW", several.set_user_bw, prepared.performer, of("user_id")),
    ("users.getBalance", lambda p, g: p.api.users.get_balance(), None, {}),
    ("tasks.listTasks", several.list_tasks, prepared.applied, of("task_id")),
    (
        "tasks.setClientComment",
        lambda p, g: p.api.tasks.set_client_comment(g["task_id"], "For the spring"),
        prepared.order,
        of("task_id"),
    ),
    ("tasks.viewNotes", lambda p, g: p.api.tasks.view_notes([g["task_id"]]), prepared.applied, of("task_id")),
    ("tasks.viewNotesAll", lambda p, g: p.api.tasks.view_notes_all(), prepared.applied, {}),
    (
        "tasks.setNote",
        lambda p, g: p.api.tasks.set_note(g["application_id"], "With two pictures"),
        prepared.applied,
        of("application_id"),
    ),
    (
        "tasks.unsetNote",
        lambda p, g: p.api.tasks.unset_note(g["application_id"]),
        prepared.applied,
        of("application_id"),
    ),
    ("tasks.paidTask", several.paid_task, partial(prepared.handed_in, orders=2), of("task_ids")),
    (
        "tasks.cancelTask",
        lambda p, g: p.api.tasks.cancel_task([g["task_id"]], "Longer, please"),
        prepared.handed_in,
        of("task_id"),
    ),
    ("tasks.getResults", lambda p, g: p.api.tasks.get_results([g["task_id"]]), prepared.handed_in, of("task_id")),
    ("tasks.deleteTask", lambda p, g: p.api.tasks.delete_task([g["task_id"]]), prepared.order, of("task_id")),
    ("tasks.extraPaid", several.extra_paid, prepared.handed_in, of("task_id")),
    ("tasks.saveTask", several.save_task, None, {}),
    ("tasks.failTask", lambda p, g: p.api.tasks.fail_task(g["task_id"], copy=True), prepared.overdue, of("task_id")),
    ("tasks.copyTask", lambda p, g: p.api.tasks.copy_task(g["task_id"], in_days(p, 3)), prepared.order, of("task_id")),
    (
        "tasks.setDeadline",
        lambda p, g: p.api.tasks.set_deadline(g["task_id"], in_days(p, 2)),
        prepared.overdue,
        of("task_id"),
    ),
    (
        "tasks.saveComment",
        lambda p, g: p.api.tasks.save_comment(g["task_id"], "Two pictures"),
        prepared.applied,
        of("task_id"),
    ),
    (
        "tasks.sendNoteFail",
        lambda p, g: p.api.tasks.send_note_fail(g["task_id"], "It is not about cats"),
        prepared.handed_in,
        of("task_id"),
    ),
    ("tasks_archive.listTasks", lambda p, g: p.api.tasks_archive.list_tasks(), prepared.archived, {}),
    (
        "tasks_archive.getResults",
        lambda p, g: p.api.tasks_archive.get_results(g["task_id"]),
        prepared.archived,
        of("task_id"),
    ),
    ("options.getLangs", lambda p, g: p.api.options.get_langs(), None, {}),
    ("articles.getList", lambda p, g: p.api.articles.get_list(text="a", price_to=1), prepared.bought, {}),
    ("articles.buy", several.buy, None, {}),
    ("articles.getText", lambda p, g: p.api.articles.get_text([g["article_id"]]), prepared.bought, of("article_id")),
    ("articles.download", lambda p, g: p.api.articles.download([g["article_id"]]), prepared.bought, of("article_id")),
    ("articles_archive.getList", lambda p, g: p.api.articles_archive.get_list(), prepared.bought_and_archived, {}),
    (
        "articles_archive.getText",
        lambda p, g: p.api.articles_archive.get_text([g["article_id"]]),
        prepared.bought_and_archived,
        of("article_id"),
    ),
    (
        "articles_archive.download",
        lambda p, g: p.api.articles_archive.download([g["article_id"]]),
        prepared.bought_and_archived,
        of("article_id"),
    ),
    ("bwgroups.listGroups", lambda p, g: p.api.bwgroups.list_groups(), prepared.listed, {}),
    ("bwgroups.saveGroup", lambda p, g: p.api.bwgroups.save_group("Good ones"), None, {}),
    ("bwgroups.deleteGroup", lambda p, g: p.api.bwgroups.delete_group(g["group_id"]), prepared.listed, of("group_id")),
    (
        "bwgroups.updateGroup",
        lambda p, g: p.api.bwgroups.update_group(g["user_id"], g["group_id"]),
        prepared.listed,
        of("user_id", "group_id"),
    ),
    ("messages.getList", lambda p, g: p.api.messages.get_list(), prepared.told, {}),
    ("messages.setRead", lambda p, g: p.api.messages.set_read(g["message_ids"]), prepared.told, of("message_ids")),
    ("messages.setDelete", lambda p, g: p.api.messages.set_delete(g["message_ids"]), prepared.told, of("message_ids")),
    (
        "messages.readPrivate",
        lambda p, g: p.api.messages.read_private(g["user_id"]),
        prepared.written_to,
        of("user_id"),
    ),
    ("messages.getCountUnread", lambda p, g: p.api.messages.get_count_unread(), prepared.written_to, {}),
    (
        "messages.writePrivate",
        lambda p, g: p.api.messages.write_private(g["user_id"], "Yes"),
        prepared.performer,
        of("user_id"),
    ),
    ("rating.listTasksFails", lambda p, g: p.api.rating.list_tasks_fails(), prepared.failed, {}),
    (
        "rating.ratingUserBack",
        lambda p, g: p.api.rating.rating_user_back(g["task_id"], g["user_id"]),
        prepared.failed,
        of("task_id", "user_id"),
    ),
    ("diff.compareText", lambda p, g: p.api.diff.compare_text(SOURCE, SOURCE + " ten"), None, {}),
    ("correction.add", lambda p, g: p.api.correction.add("Cats", SOURCE), None, {}),
    (
        "correction.import",
        lambda p, g: p.api.correction.import_(Correctable.ORDER, g["result_id"]),
        prepared.handed_in,
        of("result_id"),
    ),
    ("detector.send", lambda p, g: p.api.detector.send("uniq", SOURCE, method=2), None, {}),
    ("detector.result", several.detector_result, prepared.checked, of("check_id")),
    ("detector.history", lambda p, g: p.api.detector.history(), prepared.checked, {}),
]
