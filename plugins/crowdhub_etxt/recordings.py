# ruff: noqa: ARG001, ARG005 - every recording takes what all take
"""What is recorded of eTXT: each of the 61 functions, under the function's own name, and refusals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeAlias

from crowdhub.errors import AuthenticationFailed, InvalidRequest, NotFound, PermissionDenied, RateLimited
from crowdhub.model import Money, TaskDraft
from crowdhub.protocol import Flow, Upload, nothing
from crowdhub.testing.recording import Endpoint, Given, Recording, Script, refused
from crowdhub_etxt.codes import (
    ArticleSort,
    AutoPay,
    Correctable,
    FolderSort,
    Movable,
    Order,
    OrderStatus,
    PriceType,
    Rate,
    UserList,
    UserListAction,
)
from crowdhub_etxt.options import EtxtOptions
from crowdhub_etxt.provider import Etxt

Play: TypeAlias = "Callable[[Etxt, Given], Flow[Any]]"
Prepare: TypeAlias = "Callable[[Etxt, Any], Flow[Given]]"

PERFORMER = 1001  # of the sandbox
REVIEW = "Quick, careful, and everything was as it had been asked for."
SOURCE = "one two three four five six seven eight nine"
ORDER: Mapping[str, Any] = {
    "title": "A text about cats",
    "description": "Write what is known about cats.",
    "price": Money(300, "RUB"),
    "price_type": PriceType.WHOLE_ORDER,
    "size": 1000,
    "id_category": 3,
}


# --- what the sandbox has to hold before --------------------------------------------------------------------


def _order(provider: Etxt, sandbox: Any) -> Flow[Given]:
    made = yield from provider.api.tasks.save_task(**ORDER, public=True)
    return {"task_id": made.id_task}


def _applied(provider: Etxt, sandbox: Any) -> Flow[Given]:
    given = yield from _order(provider, sandbox)
    remark = sandbox.apply(given["task_id"])
    sandbox.comment(given["task_id"], remark.user, "How many pictures?")
    return {**given, "application_id": remark.application, "user_id": remark.user}


def _in_work(provider: Etxt, sandbox: Any) -> Flow[Given]:
    given = yield from _applied(provider, sandbox)
    sandbox.accept(given["application_id"])
    return given


def _overdue(provider: Etxt, sandbox: Any) -> Flow[Given]:
    given = yield from _in_work(provider, sandbox)
    sandbox.overdue(given["task_id"])
    return given


def _failed(provider: Etxt, sandbox: Any) -> Flow[Given]:
    given = yield from _overdue(provider, sandbox)
    yield from provider.api.tasks.fail_task(given["task_id"])
    return given


def _handed_in(provider: Etxt, sandbox: Any, orders: int = 1) -> Flow[Given]:
    """So many orders under review, each with a text and a file."""
    results: list[Any] = []
    for _ in range(orders):
        given = yield from _order(provider, sandbox)
        results.append(sandbox.hand_in(given["task_id"], "Cats sleep. " * 100, {"cat.txt": b"A cat."}))
    first, ids = results[0], [each.order_id for each in results]
    return {"task_id": ids[0], "task_ids": ids, "user_id": first.user, "result_id": first.id}


def _archived(provider: Etxt, sandbox: Any) -> Flow[Given]:
    given = yield from _handed_in(provider, sandbox)
    yield from provider.api.tasks.paid_task([given["task_id"]])
    sandbox.archive(given["task_id"])
    return given


def _performer(provider: Etxt, sandbox: Any) -> Flow[Given]:
    yield from provider.api.users.set_note(PERFORMER, "Quick")
    return {"user_id": PERFORMER}


def _listed(provider: Etxt, sandbox: Any) -> Flow[Given]:
    """A performer on the white list, in a group; another on the black one."""
    group = yield from provider.api.bwgroups.save_group("Good ones")
    yield from provider.api.bwgroups.save_group("The best", id_parent=group.id)
    yield from provider.api.users.set_user_bw(PERFORMER, UserListAction.WHITE, group.id)
    yield from provider.api.users.set_user_bw(PERFORMER + 1, UserListAction.BLACK)
    return {"user_id": PERFORMER, "group_id": group.id}


def _foldered(provider: Etxt, sandbox: Any) -> Flow[Given]:
    made = yield from provider.api.folders.add_folder("Cats")
    yield from provider.api.folders.add_folder("Kittens", made.id_folder)
    given = yield from _order(provider, sandbox)
    return {**given, "folder_id": made.id_folder}


def _bought(provider: Etxt, sandbox: Any) -> Flow[Given]:
    page = yield from provider.api.articles.get_list(sort=ArticleSort.PRICE, order=Order.ASCENDING)
    yield from provider.api.articles.buy(page.items[0].id)
    return {"article_id": page.items[0].id}


def _bought_and_archived(provider: Etxt, sandbox: Any) -> Flow[Given]:
    given = yield from _bought(provider, sandbox)
    sandbox.archive_article(given["article_id"])
    return given


def _told(provider: Etxt, sandbox: Any) -> Flow[Given]:
    return nothing({"message_ids": [sandbox.system_message("Your order is done."), sandbox.system_message("News.")]})


def _written_to(provider: Etxt, sandbox: Any) -> Flow[Given]:
    sandbox.message_from(PERFORMER, "May I ask something?")
    return nothing({"user_id": PERFORMER})


def _checked(provider: Etxt, sandbox: Any) -> Flow[Given]:
    made = yield from provider.api.detector.send("uniq", SOURCE)
    return {"check_id": made.id}


# --- the recordings that are more than one call -------------------------------------------------------------


def _save_task(provider: Etxt, given: Given) -> Flow[Any]:
    tasks = provider.api.tasks
    draft = yield from tasks.save_task(**ORDER)
    public = yield from tasks.save_task(**ORDER, id=draft.id_task, public=True)
    due = provider.now() + timedelta(days=7)
    attached = Upload("brief.txt", b"Two pictures.", "text/plain")
    several: dict[str, Any] = {
        "multitask": True,
        "multicount": 3,
        "auto_work": True,
        "keywords": ("cat", "kitten"),
        "uniq": 90,
    }
    more = yield from tasks.save_task(**ORDER, **several, deadline=due, file=attached)
    dear: dict[str, Any] = {**ORDER, "price": Money(900_000, "RUB")}
    return [draft, public, more, (yield from refused(tasks.save_task(**dear, public=True), PermissionDenied))]


def _publish(provider: Etxt, given: Given) -> Flow[Any]:
    """The neutral way to the same function: a draft first, looked for by its reference, then published."""
    draft = TaskDraft(
        title=ORDER["title"],
        instructions=ORDER["description"],
        reward=ORDER["price"],
        options=[EtxtOptions(id_category=3, size=1000)],
        reference="ch-recording",
    )
    task = yield from provider.publish(draft)
    return {"task": task, "found": (yield from provider.find_published(draft))}


def _list_tasks(provider: Etxt, given: Given) -> Flow[Any]:
    tasks = provider.api.tasks
    every = yield from tasks.list_tasks()
    one = yield from tasks.list_tasks(id=given["task_id"])
    done = yield from tasks.list_tasks(status=OrderStatus.DONE)  # none: `no_object`
    return {"all": every, "one": one, "done": done, "ids": (yield from tasks.list_tasks(only_id=True))}


def _paid_task(provider: Etxt, given: Given) -> Flow[Any]:
    paid = yield from provider.api.tasks.paid_task(given["task_ids"], "Thank you")
    again = yield from refused(provider.api.tasks.paid_task(given["task_ids"]), PermissionDenied)
    return {"paid": paid, "again": again}


def _extra_paid(provider: Etxt, given: Given) -> Flow[Any]:
    told = yield from provider.api.tasks.extra_paid(given["task_id"], autopay=AutoPay.CALCULATE)
    paid = yield from provider.api.tasks.extra_paid(given["task_id"], Money(50, "RUB"))
    much = yield from refused(provider.api.tasks.extra_paid(given["task_id"], Money(5000, "RUB")), InvalidRequest)
    return [told, paid, much]


def _set_report(provider: Etxt, given: Given) -> Flow[Any]:
    saved = yield from provider.api.users.set_report(given["user_id"], REVIEW, rate=Rate.POSITIVE)
    soon = yield from refused(provider.api.users.set_report(given["user_id"], REVIEW), RateLimited)
    return [saved, soon]


def _get_user(provider: Etxt, given: Given) -> Flow[Any]:
    user = yield from provider.api.users.get_user(given["user_id"])
    return {"user": user, "nobody": (yield from refused(provider.api.users.get_user(7), NotFound))}


def _set_user_bw(provider: Etxt, given: Given) -> Flow[Any]:
    users = provider.api.users
    listed = yield from users.set_user_bw(given["user_id"], UserListAction.BLACK)
    gone = yield from users.set_user_bw(given["user_id"], UserListAction.DELETE)
    return [listed, gone, (yield from refused(users.set_user_bw(given["user_id"], UserListAction.DELETE), NotFound))]


def _buy(provider: Etxt, given: Given) -> Flow[Any]:
    page = yield from provider.api.articles.get_list(sort=ArticleSort.PRICE, order=Order.ASCENDING)
    bought = yield from provider.api.articles.buy(page.items[0].id)
    return [bought, (yield from refused(provider.api.articles.buy(bought.id), PermissionDenied))]


def _detector_result(provider: Etxt, given: Given) -> Flow[Any]:
    found = yield from provider.api.detector.result(given["check_id"])
    return [found, (yield from refused(provider.api.detector.result(999_999), NotFound))]


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


def _of(*names: str) -> Mapping[str, str]:
    return {name: NEEDED[name] for name in names}


def _in(provider: Etxt, days: int) -> datetime:
    return provider.now() + timedelta(days=days)


TABLE: Sequence[tuple[str, Play, Prepare | None, Mapping[str, str]]] = [
    ("categories.listCategories", lambda p, g: p.api.categories.list_categories(), None, {}),
    ("folders.listFolders", lambda p, g: p.api.folders.list_folders(FolderSort.NAME), _foldered, {}),
    ("folders.addFolder", lambda p, g: p.api.folders.add_folder("Cats"), None, {}),
    (
        "folders.moveToFolder",
        lambda p, g: p.api.folders.move_to_folder(g["folder_id"], Movable.ORDER, [g["task_id"]]),
        _foldered,
        _of("folder_id", "task_id"),
    ),
    ("users.getList", lambda p, g: p.api.users.get_list(count=3, rate_from=5000, online=True), None, {}),
    ("users.getBW", lambda p, g: p.api.users.get_bw(type=UserList.WHITE), _listed, {}),
    ("users.getNote", lambda p, g: p.api.users.get_note(g["user_id"]), _performer, _of("user_id")),
    ("users.setNote", lambda p, g: p.api.users.set_note(g["user_id"], "Quick"), _performer, _of("user_id")),
    ("users.getStats", lambda p, g: p.api.users.get_stats(), partial(_handed_in, orders=2), {}),
    ("users.getUser", _get_user, _performer, _of("user_id")),
    ("users.getWorks", lambda p, g: p.api.users.get_works(g["user_id"]), _performer, _of("user_id")),
    ("users.getReports", lambda p, g: p.api.users.get_reports(g["user_id"]), _performer, _of("user_id")),
    ("users.setReport", _set_report, _handed_in, _of("user_id")),
    ("users.getUserBW", lambda p, g: p.api.users.get_user_bw(g["user_id"]), _listed, _of("user_id")),
    ("users.setUserBW", _set_user_bw, _performer, _of("user_id")),
    ("users.getBalance", lambda p, g: p.api.users.get_balance(), None, {}),
    ("tasks.listTasks", _list_tasks, _applied, _of("task_id")),
    (
        "tasks.setClientComment",
        lambda p, g: p.api.tasks.set_client_comment(g["task_id"], "For the spring"),
        _order,
        _of("task_id"),
    ),
    ("tasks.viewNotes", lambda p, g: p.api.tasks.view_notes([g["task_id"]]), _applied, _of("task_id")),
    ("tasks.viewNotesAll", lambda p, g: p.api.tasks.view_notes_all(), _applied, {}),
    (
        "tasks.setNote",
        lambda p, g: p.api.tasks.set_note(g["application_id"], "With two pictures"),
        _applied,
        _of("application_id"),
    ),
    ("tasks.unsetNote", lambda p, g: p.api.tasks.unset_note(g["application_id"]), _applied, _of("application_id")),
    ("tasks.paidTask", _paid_task, partial(_handed_in, orders=2), _of("task_ids")),
    (
        "tasks.cancelTask",
        lambda p, g: p.api.tasks.cancel_task([g["task_id"]], "Longer, please"),
        _handed_in,
        _of("task_id"),
    ),
    ("tasks.getResults", lambda p, g: p.api.tasks.get_results([g["task_id"]]), _handed_in, _of("task_id")),
    ("tasks.deleteTask", lambda p, g: p.api.tasks.delete_task([g["task_id"]]), _order, _of("task_id")),
    ("tasks.extraPaid", _extra_paid, _handed_in, _of("task_id")),
    ("tasks.saveTask", _save_task, None, {}),
    ("tasks.failTask", lambda p, g: p.api.tasks.fail_task(g["task_id"], copy=True), _overdue, _of("task_id")),
    ("tasks.copyTask", lambda p, g: p.api.tasks.copy_task(g["task_id"], _in(p, 3)), _order, _of("task_id")),
    (
        "tasks.setDeadline",
        lambda p, g: p.api.tasks.set_deadline(g["task_id"], _in(p, 2)),
        _overdue,
        _of("task_id"),
    ),
    (
        "tasks.saveComment",
        lambda p, g: p.api.tasks.save_comment(g["task_id"], "Two pictures"),
        _applied,
        _of("task_id"),
    ),
    (
        "tasks.sendNoteFail",
        lambda p, g: p.api.tasks.send_note_fail(g["task_id"], "It is not about cats"),
        _handed_in,
        _of("task_id"),
    ),
    ("tasks_archive.listTasks", lambda p, g: p.api.tasks_archive.list_tasks(), _archived, {}),
    (
        "tasks_archive.getResults",
        lambda p, g: p.api.tasks_archive.get_results(g["task_id"]),
        _archived,
        _of("task_id"),
    ),
    ("options.getLangs", lambda p, g: p.api.options.get_langs(), None, {}),
    ("articles.getList", lambda p, g: p.api.articles.get_list(text="a", price_to=1), _bought, {}),
    ("articles.buy", _buy, None, {}),
    ("articles.getText", lambda p, g: p.api.articles.get_text([g["article_id"]]), _bought, _of("article_id")),
    ("articles.download", lambda p, g: p.api.articles.download([g["article_id"]]), _bought, _of("article_id")),
    ("articles_archive.getList", lambda p, g: p.api.articles_archive.get_list(), _bought_and_archived, {}),
    (
        "articles_archive.getText",
        lambda p, g: p.api.articles_archive.get_text([g["article_id"]]),
        _bought_and_archived,
        _of("article_id"),
    ),
    (
        "articles_archive.download",
        lambda p, g: p.api.articles_archive.download([g["article_id"]]),
        _bought_and_archived,
        _of("article_id"),
    ),
    ("bwgroups.listGroups", lambda p, g: p.api.bwgroups.list_groups(), _listed, {}),
    ("bwgroups.saveGroup", lambda p, g: p.api.bwgroups.save_group("Good ones"), None, {}),
    ("bwgroups.deleteGroup", lambda p, g: p.api.bwgroups.delete_group(g["group_id"]), _listed, _of("group_id")),
    (
        "bwgroups.updateGroup",
        lambda p, g: p.api.bwgroups.update_group(g["user_id"], g["group_id"]),
        _listed,
        _of("user_id", "group_id"),
    ),
    ("messages.getList", lambda p, g: p.api.messages.get_list(), _told, {}),
    ("messages.setRead", lambda p, g: p.api.messages.set_read(g["message_ids"]), _told, _of("message_ids")),
    ("messages.setDelete", lambda p, g: p.api.messages.set_delete(g["message_ids"]), _told, _of("message_ids")),
    ("messages.readPrivate", lambda p, g: p.api.messages.read_private(g["user_id"]), _written_to, _of("user_id")),
    ("messages.getCountUnread", lambda p, g: p.api.messages.get_count_unread(), _written_to, {}),
    (
        "messages.writePrivate",
        lambda p, g: p.api.messages.write_private(g["user_id"], "Yes"),
        _performer,
        _of("user_id"),
    ),
    ("rating.listTasksFails", lambda p, g: p.api.rating.list_tasks_fails(), _failed, {}),
    (
        "rating.ratingUserBack",
        lambda p, g: p.api.rating.rating_user_back(g["task_id"], g["user_id"]),
        _failed,
        _of("task_id", "user_id"),
    ),
    ("diff.compareText", lambda p, g: p.api.diff.compare_text(SOURCE, SOURCE + " ten"), None, {}),
    ("correction.add", lambda p, g: p.api.correction.add("Cats", SOURCE), None, {}),
    (
        "correction.import",
        lambda p, g: p.api.correction.import_(Correctable.ORDER, g["result_id"]),
        _handed_in,
        _of("result_id"),
    ),
    ("detector.send", lambda p, g: p.api.detector.send("uniq", SOURCE, method=2), None, {}),
    ("detector.result", _detector_result, _checked, _of("check_id")),
    ("detector.history", lambda p, g: p.api.detector.history(), _checked, {}),
]
_QUIET = {"work_rate": 0}
_BY_GET = {"reads_by_get": True}

SCRIPT = Script(
    provider="etxt",
    endpoints=[Endpoint(name, None, "/api/json/", {"method": name}) for name, *_ in TABLE],
    recordings=[
        *(Recording(name, name, play, prepare, needs, sandbox=_QUIET) for name, play, prepare, needs in TABLE),
        Recording("publish", "tasks.saveTask", _publish, sandbox=_QUIET),
        Recording("listTasks-by-get", "tasks.listTasks", _list_tasks, _applied, _of("task_id"), _BY_GET, _QUIET),
        Recording(
            "getBalance-wrong-signature",
            "users.getBalance",
            lambda p, g: refused(p.balance(), AuthenticationFailed, PermissionDenied),
            account={"api_pass": "not-the-right-one"},
        ),
    ],
    account={"token": "replayed-without-a-token", "api_pass": "replayed-without-a-pass"},
)
