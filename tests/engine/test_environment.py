"""What the environment says of the network: whose proxy for which host, and whose certificates are believed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from crowdhub import Effect, Hub, Money, TaskDraft
from crowdhub.engine.environment import proxy_for
from crowdhub.engine.policy import RetryPolicy
from crowdhub.errors import ConfigurationError, ProviderUnavailable
from tests.conftest import World
from tests.engine.conftest import MakeSession, RawServer
from tests.hostile.conftest import CA, Hostile, answer, tls

CA_HASHED = "b588c1af.0"  # as `openssl rehash` names it
PROXY = "http://proxy.example:3128"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith("SSL_CERT_"):
            monkeypatch.delenv(name)


@pytest.fixture
def secure() -> Iterator[Hostile]:
    server = Hostile(tls())
    server.says(answer(b'{"ok": true}'))
    yield server
    server.close()


def proxied(url: str) -> str | None:
    proxy = proxy_for(url)
    return None if proxy is None else str(proxy.url)


# --- proxies --------------------------------------------------------------------------------------------------


def test_each_scheme_has_its_proxy_and_all_is_for_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    assert proxied("https://api.example.com") is None
    monkeypatch.setenv("ALL_PROXY", "http://all.example:1")
    assert proxied("https://api.example.com") == "http://all.example:1"
    monkeypatch.setenv("https_proxy", PROXY)
    assert proxied("https://api.example.com/v1/") == PROXY
    monkeypatch.setenv("https_proxy", "https://proxy.example")
    assert proxied("https://api.example.com/v1/") == "https://proxy.example"


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "LOCALHOST:1", "[::1]:8080"])
@pytest.mark.parametrize("name", ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"])
def test_no_proxy_sees_what_goes_to_this_machine(monkeypatch: pytest.MonkeyPatch, name: str, host: str) -> None:
    monkeypatch.setenv(name, PROXY)
    assert proxied(f"http://{host}/") is None
    assert proxied(f"https://{host}/") is None


def test_a_call_to_this_machine_goes_there(
    world: World, session: MakeSession, server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = RawServer()
    monkeypatch.setenv("HTTP_PROXY", other.url)
    try:
        assert world.market(session(), lambda market: market.run(market.provider.ask())) == {"ok": True}
    finally:
        other.close()
    assert (server.count, other.count) == (1, 0)


@pytest.mark.parametrize(
    ("listed", "host", "is_listed"),
    [
        ("api.example.com", "api.example.com", True),
        ("example.com", "api.example.com", True),
        (".example.com", "api.example.com", True),
        ("other.example, api.example.com", "api.example.com", True),
        ("*", "api.example.com", True),
        ("api.example.com:8443", "api.example.com:8443", True),
        ("api.example.com:8443", "api.example.com", False),
        ("ample.com", "api.example.com", False),
    ],
)
def test_what_no_proxy_lists_is_asked_directly(
    monkeypatch: pytest.MonkeyPatch, listed: str, host: str, is_listed: bool
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", PROXY)
    monkeypatch.setenv("NO_PROXY", listed)
    assert proxied(f"https://{host}/v1") == (None if is_listed else PROXY)


@pytest.mark.parametrize(
    "address",
    [
        "proxy.example:3128",
        "proxy.example",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:0",
        "http://:1",
        "http://u:s3cret@127.0.0.1:99999",
        "socks5://u:s3cret@proxy.example:1080",
        "ftp://proxy",
        "://",
        "[",
    ],
)
def test_a_proxy_that_cannot_be_used_is_one_clear_error(
    world: World, session: MakeSession, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", address)
    made = session(base_url="https://market.example")
    with pytest.raises(
        ConfigurationError, match=r"HTTPS_PROXY names for market\.example.*http:// or https://"
    ) as caught:
        world.market(made, lambda market: market.run(market.provider.ask()))
    assert "s3cret" not in str(caught.value)


def test_what_needs_no_network_does_not_depend_on_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    accounts = {"rapidworkers": {"api_key": "a-key-of-no-one", "base_url": "https://market.example"}}
    draft = TaskDraft(title="T", instructions="I", reward=Money("0.10", "USD"), slots=1, proof="P", category="Survey")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:99999")
    with Hub(accounts, ledger=tmp_path / "ledger") as hub:
        assert hub.unresolved() == []
        assert hub["rapidworkers"].ledger is not None
        for _ in range(2):
            with pytest.raises(ConfigurationError, match="HTTPS_PROXY names for"):
                hub["rapidworkers"].publish(draft, key="k")
        assert hub.unresolved() == []


@pytest.mark.parametrize(
    ("user_info", "written"),
    [
        ("user:pr0xy-s3cret", "pr0xy-s3cret"),
        ("user:pr0xy%2Ds3cret", "pr0xy-s3cret"),
        ("pr0xy-s3cret", "pr0xy-s3cret"),
        ("user:pr0xy-s3cret", "dXNlcjpwcjB4eS1zM2NyZXQ="),
    ],
)
def test_a_proxy_that_repeats_its_password(
    world: World, session: MakeSession, monkeypatch: pytest.MonkeyPatch, user_info: str, written: str
) -> None:
    proxy = Hostile()
    proxy.says(f"HTTP/1.1 407 No {written} here\r\nContent-Length: 0\r\n\r\n".encode())
    monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("://", f"://{user_info}@"))
    made = session(base_url="https://market.example", policy=RetryPolicy(attempts=1))
    try:
        with pytest.raises(ProviderUnavailable, match=r"407 No .* here") as caught:
            world.market(made, lambda market: market.run(market.provider.ask()))
    finally:
        proxy.close()
    said = f"{caught.value} {vars(caught.value)} {caught.value.__cause__!r}"
    assert "pr0xy" not in said
    assert written[5:-5] not in said


def test_each_address_of_an_account_has_its_own_proxy(
    world: World, session: MakeSession, server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of its hosts is asked directly, the other through the proxy."""
    proxy = Hostile()
    proxy.says(b"HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n")
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    made = session(other_url="https://elsewhere.example:8443/base", policy=RetryPolicy(attempts=1))
    try:
        assert world.market(made, lambda market: market.run(market.provider.ask())) == {"ok": True}
        with pytest.raises(ProviderUnavailable):
            world.market(made, lambda market: market.run(market.provider.ask(base="other_url")))
    finally:
        proxy.close()
    assert server.count == 1
    assert [each.split()[:2] for each in proxy.requests] == [[b"CONNECT", b"elsewhere.example:8443"]]


# --- certificates ---------------------------------------------------------------------------------------------


def test_an_unknown_certificate_is_refused_before_anything_leaves(
    world: World, session: MakeSession, secure: Hostile
) -> None:
    made = session(base_url=secure.url, policy=RetryPolicy(attempts=1))
    with pytest.raises(ProviderUnavailable, match=r"(?i)certificate") as caught:
        world.market(made, lambda market: market.run(market.provider.ask(Effect.SPEND)))
    assert caught.value.sent is False
    assert secure.requests == []


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_certificates_of_the_environment_are_believed(
    world: World, session: MakeSession, secure: Hostile, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    shutil.copy(CA, tmp_path / CA_HASHED)
    monkeypatch.setenv(name, str(CA if name == "SSL_CERT_FILE" else tmp_path))
    made = session(base_url=secure.url)
    assert world.market(made, lambda market: market.run(market.provider.ask())) == {"ok": True}


def test_downloads_believe_them_too(secure: Hostile, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from crowdhub.engine.download import fetch

    url = f"{secure.url}/x"
    with pytest.raises(ProviderUnavailable):
        fetch(url, tmp_path, "x", allowed_hosts=("127.0.0.1",))
    monkeypatch.setenv("SSL_CERT_FILE", str(CA))
    assert fetch(url, tmp_path, "x", allowed_hosts=("127.0.0.1",)).read_bytes() == b'{"ok": true}'


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_certificates_that_are_not_there_are_one_clear_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, server: RawServer, name: str
) -> None:
    monkeypatch.setenv(name, str(tmp_path / "gone"))
    accounts = {"rapidworkers": {"api_key": "a-key-of-no-one", "base_url": server.url}}
    with Hub(accounts) as hub, pytest.raises(ConfigurationError, match=rf"{name} = .*gone.* cannot be read"):
        hub["rapidworkers"].balance()


@pytest.mark.parametrize(
    ("name", "path"),
    [("SSL_CERT_DIR", "plain"), ("SSL_CERT_FILE", "pipe"), ("SSL_CERT_FILE", "."), ("SSL_CERT_FILE", "/dev/zero")],
)
def test_certificates_that_are_something_else_are_one_clear_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, server: RawServer, name: str, path: str
) -> None:
    (tmp_path / "plain").write_text("x")
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setenv(name, str(tmp_path / path))
    accounts = {"rapidworkers": {"api_key": "a-key-of-no-one", "base_url": server.url}}
    with Hub(accounts) as hub, pytest.raises(ConfigurationError, match=rf"{name} = .* cannot be read"):
        hub["rapidworkers"].balance()


def test_several_folders_of_certificates(
    world: World, session: MakeSession, secure: Hostile, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    shutil.copy(CA, tmp_path / CA_HASHED)
    monkeypatch.setenv("SSL_CERT_DIR", f"{tmp_path / 'other'}{os.pathsep}{tmp_path}")
    made = session(base_url=secure.url)
    assert world.market(made, lambda market: market.run(market.provider.ask())) == {"ok": True}


def test_a_file_without_certificates_is_one_clear_error(
    world: World, session: MakeSession, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "empty.pem").write_text("nothing\n")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "empty.pem"))
    with pytest.raises(ConfigurationError, match=r"SSL_CERT_FILE = .*empty\.pem"):
        world.market(session(), lambda market: market.run(market.provider.ask()))
