"""What people write: settings, drafts and decisions. Whatever is in a file, it is read or is one clear error."""

# ruff: noqa: PT017 - either end is good, and looked at

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from hypothesis import example, given
from hypothesis import strategies as st

from crowdhub import Hub
from crowdhub.cli import decisions, drafts
from crowdhub.errors import CallerError, ConfigurationError, CrowdhubError, InvalidRequest
from crowdhub.hub import config
from crowdhub.model import TaskDraft
from tests.fuzz.budget import cases

T = TypeVar("T")

KEY = "a-key-of-an-account-0123456789"


def in_file(name: str, content: str | bytes, use: Callable[[Path], T]) -> T | CallerError:
    """``use`` on a file of this content; our own error instead of what it raised."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
        try:
            return use(path)
        except CrowdhubError as error:
            assert isinstance(error, CallerError)
            assert not error.sent
            assert len(str(error)) < 20_000
            return error


PIECES = st.sampled_from(
    [
        "[hub]",
        "[accounts]",
        "[accounts.rapidworkers]",
        "[accounts.etxt]",
        "[accounts.crowdsdom]",
        "[accounts.capsolver]",
        '[accounts."rw-eu"]',
        "[[accounts]]",
        "[[accounts.rapidworkers]]",
        "[nonsense]",
        'provider = "rapidworkers"',
        'provider = "no-such"',
        "provider = 3",
        "provider = ['rapidworkers']",
        f'api_key = "{KEY}"',
        "api_key = 3",
        "api_key = ['x']",
        'api_key = ""',
        'api_key = "a\\nb"',
        'api_key_env = "NOT_SET_ANYWHERE"',
        "api_key_env = []",
        f'api_secret = "{KEY}"',
        f'access_token = "{KEY}"',
        f'token = "{KEY}"',
        f'api_pass = "{KEY}"',
        f'client_key = "{KEY}"',
        "app_id = 1",
        "reads_by_get = 'maybe'",
        'base_url = "http://x.example"',
        'base_url = "https://["',
        'base_url = "https://x.example:99999"',
        'base_url = ""',
        "base_url = 3",
        "base_url = {a = 1}",
        'account_url = "https://x.example"',
        'environment = "nowhere"',
        'environment = "sandbox"',
        "max_wait = 3",
        "max_wait = 'x'",
        "max_wait = nan",
        "max_wait = inf",
        "max_wait = -1",
        "timeout = []",
        "on_unsupported = 'x'",
        "on_unsupported = []",
        "ledger = 3",
        "ledger = 'nonsense://x'",
        "ledger = ''",
        'budget = {USD = "50"}',
        "budget = {USD = 0.5}",
        "budget = {XXX = 'x'}",
        "budget = 3",
        "budget = {rapidworkers = {USD = {day = 1}}}",
        "accounts.rapidworkers = 3",
        "accounts = 3",
        "hub = 3",
        "accounts.rapidworkers.api_key.x = 1",
        "=",
        "]",
        "\x00",
        "# \u202e",
        "a = 1979-05-27T07:32:00",
        "'' = ''",
        '"a\\u0000b" = 1',
    ]
)
TOML = st.lists(PIECES | st.text(max_size=12), max_size=12).map("\n".join)


@given(TOML | st.binary(max_size=60))
@cases(120)
@example("[accounts]\nrapidworkers = []")
@example("[accounts.rapidworkers]\nprovider = ['rapidworkers']")
@example("[accounts.rapidworkers]\nprovider = {a = 1}")
@example("[accounts.rapidworkers]\nbase_url = 3\napi_key = 'x'")
@example(f"[accounts.rapidworkers]\napi_key = '{KEY}'\nbase_url = 'https://['")
@example(f"[accounts.rapidworkers]\napi_key = '{KEY}'\nbase_url = 'https://x.example:99999'")
@example(f"[accounts.rapidworkers]\napi_key = '{KEY}'\n[hub]\nbudget = 3")
@example(f"[accounts.rapidworkers]\napi_key = '{KEY}'\n[hub]\nledger = 3")
@example(f"[accounts.rapidworkers]\napi_key = '{KEY}'\n[hub]\nledger = 'nonsense://x'")
@example("[hub]\non_unsupported = []")
@example("[hub]\nmax_wait = nan")
@example("a" * 100_000)
@example("a." * 5000 + "b = 1")
@example("a = " + "[" * 5000)
@example("a = " + "{a=" * 5000)
@example(b"\xff\xfe")
def test_settings(content: str | bytes) -> None:
    def use(path: Path) -> None:
        found = config.load(path, environ={})
        settings: dict[str, Any] = {name: value for name, value in found.hub.items() if name != "ledger"}
        with Hub(cast("Any", found.accounts), path=found.path, **settings) as hub:
            for name in hub:
                try:
                    hub[name]
                except CrowdhubError as error:
                    assert isinstance(error, ConfigurationError)
                    assert KEY not in str(error) + repr(error)

    error = in_file("crowdhub.toml", content, use)
    assert error is None or isinstance(error, ConfigurationError)
    assert KEY not in str(error)


FIELDS = st.sampled_from([*drafts.FIELDS, "options", "titel", "", "raw", "reference"])
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=10)
    | st.sampled_from(
        [
            "0.50",
            "0.50 USD",
            "1 XXX",
            "1e9999 USD",
            "P3D",
            "2026-01-01",
            "P99999999Y",
            "US",
            "9" * 5000,
            "\ud800",
            "\x00",
        ]
    )
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "rapidworkers",
                    "etxt",
                    "capsolver",
                    "nobody",
                    "task",
                    "type",
                    "USD",
                    "questions",
                    "html",
                    "url",
                    "kind",
                    "self",
                ]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


@given(st.dictionaries(FIELDS, VALUES, max_size=6).map(json.dumps) | st.text(max_size=30) | st.binary(max_size=30))
@cases(150)
@example('{"reward": {"amount": 0.1, "currency": "USD"}}')
@example('{"reward": 1e999999999}')
@example('{"reward": {}}')
@example('{"reward": {"self": 1, "amount": "1", "currency": "USD"}}')
@example('{"reward": "1e999999999"}')
@example('{"slots": 1e400}')
@example('{"slots": ' + "9" * 5000 + "}")
@example('{"options": {"rapidworkers": 3}}')
@example('{"options": {"rapidworkers": {"": 1}}}')
@example('{"options": [1]}')
@example('{"options": {"rapidworkers": {"self": 1}}}')
@example('{"options": {"capsolver": {"task": ' + "[" * 500 + "]" * 500 + "}}}")
@example('{"image": "\\u0000"}')
@example('{"image": {"a": 1}}')
@example('{"questions": {"html": 3}}')
@example('{"deadline": "P99999999999Y"}')
@example('{"deadline": 1e300}')
@example('{"countries": "US"}')
@example("[" * 100_000)
@example("{" * 100_000)
@example("\ufeff{}")
def test_drafts(content: str | bytes) -> None:
    def use(path: Path) -> TaskDraft:
        return drafts.draft(drafts.read_file(path), "USD")

    for name in ("draft.json", "draft.toml"):
        found = in_file(name, content, use)
        assert isinstance(found, (TaskDraft, ConfigurationError, InvalidRequest))


WORDS = ["submission", "verdict", "comment", "id", "1", "2", "approve", "reject", "redo"]
CELLS = st.sampled_from([*WORDS, '"', '""', "", "a\rb", "\x00", "\u202e", "x" * 200])
ROWS = st.lists(st.lists(CELLS, max_size=4).map(",".join), max_size=6).map("\n".join)
LINES = st.lists(
    st.dictionaries(st.sampled_from(["submission", "id", "verdict", "comment", "Submission "]), LEAVES, max_size=3).map(
        json.dumps
    )
    | st.sampled_from(["{", "{}", "[]", "null", "{" * 2000, '{"a":' * 50_000]),
    max_size=5,
).map("\n".join)


@given(
    ROWS
    | ROWS.map(lambda text: "submission,verdict,comment\n" + text)
    | LINES
    | st.text(max_size=40)
    | st.binary(max_size=40)
)
@cases(200)
@example('submission,verdict\n"' + "x" * 200_000)
@example('submission,verdict\n"1,approve')
@example("submission,verdict\n1,approve,too,many")
@example("submission,submission,verdict\n1,2,approve")
@example("submission;verdict\n1;approve")
@example("submission,verdict\r1,approve\r\n2,approve")
@example("submission,verdict\n\x00,approve")
@example("submission,verdict\n1")
@example('{"submission": {"a": 1}, "verdict": ["approve"]}')
@example('{"submission": "1", "verdict": "approve"}\n' + '{"a":' * 100_000)
@example('{"submission": ' + "9" * 5000 + ', "verdict": "approve"}')
@example("{" * 100_000)
@example(b"\xff\xfe{\x00")
def test_decisions(content: str | bytes) -> None:
    found = in_file("decisions.csv", content, decisions.read_file)
    if isinstance(found, Exception):
        assert isinstance(found, (ConfigurationError, InvalidRequest))
        return
    for line in found:
        assert line.submission
        assert line.comment or line.verdict == "approve"
    assert len({line.submission for line in found}) == len(found)
