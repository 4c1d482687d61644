"""What a provider says of itself is checked when its class is made."""

from __future__ import annotations

from typing import Any

import pytest

from crowdhub import Capability, Money, Provider, Task
from crowdhub.protocol import NEUTRAL, Declaration, Flow, Operation, ProviderSettings, no_call, operation

BALANCE = Money("1.00", "USD")


class Small(Provider[ProviderSettings]):
    """A marketplace with a balance."""

    name, title, currency, settings_type = "small", "Small", "USD", ProviderSettings
    declares = Declaration({"title", "reward"}, absent={"cancel": "work cannot be called back"})

    @operation
    def balance(self) -> Flow[Money]:
        return no_call(BALANCE)


def test_capabilities_follow_what_is_written() -> None:
    assert list(Small.capabilities) == [Capability.BALANCE]
    assert Small.capabilities[Capability.CANCEL].reason == "work cannot be called back"
    assert Small.capabilities[Capability.PUBLISH].reason is None
    assert Small.capabilities.fields["title"].supported
    assert "slots" in Small.capabilities.absent_fields


def test_capabilities_are_computed_once_for_a_class() -> None:
    settings = ProviderSettings(base_url="http://127.0.0.1:1")
    assert Small(settings).capabilities is Small(settings).capabilities is Small.capabilities
    assert Provider.capabilities is not Small.capabilities
    assert list(Provider.capabilities) == []


def test_a_class_that_goes_further_has_capabilities_of_its_own() -> None:
    class Larger(Small):
        declares = Declaration(limits={"cancel": "within a day"})

        @operation
        def cancel(self, task_id: str) -> Flow[Task]:
            return no_call(Task(**self.identity, id=task_id))

    assert list(Larger.capabilities) == [Capability.CANCEL, Capability.BALANCE]
    assert Larger.capabilities[Capability.CANCEL].limits == "within a day"
    assert list(Small.capabilities) == [Capability.BALANCE]


def as_flow(self: object, *arguments: object) -> Flow[None]:
    return no_call(None)


@pytest.mark.parametrize("name", sorted(NEUTRAL))
def test_a_neutral_operation_without_its_decorator_is_named(name: str) -> None:
    with pytest.raises(TypeError, match=rf"Forgetful\.{name} needs the decorator @operation"):
        type("Forgetful", (Small,), {name: as_flow})


def test_another_method_needs_none() -> None:
    class Fine(Small):
        def likes(self) -> int:
            return 7

        @operation
        def buy_likes(self) -> Flow[int]:
            return no_call(self.likes())

    assert list(Fine.capabilities) == [Capability.BALANCE]
    assert isinstance(Fine(ProviderSettings(base_url="http://127.0.0.1:1")).buy_likes().taken(), Operation)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"draft_fields": ["title", "rewards"]},
            r"draft_fields: a draft has no field 'rewards'; did you mean 'reward'",
        ),
        ({"draft_fields": ["metadata"]}, "draft_fields: a draft has no field 'metadata'"),  # every marketplace's
        ({"absent": {"cancell": "never"}}, r"absent: 'cancell' is neither .*; did you mean 'cancel'\?"),
        ({"limits": {"bonus": "10 a day"}}, "limits: 'bonus' is neither a capability nor a field of a draft"),
        ({"limits": {"language": "English", "lnguage": "none"}}, "limits: 'lnguage'"),
    ],
)
def test_a_misspelt_name_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(TypeError, match=said):
        Declaration(**given)


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        (Declaration(absent={"balance": "it tells none"}), "absent: balance is there"),
        (Declaration({"language"}, absent={"language": "English only"}), "absent: language is there"),
        (Declaration(absent={"balance": "it tells none", "title": "no titles"}), "absent: balance, title is there"),
        (Declaration(limits={"cancel": "within a day"}), "limits: cancel is not there"),
        (Declaration(limits={"language": "English only"}), "limits: language is not there"),
    ],
)
def test_a_declaration_that_the_class_contradicts_is_refused(declared: Declaration, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        type("Contradicted", (Small,), {"declares": declared})


def test_limits_and_reasons_that_fit_are_kept() -> None:
    declared = Declaration({"title", "language"}, limits={"balance": "once a minute", "language": "English only"})
    made: type[Small] = type("Fitting", (Small,), {"declares": declared})
    assert made.capabilities[Capability.BALANCE].limits == "once a minute"
    assert made.capabilities.fields["language"].limits == "English only"
