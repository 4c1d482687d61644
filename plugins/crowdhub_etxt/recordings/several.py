# ruff: noqa: ARG001 - every recording takes what all take
"""The recordings that are more than one call: what is asked, and refusals."""

from __future__ import annotations

from datetime import timedelta

from crowdhub.errors import AuthenticationFailed, InvalidRequest, NotFound, PermissionDenied, RateLimited
from crowdhub.model import Money, TaskDraft
from crowdhub.protocol import Flow, Upload
from crowdhub.testing.recording import Given, refused
from crowdhub_etxt.codes import ArticleSort, AutoPay, Order, OrderStatus, Rate, UserListAction
from crowdhub_etxt.options import EtxtOptions
from crowdhub_etxt.provider import Etxt
from crowdhub_etxt.recordings.prepared import ORDER, OrderArguments

REVIEW = "Quick, careful, and everything was as it had been asked for."


def save_task(provider: Etxt, given: Given) -> Flow[object]:
    tasks = provider.api.tasks
    draft = yield from tasks.save_task(**ORDER)
    public = yield from tasks.save_task(**ORDER, id=draft.id_task, public=True)
    due = provider.now() + timedelta(days=7)
    attached = Upload("brief.txt", b"Two pictures.", "text/plain")
    more = yield from tasks.save_task(
        **ORDER,
        multitask=True,
        multicount=3,
        auto_work=True,
        keywords=("cat", "kitten"),
        uniq=90,
        deadline=due,
        file=attached,
    )
    dear: OrderArguments = {**ORDER, "price": Money(900_000, "RUB")}
    return [draft, public, more, (yield from refused(tasks.save_task(**dear, public=True), PermissionDenied))]


def publish(provider: Etxt, given: Given) -> Flow[object]:
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


def list_tasks(provider: Etxt, given: Given) -> Flow[object]:
    tasks = provider.api.tasks
    every = yield from tasks.list_tasks()
    one = yield from tasks.list_tasks(id=given["task_id"])
    done = yield from tasks.list_tasks(status=OrderStatus.DONE)  # none: `no_object`
    return {"all": every, "one": one, "done": done, "ids": (yield from tasks.list_tasks(only_id=True))}


def paid_task(provider: Etxt, given: Given) -> Flow[object]:
    paid = yield from provider.api.tasks.paid_task(given["task_ids"], "Thank you")
    again = yield from refused(provider.api.tasks.paid_task(given["task_ids"]), PermissionDenied)
    return {"paid": paid, "again": again}


def extra_paid(provider: Etxt, given: Given) -> Flow[object]:
    told = yield from provider.api.tasks.extra_paid(given["task_id"], autopay=AutoPay.CALCULATE)
    paid = yield from provider.api.tasks.extra_paid(given["task_id"], Money(50, "RUB"))
    much = yield from refused(provider.api.tasks.extra_paid(given["task_id"], Money(5000, "RUB")), InvalidRequest)
    return [told, paid, much]


def set_report(provider: Etxt, given: Given) -> Flow[object]:
    saved = yield from provider.api.users.set_report(given["user_id"], REVIEW, rate=Rate.POSITIVE)
    soon = yield from refused(provider.api.users.set_report(given["user_id"], REVIEW), RateLimited)
    return [saved, soon]


def get_user(provider: Etxt, given: Given) -> Flow[object]:
    user = yield from provider.api.users.get_user(given["user_id"])
    return {"user": user, "nobody": (yield from refused(provider.api.users.get_user(7), NotFound))}


def set_user_bw(provider: Etxt, given: Given) -> Flow[object]:
    users = provider.api.users
    listed = yield from users.set_user_bw(given["user_id"], UserListAction.BLACK)
    gone = yield from users.set_user_bw(given["user_id"], UserListAction.DELETE)
    return [listed, gone, (yield from refused(users.set_user_bw(given["user_id"], UserListAction.DELETE), NotFound))]


def buy(provider: Etxt, given: Given) -> Flow[object]:
    page = yield from provider.api.articles.get_list(sort=ArticleSort.PRICE, order=Order.ASCENDING)
    bought = yield from provider.api.articles.buy(page.items[0].id)
    return [bought, (yield from refused(provider.api.articles.buy(bought.id), PermissionDenied))]


def detector_result(provider: Etxt, given: Given) -> Flow[object]:
    found = yield from provider.api.detector.result(given["check_id"])
    return [found, (yield from refused(provider.api.detector.result(999_999), NotFound))]


def wrong_signature(provider: Etxt, given: Given) -> Flow[object]:
    return refused(provider.balance(), AuthenticationFailed, PermissionDenied)
