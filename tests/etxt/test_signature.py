"""The signature against the published vectors and against an independent formulation."""

from __future__ import annotations

import hashlib
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st
from pydantic import SecretStr

from crowdhub.engine.http import URL, build_request
from crowdhub.errors import InvalidRequest
from crowdhub.protocol import Call, Effect, Operation, OperationRun
from crowdhub_etxt import Etxt, EtxtSettings
from crowdhub_etxt.signature import sign_of

VECTORS = [
    ([("method", "users.getBalance")], "2ad8119183ff527fc51842768a5c329c"),
    ([("method", "folders.addFolder"), ("name", "Folder name Ё")], "00226280bb835de937ec97fe0faa5c0b"),
    ([("method", "tasks.getResults"), ("id[1]", "7"), ("id[0]", "10")], "8a852126d46865902689f9a902d20f4c"),
]
INNER = hashlib.md5(b"secretapi-pass").hexdigest()


@pytest.mark.parametrize(("query", "expected"), VECTORS)
def test_published_vectors(provider: Etxt, query: list[tuple[str, str]], expected: str) -> None:
    signed = provider.sign(Call.get("", query=query))
    assert dict(signed.query_pairs()) == {**dict(query), "token": "tok123", "sign": expected}


def first(operation: Operation[object]) -> Call:
    with OperationRun(operation) as run:
        call = run.start()
    assert call is not None
    return call


def independently(query: dict[str, str], api_pass: str) -> str:
    left = {name: value for name, value in query.items() if name != "sign"}
    digest = hashlib.new("md5", usedforsecurity=False)
    while left:
        name = min(left)
        digest.update(name.encode("utf-8") + b"=" + left.pop(name).encode("utf-8"))
    inner = hashlib.new("md5", f"{api_pass}api-pass".encode(), usedforsecurity=False)
    digest.update(inner.hexdigest().encode("ascii"))
    return digest.hexdigest()


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
names = st.one_of(st.from_regex(r"[a-z_]{1,12}(\[\d{1,2}\])?", fullmatch=True), texts.filter(bool))


@given(st.dictionaries(names, texts, max_size=8), texts)
@budget(max_examples=150, deadline=None)
def test_any_parameters(query: dict[str, str], api_pass: str) -> None:
    assert sign_of(query.items(), api_pass) == independently(query, api_pass)


@given(st.dictionaries(names.filter(lambda name: name not in ("method", "token", "sign")), texts, max_size=5))
@budget(max_examples=75, deadline=None)
def test_what_the_server_decodes_is_what_was_signed(params: dict[str, str]) -> None:
    provider = Etxt(EtxtSettings(token=SecretStr("tok+/=&Ё"), api_pass=SecretStr("sec ret")))
    call = provider.sign(Call.get("", query=[("method", "users.getList"), *params.items()]))
    url = build_request(call, URL(provider.settings.base_url), "test").url
    received = dict(parse_qsl(url.query.decode("ascii"), keep_blank_values=True, strict_parsing=True))
    assert received["token"] == "tok+/=&Ё"
    assert received["sign"] == independently(received, "sec ret")


def test_parameters_are_sorted_by_their_names() -> None:
    """Of two names of which one begins with the other: ``text2=…`` would come before ``text=…`` as a whole."""
    query = [("text2", "b"), ("text", "a"), ("method", "m"), ("token", "tok123")]
    expected = hashlib.md5(("method=mtext=atext2=btoken=tok123" + INNER).encode()).hexdigest()
    assert sign_of(query, "secret") == expected


def test_the_body_is_not_signed(provider: Etxt) -> None:
    bare = provider.sign(Call.post("", effect=Effect.READ, query=[("method", "users.getBalance")]))
    full = provider.sign(
        Call.post("", effect=Effect.READ, query=[("method", "users.getBalance")], form=[("id", "1"), ("text", "x")])
    )
    assert bare.query_pairs() == full.query_pairs()


def test_everything_but_method_travels_in_the_body(provider: Etxt) -> None:
    call = first(provider.api.tasks.get_results([10, 7]))
    assert (call.method, call.query_pairs()) == ("POST", [("method", "tasks.getResults")])
    assert list(call.form or ()) == [("id[0]", "10"), ("id[1]", "7")]


def reading_by_get() -> Etxt:
    made = EtxtSettings(token=SecretStr("tok123"), api_pass=SecretStr("secret"), reads_by_get=True)
    return Etxt(made)


def test_reads_by_get_sign_all_they_carry() -> None:
    provider = reading_by_get()
    call = first(provider.api.tasks.get_results([10, 7]))
    assert call.method == "GET"
    assert call.form is None
    assert dict(provider.sign(call).query_pairs())["sign"] == VECTORS[2][1]


def test_writes_never_go_by_get() -> None:
    assert first(reading_by_get().api.tasks.paid_task([1])).method == "POST"
    assert first(reading_by_get().api.detector.send("type", "text", method=1)).method == "POST"


def test_a_read_that_is_too_long_for_an_address_goes_by_post() -> None:
    provider = reading_by_get()
    methods: set[str] = set()
    for number in range(1, 101):
        call = first(provider.api.tasks.get_results([10**12] * number))
        methods.add(call.method)
        url = str(build_request(provider.sign(call), URL(provider.settings.base_url), "test").url)
        assert len(url) <= 2048
    assert methods == {"GET", "POST"}


def test_a_handmade_address_that_is_too_long_is_refused(provider: Etxt) -> None:
    with pytest.raises(InvalidRequest, match="2048"):
        provider.sign(Call.get("", query=[("method", "users.getList"), ("login", "x" * 2000)]))


def test_secrets_are_in_no_call_before_it_is_signed(provider: Etxt) -> None:
    call = first(provider.api.users.get_balance())
    assert "tok123" not in f"{call.query_pairs()}{call.form}{call!r}{provider.sign(call)!r}"
    assert set(provider.credential_places.query) == {"token", "sign"}
