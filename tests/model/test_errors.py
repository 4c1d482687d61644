from __future__ import annotations

import inspect
import pickle
import re
from datetime import UTC, datetime

import pytest

from crowdhub import Capability, Money, errors
from crowdhub.errors import (
    BudgetExceeded,
    CallerError,
    Conflict,
    CrowdhubError,
    InvalidRequest,
    Issue,
    Lost,
    MarketplaceError,
    NotFound,
    NotSupported,
    OutcomeUnknown,
    UnreadableResponse,
)

EVIDENCE = {
    "provider": "rapidworkers",
    "account": "rw-eu",
    "environment": "sandbox",
    "operation": "publish",
    "http_status": 418,
    "provider_code": "E7",
    "provider_message": "short and stout",
}
KINDS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, CrowdhubError) and kind.__module__ == "crowdhub.errors"
]


def made(kind: type[CrowdhubError]) -> CrowdhubError:
    error: CrowdhubError
    if kind is NotSupported:
        error = NotSupported(Capability.CANCEL, "rapidworkers", reason="no call for it")
    elif kind is BudgetExceeded:
        error = BudgetExceeded(Money(5, "USD"), Money(3, "USD"))
    else:
        error = kind("It went wrong.")
    return error.located(**EVIDENCE)


def test_the_tree_is_as_drawn_in_the_docstring() -> None:
    drawn: dict[str, str] = {}
    parents: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"^    ([│ ├└─]*)([A-Z]\w+)", line)
        if not found:
            continue
        depth, name = len(found[1]), found[2]
        parents = [(d, n) for d, n in parents if d < depth]
        drawn[name] = parents[-1][1] if parents else "Exception"
        parents.append((depth, name))
    real = {kind.__name__: kind.__bases__[0].__name__ for kind in KINDS}
    assert drawn == real
    assert len(drawn) >= 17
    public = {name for name in errors.__all__ if name not in ("Issue", "Lost")}
    assert public == set(drawn)


def test_yours_and_theirs_are_told_apart() -> None:
    for kind in KINDS:
        if kind is not CrowdhubError:
            assert issubclass(kind, CallerError) != issubclass(kind, MarketplaceError) or kind in (
                CallerError,
                MarketplaceError,
            )
    assert issubclass(InvalidRequest, ValueError)


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_says_who_where_what_and_what_next(kind: type[CrowdhubError]) -> None:
    error = made(kind)
    text = str(error)
    for word in (
        "rapidworkers/rw-eu",
        "(sandbox)",
        "publish",
        "[HTTP 418, E7]",
        "short and stout",
        error.next_step,
    ):
        assert word in text, word
    assert isinstance(error.next_step, str)
    assert len(error.next_step) > 10
    for name, value in EVIDENCE.items():
        expected = "rapidworkers" if name == "provider" else value
        assert getattr(error, name) == expected
    assert isinstance(error.sent, bool)
    assert isinstance(error.money_may_be_spent, bool)
    assert inspect.getdoc(kind)


@pytest.mark.parametrize("kind", [k for k in KINDS if issubclass(k, MarketplaceError)])
def test_each_says_whether_money_may_have_been_spent(kind: type[CrowdhubError]) -> None:
    spent = kind is OutcomeUnknown
    assert made(kind).money_may_be_spent is spent
    assert ("Money may have been spent." in str(made(kind))) is spent
    assert ("Nothing was spent." in str(made(kind))) is not spent


@pytest.mark.parametrize("kind", KINDS)
def test_errors_cross_processes_whole(kind: type[CrowdhubError]) -> None:
    error = made(kind).with_(next_step="Do something else.")
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is kind
    assert str(back) == str(error)
    assert vars(back) == vars(error)
    assert back.args == error.args


def test_notes_of_the_application_stay_and_are_redacted() -> None:
    error = NotFound("gone").with_(origin="plain/wire.py:7 in read")
    error.add_note("while reading the order 7 of sk-secret")
    changed = error.with_(operation="task").redacted(lambda text: text.replace("sk-secret", "***"))
    assert changed.__notes__ == ["while reading the order 7 of ***", "In the plugin: plain/wire.py:7 in read."]


def test_special_evidence_crosses_processes_too() -> None:
    lost = OutcomeUnknown("m", lost=Lost.BROKEN, sent_at=datetime(2026, 1, 1, tzinfo=UTC)).looking_for("a job")
    back = pickle.loads(pickle.dumps(lost))
    assert (back.lost, back.sent_at, back.look_for) == (Lost.BROKEN, lost.sent_at, "a job")
    assert "Look for a job." in str(back)
    invalid = pickle.loads(pickle.dumps(InvalidRequest(issues=[Issue("a", "b"), Issue("c", "d")])))
    assert [issue.where for issue in invalid.issues] == ["a", "c"]
    assert str(invalid.issues[0]) == "a: b"
    budget = pickle.loads(pickle.dumps(BudgetExceeded(Money(5, "USD"), Money(3, "USD"), budget="day")))
    assert (budget.need, budget.have, budget.budget) == (Money(5, "USD"), Money(3, "USD"), "day")


def test_all_issues_are_in_the_text() -> None:
    text = str(InvalidRequest(issues=[Issue("title", "is empty"), Issue("slots", "0 is less than 1")]))
    assert "2 issues: title: is empty; slots: 0 is less than 1." in text


def test_not_supported_names_all_fields_and_why() -> None:
    error = NotSupported(Capability.PUBLISH, "p", fields={"deadline": "runs until full", "language": "has none"})
    assert error.fields == ("deadline", "language")
    assert error.reasons == {"deadline": "runs until full", "language": "has none"}
    for word in ("deadline", "runs until full", "language", "has none"):
        assert word in str(error)
    assert error.sent is False


def test_locating_fills_in_but_never_overwrites() -> None:
    error = CrowdhubError("m", operation="inner").located(operation="outer", provider="p")
    assert (error.operation, error.provider) == ("inner", "p")


def mask(text: str) -> str:
    return text.replace("s3cret-key", "[secret]")


@pytest.mark.parametrize(
    "error",
    [
        UnreadableResponse(
            "it said s3cret-key", excerpt="key=s3cret-key", records=[{"echo": ["s3cret-key", {"k": "s3cret-key"}]}]
        ),
        InvalidRequest(issues=[Issue("api_key", "'s3cret-key' is wrong")]),
        Conflict("m", actual={"token": "s3cret-key"}, provider_message="no s3cret-key here"),
        NotSupported("x", "p", fields={"deadline": "because s3cret-key"}),
        OutcomeUnknown("m").looking_for("a job of s3cret-key"),
        CrowdhubError("m", next_step="use s3cret-key", provider_code="s3cret-key"),
    ],
)
def test_cleaning_reaches_every_part_of_an_error(error: CrowdhubError) -> None:
    error = error.redacted(mask)
    assert "s3cret-key" not in str(error) + repr(error) + repr(vars(error)) + repr(error.args)
    assert "s3cret-key" not in repr(pickle.dumps(error))
    assert all(isinstance(issue, Issue) for issue in getattr(error, "issues", ()))


def test_cleaning_leaves_models_alone() -> None:
    error = Conflict("m", actual=Money(1, "USD"))
    assert error.redacted(mask).actual == Money(1, "USD")
