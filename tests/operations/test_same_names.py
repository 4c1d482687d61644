"""Ordinary code and async code are told the same: names, parameters, documentation."""

import inspect
from typing import Any

import pytest

from crowdhub import AsyncHub, AsyncMarket, Hub, Market

PAIRS = [(Market, AsyncMarket), (Hub, AsyncHub)]
ITERATORS = {"Iterator": "AsyncIterator", "Market": "AsyncMarket"}


def public(kind: type) -> dict[str, Any]:
    return {
        name: member
        for name, member in inspect.getmembers(kind)
        if not name.startswith("_") or name in ("__init__", "__getitem__", "__iter__", "__len__", "__contains__")
    }


@pytest.mark.parametrize(("plain", "awaited"), PAIRS)
def test_the_same_names(plain: type, awaited: type) -> None:
    assert set(public(plain)) == set(public(awaited))
    assert len(public(plain)) > 8


@pytest.mark.parametrize(("plain", "awaited"), PAIRS)
def test_the_same_parameters_and_results(plain: type, awaited: type) -> None:
    for name, member in public(plain).items():
        if not callable(member):
            continue
        ours, theirs = inspect.signature(member), inspect.signature(public(awaited)[name])
        assert list(ours.parameters) == list(theirs.parameters), name
        for one, other in zip(ours.parameters.values(), theirs.parameters.values(), strict=True):
            assert (one.kind, one.default, one.annotation) == (other.kind, other.default, other.annotation), (name, one)
        returned = str(theirs.return_annotation)
        assert returned.replace("Async", "") == str(ours.return_annotation), name


@pytest.mark.parametrize(("plain", "awaited"), PAIRS)
def test_the_same_documentation_on_everything(plain: type, awaited: type) -> None:
    for name, member in public(plain).items():
        if name.startswith("__"):
            continue
        theirs = inspect.getdoc(public(awaited)[name])
        assert theirs == inspect.getdoc(member), name
        if callable(member):
            assert theirs, name


def test_everything_that_sends_is_awaited_and_iterators_are_async() -> None:
    from crowdhub.market.base import MarketBase

    for name, member in public(AsyncMarket).items():
        if not inspect.isfunction(member) or name.startswith("__") or name in vars(MarketBase):
            continue
        returned = str(inspect.signature(member).return_annotation)
        if not inspect.iscoroutinefunction(member):
            assert "AsyncIterator" in returned or not returned.endswith("Task"), name
        else:
            assert "Iterator" not in returned, name


@pytest.mark.parametrize("kind", [Market, AsyncMarket, Hub, AsyncHub])
def test_every_public_parameter_is_typed(kind: type) -> None:
    for name, member in public(kind).items():
        if inspect.isfunction(member):
            signature = inspect.signature(member)
            assert signature.return_annotation is not inspect.Signature.empty, name
            for parameter in list(signature.parameters.values())[1:]:
                assert parameter.annotation is not inspect.Parameter.empty, (name, parameter)


def test_every_neutral_operation_of_a_provider_is_on_the_market() -> None:
    from crowdhub import Capability

    absent = {"bulk_review": "review", "find_published": "publish", "find_bonus": "pay_bonus"}
    for capability in Capability:
        assert hasattr(Market, absent.get(capability.value, capability.value)), capability
