"""A marketplace's own operations take arguments of the declared types only: no request, no foreign error."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Unpack, cast

import pytest
from pydantic import ConfigDict, with_config
from typing_extensions import TypedDict

from crowdhub import Hub
from crowdhub.errors import InvalidRequest
from crowdhub.protocol import NEUTRAL, AnyProvider, Flow, is_operation, no_call, operation
from crowdhub.sandbox import Sandbox
from crowdhub_etxt import Etxt
from crowdhub_etxt.functions.base import Functions

NAMES = ("rapidworkers", "crowdsdom", "etxt", "capsolver")


def natives(provider: AnyProvider) -> Iterator[tuple[str, Callable[..., object]]]:
    for name in dir(type(provider)):
        if not name.startswith("_") and name not in NEUTRAL and is_operation(getattr(type(provider), name)):
            yield name, getattr(provider, name)
    if isinstance(provider, Etxt):
        for part, family in vars(provider.api).items():
            if isinstance(family, Functions):
                for name in dir(family):
                    if not name.startswith("_") and inspect.ismethod(getattr(family, name)):
                        yield f"{part}.{name}", getattr(family, name)


@pytest.mark.parametrize("name", NAMES)
def test_every_argument_of_a_wrong_type_is_named(name: str) -> None:
    with Sandbox(name) as box, Hub(box.accounts) as hub:
        before = box[name].request_count
        unchecked: list[str] = []
        for called, function in natives(hub[name].provider):
            parameters = inspect.signature(function).parameters
            given = {each: object() for each in parameters if parameters[each].kind is not parameters[each].VAR_KEYWORD}
            if not given:
                continue
            try:
                _ = function(**given)
            except InvalidRequest as error:
                unchecked += [f"{called}({each})" for each in given if each not in str(error)]
            else:
                unchecked.append(called)
        assert unchecked == []
        assert box[name].request_count == before


@with_config(ConfigDict(extra="forbid"))
class Parts(TypedDict):
    title: str
    count: int


class Makes:
    @operation
    def make(self, **parts: Unpack[Parts]) -> Flow[str]:
        return no_call(parts["title"])


def test_named_arguments_that_are_missing_or_unknown_are_called_so() -> None:
    make = cast("Callable[..., object]", Makes().make)
    with pytest.raises(InvalidRequest) as caught:
        _ = make(title=7, cuont=1)
    found = {each.where: each.what for each in caught.value.issues}
    assert found == {
        "title": "is of type int; title must be what is declared",
        "count": "is missing",
        "cuont": "is no argument of it",
    }
