import gc
import inspect
from typing import Any, NoReturn

import pytest

from crowdhub import Call, Effect, Page
from crowdhub.errors import NotFound, ProviderUnavailable
from crowdhub.protocol import Flow, OperationRun, Response, every, no_call

GET = Call.get("/x")
A, B = Response(200, text="a"), Response(200, text="b")


def path(call: Call | None) -> str:
    assert call is not None
    return call.path


def _fail(call: Call | None) -> NoReturn:
    raise KeyError(path(call))


def two_calls() -> Flow[list[Response]]:
    first = yield Call.get("/1")
    second = yield Call.get("/2")
    return [first, second]


def test_a_run_goes_from_call_to_call_to_its_result() -> None:
    with OperationRun(two_calls()) as run:
        assert run.name == "two_calls"
        assert path(run.start()) == "/1"
        assert path(run.call) == "/1"
        assert path(run.send(A)) == "/2"
        assert not run.ended
        assert run.send(B) is None
        assert run.ended
        assert run.call is None
        assert run.result == [A, B]


def test_a_flow_without_calls_has_a_result_at_once() -> None:
    with OperationRun(no_call(7)) as run:
        assert run.start() is None
        assert run.result == 7


def test_a_result_before_the_end_is_an_error() -> None:
    with OperationRun(two_calls()) as run:
        run.start()
        with pytest.raises(RuntimeError, match="'two_calls' has not ended"):
            _ = run.result


def test_a_flow_is_closed_whatever_happens() -> None:
    closed: list[bool] = []

    def flow() -> Flow[None]:
        try:
            yield GET
        finally:
            closed.append(True)

    with OperationRun(flow()) as run:
        run.start()
    assert closed == [True]
    run = OperationRun(flow())
    with pytest.raises(KeyError), run:
        _fail(run.start())
    assert closed == [True, True]
    given = flow()
    with OperationRun(given):
        pass
    assert inspect.getgeneratorstate(given) == inspect.GEN_CLOSED


def test_a_flow_that_was_run_before_is_refused() -> None:
    given = two_calls()
    with OperationRun(given) as run:
        run.start()
    with pytest.raises(RuntimeError, match="'two_calls' was already run; make a new one"):
        OperationRun(given)
    half = two_calls()
    next(half)
    with pytest.raises(RuntimeError, match="already run"):
        OperationRun(half)


@pytest.mark.parametrize("odd", [two_calls, None, [GET], GET, iter([GET])])
def test_what_is_no_flow_is_refused_with_a_hint(odd: Any) -> None:
    with pytest.raises(TypeError, match="an operation is made by calling it"):
        OperationRun(odd)


@pytest.mark.parametrize("odd", [None, "GET /x", [GET, GET], two_calls()])
def test_a_flow_that_yields_something_else_is_closed_and_named(odd: Any) -> None:
    closed: list[bool] = []

    def flow() -> Flow[None]:
        try:
            yield odd
        finally:
            closed.append(True)

    with OperationRun(flow()) as run, pytest.raises(TypeError, match=r"'flow' yielded .* single Calls only"):
        run.start()
    assert closed == [True]


def test_a_flow_may_catch_what_is_thrown_and_go_on() -> None:
    def flow() -> Flow[tuple[str, Response] | None]:
        try:
            yield GET
        except ProviderUnavailable as error:
            reply = yield Call.get("/other")
            return (error.message, reply)
        return None

    with OperationRun(flow()) as run:
        run.start()
        assert path(run.throw(ProviderUnavailable("down"))) == "/other"
        assert run.send(A) is None
        assert run.result == ("down", A)


def test_what_a_flow_does_not_catch_comes_out_as_it_is() -> None:
    error = NotFound("gone")
    with OperationRun(two_calls()) as run:
        run.start()
        with pytest.raises(NotFound) as caught:
            run.throw(error)
    assert caught.value is error


def test_a_flow_may_end_in_answer_to_an_error() -> None:
    def flow() -> Flow[str | None]:
        try:
            yield GET
        except NotFound:
            return "absent"
        return None

    with OperationRun(flow()) as run:
        run.start()
        assert run.throw(NotFound("gone")) is None
        assert run.result == "absent"


def test_every_collects_all_pages() -> None:
    def page(number: int) -> Flow[Page[int]]:
        yield Call.get(f"/{number}")
        return Page([number], more=(lambda: page(number + 1)) if number < 3 else None)

    with OperationRun(every(page(1))) as run:
        call = run.start()
        asked: list[str] = []
        while call is not None:
            asked.append(call.path)
            call = run.send(A)
        assert run.result == [1, 2, 3]
        assert asked == ["/1", "/2", "/3"]


def test_an_abandoned_run_leaves_nothing_behind() -> None:
    run = OperationRun(two_calls())
    run.start()
    run.close()
    run.close()
    del run
    gc.collect()


def test_calls_are_values() -> None:
    call = Call.post("/a", effect=Effect.SPEND, json={"b": 1}, query={"q": 1})
    assert call == Call.post("/a", effect=Effect.SPEND, json={"b": 1}, query={"q": 1})
    signed = call.with_headers(X_Key="k").with_query(("t", "v")).with_json(key="k")
    assert signed.headers == {"X-Key": "k"}
    assert signed.query_pairs() == [("q", "1"), ("t", "v")]
    assert signed.json == {"b": 1, "key": "k"}
    assert (call.headers, call.json, call.query_pairs()) == (None, {"b": 1}, [("q", "1")])
    assert call.after(3).delay == 3
    for secret in ("k", "v"):
        assert f"'{secret}'" not in repr(signed)
    with pytest.raises(AttributeError):
        call.path = "/b"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(TypeError):
        Call.post("/a")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue] - what repeating it would do has to be said
