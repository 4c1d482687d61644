from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import httpx
import pytest

from crowdhub.sandbox import Fault, Sandbox, SandboxError, sandbox_names
from crowdhub_etxt.sandbox import EtxtSandbox, signature

if TYPE_CHECKING:
    from tests.etxt.test_sandbox.conftest import Api, Save


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"method": "users.getBalance"}, "2ad8119183ff527fc51842768a5c329c"),
        ({"method": "folders.addFolder", "name": "Folder name Ё"}, "00226280bb835de937ec97fe0faa5c0b"),
        ({"id[0]": "10", "id[1]": "7", "method": "tasks.getResults"}, "8a852126d46865902689f9a902d20f4c"),
    ],
)
def test_documented_vectors(query: dict[str, str], expected: str) -> None:
    pairs = [("token", "tok123"), *query.items(), ("sign", "whatever")]
    assert signature(pairs, "secret") == expected


def test_it_is_found_by_its_name() -> None:
    assert "etxt" in sandbox_names()
    with Sandbox("etxt", options={"etxt": {"balance": "5"}}) as box:
        assert isinstance(box["etxt"], EtxtSandbox)
        assert box.accounts["etxt"]["base_url"].endswith("/api/json/")
    with pytest.raises(SandboxError, match=r"no option 'bogus'.*partial_edit"):
        EtxtSandbox(bogus=1)


def test_a_wrong_sign_or_token_is_no_access(api: Api, market: EtxtSandbox, http: httpx.Client) -> None:
    good = api.query("users.getBalance")
    assert http.get(api.url, params=good).json()["balance"] == "50000"
    wrong = [
        {**good, "sign": "0" * 32},
        {**good, "sign": good["sign"].upper()},
        {**good, "token": "nobody"},
        {**good, "extra": "unsigned"},
        {**good, "sign": hashlib.md5(b"").hexdigest()},
    ]
    for query in wrong:
        assert http.get(api.url, params=query).json() == {"error": "no_access"}
    market.quirks.auth_error = "bad_sign"
    assert http.get(api.url, params=wrong[0]).json() == {"error": "bad_sign"}


def test_the_three_names_belong_in_the_query(api: Api, http: httpx.Client) -> None:
    good = api.query("users.getBalance")
    for name in good:
        rest = {key: value for key, value in good.items() if key != name}
        assert http.post(api.url, params=rest, data={name: good[name]}).json() == {"error": "no_params"}
    assert api.error("users.getNothing") == "no_params"


def test_parameters_in_query_and_body_are_alike(api: Api, save: Save) -> None:
    first, second = save(), save()
    assert api.get("tasks.listTasks", id=first) == api("tasks.listTasks", id=first)
    assert {each["id"] for each in api.get("tasks.viewNotes", id=[first, second]) if "id" in each} == set()
    assert api.get("folders.addFolder", name="Папка Ё & = +") == {"id_folder": "301"}
    assert api("folders.listFolders")[0]["name"] == "Папка Ё & = +"


def test_arrays_with_empty_brackets(api: Api, save: Save, http: httpx.Client, market: EtxtSandbox) -> None:
    orders = [save(), save()]
    results = [market.hand_in(order) for order in orders]
    answer = http.post(api.url, params=api.query("tasks.getResults"), data={"id[]": [str(each) for each in orders]})
    assert [row["id"] for row in answer.json()] == [str(result.id) for result in results]
    # In the query each element is signed under the name as sent.
    query = [("id[]", str(orders[1])), ("id[]", str(orders[0])), ("method", "tasks.getResults"), ("token", api.token)]
    inner = hashlib.md5(f"{api.api_pass}api-pass".encode()).hexdigest()
    sign = hashlib.md5(("".join(f"{name}={value}" for name, value in query) + inner).encode()).hexdigest()
    rows = http.get(api.url, params=[*query, ("sign", sign)]).json()
    assert [row["id_task"] for row in rows] == [str(orders[1]), str(orders[0])]


def test_too_long_a_url_is_refused_and_a_body_is_not(api: Api, http: httpx.Client) -> None:
    text = "слово " * 400
    answer = http.get(api.url, params=api.query("users.setNote", id=1001, text=text[:900]))
    assert (answer.status_code, answer.headers["content-type"]) == (414, "text/html; charset=utf-8")
    assert api("users.setNote", id=1001, text=text[:900]) == {"status": "1"}


def test_only_this_path_and_two_verbs(api: Api, http: httpx.Client) -> None:
    assert http.get(api.url.replace("json", "xml"), params=api.query("users.getBalance")).status_code == 404
    assert http.put(api.url, params=api.query("users.getBalance")).status_code == 405
    assert http.get(api.url.rstrip("/"), params=api.query("users.getBalance")).json()["id"] == "501"


def test_numbers_are_text_or_numbers(api: Api, market: EtxtSandbox) -> None:
    assert api("users.getWorks", id=1001)["works"]["1"]["id_type"] == "1"
    market.quirks.numbers_as_text = False
    assert api("users.getWorks", id=1001)["works"]["1"]["id_type"] == 1
    assert api("users.getBalance") == {"id": 501, "balance": 50000, "date": int(market.clock.now().timestamp())}


def test_empty_maps_and_lists(api: Api, market: EtxtSandbox) -> None:
    assert api("users.getReports", id=1001)["negative"] == []
    assert api.error("folders.listFolders") == "no_object"
    market.quirks.empty_maps_as_lists = market.quirks.empty_lists_refused = False
    assert api("users.getReports", id=1001)["negative"] == {}
    assert api("folders.listFolders") == []


def test_listings_by_id(api: Api, market: EtxtSandbox, save: Save) -> None:
    order = save()
    market.quirks.records_by_id = True
    assert api("tasks.listTasks")[str(order)]["id"] == str(order)


def test_a_fault_can_be_aimed_at_one_function(api: Api, market: EtxtSandbox, http: httpx.Client) -> None:
    market.faults.add(Fault.status(503), path=r"users\.getBalance$")
    assert api("users.getWorks", id=1001)["works"]
    assert http.get(api.url, params=api.query("users.getBalance")).status_code == 503
    assert api("users.getBalance")["id"] == "501"
    assert [(fired.path, fired.operation) for fired in market.faults.fired] == [("/api/json/", "users.getBalance")]
    market.faults.add(Fault.status(503), operation="users.getBalance")
    assert api("users.getWorks", id=1001)["works"]
    assert http.get(api.url, params=api.query("users.getBalance")).status_code == 503
    assert market.requests[-1].operation == "users.getBalance"
    assert http.get(f"{api.url.removesuffix('api/json/')}files/none?method=x").status_code == 404
    assert market.requests[-1].operation is None


def test_each_other_customer_sees_only_their_own(api: Api, other: Api, market: EtxtSandbox) -> None:
    assert [each["id"] for each in other("tasks.listTasks")] == [str(market.foreign_order)]
    assert api.error("tasks.listTasks", id=market.foreign_order) == "no_object"
    assert api.error("tasks.deleteTask", id=[market.foreign_order]) == "no_access"
    assert api.error("tasks.copyTask", id=market.foreign_order) == "no_access"
    assert api.error("tasks.copyTask", id=99) == "no_object"
