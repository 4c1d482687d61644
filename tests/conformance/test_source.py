"""What the kit finds in a plugin's source."""

from __future__ import annotations

import ast

import pytest

from crowdhub.testing import source


def module(text: str, name: str = "provider.py", *libraries: str) -> source.Module:
    return source.Module("crowdhub_x", name, ast.parse(text), frozenset(libraries))


@pytest.mark.parametrize(
    "text",
    [
        "def f(self) -> Flow[int]:\n    self.balance()\n    yield 1",
        "def f(self) -> Flow[int]:\n    yield self.balance()",
        "def f(self) -> Flow[int]:\n    yield from self.task('1')\n    return self.balance()",
        "def g(x) -> Flow[int]: ...\ndef f():\n    g(1)",
        "def f(self):\n    first_match(self.listing(), fits)",
        "def f(self):\n    if x:\n        super().publish(draft)\n    yield from y",
        "def g(x) -> Operation[int]: ...\ndef f():\n    g(1)",
        "def f(self):\n    self.state_of(work)",
    ],
)
def test_a_dropped_operation(text: str) -> None:
    (found,) = source.dropped_operations([module(text)])
    assert "it needs `yield from`" in found


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
def test_no_dropped_operation(text: str) -> None:
    assert source.dropped_operations([module(text)]) == []


@pytest.mark.parametrize(
    ("text", "name", "right"),
    [
        ("from crowdhub import Response\nfrom crowdhub.model import Task\nimport json, hmac", "provider.py", True),
        ("from crowdhub.model.base import Model", "provider.py", False),
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


@pytest.mark.parametrize(
    "text",
    [
        "import httpx",
        "import requests.adapters",
        "from urllib import request",
        "from urllib.request import urlopen",
        "import http.client",
        "from http import client as way_out",
        "import aiohttp",
        "import urllib3",
        "import socket",
    ],
)
def test_no_http_client_whoever_brings_it(text: str) -> None:
    libraries = ("httpx", "requests", "aiohttp", "urllib3")
    (found,) = source.import_violations(module(text, "provider.py", *libraries))
    assert "yield a Call" in found


def test_libraries_of_the_plugins_own_distribution() -> None:
    text = "import lxml.etree\nfrom urllib.parse import quote\nfrom http import HTTPStatus"
    assert source.import_violations(module(text, "wire.py", "lxml")) == []
    assert source.import_violations(module(text, "sandbox/market.py", "lxml")) == []
    (found,) = source.import_violations(module(text, "wire.py"))
    assert "wire.py:1 imports lxml.etree" in found
    assert "`dependencies`" in found


def test_what_the_shipped_plugins_may_use() -> None:
    """crowdhub's own distribution requires an HTTP client and a database, for the engine and the ledger alone."""
    assert source.required("rapidworkers") == frozenset()
    assert source.required("nobody") == frozenset()
