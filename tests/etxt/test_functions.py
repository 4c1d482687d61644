"""The client against the list of the marketplace's functions: each one, its parameters, results and errors."""

from __future__ import annotations

import enum
import inspect
import json
import re
import sys
import types
import typing
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypedDict, cast

import pytest
from pydantic import AliasChoices, BaseModel

from crowdhub import Response
from crowdhub.errors import InvalidRequest, NotFound, OutcomeUnknown, ProviderError, RateLimited
from crowdhub.model import Money
from crowdhub.protocol import Call, Effect, Operation, OperationRun, Page, Upload
from crowdhub_etxt import AutoPay, Etxt
from crowdhub_etxt.functions.users import Reviews
from crowdhub_etxt.refusals import COMMON, OWN
from tests.etxt.conftest import Drive


class Function(TypedDict):
    method: str
    params: list[dict[str, str]]
    returns: list[str]
    errors: list[str]


class Functions(TypedDict):
    common_errors: list[str]
    functions: list[Function]


LIST: Functions = json.loads(Path(__file__).with_name("functions.json").read_text())
FUNCTIONS = {each["method"]: each for each in LIST["functions"]}

OWN_TEXTS = {"login": "somebody", "text": "word " * 7, "name": "A name"}
LONG_TEXTS = {"users.setReport": "word " * 12}

SPENDING = {
    "tasks.saveTask",
    "tasks.copyTask",
    "tasks.extraPaid",
    "tasks.setNote",
    "tasks.saveComment",
    "tasks.sendNoteFail",
    "articles.buy",
    "correction.add",
    "correction.import",
    "detector.send",
    "messages.writePrivate",
    "users.setReport",
    "folders.addFolder",
    "bwgroups.saveGroup",
}
SETTLING = {
    "tasks.setClientComment",
    "tasks.unsetNote",
    "tasks.paidTask",
    "tasks.cancelTask",
    "tasks.deleteTask",
    "tasks.failTask",
    "tasks.setDeadline",
    "users.setNote",
    "users.setUserBW",
    "folders.moveToFolder",
    "bwgroups.deleteGroup",
    "bwgroups.updateGroup",
    "messages.setRead",
    "messages.setDelete",
    "rating.ratingUserBack",
}


def snake(name: str) -> str:
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    return f"{plain}_" if plain == "import" else plain


def method_of(provider: Etxt, function: str) -> Callable[..., Operation[object]]:
    family, _, name = function.partition(".")
    return cast("Callable[..., Operation[object]]", getattr(getattr(provider.api, family), snake(name)))


def sample(function: str, name: str, annotation: object, now: datetime) -> object:
    union = typing.get_origin(annotation) in (types.UnionType, typing.Union)
    options = typing.get_args(annotation) if union else (annotation,)
    kind = next(option for option in options if option is not type(None))
    if typing.get_origin(kind) is typing.Literal:
        return typing.get_args(kind)[0]
    if typing.get_origin(kind) is Sequence:
        return ["word"] if typing.get_args(kind) == (str,) else [7]
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return next(iter(kind))
    plain: dict[object, object] = {
        bool: True,
        int: 3,
        float: 1.5,
        datetime: now + timedelta(days=2),
        Money: Money(10, "RUB"),
        Upload: Upload("a.txt", b"text"),
    }
    if kind is str:
        return LONG_TEXTS.get(function) or OWN_TEXTS.get(name, "some words of at least thirty characters")
    return plain[kind]


def arguments(provider: Etxt, function: str, *, every: bool) -> dict[str, object]:
    method = method_of(provider, function)
    scope = vars(sys.modules[method.__module__])
    given: dict[str, object] = {}
    for name, parameter in inspect.signature(method).parameters.items():
        if every or parameter.default is parameter.empty:
            given[name] = sample(function, name, eval(parameter.annotation, dict(scope)), provider.now())
    return given


def first_call(provider: Etxt, function: str, **more: object) -> Call:
    given = {**arguments(provider, function, every=False), **more}
    if function == "tasks.extraPaid":
        given.setdefault("count", Money(10, "RUB"))
    if function == "tasks.saveTask":
        given.setdefault("size", 1000)
    if function == "tasks.cancelTask":
        given.setdefault("text", "please")
    if function == "users.getUser":
        given.setdefault("id", 7)
    return first(method_of(provider, function)(**given))


def first(operation: Operation[object]) -> Call:
    with OperationRun(operation) as run:
        call = run.start()
    assert call is not None
    return call


def wire_names(call: Call) -> set[str]:
    pairs = [*(call.form or ()), *(call.multipart or ())]
    return {re.sub(r"\[\d+\]$", "", pair[0]) for pair in pairs}


def test_there_are_61_and_no_others(provider: Etxt) -> None:
    assert len(FUNCTIONS) == 61
    ours = {
        f"{family}.{name}"
        for family, functions in vars(provider.api).items()
        for name, _ in inspect.getmembers(functions, inspect.ismethod)
        if not name.startswith("_")
    }
    theirs = {f"{function.partition('.')[0]}.{snake(function.partition('.')[2])}" for function in FUNCTIONS}
    assert ours == theirs


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_parameter_is_sent_under_its_name(provider: Etxt, function: str) -> None:
    given = arguments(provider, function, every=True)
    operation = method_of(provider, function)(**given)
    assert operation.name == function
    call = first(operation)
    assert call.operation == function
    assert dict(call.query_pairs()) == {"method": function}
    assert wire_names(call) == {each["name"] for each in FUNCTIONS[function]["params"]}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_it_is_documented_under_its_own_name(provider: Etxt, function: str) -> None:
    doc = inspect.getdoc(method_of(provider, function))
    assert doc is not None
    assert doc.startswith(f"`{function}`")
    assert any(effect in doc for effect in ("READ", "SETTLE", "SPEND"))


VALUES: dict[str, object] = {
    "ids": ["1"],
    "files": [{"name": "text", "size": "9", "path": "https://files.example/1"}],
    "works": {"1": {"id_type": "1", "minprice": "50"}},
    "users": [{"id_author": "4", "count": "2"}],
    "quality": {"style": "1"},
    "path": "https://files.example/1",
}


def answer(function: str, fields: Sequence[str]) -> dict[str, object]:
    record = {name: VALUES.get(name, "1") for name in fields}
    if "type" in record:
        record["type"] = "whiteList"
    if function == "users.getUser":
        record["works"] = {"1": "copywriting", "3": "translation"}
    if function == "users.getReports":
        return {"positive": {"7": [record]}, "negative": []}
    return record


@pytest.mark.parametrize("function", [name for name, each in FUNCTIONS.items() if each["returns"]])
def test_every_result_field_is_read(provider: Etxt, drive: Drive, function: str) -> None:
    fields = FUNCTIONS[function]["returns"]
    given = arguments(provider, function, every=True)
    result, _ = drive(method_of(provider, function)(**given), answer(function, fields))
    if isinstance(result, Page):
        page = cast("Page[object]", result)
        assert not page.unreadable
        (result,) = page.items
    if function == "users.getReports":
        (result,) = cast("Reviews", result).positive
    assert isinstance(result, BaseModel)
    for field in fields:
        value = getattr(result, attribute(type(result), field))
        assert value not in (None, (), {}), field
        assert not (isinstance(value, enum.Enum) and value.name == "UNKNOWN"), field


def attribute(model: type[BaseModel], field: str) -> str:
    for name, info in model.model_fields.items():
        alias = info.validation_alias
        if field == name or (isinstance(alias, AliasChoices) and field in alias.choices):
            return str(name)
    raise AssertionError(f"{model.__name__} has no {field}")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_own_error_code_has_its_meaning(provider: Etxt, function: str) -> None:
    call = first_call(provider, function)
    for code in [*FUNCTIONS[function]["errors"], *LIST["common_errors"]]:
        error = provider.error(call, Response(200, json={"error": code}))
        assert error is not None
        assert error.provider_code == code
        assert not isinstance(error, ProviderError)
        assert error.sent
    for code in FUNCTIONS[function]["errors"]:
        assert code in OWN[function]


def test_common_codes_are_all_known() -> None:
    assert set(COMMON) == set(LIST["common_errors"])


def test_effects(provider: Etxt) -> None:
    found = {function: first_call(provider, function).effect for function in FUNCTIONS}
    assert {function for function, effect in found.items() if effect is Effect.SPEND} == SPENDING
    assert {function for function, effect in found.items() if effect is Effect.SETTLE} == SETTLING


FREE = {
    "tasks.saveComment",
    "tasks.sendNoteFail",
    "messages.writePrivate",
    "users.setReport",
    "folders.addFolder",
    "bwgroups.saveGroup",
}


def test_what_takes_money(provider: Etxt) -> None:
    """A call that must not be repeated may still be free; one that may be repeated can take money."""
    assert {function for function in FUNCTIONS if first_call(provider, function).takes_money} == SPENDING - FREE
    assert not first_call(provider, "tasks.saveTask", public=False).takes_money
    assert first_call(provider, "tasks.saveTask", id=3, public=True).takes_money
    assert first_call(provider, "tasks.setDeadline", public=True).takes_money
    assert not first_call(provider, "messages.readPrivate", unread=True).takes_money


@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_operation_holds_what_was_asked_and_can_be_run_again(provider: Etxt, function: str) -> None:
    operation = method_of(provider, function)(**arguments(provider, function, every=True)).taken()
    assert set(operation.arguments) == {each["name"] for each in FUNCTIONS[function]["params"]}
    assert first(operation) == first(operation)
    assert repr(operation).startswith(f"<Operation {function}(")


def test_effects_that_depend_on_the_arguments(provider: Etxt) -> None:
    assert first_call(provider, "tasks.saveTask", id=3).effect is Effect.SETTLE
    assert first_call(provider, "bwgroups.saveGroup", id=3).effect is Effect.SETTLE
    assert first_call(provider, "users.setReport", id_report=3).effect is Effect.SETTLE
    assert first_call(provider, "tasks.failTask", copy=True).effect is Effect.SPEND
    assert first_call(provider, "tasks.extraPaid", count=None, autopay=AutoPay.CALCULATE).effect is Effect.READ
    assert first_call(provider, "tasks.extraPaid", count=None, autopay=AutoPay.PAY).effect is Effect.SPEND
    assert first_call(provider, "messages.readPrivate", unread=True).effect is Effect.SPEND


@pytest.mark.parametrize("function", sorted(SPENDING))
def test_a_lost_answer_says_what_to_look_for_and_is_not_sent_again(provider: Etxt, function: str) -> None:
    """With listings that cannot be read, nothing can be told: no second spend, and a hint for a person."""
    given = arguments(provider, function, every=False) | (
        {"size": 100} if function == "tasks.saveTask" else {"count": Money(1, "RUB")} if "extra" in function else {}
    )
    effects: list[Effect] = []

    def lose_everything() -> None:
        with OperationRun(method_of(provider, function)(**given)) as run:
            call = run.start()
            while call is not None:
                effects.append(call.effect)
                call = run.throw(OutcomeUnknown("lost") if call.effect is Effect.SPEND else ProviderError("unreadable"))

    with pytest.raises(OutcomeUnknown) as caught:
        lose_everything()
    assert effects == [Effect.SPEND]
    assert caught.value.look_for
    assert caught.value.look_for in str(caught.value)


def lists(provider: Etxt) -> list[str]:
    return [f for f in FUNCTIONS if "Page[" in str(inspect.signature(method_of(provider, f)).return_annotation)]


def test_nothing_found_is_an_empty_list(provider: Etxt, drive: Drive) -> None:
    assert len(lists(provider)) == 20
    for function in lists(provider):
        answers: tuple[object, ...] = ({"error": "no_object"}, [], {})
        for nothing in answers:
            given = arguments(provider, function, every=False)
            result, _ = drive(method_of(provider, function)(**given), nothing)
            page = cast("Page[object]", result)
            assert (list(page.items), page.more) == ([], None), function


def test_nothing_found_elsewhere_is_an_error(provider: Etxt, drive: Drive) -> None:
    with pytest.raises(NotFound):
        drive(provider.api.users.get_user(4), {"error": "no_object"})


def test_refusals_that_pass_by_themselves_say_when(provider: Etxt) -> None:
    for function, code, seconds in [
        ("messages.writePrivate", "max_limit", 60),
        ("users.setReport", "is_timeout", 86400),
    ]:
        error = provider.error(first_call(provider, function), Response(200, json={"error": code}))
        assert isinstance(error, RateLimited)
        assert error.retry_after == seconds


def test_a_result_that_speaks_of_errors_is_no_error(provider: Etxt) -> None:
    call = first_call(provider, "users.getBalance")
    for body in ({"balance": 5, "error": None}, {"error": ""}, [{"error": "no_access"}], {"text": "error"}):
        assert provider.error(call, Response(200, json=body)) is None


def test_all_faults_of_a_function_are_named_at_once(provider: Etxt, drive: Drive) -> None:
    flow = provider.api.tasks.save_task(
        title="",
        price=Money("10.50", "RUB"),
        id_category="x",
        description="d" * 10_001,
        text="t" * 40_001,
        deadline=provider.now() + timedelta(days=91),
        multicount=0,
    )
    with pytest.raises(InvalidRequest) as caught:
        drive(flow)
    assert {fault.where for fault in caught.value.issues} == {
        "title",
        "price",
        "id_category",
        "description",
        "text",
        "deadline",
        "multicount",
    }
    assert not caught.value.sent


@pytest.mark.parametrize(
    ("family", "function", "arguments"),
    [
        ("tasks", "paid_task", ([1], "x" * 5001)),
        ("tasks", "paid_task", (list(range(101)),)),
        ("tasks", "paid_task", (list[int](),)),
        ("tasks", "cancel_task", ([1],)),
        ("tasks", "cancel_task", ([1, 2], "dropped")),
        ("tasks", "save_comment", (1, "x" * 2049)),
        ("tasks", "set_client_comment", (1, "x" * 5001)),
        ("tasks", "set_note", (1, "x" * 501)),
        ("messages", "write_private", (1, "x" * 10_001)),
        ("users", "set_report", (1, "too short")),
        ("users", "set_note", (1, "x" * 1001)),
        ("users", "get_user", ()),
        ("folders", "add_folder", ("",)),
        ("folders", "add_folder", ("x" * 129,)),
        ("bwgroups", "save_group", ("x" * 41,)),
        ("diff", "compare_text", ("short", "x" * 30)),
        ("correction", "add", ("", "")),
        ("users", "get_note", ("1 or 1=1",)),
    ],
)
def test_limits_are_checked_before_the_request(
    provider: Etxt, drive: Drive, family: str, function: str, arguments: tuple[object, ...]
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        drive(getattr(getattr(provider.api, family), function)(*arguments))
    assert not caught.value.sent
