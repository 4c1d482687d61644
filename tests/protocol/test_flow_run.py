import gc
import inspect

import pytest

from crowdhub import Call, Effect, Page
from crowdhub.errors import NotFound, ProviderUnavailable
from crowdhub.protocol import FlowRun, every, nothing

GET = Call.get("/x")


def _fail(call):
    raise KeyError(call.path)


def two_calls():
    first = yield Call.get("/1")
    second = yield Call.get("/2")
    return [first, second]


def test_a_run_goes_from_call_to_call_to_its_result():
    with FlowRun(two_calls()) as run:
        assert run.operation == "two_calls"
        assert run.start().path == "/1"
        assert run.call.path == "/1"
        assert run.send("a").path == "/2"
        assert not run.ended
        assert run.send("b") is None
        assert run.ended
        assert run.call is None
        assert run.result == ["a", "b"]


def test_a_flow_without_calls_has_a_result_at_once():
    with FlowRun(nothing(7)) as run:
        assert run.start() is None
        assert run.result == 7


def test_a_result_before_the_end_is_an_error():
    with FlowRun(two_calls()) as run:
        run.start()
        with pytest.raises(RuntimeError, match="'two_calls' has not ended"):
            _ = run.result


def test_a_flow_is_closed_whatever_happens():
    closed = []

    def flow():
        try:
            yield GET
        finally:
            closed.append(True)

    with FlowRun(flow()) as run:
        run.start()
    assert closed == [True]
    run = FlowRun(flow())
    with pytest.raises(KeyError), run:
        _fail(run.start())
    assert closed == [True, True]
    given = flow()
    with FlowRun(given):
        pass
    assert inspect.getgeneratorstate(given) == inspect.GEN_CLOSED


def test_a_flow_that_was_run_before_is_refused():
    given = two_calls()
    with FlowRun(given) as run:
        run.start()
    with pytest.raises(RuntimeError, match="'two_calls' was already run; call the operation again"):
        FlowRun(given)
    half = two_calls()
    next(half)
    with pytest.raises(RuntimeError, match="already run"):
        FlowRun(half)


@pytest.mark.parametrize("odd", [two_calls, None, [GET], GET, iter([GET])])
def test_what_is_no_flow_is_refused_with_a_hint(odd):
    with pytest.raises(TypeError, match="a flow is a generator"):
        FlowRun(odd)


@pytest.mark.parametrize("odd", [None, "GET /x", [GET, GET], two_calls()])
def test_a_flow_that_yields_something_else_is_closed_and_named(odd):
    closed = []

    def flow():
        try:
            yield odd
        finally:
            closed.append(True)

    with FlowRun(flow()) as run, pytest.raises(TypeError, match=r"'flow' yielded .* single Calls only"):
        run.start()
    assert closed == [True]


def test_a_flow_may_catch_what_is_thrown_and_go_on():
    def flow():
        try:
            yield GET
        except ProviderUnavailable as error:
            reply = yield Call.get("/other")
            return (error.message, reply)

    with FlowRun(flow()) as run:
        run.start()
        assert run.throw(ProviderUnavailable("down")).path == "/other"
        assert run.send("ok") is None
        assert run.result == ("down", "ok")


def test_what_a_flow_does_not_catch_comes_out_as_it_is():
    error = NotFound("gone")
    with FlowRun(two_calls()) as run:
        run.start()
        with pytest.raises(NotFound) as caught:
            run.throw(error)
    assert caught.value is error


def test_a_flow_may_end_in_answer_to_an_error():
    def flow():
        try:
            yield GET
        except NotFound:
            return "absent"

    with FlowRun(flow()) as run:
        run.start()
        assert run.throw(NotFound("gone")) is None
        assert run.result == "absent"


def test_every_collects_all_pages():
    def page(number):
        yield Call.get(f"/{number}")
        return Page([number], more=(lambda: page(number + 1)) if number < 3 else None)

    with FlowRun(every(page(1))) as run:
        call = run.start()
        asked = []
        while call is not None:
            asked.append(call.path)
            call = run.send("x")
        assert run.result == [1, 2, 3]
        assert asked == ["/1", "/2", "/3"]


def test_an_abandoned_run_leaves_nothing_behind():
    run = FlowRun(two_calls())
    run.start()
    run.close()
    run.close()
    del run
    gc.collect()


def test_calls_are_values():
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
        call.path = "/b"
    with pytest.raises(TypeError):
        Call.post("/a")  # what repeating it would do has to be said
