# ruff: noqa: ARG001 - every preparation takes what all take
"""What the sandbox has to hold before a recording: each makes it and names what the recording works on."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from crowdhub.model import Money
from crowdhub.protocol import Flow, no_call
from crowdhub.testing.recording import Given
from crowdhub_etxt.codes import ArticleSort, Order, PriceType, UserListAction
from crowdhub_etxt.provider import Etxt

if TYPE_CHECKING:
    from crowdhub_etxt.sandbox import EtxtSandbox, SandboxResult

PERFORMER = 1001  # of the sandbox
SOURCE = "one two three four five six seven eight nine"


class OrderArguments(TypedDict):
    """Of `Tasks.save_task`."""

    title: str
    description: str
    price: Money
    price_type: PriceType
    size: int
    id_category: int


ORDER: OrderArguments = {
    "title": "A text about cats",
    "description": "Write what is known about cats.",
    "price": Money(300, "RUB"),
    "price_type": PriceType.WHOLE_ORDER,
    "size": 1000,
    "id_category": 3,
}


def order(provider: Etxt, sandbox: EtxtSandbox) -> Flow[Given]:
    made = yield from provider.api.tasks.save_task(**ORDER, public=True)
    return {"task_id": made.id_task}


def applied(provider: Etxt, sandbox: EtxtSandbox) -> Flow[Given]:
    given = yield from order(provider, sandbox)
    remark = sandbox.apply(given["task_id"])
    _ = sandbox.comment(given["task_id"], remark.user, "How many pictures?")
    return {**given, "application_id": remark.application, "user_id": remark.user}


def in_work(provider: Etxt, sandbox: EtxtSandbox) -> Flow[Given]:
    given = yield from applied(provider, sandbox)
    _ = sandbox.accept(given["application_id"])
    return given


def overdue(provider: Etxt, sandbox: EtxtSandbox) -> Flow[Given]:
    given = yield from in_work(provider, sandbox)
    sandbox.overdue(given["task_id"])
    return given


def failed(provider: Etxt, sandbox: EtxtSandbox) -> Flow[Given]:
    given = yield from overdue(provider, sandbox)
    yield from provider.api.tasks.fail_task(given["task_id"])
    return given


def handed_in(provider: Etxt, sandbox: EtxtSandbox, orders: int = 1) -> Flow[Given]:
    """So many orders under review, each with a text and a file."""
    results: list[SandboxResult] = []
    for _ in range(orders):
        given = yield from order(provider, sandbox)
        results.append(sandbox.hand_in(given["task_id"], "Cats sleep. " * 100, {"cat.txt": b"A cat."}))
    first, ids = results[0], [each.order_id for each in results]
    return {"task_id": ids[0], "task_ids": ids, "user_id": first.user, "result_id": first.id}


def archived(provider: Etxt, sandbox: EtxtSandbox) -> Flow[Given]:
    given = yield from handed_in(provider, sandbox)
    yield from provider.api.tasks.paid_task([given["task_id"]])
    sandbox.archive(given["task_id"])
    return given


def performer(provider: Etxt, sandbox: EtxtSandbox) -> Flow[Given]:
    yield from provider.api.users.set_note(PERFORMER, "Quick")
    return {"user_id": PERFORMER}


def listed(provider: Etxt, sandbox: EtxtSandbox) -> Flow[Given]:
    """A performer on the white list, in a group; another on the black one."""
    group = yield from provider.api.bwgroups.save_group("Good ones")
    yield from provider.api.bwgroups.save_group("The best", id_parent=group.id)
    yield from provider.api.users.set_user_bw(PERFORMER, UserListAction.WHITE, group.id)
    yield from provider.api.users.set_user_bw(PERFORMER + 1, UserListAction.BLACK)
    return {"user_id": PERFORMER, "group_id": group.id}


def foldered(provider: Etxt, sandbox: EtxtSandbox) -> Flow[Given]:
    made = yield from provider.api.folders.add_folder("Cats")
    yield from provider.api.folders.add_folder("Kittens", made.id_folder)
    given = yield from order(provider, sandbox)
    return {**given, "folder_id": made.id_folder}


def bought(provider: Etxt, sandbox: EtxtSandbox) -> Flow[Given]:
    page = yield from provider.api.articles.get_list(sort=ArticleSort.PRICE, order=Order.ASCENDING)
    yield from provider.api.articles.buy(page.items[0].id)
    return {"article_id": page.items[0].id}


def bought_and_archived(provider: Etxt, sandbox: EtxtSandbox) -> Flow[Given]:
    given = yield from bought(provider, sandbox)
    sandbox.archive_article(given["article_id"])
    return given


def told(provider: Etxt, sandbox: EtxtSandbox) -> Flow[Given]:
    return no_call({"message_ids": [sandbox.system_message("Your order is done."), sandbox.system_message("News.")]})


def written_to(provider: Etxt, sandbox: EtxtSandbox) -> Flow[Given]:
    sandbox.message_from(PERFORMER, "May I ask something?")
    return no_call({"user_id": PERFORMER})


def checked(provider: Etxt, sandbox: EtxtSandbox) -> Flow[Given]:
    made = yield from provider.api.detector.send("uniq", SOURCE)
    return {"check_id": made.id}
