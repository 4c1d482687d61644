"""Users, lists, messages, articles, folders, checks."""

from __future__ import annotations

import base64
import io
import zipfile
from typing import TYPE_CHECKING

import httpx

from crowdhub.sandbox import Sandbox
from crowdhub_etxt.sandbox import EtxtSandbox

if TYPE_CHECKING:
    from tests.etxt.test_sandbox.conftest import Api, Save


def test_white_and_black_list(api: Api, market: EtxtSandbox) -> None:
    group = api("bwgroups.saveGroup", name="Group")["id"]
    inner = api("bwgroups.saveGroup", name="Inner", id_parent=group)["id"]
    before = api("users.getUserBW", id=1002)
    assert api("users.setUserBW", id=1002, type="whiteList", id_group=inner) == {"id": "1002", "type": "whiteList"}
    api("users.setUserBW", id=1003, type="blackList")
    assert int(api("users.getUserBW", id=1002)["whiteList"]) == int(before["whiteList"]) + 1
    assert [each["id_user"] for each in api("users.getBW")] == ["1002", "1003"]
    assert [each["id_user"] for each in api("users.getBW", type="blackList")] == ["1003"]
    assert [each["id_user"] for each in api("users.getBW", id_group=inner)] == ["1002"]
    assert api("bwgroups.updateGroup", id_user=1002, id_group=group)["name"] == "Group"
    assert api.error("bwgroups.updateGroup", id_user=1004, id_group=group) == "no_object"
    assert [(each["depth"], each["last"]) for each in api("bwgroups.listGroups")] == [("0", "0"), ("1", "1")]
    assert api("bwgroups.deleteGroup", id=group)["ids"] == [group, inner]
    assert api("users.getBW")[0]["id_group"] == "0"
    assert api("users.setUserBW", id=1002, type="delete")["type"] == "delete"
    assert api.error("users.setUserBW", id=1002, type="delete") == "no_object"
    assert api.error("users.setUserBW", id=1002, type="grey") == "no_params"


def test_performers(api: Api, market: EtxtSandbox, http: httpx.Client) -> None:
    found = api("users.getList", rate_from=5000, online=1, count=100)
    assert found
    assert all(int(each["rate"]) >= 5000 and each["online"] == "1" for each in found)
    user = api("users.getUser", login=found[0]["login"])
    assert user == api("users.getUser", id=found[0]["id_user"], login="ignored")
    assert http.get(user["photo"]).content.startswith(b"\x89PNG")
    assert api.error("users.getUser", id=7) == "no_object"
    assert api.error("users.getUser") == "no_params"
    api("users.setNote", id=1001, text="Quick")
    assert api("users.getNote", id=1001)["text"] == "Quick"
    assert api.error("users.setNote", id=1001, text="x" * 1001) == "max_limit"


def test_reports_need_common_work_and_a_day_between(api: Api, market: EtxtSandbox, save: Save, box: Sandbox) -> None:
    user = market.hand_in(save()).user
    stranger = next(each for each in market.world.people.ids if each != user)
    text = "x" * 50
    assert api.error("users.setReport", id_user=stranger, text=text) == "no_access"
    assert api.error("users.setReport", id_user=user, text="x" * 49) == "no_params"
    number = api("users.setReport", id_user=user, text=text, rate=2)["id_report"]
    assert api("users.getReports", id=user)["negative"]["501"][0]["text"] == text
    assert api.error("users.setReport", id_user=user, text=text) == "is_timeout"
    assert api("users.setReport", id_report=number, text="y" * 50)["id_report"] == number
    box.clock.advance(hours=2)
    assert api.error("users.setReport", id_report=number, text="z" * 50) == "no_access"
    box.clock.advance(hours=23)
    assert api("users.setReport", id_user=user, text=text)["id_report"] != number


def test_statement(api: Api, market: EtxtSandbox, save: Save, box: Sandbox) -> None:
    folder = api("folders.addFolder", name="Project")["id_folder"]
    order = save(id_folder=folder)
    box.clock.advance(days=1)
    user = market.hand_in(order).user
    api("tasks.extraPaid", id=order, count=7)
    lines = api("users.getStats")
    assert [(each["count"], each["balance"], each["id_folder"]) for each in lines] == [
        ("-7", "49693", folder),
        ("-300", "49700", folder),
    ]
    today = int(market.clock.now().timestamp())
    assert len(api("users.getStats", date_from=today)) == 1
    assert [each["id_user_to"] for each in api("users.getStats", login=market.person(user).login)] == [str(user)]
    assert api.error("users.getStats", promo=1) == "no_object"


def test_private_messages(api: Api, market: EtxtSandbox, box: Sandbox) -> None:
    sent = {"id_user": "1001", "text": "Hello", "time": str(int(market.clock.now().timestamp()))}
    assert api("messages.writePrivate", id_user=1001, text="Hello") == sent
    box.clock.advance(seconds=59)
    assert api.error("messages.writePrivate", id_user=1002, text="Too soon") == "max_limit"
    box.clock.advance(seconds=1)
    api("messages.writePrivate", id_user=1001, text="Again")
    assert api.error("messages.writePrivate", id_user=1001, text="my mail is a@b.org") == "is_private_data"
    assert api.error("messages.writePrivate", id_user=1, text="Nobody") == "no_object"
    assert api.error("messages.writePrivate", id_user=1001) == "no_params"
    assert api.error("messages.writePrivate", id_user=1001, text="x" * 10_001) == "max_limit"
    market.message_from(1001, "Hi")
    letters = [(each.author, each.text) for each in market.letters(1001)]
    assert letters == [(501, "Hello"), (501, "Again"), (1001, "Hi")]
    assert market.letters("1002") == []
    assert api("messages.getCountUnread") == {"count": "1", "users": [{"id_author": "1001", "count": "1"}]}
    assert [each["text"] for each in api("messages.readPrivate", id_user=1001)] == ["Hi", "Again", "Hello"]
    assert [each["text"] for each in api("messages.readPrivate", id_user=1001, unread=1)] == ["Hi"]
    assert api("messages.getCountUnread") == {"count": "0", "users": []}
    market.set_rating(10_000)
    box.clock.advance(minutes=1)
    assert api.error("messages.writePrivate", id_user=1001, text="Hello") == "no_access"


def test_system_messages(api: Api, market: EtxtSandbox) -> None:
    first, second = (str(market.system_message(f"<b>{number}</b>")) for number in range(2))
    assert [each["id"] for each in api("messages.getList")] == [second, first]
    assert api("messages.setRead", ids=[first, 7]) == {"ids": [first]}
    assert api("messages.setDelete", ids=[first, second]) == {"ids": [second]}
    assert api.error("messages.getList") == "no_object"


def test_folders(api: Api, market: EtxtSandbox, save: Save) -> None:
    one = api("folders.addFolder", name="b")["id_folder"]
    two = api("folders.addFolder", name="a")["id_folder"]
    inner = api("folders.addFolder", name="c", id_parent=one)["id_folder"]
    assert [each["id_category"] for each in api("folders.listFolders")] == [two, one, inner]
    assert [each["id_category"] for each in api("folders.listFolders", sort="date")] == [one, inner, two]
    order = save()
    assert api("folders.moveToFolder", id_folder=inner, type="task", ids=[order, 5]) == {"count": "1"}
    assert api("tasks.listTasks", id_folder=inner)[0]["id"] == str(order)
    assert api.error("folders.moveToFolder", id_folder=inner, type="archive", ids=[order]) == "no_object"
    assert api.error("folders.addFolder", name="x" * 129) == "max_limit"


def test_articles(api: Api, market: EtxtSandbox, http: httpx.Client, box: Sandbox) -> None:
    listed = api("articles.getList", sort="price", order="asc", price_to=400)
    assert len(listed) <= 20
    prices = [float(each["full_price"]) for each in listed]
    assert prices == sorted(prices)
    article = listed[0]["id"]
    assert base64.b64decode(listed[0]["description"]).startswith(b"\x89PNG")
    assert api.error("articles.getText", id=[article]) == "no_access"
    assert api("articles.buy", id=article) == {"id": article}
    assert api.error("articles.buy", id=article) == "no_access"
    assert market.books().paid_out == market.books().charged
    assert str(float(market.books().charged)) == str(prices[0])
    (mine,) = api("articles.getList", filter=1)
    assert (mine["id"], int(mine["date_buy"])) == (article, market.clock.now().timestamp())
    assert article not in [each["id"] for each in api("articles.getList", id_category=mine["id_category"])]
    text = api("articles.getText", id=[article])[0]["text"]
    path = api("articles.download", id=[article])["path"]
    with zipfile.ZipFile(io.BytesIO(http.get(path).content)) as archive:
        assert archive.read(f"{article}/text.txt").decode() == text
    box.clock.advance(hours=25)
    assert http.get(path).status_code == 404
    market.archive_article(article)
    assert api.error("articles.getList", filter=1) == "no_object"
    assert api("articles_archive.getText", id=[article])[0]["text"] == text
    assert http.get(api("articles_archive.download", id=[article])["path"]).status_code == 200
    market.put_in_basket(6002)
    assert [each["id"] for each in api("articles.getList", basket=1)] == ["6002"]


def test_checks_of_texts(api: Api, market: EtxtSandbox, box: Sandbox, save: Save) -> None:
    left, right = "one two three four five six seven", "one two three four five six eight <x>"
    compared = api("diff.compareText", source=left, text=right)
    assert 50 < int(compared["result"]) < 100
    assert "<b>one</b>" in compared["text"]
    assert "&lt;x&gt;" in compared["text"]
    assert api.error("diff.compareText", source="short", text=right) == "no_params"
    check = api("detector.send", type="uniq", text="A text", method=2)["id"]  # its own `method`, in the body
    assert (api("detector.result", id=check)["status"], api("detector.result", id=check)["data"]) == ("0", [])
    box.clock.advance(minutes=5)
    assert set(api("detector.result", id=check)["data"]) == {"uniq", "ai"}
    assert api("detector.history")[0]["status"] == "1"


def test_corrections(api: Api, market: EtxtSandbox, save: Save) -> None:
    assert api.error("correction.add", title="t", text="x", deadline="15.01.2026") == "no_params"
    api("correction.add", title="t", text="x" * 2000)
    assert [(charge.kind, int(charge.amount)) for charge in market.books().charges] == [("correction", 50)]
    order = save()
    result = market.hand_in(order, "In the field", {"a.txt": b"x" * 4000})
    assert api.error("correction.import", type="task", id_object=order) == "no_object"  # the result's id is meant
    api("correction.import", type="task", id_object=result.id)
    api("correction.import", type="task", id_object=result.id, object_type="file")
    assert [int(each.amount) for each in market.books().charges if each.kind == "correction"] == [50, 1, 100]
