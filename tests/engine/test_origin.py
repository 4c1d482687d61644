"""An error says where in the plugin it arose, as text; its frames hold neither answers nor signed requests."""

from __future__ import annotations

import copy
import inspect
import json
import logging
import pickle
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, cast

import httpx
import pytest

from crowdhub import Call, Effect, Market, Money, TaskDraft, errors
from crowdhub.errors import (
    BudgetExceeded,
    Conflict,
    CrowdhubError,
    InvalidRequest,
    Issue,
    LedgerError,
    Lost,
    NotFound,
    NotSupported,
    OutcomeUnknown,
    UnreadableResponse,
)
from crowdhub.ledger import Ledger
from crowdhub.protocol import Flow, Operation, Response, WireModel, operation
from tests.conftest import World
from tests.engine.conftest import Http, MakeSession, Plain, RawServer


class Price(WireModel):
    amount: int


def price_of(answer: Mapping[str, Any]) -> int:
    return int(answer["price"]["amount"])  # line: helper


class Careless(Plain):
    """Each of its operations fails in its own way."""

    @operation
    def refuses(self) -> Flow[None]:
        yield Call.get("/x")
        raise Conflict("Not like this.")  # line: refuses

    @operation
    def stumbles(self) -> Flow[int]:
        reply = yield Call.get("/x")
        return price_of(reply.json())

    @operation
    def misreads(self) -> Flow[Price]:
        reply = yield Call.get("/x")
        return Price.read(reply)  # line: misreads

    @operation
    def decodes(self) -> Flow[Any]:
        reply = yield Call.get("/x")
        return json.loads(reply.text + "}")  # line: decodes

    @operation
    def cannot_begin(self) -> Flow[None]:
        if self.name:
            raise KeyError("no such region")  # line: cannot_begin
        yield Call.get("/x")

    @operation
    def through(self) -> Flow[None]:
        yield from self.refuses()


def line(name: str) -> int:
    source = inspect.getsource(inspect.getmodule(line) or line).splitlines()
    return 1 + next(number for number, text in enumerate(source) if text.endswith(f"# line: {name}"))


FAILURES: dict[str, tuple[type[CrowdhubError], str, str]] = {
    "refuses": (Conflict, "refuses", "refuses"),
    "stumbles": (UnreadableResponse, "helper", "price_of"),
    "misreads": (UnreadableResponse, "misreads", "misreads"),
    "decodes": (UnreadableResponse, "decodes", "decodes"),
    "cannot_begin": (InvalidRequest, "cannot_begin", "cannot_begin"),
    "through": (Conflict, "refuses", "refuses"),
}


def failing(world: World, session: MakeSession, name: str, kind: type[CrowdhubError] = CrowdhubError) -> CrowdhubError:
    def ask(market: Market[Any]) -> object:
        made: Operation[object] = getattr(market.provider, name)()
        return market.run(made)

    with pytest.raises(kind) as caught:
        world.market(session(Careless), ask)
    return caught.value


@pytest.mark.parametrize("name", list(FAILURES))
def test_it_names_file_line_and_function_of_the_plugin(
    world: World, session: MakeSession, server: RawServer, http: Http, name: str
) -> None:
    server.reply = lambda number, request: http(200, {"price": {}})
    kind, where, function = FAILURES[name]
    error = failing(world, session, name, kind)
    assert error.origin == f"engine/test_origin.py:{line(where)} in {function}"
    printed = "".join(traceback.format_exception(error))
    assert f"\nIn the plugin: {error.origin}.\n" in printed
    assert printed.count("In the plugin:") == 1
    assert "In the plugin" not in str(error)
    assert error.operation == name


def test_what_a_marketplace_refuses_names_the_line_that_asked(
    world: World, session: MakeSession, server: RawServer, http: Http
) -> None:
    class Asking(Plain):
        @operation
        def look(self) -> Flow[None]:
            yield Call.get("/x")  # line: look

    server.reply = lambda number, request: http(404, {"error": "gone"})
    with pytest.raises(NotFound) as caught:
        world.market(session(Asking), lambda m: m.run(m.provider.look()))
    assert caught.value.origin == f"engine/test_origin.py:{line('look')} in look"


def test_an_error_that_arose_elsewhere_names_no_plugin(
    world: World, session: MakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotSupported) as refused:
        world.market(session(), lambda m: m.balance())
    assert refused.value.origin is None
    assert "In the plugin" not in "".join(traceback.format_exception(refused.value))

    def full(*_: object, **__: object) -> None:
        raise LedgerError("The disk is full.")

    monkeypatch.setattr(Ledger, "begin", full)
    accounts = {"rapidworkers": {"api_key": "sk-some-key-123", "base_url": "http://127.0.0.1:1"}}
    draft = TaskDraft(title="t", instructions="i", reward=Money("0.50", "USD"), slots=10, proof="p", category="Survey")
    with pytest.raises(LedgerError, match="full") as broken:
        world.hub(accounts, lambda hub: hub["rapidworkers"].publish(draft))
    assert broken.value.origin is None


def test_a_result_that_cannot_be_read_after_a_spend_names_the_plugin_too(
    world: World, session: MakeSession, server: RawServer, http: Http
) -> None:
    class Spending(Plain):
        @operation
        def buy(self) -> Flow[Price]:
            reply = yield Call.post("/buy", effect=Effect.SPEND, json={})
            return Price.read(reply)  # line: buy

    server.reply = lambda number, request: http(200, {"price": {}})
    with pytest.raises(OutcomeUnknown) as caught:
        world.market(session(Spending), lambda m: m.run(m.provider.buy()))
    assert caught.value.origin == f"engine/test_origin.py:{line('buy')} in buy"


# --- what its frames hold ---------------------------------------------------------------------------------------

Held = (Response, httpx.Response, httpx.Request)


def locals_of(error: BaseException) -> Iterator[tuple[str, object]]:
    """The locals of all frames, those of the tests aside, and what is inside them: of the error and of its causes."""
    chain: list[BaseException | None] = [error]
    seen: set[int] = set()
    while chain:
        each = chain.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        chain += [each.__cause__, each.__context__]
        frame = each.__traceback__
        while frame is not None:
            if "/tests/" not in frame.tb_frame.f_code.co_filename:
                for name, value in frame.tb_frame.f_locals.items():
                    yield f"{frame.tb_frame.f_code.co_name}: {name}", value
                    for inner in insides(value):
                        yield f"{frame.tb_frame.f_code.co_name}: inside {name}", inner
            frame = frame.tb_next


def insides(value: object) -> list[object]:
    if isinstance(value, Mapping):
        return list(cast("Mapping[object, object]", value).values())
    if isinstance(value, (list, tuple, set, frozenset)):
        return list(cast("Collection[object]", value))
    names: list[str] = [*getattr(value, "__dict__", {}), *getattr(value, "__slots__", ())]
    return [getattr(value, name, None) for name in names]


ANSWERS: dict[str, Callable[[Http], bytes | None]] = {
    "good": lambda http: http(200, {"price": {}}),
    "not JSON": lambda http: http(200, "<html>"),
    "refused": lambda http: http(404, {"error": "gone"}),
    "down": lambda http: http(500),
    "hangs up": lambda http: None,
}


@pytest.mark.parametrize("how", list(ANSWERS))
@pytest.mark.parametrize("name", list(FAILURES))
def test_no_frame_holds_an_answer_or_a_signed_request(
    world: World, session: MakeSession, server: RawServer, http: Http, name: str, how: str, secret: str
) -> None:
    server.reply = lambda number, request: ANSWERS[how](http)
    for where, value in locals_of(failing(world, session, name)):
        assert not isinstance(value, Held), where
        if isinstance(value, Call):
            assert secret not in repr((value.headers, value.query, value.json)), where


def test_frames_that_are_looked_through_do_exist(
    ordinary: World, session: MakeSession, server: RawServer, http: Http
) -> None:
    server.reply = lambda number, request: http(404)
    error = failing(ordinary, session, "refuses")
    assert {"run: operation", "described: work"} <= {where for where, _ in locals_of(error)}


# --- what cannot be changed -------------------------------------------------------------------------------------

ERRORS: list[CrowdhubError] = [
    Conflict("m", actual="approved", provider="plain", operation="approve").with_(origin="plain/wire.py:7 in read"),
    InvalidRequest(issues=[Issue("title", "is empty"), Issue("slots", "0 is less than 1")], sent=True),
    NotSupported("publish", "plain", fields={"image": "no pictures"}),
    BudgetExceeded(Money(5, "USD"), Money(3, "USD"), budget="day"),
    OutcomeUnknown("m", lost=Lost.BROKEN, sent_at=datetime(2026, 1, 1, tzinfo=UTC)).looking_for("a job"),
    UnreadableResponse("m", excerpt="<html>", records=[{"id": 1}], http_status=200, next_step="Ask them."),
]
kinds = pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)


@kinds
@pytest.mark.parametrize("name", ["message", "operation", "sent", "next_step", "args", "something_new"])
def test_it_cannot_be_changed(error: CrowdhubError, name: str) -> None:
    before = dict(vars(error))
    with pytest.raises(AttributeError, match=rf"immutable; error\.with_\({name}=…\)"):
        setattr(error, name, "changed")
    assert vars(error) == before


@kinds
def test_a_changed_copy_keeps_the_rest(error: CrowdhubError) -> None:
    cause = KeyError("why")
    given = copy.copy(error)
    given.__cause__ = cause
    changed = given.with_(operation="cancel", next_step="Wait.")
    assert type(changed) is type(error)
    assert (changed.operation, changed.next_step, changed.__cause__) == ("cancel", "Wait.", cause)
    assert changed.__traceback__ is None
    kept = {"operation", "next_step", "__notes__"}
    rest = {name: value for name, value in vars(changed).items() if name not in kept}
    assert rest == {name: value for name, value in vars(error).items() if name not in kept}
    assert error.operation != "cancel"
    assert "Wait." in str(changed)


def test_a_copy_cannot_be_given_what_there_is_not() -> None:
    with pytest.raises(TypeError, match="Conflict has no retry_after"):
        Conflict("m").with_(retry_after=3)


@kinds
def test_it_crosses_processes_whole(error: CrowdhubError) -> None:
    for back in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(back) is type(error)
        assert (str(back), back.args, vars(back)) == (str(error), error.args, vars(error))
        assert traceback.format_exception_only(back) == traceback.format_exception_only(error)
        with pytest.raises(AttributeError, match="immutable"):
            back.message = "changed"


def test_python_may_still_note_what_it_must() -> None:
    error = Conflict("m")
    error.add_note("while testing")
    with pytest.raises(Conflict) as caught:
        raise error from KeyError("why")
    assert caught.value is error
    assert "while testing" in traceback.format_exception_only(error)[-1]
    assert logging.Formatter().formatException((Conflict, error, error.__traceback__)).endswith("while testing")
    assert {name for name in errors.__all__ if "__setattr__" in vars(getattr(errors, name))} == {"CrowdhubError"}
