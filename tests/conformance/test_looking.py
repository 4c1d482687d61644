"""The parts of the kit that judge, on things that are plainly right and plainly wrong."""

from __future__ import annotations

import ast
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from crowdhub.errors import ConfigurationError
from crowdhub.model import Money, Task
from crowdhub.protocol import Call, CredentialPlaces, Effect
from crowdhub.testing import leaks, source, walk
from crowdhub.testing.leaks import Secrets
from crowdhub.testing.subject import load
from crowdhub_rapidworkers import RapidWorkers, RapidWorkersSettings

WHOSE = {"provider": "p", "account": "a", "environment": "sandbox"}


def task(**more: Any) -> Task:
    return Task(**{**WHOSE, "id": "1", "raw": {"id": 1}, **more})


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
def test_a_model_that_breaks_a_rule(result: Any, word: str) -> None:
    (fault,) = walk.faults(result, WHOSE, "USD")
    assert word in fault


def test_a_model_that_keeps_them() -> None:
    good = task(reward=Money("1.5", "USD"), created_at=datetime(2026, 1, 1, tzinfo=UTC), success_rate=Decimal("0.5"))
    assert walk.faults([good, None, "text", 1], WHOSE, "USD") == []


def module(text: str, name: str = "provider.py") -> source.Module:
    made = source.Module.__new__(source.Module)
    made.package, made.where = "crowdhub_x", name
    made.parts = tuple(Path(name).with_suffix("").parts)
    made.tree = ast.parse(text)
    return made


@pytest.mark.parametrize(
    "text",
    [
        "def f(self) -> Flow[int]:\n    self.balance()\n    yield 1",
        "def f(self) -> Flow[int]:\n    yield self.balance()",
        "def f(self) -> Flow[int]:\n    yield from self.task('1')\n    return self.balance()",
        "def g(x) -> Flow[int]: ...\ndef f():\n    g(1)",
        "def f(self, call):\n    spend_once(call, read, look, look_for='x')",
        "def f(self):\n    if x:\n        super().publish(draft)\n    yield from y",
    ],
)
def test_a_dropped_flow(text: str) -> None:
    assert len(source.dropped_flows([module(text)])) == 1


@pytest.mark.parametrize(
    "text",
    [
        "def f(self) -> Flow[int]:\n    return self.balance()",
        "def f(self) -> Flow[int]:\n    return (yield from self.balance())",
        "def f(self):\n    yield from self.balance()\n    more = lambda: self.tasks()",
        "def f(self):\n    x = self.balance()\n    yield from x",
        "def f(self):\n    self.tracker.task(1)\n    queue.cancel()\n    yield",
    ],
)
def test_no_dropped_flow(text: str) -> None:
    assert source.dropped_flows([module(text)]) == []


@pytest.mark.parametrize(
    ("text", "name", "right"),
    [
        ("from crowdhub import Response\nfrom crowdhub.model.base import Model\nimport json", "provider.py", True),
        ("from crowdhub_x import wire\nfrom crowdhub_x.wire import A\nfrom . import wire", "provider.py", True),
        ("import httpx", "provider.py", False),
        ("from crowdhub.engine.sync import Engine", "provider.py", False),
        ("from crowdhub import Hub", "provider.py", False),
        ("import crowdhub", "provider.py", False),
        ("from crowdhub.engine.http import Response", "wire.py", False),
        ("from crowdhub_other import wire", "provider.py", False),
        ("from crowdhub_x.sandbox import A", "provider.py", False),
        ("from . import sandbox", "provider.py", False),
        ("from crowdhub.sandbox import Purse\nfrom starlette.routing import Route", "sandbox.py", True),
        ("from crowdhub_x.sandbox.state import A", "sandbox/market.py", True),
        ("from crowdhub_x.wire import A", "sandbox.py", False),
        ("from crowdhub_x import wire", "sandbox/market.py", False),
        ("from crowdhub.model import Money", "sandbox.py", False),
        ("from crowdhub.testing import Subject", "conformance.py", True),
    ],
)
def test_imports(text: str, name: str, right: bool) -> None:
    assert (source.import_violations(module(text, name)) == []) is right


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


def test_a_secret_behind_an_error_is_found(secrets: Secrets) -> None:
    error = ValueError("no secret here")
    error.__context__ = KeyError("a-secret/key+1")
    error.__suppress_context__ = True  # as `raise … from None` leaves it
    assert secrets.faults(leaks.of_error(error))


def test_an_unknown_subject_says_which_there_are() -> None:
    with pytest.raises(ConfigurationError, match="rapidworkers"):
        load("nobody")
