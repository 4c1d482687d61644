"""The 14 functions that must not be repeated, run as applications run them: through a hub, with its ledger on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import TypeAlias

import anyio
import pytest
from pydantic import BaseModel

from crowdhub import AsyncHub, Hub, Money, Operation
from crowdhub.errors import InvalidRequest
from crowdhub.ledger import Intent, Ledger
from crowdhub.ledger.content import canonical
from crowdhub.protocol import Flow, Upload, no_call
from crowdhub.sandbox import Sandbox
from crowdhub.testing.recording import Given
from crowdhub_etxt import Correctable, Etxt
from crowdhub_etxt.functions.orders import Saved
from crowdhub_etxt.recordings import ORDER, REVIEW, prepared
from crowdhub_etxt.sandbox import EtxtSandbox
from tests.etxt.test_functions import FREE, SPENDING

Ask: TypeAlias = Callable[[Etxt, Given], Operation[object]]
Prepare: TypeAlias = Callable[[Etxt, EtxtSandbox], Flow[Given]]


def _nothing(_provider: Etxt, _sandbox: EtxtSandbox) -> Flow[Given]:
    return no_call({})


def _for_sale(provider: Etxt, _sandbox: EtxtSandbox) -> Flow[Given]:
    page = yield from provider.api.articles.get_list(count=1)
    return {"article_id": page.items[0].id}


# Each with what the sandbox has to hold before.
CASES: Mapping[str, tuple[Ask, Prepare]] = {
    "tasks.saveTask": (lambda p, _: p.api.tasks.save_task(**ORDER, public=True), _nothing),
    "tasks.copyTask": (
        lambda p, g: p.api.tasks.copy_task(g["task_id"], p.now() + timedelta(days=3)),
        prepared.order,
    ),
    "tasks.extraPaid": (
        lambda p, g: p.api.tasks.extra_paid(g["task_id"], Money(50, "RUB")),
        prepared.handed_in,
    ),
    "tasks.setNote": (lambda p, g: p.api.tasks.set_note(g["application_id"], "Soon"), prepared.applied),
    "tasks.saveComment": (lambda p, g: p.api.tasks.save_comment(g["task_id"], "Two pictures"), prepared.order),
    "tasks.sendNoteFail": (lambda p, g: p.api.tasks.send_note_fail(g["task_id"], "Dogs"), prepared.handed_in),
    "articles.buy": (lambda p, g: p.api.articles.buy(g["article_id"]), _for_sale),
    "correction.add": (lambda p, _: p.api.correction.add("Cats", prepared.SOURCE), _nothing),
    "correction.import": (
        lambda p, g: p.api.correction.import_(Correctable.ORDER, g["result_id"]),
        prepared.handed_in,
    ),
    "detector.send": (lambda p, _: p.api.detector.send("uniq", prepared.SOURCE, method=2), _nothing),
    "messages.writePrivate": (
        lambda p, g: p.api.messages.write_private(g["user_id"], "Yes"),
        prepared.performer,
    ),
    "users.setReport": (lambda p, g: p.api.users.set_report(g["user_id"], REVIEW), prepared.handed_in),
    "folders.addFolder": (lambda p, _: p.api.folders.add_folder("Cats"), _nothing),
    "bwgroups.saveGroup": (lambda p, _: p.api.bwgroups.save_group("Good ones"), _nothing),
}


class Runs:
    """What a program sees: the results of one operation, run several times, and the ledger's rows after it."""

    def __init__(self) -> None:
        self.results: list[object] = []
        self.rows: list[Intent] = []
        self.content: object = None

    def note(self, operation: Operation[object], ledger: Ledger | None) -> None:
        assert ledger is not None
        self.content = canonical(operation.arguments)
        self.rows = list(ledger.report.entries(operation=operation.name))


def run_sync(box: Sandbox, function: str, keys: list[str | None], amount: Money | None) -> Runs:
    ask, prepare = CASES[function]
    runs = Runs()
    with Hub(box.accounts) as hub:
        market = hub.market(Etxt)
        given = market.run(_as_operation(partial(prepare, market.provider, box.market(EtxtSandbox))))
        for key in keys:
            operation = ask(market.provider, given)
            runs.results.append(market.run(operation, key=key, amount=amount))
            runs.note(operation, market.ledger)
    return runs


def run_async(box: Sandbox, function: str, keys: list[str | None], amount: Money | None) -> Runs:
    ask, prepare = CASES[function]
    runs = Runs()

    async def main() -> None:
        async with AsyncHub(box.accounts) as hub:
            market = hub.market(Etxt)
            given = await market.run(_as_operation(partial(prepare, market.provider, box.market(EtxtSandbox))))
            for key in keys:
                operation = ask(market.provider, given)
                runs.results.append(await market.run(operation, key=key, amount=amount))
                runs.note(operation, market.ledger)

    anyio.run(main)
    return runs


def _as_operation(flow: Callable[[], Flow[Given]]) -> Operation[Given]:
    return Operation("prepare", flow, {})


Run: TypeAlias = Callable[[Sandbox, str, list[str | None], Money | None], Runs]
WORLDS = pytest.mark.parametrize("run", [run_sync, run_async], ids=["sync", "async"])


def test_all_of_them_are_here() -> None:
    assert set(CASES) == SPENDING


@WORLDS
@pytest.mark.parametrize("function", CASES)
def test_under_a_key_it_is_done_once(box: Sandbox, people: EtxtSandbox, function: str, run: Run) -> None:
    runs = run(box, function, ["one", "one"], Money(1000, "RUB"))
    assert [f"method={function}&" in each.query for each in people.requests].count(True) == 1
    (row,) = runs.rows
    assert (row.operation, row.key, row.state, row.amount) == (function, "one", "done", Money(1000, "RUB"))
    assert row.content == runs.content
    first, again = runs.results
    assert type(first) is type(again)
    assert isinstance(first, BaseModel)
    assert isinstance(again, BaseModel)
    assert first.model_dump() == again.model_dump()


@WORLDS
@pytest.mark.parametrize("function", CASES)
def test_without_a_key_what_takes_money_is_in_the_ledger(box: Sandbox, function: str, run: Run) -> None:
    runs = run(box, function, [None], None)
    told = [(row.key, row.state, row.content, row.amount) for row in runs.rows]
    assert told == ([] if function in FREE else [(None, "done", runs.content, None)])


def test_a_draft_is_free(box: Sandbox) -> None:
    with Hub(box.accounts) as hub:
        market = hub.market(Etxt)
        before = market.balance()
        market.run(market.provider.api.tasks.save_task(**ORDER, public=False))
        assert market.balance() == before
        assert market.ledger is not None
        assert list(market.ledger.report.entries()) == []


def test_a_file_is_part_of_what_was_asked(box: Sandbox) -> None:
    with Hub(box.accounts) as hub:
        market = hub.market(Etxt)

        def order(content: bytes) -> Operation[Saved]:
            file = Upload("brief.txt", content, "text/plain")
            return market.provider.api.tasks.save_task(**ORDER, public=True, file=file)

        made = market.run(order(b"Two pictures."), key="one")
        assert market.run(order(b"Two pictures."), key="one").id_task == made.id_task
        with pytest.raises(InvalidRequest, match="was used for another"):
            market.run(order(b"Three pictures."), key="one")
