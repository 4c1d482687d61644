"""An operation as an object: made by calling it, run as often as one likes."""

from __future__ import annotations

import gc
import warnings
from typing import Any

import pytest

from crowdhub import Call, Effect
from crowdhub.protocol import Flow, Lookup, Operation, OperationRun, Response, is_operation, no_call, operation


class Shop:
    """Operations need no provider."""

    def __init__(self) -> None:
        self.begun = 0

    @operation
    def price(self, thing: str, size: int = 1, *, colour: str | None = None) -> Flow[str]:
        """What a thing costs."""
        self.begun += 1
        reply = yield Call.get(f"/{thing}/{size}/{colour}")
        return reply.text

    @operation
    def both(self, first: str, second: str) -> Flow[list[str]]:
        one = yield from self.price(first)
        other = yield from self.price(second)
        return [one, other]

    @operation
    def labelled(self, /, thing: str, **labels: str) -> Flow[dict[str, str]]:
        return no_call({"thing": thing, **labels})

    def _lost(self, thing: str, reference: str | None = None) -> Lookup[str]:
        return Lookup(f"{thing} marked {reference}")

    @operation(lookup=_lost)
    def buy(self, thing: str, reference: str | None = None) -> Flow[str]:
        yield Call.post("/buy", effect=Effect.SPEND, json={"thing": thing, "reference": reference})
        return "bought"


@pytest.fixture
def shop() -> Shop:
    return Shop()


def run(made: Operation[Any], *answers: str) -> tuple[list[str], Any]:
    """The paths that are asked, and the result."""
    left = list(answers)
    asked: list[str] = []
    with OperationRun(made) as under_way:
        call = under_way.start()
        while call is not None:
            asked.append(call.path)
            call = under_way.send(Response(200, text=left.pop(0)))
        return asked, under_way.result


def test_it_is_named_and_its_arguments_are_bound_by_name(shop: Shop) -> None:
    made = shop.price("tea", colour="green").taken()
    assert made.name == "price"
    assert made.arguments == {"thing": "tea", "colour": "green"}  # what was not said is left out
    assert shop.price(size=2, thing="tea").taken().arguments == {"thing": "tea", "size": 2}
    assert shop.begun == 0


def test_further_arguments_are_named_like_the_others(shop: Shop) -> None:
    made = shop.labelled("tea", kind="loose", origin="Assam")
    assert made.arguments == {"thing": "tea", "kind": "loose", "origin": "Assam"}
    assert run(made) == ([], {"thing": "tea", "kind": "loose", "origin": "Assam"})


def test_it_keeps_its_functions_name_and_words(shop: Shop) -> None:
    assert (Shop.price.__name__, Shop.price.__doc__) == ("price", "What a thing costs.")
    assert is_operation(Shop.price)
    assert is_operation(shop.buy)
    assert not is_operation(run)


def test_its_repr_is_short(shop: Shop) -> None:
    assert repr(shop.price("tea", 3).taken()) == "<Operation price(thing='tea', size=3)>"
    long = repr(shop.price("x" * 10_000).taken())
    assert long.startswith("<Operation price(thing='xxx")
    assert len(long) < 100


def test_it_can_be_run_again(shop: Shop) -> None:
    made = shop.price("tea")
    assert run(made, "5") == (["/tea/1/None"], "5")
    assert run(made, "6") == (["/tea/1/None"], "6")
    assert shop.begun == 2


def test_another_operation_takes_part_of_it(shop: Shop) -> None:
    made = shop.both("tea", "cake")
    assert run(made, "5", "7") == (["/tea/1/None", "/cake/1/None"], ["5", "7"])
    with OperationRun(made) as under_way:
        assert under_way.name == "both"


@pytest.mark.parametrize(
    "wrong", [{}, {"thing": "tea", "sise": 2}, {"size": 2}], ids=["none", "one misspelt", "one missing"]
)
def test_wrong_arguments_are_refused_where_it_is_made(shop: Shop, wrong: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        shop.price(**wrong)
    with pytest.raises(TypeError):
        shop.buy(**wrong)


def test_too_many_arguments_are_refused_where_it_is_made(shop: Shop) -> None:
    with pytest.raises(TypeError, match="positional"):
        shop.both("a", "b", "c")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def test_one_that_is_dropped_unrun_warns(shop: Shop) -> None:
    made = [shop.price("tea")]
    with pytest.warns(RuntimeWarning, match="'price' was made and never run"):
        made.clear()


def test_one_that_somebody_has_does_not_warn(shop: Shop) -> None:
    gc.collect()  # what other tests left
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run(shop.price("tea"), "5")
        shop.price("tea").taken()
        shop.price("tea").given(size=2).taken()
        shop.price("tea").then(lambda: shop.price("cake").taken())
        with OperationRun(shop.price("tea")):  # begun, and given up before its first call
            pass
        with pytest.raises(TypeError):
            shop.price()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
        gc.collect()
    assert [str(each.message) for each in caught] == []


def test_what_was_given_besides_or_instead_is_a_copy(shop: Shop) -> None:
    made = shop.price("tea", 2)
    other = made.given(size=3, colour="green")
    assert made.arguments == {"thing": "tea", "size": 2}
    assert other.arguments == {"thing": "tea", "size": 3, "colour": "green"}
    assert run(other, "5")[0] == ["/tea/3/green"]
    assert run(made, "5")[0] == ["/tea/2/None"]


def test_a_copy_that_is_dropped_warns_too(shop: Shop) -> None:
    made = [shop.price("tea").given(size=3)]
    with pytest.warns(RuntimeWarning, match="'price' was made and never run"):
        made.clear()


def test_it_tells_which_arguments_it_takes(shop: Shop) -> None:
    made = shop.buy("tea").taken()
    assert made.takes("reference")
    assert made.takes("thing")
    assert not made.takes("self")
    assert not made.takes("key")


def test_how_it_is_found_again_follows_what_it_was_given(shop: Shop) -> None:
    assert shop.price("tea").taken().lookup is None
    made = shop.buy("tea", reference="r-1").taken()
    assert made.lookup is not None
    assert made.lookup.look_for == "tea marked r-1"
    given = made.given(reference="r-2").taken()
    assert given.lookup is not None
    assert given.lookup.look_for == "tea marked r-2"


def test_the_next_part_has_the_same_name_and_arguments(shop: Shop) -> None:
    made = shop.price("tea")
    following = made.then(lambda: shop.price("cake", 9))
    assert (following.name, following.arguments) == ("price", {"thing": "tea"})
    assert run(following, "5")[0] == ["/cake/9/None"]
    assert run(following.then(lambda: no_call(7)))[1] == 7


def test_a_function_whose_arguments_have_no_names_is_refused() -> None:
    def several(self: object, *things: str) -> Flow[None]:
        return no_call(None)

    def unnamed(self: object, thing: str, /) -> Flow[None]:
        return no_call(None)

    for function in (several, unnamed):
        with pytest.raises(TypeError, match=f"'{function.__name__}' must take each of its arguments by name"):
            operation(function)


def test_an_error_in_it_comes_when_it_is_run(shop: Shop) -> None:
    class Strict(Shop):
        @operation
        def price(self, thing: str, size: int = 1, *, colour: str | None = None) -> Flow[str]:
            if size < 1:
                raise ValueError("nothing so small")
            return no_call("5")

    made = Strict().price("tea", 0)
    with OperationRun(Strict().price("tea")) as under_way:
        assert under_way.start() is None
    with pytest.raises(ValueError, match="so small"), OperationRun(made) as under_way:
        under_way.start()
