"""Our 39 operations, held against the service's own model as botocore has it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, NotRequired, Unpack, cast, get_args, get_origin, get_type_hints

import pytest
from botocore.loaders import Loader

from crowdhub.errors import InvalidRequest
from crowdhub.model import Money
from crowdhub.protocol import Operation, OperationRun, Page
from crowdhub_mturk import MTurk, records, structures, words
from crowdhub_mturk.encoding import SHAPES
from crowdhub_mturk.functions.base import KNOWN_FOR, Family
from crowdhub_mturk.names import wire_name
from crowdhub_mturk.structures import Structure
from tests.mturk.conftest import mturk, sent

MODEL: Any = Loader().load_service_model("mturk", "service-2")
SHAPE: Mapping[str, Any] = MODEL["shapes"]
OPERATIONS: Mapping[str, Any] = MODEL["operations"]
PAGING = {"NextToken", "MaxResults"}
OURS = {"reference"}
RENAMED = {"ReviewReport": "ReviewPolicyReport"}


def families(provider: MTurk) -> list[Family]:
    return [each for each in vars(provider.api).values() if isinstance(each, Family)]


def methods() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for family in families(mturk()):
        for name, method in inspect.getmembers(family, inspect.ismethod):
            if not name.startswith("_"):
                found[wire_name(name)] = method
    return found


@cache
def parameters(operation: str) -> dict[str, tuple[Any, bool]]:
    """The arguments of one of our methods by their wire names: their types, and whether they are required."""
    method = inspect.unwrap(methods()[operation])
    found: dict[str, tuple[Any, bool]] = {}
    for name, each in inspect.signature(method).parameters.items():
        hint = get_type_hints(method, include_extras=True).get(name)
        if each.kind is inspect.Parameter.VAR_KEYWORD:
            assert get_origin(hint) is Unpack
            for key, kind in get_type_hints(get_args(hint)[0], include_extras=True).items():
                optional = get_origin(kind) is NotRequired
                found[wire_name(key)] = (get_args(kind)[0] if optional else kind, not optional)
        elif name not in {"self", *OURS}:
            found[wire_name(name)] = (hint, each.default is inspect.Parameter.empty)
    return found


def members(shape: str) -> dict[str, str]:
    return {name: each["shape"] for name, each in SHAPE[shape].get("members", {}).items()}


def bare(kind: Any) -> Any:
    """A type without None and without what validates it."""
    if get_origin(kind) is Annotated:
        return bare(get_args(kind)[0])
    if isinstance(kind, UnionType) or (get_origin(kind) is not None and NoneType in get_args(kind)):
        (kind,) = [each for each in get_args(kind) if each is not NoneType]
        return bare(kind)
    return kind


def fits(kind: Any, shape: str) -> bool:
    """Whether one of our types is that of a shape."""
    kind, told = bare(kind), SHAPE[shape]
    match told["type"]:
        case "list":
            (item, _) = get_args(kind)
            return fits(item, told["member"]["shape"])
        case "structure":
            return bool(kind.__name__ == RENAMED.get(shape, shape))
        case "string" if "enum" in told:
            return bool(kind.__name__ == shape and {each.value for each in kind} - {"UNKNOWN"} == set(told["enum"]))
        case "string" if shape == "CurrencyAmount":
            return kind is Money
        case "string":
            return kind is str
        case "integer" | "long":
            return kind is int
        case "boolean":
            return kind is bool
        case other:
            return bool(other == "timestamp" and kind.__name__ == "datetime")


def test_all_operations_are_there() -> None:
    assert methods().keys() == OPERATIONS.keys()
    assert len(OPERATIONS) == 39


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_arguments_are_the_members(operation: str) -> None:
    theirs, shape = members(OPERATIONS[operation]["input"]["shape"]), SHAPE[OPERATIONS[operation]["input"]["shape"]]
    ours = parameters(operation)
    paged = PAGING if theirs.keys() >= PAGING else set[str]()
    assert ours.keys() - paged == theirs.keys() - paged
    required = {name for name, (_, needed) in ours.items() if needed}
    assert required == set(shape.get("required", ()))
    for name, (kind, _) in ours.items():
        assert fits(kind, theirs[name]), f"{name} is {kind}, theirs is {theirs[name]}"


def sample(kind: Any, shape: str) -> object:
    """A value of one of our types that the model takes."""
    kind, told = bare(kind), SHAPE[shape]
    if told["type"] == "list":
        return (sample(get_args(kind)[0], told["member"]["shape"]),)
    if isinstance(kind, type) and issubclass(kind, Structure):
        hints = get_type_hints(kind, include_extras=True)
        given = {name: sample(hints[name], members(shape)[wire_name(name)]) for name in kind.model_fields}
        return kind(**given)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next(iter(kind))
    if kind is Money:
        return Money("1.50", "USD")
    values: dict[Any, object] = {str: "AB", int: 30, bool: True}
    return values[kind] if kind in values else mturk().now()


def asked(operation: str) -> dict[str, Any]:
    theirs = members(OPERATIONS[operation]["input"]["shape"])
    names = {wire_name(name): name for name in arguments_of(operation)}
    given = {names[name]: sample(kind, theirs[name]) for name, (kind, _) in parameters(operation).items()}
    if operation == "ListBonusPayments":
        del given["hit_id"]
    return given


def arguments_of(operation: str) -> Iterator[str]:
    method = inspect.unwrap(methods()[operation])
    for name, each in inspect.signature(method).parameters.items():
        if each.kind is inspect.Parameter.VAR_KEYWORD:
            yield from get_type_hints(get_args(get_type_hints(method, include_extras=True)[name])[0])
        else:
            yield name


@pytest.mark.parametrize("operation", OPERATIONS)
def test_what_is_sent_is_what_the_model_takes(operation: str) -> None:
    """Names, types and limits of a whole request, by botocore's own validation."""
    from botocore.model import ServiceModel
    from botocore.validate import ParamValidator

    with OperationRun(cast("Operation[object]", methods()[operation](**asked(operation)))) as run:
        call = run.start()
    assert call is not None
    assert (call.operation, call.path, call.method) == (operation, "/", "POST")
    assert dict(call.headers or {}) == {"X-Amz-Target": f"MTurkRequesterServiceV20170117.{operation}"}
    body = sent(call)
    theirs = ServiceModel(MODEL).operation_model(operation).input_shape
    assert theirs is not None
    assert ParamValidator().validate(body, theirs).generate_report() == ""
    left_out = PAGING if operation == "ListReviewPolicyResultsForHIT" else {"NextToken"}
    bonus = {"HITId"} if operation == "ListBonusPayments" else set[str]()
    assert set(members(OPERATIONS[operation]["input"]["shape"])) - body.keys() <= left_out | bonus


def test_the_limits_are_theirs() -> None:
    """By the name of a member, which has one shape in all operations."""
    found: dict[str, set[tuple[Any, ...]]] = {}
    for operation in OPERATIONS.values():
        for name, shape in members(operation["input"]["shape"]).items():
            told = SHAPE[SHAPE[shape]["member"]["shape"]] if SHAPE[shape]["type"] == "list" else SHAPE[shape]
            limits = (told.get("pattern"), told.get("min"), told.get("max"))
            if any(each is not None for each in limits):
                found.setdefault(name, set()).add(limits)
    assert found.keys() == SHAPES.keys()
    for name, ours in SHAPES.items():
        ((pattern, least, most),) = found[name]
        assert (ours.least, ours.most) == (least, most), name
        assert (ours.pattern is None) == (pattern is None), name
        for text in ("A", "AB1", "a", "B2", "0", "1.5", "1.50", "1.500", "1.", ".5", "-1", "", "A B", "A\n", "Ä"):
            if pattern is not None and text and not text.endswith("\n"):
                assert (re.search(pattern, text) is None) == (re.fullmatch(cast("str", ours.pattern), text) is None)


@pytest.mark.parametrize("name", SHAPES)
def test_what_does_not_fit_is_named_before_any_request(name: str) -> None:
    wrong: dict[str, Any] = {"MaxResults": 101, "NextToken": "", "UniqueRequestToken": "x" * 65}
    if name in ("Reward", "BonusAmount"):
        wrong[name] = Money("1.005", "USD")
    given = wrong.get(name, ("w",) if name == "WorkerIds" else "no id")
    with pytest.raises(InvalidRequest, match=name):
        mturk()._build("X", {name: given}, cast("Any", None), costs=None, idempotent_for=None)


ANSWERED = {
    name: RENAMED.get(name, name)
    for name, shape in SHAPE.items()
    if shape["type"] == "structure"
    and not name.endswith(("Request", "Response"))
    and name not in ("RequestError", "ServiceFault")
} | {"QualificationRequest": "QualificationRequest"}


@pytest.mark.parametrize("shape", ANSWERED)
def test_the_records_have_the_members(shape: str) -> None:
    kind = getattr(records, ANSWERED[shape], None) or getattr(structures, ANSWERED[shape])
    hints = get_type_hints(kind, include_extras=True)
    fields = {wire_name(name): hints[name] for name in kind.model_fields if name not in ("raw", "replayed")}
    assert fields.keys() == members(shape).keys()
    for name, hint in fields.items():
        assert fits(hint, members(shape)[name]), f"{name} is {hint}"
    if issubclass(kind, Structure):
        required = {wire_name(name) for name, field in kind.model_fields.items() if field.is_required()}
        assert required == set(SHAPE[shape].get("required", ()))


@pytest.mark.parametrize("shape", [name for name, told in SHAPE.items() if "enum" in told])
def test_the_words_are_theirs(shape: str) -> None:
    ours = {each.value for each in getattr(words, shape)} - {"UNKNOWN"}
    assert ours == set(SHAPE[shape]["enum"])


ANSWERS = {"GetAccountBalance": "AccountBalance", "ListReviewPolicyResultsForHIT": "ReviewPolicyResults"}


@pytest.mark.parametrize("operation", ANSWERS)
def test_whole_answers_have_the_members(operation: str) -> None:
    fields = {wire_name(name) for name in getattr(records, ANSWERS[operation]).model_fields} - {"Raw"}
    assert fields == members(OPERATIONS[operation]["output"]["shape"]).keys()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_what_takes_a_token_may_be_sent_again_for_a_day(operation: str) -> None:
    with OperationRun(cast("Operation[object]", methods()[operation](**asked(operation)))) as run:
        call = run.start()
    assert call is not None
    takes = "UniqueRequestToken" in members(OPERATIONS[operation]["input"]["shape"])
    assert call.idempotent_for == (KNOWN_FOR if takes else None)
    assert call.takes_money is (takes or operation == "ApproveAssignment")  # which here overrides a rejection
    if takes:
        without = {name: value for name, value in asked(operation).items() if name != "unique_request_token"}
        with OperationRun(cast("Operation[object]", methods()[operation](**without))) as run:
            call = run.start()
        assert call is not None
        assert call.idempotent_for is None
    if operation.startswith(("Get", "List")):
        assert call.effect.value == "read"


def test_a_listing_goes_on_through_an_empty_page() -> None:
    from tests.support.by_hand import play

    provider = mturk()
    calls, first = play(provider, provider.api.workers.list_worker_blocks(), [{"NextToken": "a", "WorkerBlocks": []}])
    assert isinstance(first, Page)
    assert first.more is not None
    answer: dict[str, Any] = {"NumResults": 1, "WorkerBlocks": [{"WorkerId": "A1", "Reason": "r", "New": {}}]}
    again, second = play(provider, cast("Any", first.more()), [answer])
    assert [each.worker_id for each in second.items] == ["A1"]
    assert second.more is None
    assert sent(calls[0]) == {"MaxResults": 100}
    assert sent(again[0]) == {"MaxResults": 100, "NextToken": "a"}


def record(shape: str) -> dict[str, object]:
    """A whole record as an answer brings it."""
    made: dict[str, object] = {}
    for name, member in members(shape).items():
        made[name] = value_of(member)
    return made


def value_of(shape: str) -> object:
    told = SHAPE[shape]
    if told["type"] == "structure":
        return record(shape)
    if told["type"] == "list":
        return [value_of(told["member"]["shape"])]
    if "enum" in told:
        return told["enum"][0]
    return {"timestamp": 1768467600.25, "boolean": True, "integer": 7, "long": 7}.get(told["type"], "17")


@pytest.mark.parametrize("shape", ANSWERED)
def test_records_are_read_whole_and_kept(shape: str) -> None:
    """Every member has a value, also when it was kept by the ledger in between."""
    kind = getattr(records, ANSWERED[shape], None) or getattr(structures, ANSWERED[shape])
    made = kind.model_validate(record(shape))
    values = made.model_dump(exclude={"raw"})
    assert all(value not in (None, (), []) for value in values.values()), values
    assert kind.model_validate(made.model_dump(mode="json")).model_dump(exclude={"raw"}) == values


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_argument_of_a_wrong_type_is_named(operation: str) -> None:
    """Before any request, as all that does not fit."""
    wrong = {name: object() for name in arguments_of(operation) if name != "self"}
    if not wrong:
        return
    with pytest.raises(InvalidRequest) as caught:
        methods()[operation](**wrong)
    assert {each.where for each in caught.value.issues} == wrong.keys()
