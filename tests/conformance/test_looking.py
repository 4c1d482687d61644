"""The parts of the kit that judge, on things that are plainly right and plainly wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from pydantic import SecretStr

from crowdhub.errors import ConfigurationError
from crowdhub.model import Money, Task
from crowdhub.protocol import Call, CredentialPlaces, Effect
from crowdhub.testing import leaks, walk
from crowdhub.testing.leaks import Secrets
from crowdhub.testing.subject import load
from crowdhub_rapidworkers import RapidWorkers, RapidWorkersSettings

WHOSE = {"provider": "p", "account": "a", "environment": "sandbox"}


def task(**more: object) -> Task:
    return Task.model_validate({**WHOSE, "id": "1", "raw": {"id": 1}, **more})


@pytest.mark.parametrize(
    ("result", "word"),
    [
        (task(raw={}), "raw"),
        (task(raw={"a": [0.5]}), "float"),
        (task(account="b"), "belongs"),
        (task(id=""), "id"),
        (task(reward=Money(1, "EUR")), "EUR"),
        (task().copy_with(created_at=datetime(2026, 1, 1)), "time zone"),  # noqa: DTZ001
        ([task(), task(raw={})], "raw"),
    ],
)
def test_a_model_that_breaks_a_rule(result: object, word: str) -> None:
    (fault,) = walk.faults(result, WHOSE, "USD")
    assert word in fault


def test_a_model_that_keeps_them() -> None:
    good = task(reward=Money("1.5", "USD"), created_at=datetime(2026, 1, 1, tzinfo=UTC), success_rate=Decimal("0.5"))
    assert walk.faults([good, None, "text", 1], WHOSE, "USD") == []


@pytest.fixture
def secrets() -> Secrets:
    return Secrets(RapidWorkers(RapidWorkersSettings(api_key=SecretStr("a-secret/key+1"))))


@pytest.mark.parametrize("text", ["x a-secret/key+1 y", "?k=a-secret%2Fkey%2B1", "Basic YS1zZWNyZXQva2V5KzE="])
def test_a_secret_is_found_in_every_form(secrets: Secrets, text: str) -> None:
    assert secrets.inside(text)


def test_where_a_signed_call_may_hold_a_secret(secrets: Secrets) -> None:
    call = Call.get("/x").with_headers(X_Key="a-secret/key+1").with_query(("k", "a-secret/key+1"))
    assert leaks.misplaced(call, secrets, CredentialPlaces(headers=("x-key",))) == ["the query's k"]
    assert leaks.misplaced(call, secrets, CredentialPlaces(headers=("X-Key",), query=("k",))) == []
    body = Call.post("/a-secret/key+1", effect=Effect.READ, json={"key": "a-secret/key+1"})
    assert leaks.misplaced(body, secrets, CredentialPlaces()) == ["the path", "the JSON's key"]
    form = Call.post("/x", effect=Effect.READ, form={"key": "a-secret/key+1"})
    assert leaks.misplaced(form, secrets, CredentialPlaces()) == ["the form's key"]
    assert leaks.misplaced(form, secrets, CredentialPlaces(form=("key",))) == []
    parts = Call.post("/x", effect=Effect.READ, multipart=[("key", "a-secret/key+1"), ("a", "b")])
    assert leaks.misplaced(parts, secrets, CredentialPlaces()) == ["the form's key"]
    assert leaks.misplaced(parts, secrets, CredentialPlaces(json=("key",))) == []


def test_a_secret_behind_an_error_is_found(secrets: Secrets) -> None:
    error = ValueError("no secret here")
    error.__context__ = KeyError("a-secret/key+1")
    error.__suppress_context__ = True  # as `raise … from None` leaves it
    assert secrets.faults(leaks.of_error(error))


def test_a_result_of_another_kind() -> None:
    assert walk.one(task(), Task).id == "1"
    with pytest.raises(AssertionError, match="not a Task"):
        _ = walk.one(Money(1, "EUR"), Task)
    with pytest.raises(AssertionError, match="not a listing"):
        _ = walk.many(task(), Task)


def test_an_unknown_subject_says_which_there_are() -> None:
    with pytest.raises(ConfigurationError, match="rapidworkers"):
        load("nobody")
