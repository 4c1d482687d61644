from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx
import pytest

from crowdhub.sandbox import Sandbox
from crowdhub_etxt.sandbox import EtxtSandbox

if TYPE_CHECKING:
    from tests.etxt.test_sandbox.conftest import Api, One, Save


def test_an_order_as_it_was_saved(api: Api, one: One, save: Save, box: Sandbox) -> None:
    box.clock.advance(hours=1)
    order = save(
        price=150, price_type=1, size=2500, id_type=4, keywords="a, b", uniq=90, deadline="25.01.2026", timeline="12:16"
    )
    shown = one(order)
    assert (shown["title"], shown["price"], shown["price_type"], shown["size"]) == ("A text", "375", "1", "2500")
    assert (shown["status"], shown["public"], shown["id_user"], shown["end_date"]) == ("1", "1", "0", "0")
    assert (shown["keywords"], shown["uniq"], shown["quick"]) == ("a, b", "90", "0")
    assert int(shown["deadline"]) == datetime(2026, 1, 25, 9, 16, tzinfo=UTC).timestamp()  # 12:16 in Moscow
    assert int(shown["date"]) == datetime(2026, 1, 15, 10, tzinfo=UTC).timestamp()
    assert not {"id_target", "language_from", "filename"} & set(shown)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"title": ""}, "no_params"),
        ({"title": "x" * 513}, "max_limit"),
        ({"description": "x" * 10_001}, "max_limit"),
        ({"description": "write to me@example.org"}, "is_private_data"),
        ({"text": "x" * 40_001, "id_type": 2}, "max_limit"),
        ({"text": "a source", "id_type": 1}, "no_params"),
        ({"price": ""}, "no_params"),
        ({"price": "1.5"}, "no_params"),
        ({"price": 0}, "no_params"),
        ({"price_type": 3}, "no_params"),
        ({"size": ""}, "no_params"),
        ({"id_category": ""}, "no_params"),
        ({"id_category": 999}, "no_params"),
        ({"id_type": 3}, "no_params"),
        ({"id_folder": 5}, "no_object"),
        ({"multitask": 1}, "no_params"),
        ({"deadline": "tomorrow"}, "no_params"),
        ({"deadline": "31.02.2026"}, "no_params"),
        ({"deadline": "14.01.2026"}, "no_params"),
        ({"deadline": "16.04.2026"}, "max_limit"),
        ({"target_task": 3}, "no_utarget"),
        ({"target_task": 3, "id_target": 5}, "no_utarget"),
        ({"attestat": 1}, "no_access"),
        ({"file": "text"}, "file_not_uploaded"),
    ],
)
def test_what_is_refused(api: Api, market: EtxtSandbox, change: dict[str, object], code: str) -> None:
    given = {"title": "A text", "price": 300, "price_type": 2, "size": 1000, "id_category": 3, "public": 1, **change}
    assert api.error("tasks.saveTask", **given) == code
    assert market.orders() == []
    assert market.books().charges == ()


def test_the_source_text_gives_the_size(one: One, save: Save) -> None:
    assert one(save(size="", text="ab cd", id_type=2))["size"] == "4"
    assert one(save(size="", text="ab cd", id_type=2, whitespaces=1))["size"] == "5"


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.txt", b"", "file_is_empty"),
        ("a.exe", b"x", "file_bad_type"),
        ("a.txt", b"x" * 101, "file_too_big"),
        ("a.txt", b"..EICAR-STANDARD-ANTIVIRUS-TEST-FILE..", "file_has_virus"),
    ],
)
def test_files_that_are_refused(api: Api, market: EtxtSandbox, name: str, content: bytes, code: str) -> None:
    market.quirks.file_limit = 100
    order = {"title": "A", "price": 1, "size": 1, "id_category": 1}
    assert api("tasks.saveTask", _files={"file": (name, content)}, **order) == {"error": code}


def test_a_file_goes_with_an_order(api: Api, market: EtxtSandbox, one: One, http: httpx.Client) -> None:
    order = {"title": "Заказ Ё", "price": 1, "price_type": 2, "size": 1, "id_category": 1}
    order_id = int(api("tasks.saveTask", _files={"file": ("задание.txt", "текст".encode())}, **order)["id_task"])
    shown = one(order_id)
    assert shown["title"] == "Заказ Ё"
    market.clock.advance(days=3)
    assert http.get(shown["filename"]).content.decode() == "текст"


def test_drafts_cost_nothing_until_they_are_published(api: Api, market: EtxtSandbox, one: One, save: Save) -> None:
    order = save(public=0)
    assert (one(order)["status"], one(order)["public"]) == ("1", "0")
    assert api.error("tasks.listTasks", status=1) == "no_object"
    assert market.books().charges == ()
    answer = api("tasks.setDeadline", id=order, deadline="20.01.2026", public=1)
    assert answer == {"deadline": "1768942740", "id": str(order), "status": "1", "quick": "0"}
    assert one(order)["public"] == "1"
    (charge,) = market.books().charges_for(str(order))
    assert (charge.kind, int(charge.amount), charge.reference) == ("publish", 300, "A text")
    market.quirks.deadline_as_text = True
    assert api("tasks.setDeadline", id=order, deadline="16.01.2026", timeline="10:00")["deadline"] == "16.01.2026 10:00"
    assert one(order)["quick"] == "1"


def test_a_deadline_is_set_anew(api: Api, market: EtxtSandbox, one: One, save: Save, box: Sandbox) -> None:
    order = save(deadline="17.01.2026", timeline="12:00")
    set_to = {"id": order, "deadline": "20.01.2026", "timeline": "12:00"}
    assert api("tasks.setDeadline", **set_to)["deadline"] == one(order)["deadline"] == "1768899600"
    assert market.books().held == 300  # it costs nothing
    assert api.error("tasks.setDeadline", id=order) == "no_params"
    assert api.error("tasks.setDeadline", id=order, deadline="2026-01-25") == "no_params"
    assert api.error("tasks.setDeadline", id=order, deadline="14.01.2026") == "no_params"
    assert api.error("tasks.setDeadline", id=order, deadline="20.04.2026") == "max_limit"
    assert api.error("tasks.setDeadline", id=1, deadline="25.01.2026") == "no_object"
    assert api.error("tasks.setDeadline", id=market.foreign_order, deadline="25.01.2026") == "no_access"
    assert api("tasks.setDeadline", id=order, deadline="19.01.2026")["status"] == "1"
    market.quirks.deadline_can_shorten = False
    assert api.error("tasks.setDeadline", id=order, deadline="18.01.2026") == "no_params"
    assert api("tasks.setDeadline", **set_to)["status"] == "1"
    assert api("tasks.setDeadline", **set_to)["status"] == "1"  # the same once more
    market.hand_in(order)
    assert api.error("tasks.setDeadline", id=order, deadline="25.01.2026") == "no_access"


def test_publishing_twice_is_seen_in_the_books(market: EtxtSandbox, save: Save) -> None:
    first, second = save(title="twice"), save(title="twice")
    save(title="once")
    (same,) = market.books().duplicates().values()
    assert [charge.task_id for charge in same] == [str(first), str(second)]


def test_editing_moves_only_the_difference(api: Api, market: EtxtSandbox, one: One, save: Save) -> None:
    order = save()
    assert api.error("tasks.saveTask", id=order, price=500) == "no_params"  # required there too
    save(id=order, price=500, description="More.")
    assert (one(order)["price"], one(order)["description"]) == ("500", "More.")
    assert market.books().held == 500
    assert market.books().duplicates() == {}
    market.quirks.partial_edit = True
    assert api("tasks.saveTask", id=order, public=0) == {"id_task": str(order)}
    assert (int(market.books().held), one(order)["public"], one(order)["price"]) == (0, "0", "500")
    market.hand_in(save(id=order, public=1))
    assert api.error("tasks.saveTask", id=order, price=1) == "no_access"


def test_too_little_money(api: Api, market: EtxtSandbox, save: Save) -> None:
    market.set_balance(500)
    save()
    assert (
        api.error("tasks.saveTask", title="b", price=300, price_type=2, size=9, id_category=1, public=1) == "no_access"
    )
    assert len(market.orders()) == 1
    draft = save(public=0)
    market.quirks.funds_error = "no_money"
    assert api.error("tasks.setDeadline", id=draft, deadline="20.01.2026", public=1) == "no_money"
    assert api("users.getBalance")["balance"] == "200"


def test_commission_where_there_is_one(api: Api, market: EtxtSandbox, save: Save) -> None:
    market.quirks.commission = 10
    first, order = save(), save(multitask=1, multicount=3)
    assert (int(market.books().held), int(market.books().commission)) == (1200, 120)
    market.hand_in(order)
    assert api("tasks.deleteTask", id=[first, order]) == {"ids": [str(first), str(order)]}
    assert (int(market.books().held), int(market.books().commission)) == (300, 30)


def test_lists_page_from_the_newest_and_filter(api: Api, market: EtxtSandbox, save: Save) -> None:
    orders = [save(title=f"n{number}", price=1) for number in range(7)]
    folder = api("folders.addFolder", name="f")["id_folder"]
    save(id=orders[0], title="n0", price=1, id_folder=folder)

    def ids(**query: object) -> list[int]:
        return [int(each["id"]) for each in api.get("tasks.listTasks", **query)]

    assert ids() == orders[::-1]
    assert ids(count=3) + ids(**{"count": 3, "from": 3}) + ids(**{"count": 3, "from": 6}) == orders[::-1]
    assert api.error("tasks.listTasks", **{"from": 7}) == "no_object"
    assert ids(id_folder=folder) == [orders[0]]
    worker = market.hand_in(orders[1]).user
    assert ids(status=3) == ids(id_user=worker) == [orders[1]]
    assert api("tasks.listTasks", only_id=1, status=3) == [str(orders[1])]
    market.quirks.only_id_as_records = True
    assert api("tasks.listTasks", only_id=1, status=3) == [{"id": str(orders[1])}]


def test_copies_and_deletions(api: Api, market: EtxtSandbox, one: One, save: Save) -> None:
    order = save(auto_work=1, auto_rate=11_999, multitask=1, multicount=2)
    copy = int(api("tasks.copyTask", id=order, deadline="never")["id_copy"])
    assert (one(copy)["multitask"], one(copy)["public"], one(copy)["title"]) == ("0", "1", "A text")
    assert int(one(copy)["deadline"]) == (market.clock.now().timestamp() + 5 * 86400)
    assert [charge.kind for charge in market.books().charges] == ["publish", "copy"]
    market.hand_in(copy)
    assert api("tasks.deleteTask", id=[order, copy, 99]) == {"ids": [str(order)]}
    assert api.error("tasks.deleteTask", id=[order]) == "no_object"
    assert api.error("tasks.deleteTask", id=[copy]) == "no_access"
    assert api.error("tasks.deleteTask", id=list(range(101))) == "max_limit"
    assert api.error("tasks.deleteTask", id=5) == "no_params"  # no array
    assert market.books().held == 300
