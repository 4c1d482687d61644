from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from crowdhub.sandbox import Sandbox, SandboxError
from crowdhub_etxt.sandbox import EtxtSandbox, Quality

if TYPE_CHECKING:
    from tests.etxt.test_sandbox.conftest import Api, One, Save


def test_from_application_to_payment(api: Api, market: EtxtSandbox, one: One, save: Save) -> None:
    order = save()
    market.comment(order, 1005, "A question")
    remark = market.apply(order, text="Let me.")
    shown = api("tasks.viewNotes", id=order)
    assert [(row["id_note"], row["text"]) for row in shown] == [
        ("0", "A question"),
        (str(remark.application), "Let me."),
    ]
    (waiting,) = api("tasks.viewNotesAll")
    assert (waiting["id_note"], waiting["user"], waiting["price"]) == (str(remark.application), remark.login, "300")
    taken = api("tasks.setNote", id=remark.application, comment="Go on.")
    assert taken == {"id_task": str(order), "id_user": str(remark.user)}
    assert (one(order)["status"], one(order)["description"]) == ("2", "Write.\nGo on.")
    assert api.error("tasks.setNote", id=remark.application) == "no_access"
    assert api.error("tasks.setNote", id=1) == "no_object"
    market.hand_in(order, "The text", {"a.doc": b"doc"}, Quality(1.5, 95.5), comment="Here.")
    assert one(order)["status"] == "3"
    assert api("tasks.paidTask", id=[order], text="Thanks") == {"status": "1", "ids": [str(order)]}
    assert (one(order)["status"], int(one(order)["end_date"])) == ("4", market.clock.now().timestamp())
    (result,) = api("tasks.getResults", id=[order])
    assert (result["status"], result["per_mistakes"], result["per_antiplagiat"]) == ("2", "1.5", "95.5")
    assert (int(market.books().paid_out), int(market.books().held)) == (300, 0)
    assert api.error("tasks.paidTask", id=[order]) == "no_access"


def test_declining(api: Api, market: EtxtSandbox, save: Save) -> None:
    order = save()
    remark = market.apply(order)
    assert api("tasks.unsetNote", id=remark.application)["id_task"] == str(order)
    assert api.error("tasks.viewNotesAll") == "no_object"
    assert api.error("tasks.setNote", id=remark.application) == "no_access"


def test_a_multitask_makes_an_order_for_each_application(api: Api, market: EtxtSandbox, one: One, save: Save) -> None:
    order = save(multitask=1, multicount=2, multione=1)
    assert market.books().held == 600
    first, second = market.apply(order), market.apply(order)
    made = [int(api("tasks.setNote", id=each.application)["id_task"]) for each in (first, second)]
    assert order not in made
    assert [one(each)["multitask"] for each in made] == ["0", "0"]
    assert (one(order)["multicount"], one(order)["public"], one(order)["status"]) == ("0", "0", "1")
    assert market.books().held == 600
    for each in made:
        market.hand_in(each)
    assert api("tasks.paidTask", id=made)["ids"] == [str(each) for each in made]
    assert market.books().paid_out == 600


def test_one_multitask_order_for_each_performer(market: EtxtSandbox, save: Save) -> None:
    order = save(multitask=1, multicount=3, multione=1)
    user = market.hand_in(order).user
    with pytest.raises(SandboxError, match="may not apply"):
        market.apply(order, user)


def test_auto_acceptance(api: Api, market: EtxtSandbox, one: One, save: Save) -> None:
    order = save(auto_work=1, auto_rate=6000, auto_reports=10, auto_reports_n=3)
    good = weak = None
    for user in market.world.people.ids:
        person = market.person(user)
        if person.works.get(1) == 0:
            fits = person.rate >= 6000 and person.reports >= 10 and person.reports_n <= 3
            good, weak = (user, weak) if fits else (good, user)
    market.apply(order, weak)
    assert one(order)["status"] == "1"
    market.apply(order, good)
    assert (one(order)["status"], one(order)["id_user"]) == ("2", str(good))


def test_white_list_group_and_individual_orders(api: Api, market: EtxtSandbox, one: One, save: Save) -> None:
    group = api("bwgroups.saveGroup", name="g")["id"]
    order = save(target_task=2, id_target=group)
    with pytest.raises(SandboxError, match="Nobody"):
        market.apply(order)
    api("users.setUserBW", id=1001, type="whiteList", id_group=group)
    assert market.apply(order).user == 1001
    cheap = next(user for user in market.world.people.ids if market.person(user).works.get(1) == 60)
    given = {"title": "x", "size": 1000, "id_category": 1, "price_type": 1, "target_task": 3, "id_target": cheap}
    assert api.error("tasks.saveTask", price=59, **given) == "no_work"
    individual = save(**{**given, "price": 60})
    assert one(individual)["id_target"] == str(cheap)
    assert market.apply(individual).user == cheap
    api("users.setUserBW", id=cheap, type="blackList")
    assert api.error("tasks.saveTask", price=60, **given) == "no_utarget"


def test_redo(api: Api, market: EtxtSandbox, one: One, save: Save, box: Sandbox) -> None:
    order = save(deadline="16.01.2026")
    market.hand_in(order)
    box.clock.advance(days=3)
    assert api.error("tasks.cancelTask", id=[order]) == "no_params"
    assert api("tasks.cancelTask", id=[order], text="Longer") == {"status": "1", "ids": [str(order)]}
    assert one(order)["status"] == "2"  # a day is left for it
    (result,) = api("tasks.getResults", id=[order])
    assert (result["status"], int(result["date_reset"])) == ("1", market.clock.now().timestamp())
    assert [each["text"] for each in api("tasks.viewNotes", id=order)] == ["Longer"]
    market.hand_in(order)
    assert [each["status"] for each in api("tasks.getResults", id=[order])] == ["1", "0"]
    second = save()
    market.hand_in(second)
    assert api("tasks.cancelTask", id=[order, second])["ids"] == [str(order), str(second)]


def test_too_little_uniqueness_is_sent_back_at_once(api: Api, market: EtxtSandbox, one: One, save: Save) -> None:
    order = save(uniq=90)
    market.hand_in(order, quality=Quality(antiplagiat=89))
    assert one(order)["status"] == "2"
    market.hand_in(order, quality=Quality(antiplagiat=90))
    assert one(order)["status"] == "3"


def test_figures_by_type_and_only_when_checked(api: Api, market: EtxtSandbox, save: Save) -> None:
    orders = [save(id_type=kind, keywords="a" if kind == 4 else "") for kind in (1, 4)]
    orders.append(save(id_type=2, text="a source"))
    rows = {}
    for order in orders:
        market.hand_in(order)
        rows[order] = set(api("tasks.getResults", id=[order])[0])
    assert "per_keywords" in rows[orders[1]]
    assert "per_diff" in rows[orders[2]]
    assert not {"per_keywords", "per_diff"} & rows[orders[0]]
    unchecked = save()
    market.hand_in(unchecked, checked=False)
    (row,) = api("tasks.getResults", id=[unchecked])
    assert row["check"] == "0"
    assert "per_mistakes" not in row


def test_the_minimum_size_is_held(market: EtxtSandbox, save: Save) -> None:
    order = save(size=100, checksize=1)
    with pytest.raises(SandboxError, match="90 %"):
        market.hand_in(order, "x" * 89)
    market.hand_in(order, "x" * 90)


def test_files_live_for_a_day(api: Api, market: EtxtSandbox, save: Save, http: httpx.Client, box: Sandbox) -> None:
    order = save()
    market.hand_in(order, "Слово", {"картинка 1.png": b"\x89PNG", "b.doc": b"b"})
    (row,) = api("tasks.getResults", id=[order])
    assert [(file["name"], file["size"]) for file in row["files"]] == [("text", "10"), ("file", "4"), ("file", "1")]
    links = [file["path"] for file in row["files"]]
    assert [http.get(link).content for link in links] == ["Слово".encode(), b"\x89PNG", b"b"]
    box.clock.advance(hours=23)
    assert http.get(links[0]).status_code == 200
    box.clock.advance(hours=2)
    assert http.get(links[0]).status_code == 404
    assert http.get(links[0].replace("result/", "result/0")).status_code == 404
    market.quirks.files_by_kind = True
    (row,) = api("tasks.getResults", id=[order])
    assert list(row["files"]) == ["text", "file", "file2"]
    assert http.get(row["files"]["text"]["path"]).status_code == 200


def test_overdue_fail_and_copy(api: Api, market: EtxtSandbox, one: One, save: Save, box: Sandbox) -> None:
    order, other = save(deadline="17.01.2026"), save()
    market.accept(market.apply(order).application)
    market.accept(market.apply(other).application)
    assert api.error("tasks.failTask", id=order) == "no_access"
    box.clock.advance(days=3)
    assert one(order)["status"] == "5"
    assert [each["id"] for each in api("tasks.listTasks", filter=10)] == [str(order)]
    assert api("tasks.setDeadline", id=order, deadline="25.01.2026")["status"] == "2"
    market.overdue(order)
    user = market.order(order).performer
    answer = api("tasks.failTask", id=order, copy=1)
    assert answer["id"] == str(order)
    assert one(int(answer["id_copy"]))["public"] == "1"
    assert api.error("tasks.listTasks", filter=10) == "no_object"
    assert api.error("tasks.deleteTask", id=[order]) == "no_access"
    assert market.books().held == 600
    (fail,) = api("rating.listTasksFails", back=2)
    assert (fail["id_task"], fail["id_user"], fail["back"]) == (str(order), str(user), "0")
    assert int(api("rating.ratingUserBack", id_task=order, id_user=user)["rate_back"]) > 0
    assert api.error("rating.ratingUserBack", id_task=order, id_user=user) == "no_access"
    assert api("rating.listTasksFails", back=1)[0]["id_task"] == str(order)
    box.clock.advance(days=14)
    assert api.error("tasks.listTasks", id=order) == "no_object"


def test_taking_a_performer_off(api: Api, market: EtxtSandbox, one: One, save: Save, box: Sandbox) -> None:
    order = save()
    assert api.error("tasks.sendNoteFail", id=order, text="Bad") == "no_access"
    market.hand_in(order)
    assert api("tasks.sendNoteFail", id=order, text="Bad")["status"] == "1"
    market.take_off(order)
    assert (one(order)["status"], one(order)["id_user"]) == ("1", "0")
    box.clock.advance(days=6)
    assert api.error("tasks.deleteTask", id=[order]) == "no_access"
    box.clock.advance(days=2)
    assert api("tasks.deleteTask", id=[order])["ids"] == [str(order)]
    assert market.books().held == 0


def test_bonuses(api: Api, market: EtxtSandbox, save: Save) -> None:
    order = save(price=100, size=100)
    assert api.error("tasks.extraPaid", id=order, count=1) == "no_access"
    market.hand_in(order, "x" * 150)
    assert api.error("tasks.extraPaid", id=order, count=301) == "max_limit"
    assert api("tasks.extraPaid", id=order, count=300) == {"status": "1"}
    assert api("tasks.extraPaid", id=order, autopay="get") == {"status": "1", "count": "50"}
    assert api("tasks.extraPaid", id=order, autopay="pay") == {"status": "1"}
    kinds = [(charge.kind, int(charge.amount)) for charge in market.books().charges_for(str(order))]
    assert kinds == [("publish", 100), ("bonus", 300), ("bonus", 50)]
    assert market.books().paid_out == 350


def test_money_held_at_acceptance(api: Api, market: EtxtSandbox, save: Save) -> None:
    market.quirks.hold_at = "acceptance"
    order = save(multitask=1, multicount=2)
    assert market.books().charges == ()
    result = market.hand_in(order)
    (charge,) = market.books().charges
    assert (charge.kind, charge.task_id) == ("accept", str(result.order_id))
    api("tasks.paidTask", id=[result.order_id])
    assert market.books().held == 0


def test_done_orders_move_to_the_archive(api: Api, market: EtxtSandbox, one: One, save: Save, box: Sandbox) -> None:
    order = save(id_type=4, keywords="a")
    market.hand_in(order, "The text")
    api("tasks.paidTask", id=[order])
    box.advance(days=31)
    assert api.error("tasks.listTasks") == "no_object"
    (archived,) = api("tasks_archive.listTasks")
    assert int(archived["date_archive"]) == market.clock.now().timestamp()
    (result,) = api("tasks_archive.getResults", id=order)
    assert (result["content"], result["files"], result["check"]["per_keywords"]) == ("The text", [], "100")
