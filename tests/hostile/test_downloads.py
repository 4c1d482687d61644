"""Links and names of files are other people's: nothing private is reached, nothing outside the folder is written."""

from __future__ import annotations

import socket
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx
import pytest

from crowdhub import Hub
from crowdhub.engine import download
from crowdhub.engine.download import fetch, is_public
from crowdhub.errors import CrowdhubError, InvalidRequest, NotFound, ProviderError, ProviderUnavailable
from crowdhub.model import File, Submission, Worker
from tests.hostile.conftest import CA, Hostile, Web, answer, tls
from tests.support.bombs import bomb

MIB = 1024 * 1024
PRIVATE = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "100.100.100.200",  # a cloud's metadata
    "169.254.169.254",  # most clouds' metadata
    "168.63.129.16",  # a cloud's own, public to the letter
    "192.0.0.192",
    "198.18.0.1",
    "203.0.113.5",
    "224.0.0.251",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2001:0:1::",
    "2001:db8::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]
PUBLIC = ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_address_by_number_or_by_name_is_not_asked(web: Web, folder: Path, address: str) -> None:
    assert not is_public(address)
    web.names["files.example"] = [address]
    web.names["mixed.example"] = ["8.8.8.8", address]
    number = f"[{address.replace('%', '%25')}]" if ":" in address else address
    for host in (number, "files.example", "mixed.example"):
        with pytest.raises(CrowdhubError) as caught:
            fetch(f"https://{host}/x.png", folder, "x.png")
        assert isinstance(caught.value, (InvalidRequest, ProviderUnavailable))
        assert not caught.value.sent
    assert web.requests == []
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_asked_and_is_the_one_that_was_checked(web: Web, folder: Path, address: str) -> None:
    assert is_public(address)
    web.names["files.example"] = [address]
    assert fetch("https://files.example/x.png", folder, "x.png").read_bytes() == b"file"
    (request,) = web.requests
    assert request.url.host == address  # not looked up again: it cannot change after the check
    assert request.headers["host"] == "files.example"
    assert request.extensions["sni_hostname"] == "files.example"
    assert "authorization" not in request.headers


def test_every_address_of_a_host_is_tried_in_the_systems_order(web: Web, folder: Path) -> None:
    web.names["files.example"] = ["2606:4700::1111", "8.8.4.4", "8.8.8.8", "8.8.4.4"]

    def reply(request: httpx.Request) -> httpx.Response:
        if request.url.host == "2606:4700::1111":
            raise httpx.ConnectError("no route")
        if request.url.host == "8.8.4.4":
            raise httpx.ConnectTimeout("silent")
        return httpx.Response(200, content=b"file")

    web.reply = reply
    assert fetch("https://files.example/x.png", folder, "x.png").read_bytes() == b"file"
    assert [each.url.host for each in web.requests] == ["2606:4700::1111", "8.8.4.4", "8.8.8.8"]
    web.names["files.example"].remove("8.8.8.8")
    with pytest.raises(ProviderUnavailable, match="in time"):
        fetch("https://files.example/x.png", folder, "y.png")


def test_an_address_that_refuses_is_no_end(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over TLS, whose certificate is that of the name and not of an address."""
    server = Hostile(tls())
    server.says(answer(b"file"))
    web = Web()
    web.names["localhost"] = ["127.0.0.2", "127.0.0.1"]  # nobody listens at the first
    monkeypatch.setenv("SSL_CERT_FILE", str(CA))
    monkeypatch.setattr(socket, "getaddrinfo", web.resolve)
    monkeypatch.setattr(download, "is_public", bool)
    try:
        assert fetch(f"https://localhost:{server.port}/x", folder, "x").read_bytes() == b"file"
    finally:
        server.close()
    assert f"Host: localhost:{server.port}\r\n".encode() in server.requests[0]


# The system's own resolver reads these as loopback, and asks nobody for it.
@pytest.mark.parametrize(
    "host",
    ["127.1", "127.0.1", "0x7f.1", "0x7f000001", "2130706433", "017700000001", "0", "localhost", "LOCALHOST", "[::1]"],
)
def test_other_spellings_of_loopback_are_refused(folder: Path, host: str) -> None:
    with pytest.raises(InvalidRequest, match=r"private address|no address"):
        fetch(f"https://{host}/x", folder, "x")


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "file://localhost/etc/passwd",
        "FILE:///etc/passwd",
        "ftp://files.example/x",
        "gopher://files.example/x",
        "data:text/plain;base64,eA==",
        "javascript:alert(1)",
        "http://files.example/x",
        "//files.example/x",
        "/etc/passwd",
        "C:\\x",
        "",
        "https://",
        "https:///etc/passwd",
        "https://[",
        "https://[::1",
        "https://files.example:0/x",
        "https://files.example:99999/x",
        "https://files.example:x/",
        "https://files.example\x00.evil/x",
        "https://files.example/\x1b[2J",
        "https://a\u2024b.example/",
        "https://" + "a" * 64 + ".example/",
        "https://" + "a." * 200 + "example/",
        "https://files.example/" + "x" * 70_000,
        "https://..example/",
        "https://\ud800.example/",
        "\x1b[2J\u202e",
    ],
)
def test_what_is_no_public_https_link_is_refused_before_anything_is_asked(web: Web, folder: Path, url: str) -> None:
    web.names["files.example"] = ["8.8.8.8"]
    with pytest.raises((InvalidRequest, ProviderUnavailable)) as caught:
        fetch(url, folder, "x")
    assert web.requests == []
    said = str(caught.value)
    assert len(said) < 1000
    assert not set(said) & {"\x1b", "\x00", "\u202e"}


@pytest.mark.parametrize(
    "there",
    [
        "https://127.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://inner.example/",
        "https://[::ffff:10.0.0.1]/",
        "http://files.example/",
        "file:///etc/passwd",
        "//127.0.0.1/",
        "ftp://files.example/",
        "https://[",
        "https://user@127.0.0.1/",
        "\\\\127.0.0.1\\share",
    ],
)
def test_a_redirect_is_checked_like_the_first_link(web: Web, folder: Path, there: str) -> None:
    web.names |= {"files.example": ["8.8.8.8"], "inner.example": ["10.0.0.1"]}
    web.reply = lambda request: httpx.Response(302, headers={"Location": there})
    with pytest.raises(CrowdhubError):
        fetch("https://files.example/x", folder, "x")
    assert {request.url.host for request in web.requests} == {"8.8.8.8"}
    assert list(folder.iterdir()) == []


def test_a_redirect_to_another_public_place_is_followed_without_what_the_first_set(web: Web, folder: Path) -> None:
    web.names |= {"files.example": ["8.8.8.8"], "store.example": ["9.9.9.9"]}

    def reply(request: httpx.Request) -> httpx.Response:
        if request.url.host == "8.8.8.8":
            headers = [("Location", "https://store.example/y"), ("Set-Cookie", "a=b; Domain=example")]
            return httpx.Response(307, headers=headers)
        assert "cookie" not in request.headers
        return httpx.Response(200, content=b"there")

    web.reply = reply
    assert fetch("https://files.example/x", folder, "x").read_bytes() == b"there"


def test_redirects_in_a_circle_end(web: Web, folder: Path) -> None:
    web.names["files.example"] = ["8.8.8.8"]
    web.reply = lambda request: httpx.Response(302, headers={"Location": "/again"})
    with pytest.raises(InvalidRequest, match="redirects more than"):
        fetch("https://files.example/x", folder, "x")
    assert len(web.requests) == download.MAX_REDIRECTS + 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [(302, ProviderError), (304, ProviderError), (204, ProviderError), (410, NotFound), (500, ProviderError)],
)
def test_an_answer_without_a_file(web: Web, folder: Path, status: int, kind: type[CrowdhubError]) -> None:
    web.names["files.example"] = ["8.8.8.8"]
    web.reply = lambda request: httpx.Response(status)
    with pytest.raises(kind):
        fetch("https://files.example/x", folder, "x")


# --- what comes -----------------------------------------------------------------------------------------------


def test_a_file_larger_than_the_cap_leaves_nothing(hostile: Hostile, folder: Path) -> None:
    def endless(connection: socket.socket, _: int) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.sendall(b"100000\r\n" + b"x" * MIB + b"\r\n")

    hostile.script = endless
    tracemalloc.start()
    with pytest.raises(InvalidRequest, match="larger than 5,242,880 bytes"):
        fetch(f"{hostile.url}/x", folder, "x", max_bytes=5 * MIB, allowed_hosts=("127.0.0.1",))
    assert tracemalloc.get_traced_memory()[1] < 4 * MIB  # streamed, not gathered
    tracemalloc.stop()
    assert list(folder.iterdir()) == []


def test_a_file_of_the_cap_exactly_is_kept(hostile: Hostile, folder: Path) -> None:
    hostile.says(answer(b"x" * 1000))
    assert fetch(f"{hostile.url}/x", folder, "x", max_bytes=1000, allowed_hosts=("127.0.0.1",)).stat().st_size == 1000
    with pytest.raises(InvalidRequest, match="larger"):
        fetch(f"{hostile.url}/x", folder, "y", max_bytes=999, allowed_hosts=("127.0.0.1",))


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", partial(bomb, 100)),
        ("gzip, gzip", partial(bomb, 100, "gzip, gzip")),
        ("br", lambda: b"\x00"),
        ("zstd", lambda: b"\x00"),
    ],
)
def test_a_packed_bomb_is_not_unpacked_to_disk(
    hostile: Hostile, folder: Path, encoding: str, body: Callable[[], bytes]
) -> None:
    hostile.says(answer(body(), f"Content-Encoding: {encoding}"))
    tracemalloc.start()
    with pytest.raises(InvalidRequest, match=r"larger|packed"):
        fetch(f"{hostile.url}/x", folder, "x", max_bytes=5 * MIB, allowed_hosts=("127.0.0.1",))
    assert tracemalloc.get_traced_memory()[1] < 200 * MIB
    tracemalloc.stop()
    assert b"Accept-Encoding: identity" in hostile.requests[0]


def test_a_file_that_breaks_off_leaves_nothing(hostile: Hostile, folder: Path) -> None:
    def half(connection: socket.socket, _: int) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")
        connection.shutdown(socket.SHUT_WR)

    hostile.script = half
    with pytest.raises(ProviderUnavailable):
        fetch(f"{hostile.url}/x", folder, "x", allowed_hosts=("127.0.0.1",))
    assert list(folder.iterdir()) == []


# --- through a market -----------------------------------------------------------------------------------------


def test_a_link_that_leads_nowhere_loses_none_of_the_other_files(
    hostile: Hostile, accounts: dict[str, dict[str, object]], folder: Path
) -> None:
    hostile.says(answer(b"file"))
    good = [File(url=f"{hostile.url}/{name}.png", name=f"{name}.png") for name in ("a", "b")]
    bad = [File(url=f"ftp://{name}.example/x", name=name) for name in ("x", "y")]
    with Hub({"rapidworkers": accounts["rapidworkers"]}) as hub:
        market = hub["rapidworkers"]
        files = (good[0], bad[0], bad[1], good[1])
        work = Submission(**market.provider.identity, id="7", task_id="1", worker=Worker(id="w"), files=files)
        with pytest.raises(InvalidRequest, match=r"x\.example.*Another: .*y\.example.* 2 of its 4 files are saved in"):
            market.download(work, folder)
    assert sorted(path.name for path in folder.iterdir()) == ["7-a.png", "7-b.png"]


@pytest.mark.parametrize(
    ("settings_", "refused"),
    [
        ({}, False),  # a sandbox on this machine
        ({"environment": "live"}, True),
        ({"environment": "sandbox", "base_url": "https://sandbox.example"}, True),
    ],
)
def test_only_a_sandbox_on_this_machine_may_have_files_on_it(
    hostile: Hostile, accounts: dict[str, dict[str, object]], folder: Path, settings_: dict[str, object], refused: bool
) -> None:
    hostile.says(answer(b"file"))
    with Hub({"rapidworkers": {**accounts["rapidworkers"], **settings_}}) as hub:
        market = hub["rapidworkers"]
        file = File(url=f"{hostile.url}/x.png?key=1", name="../x.png")
        if refused:
            with pytest.raises(InvalidRequest, match=r"https|private"):
                market.download(file, folder)
            assert hostile.requests == []
        else:
            assert [path.name for path in market.download(file, folder)] == ["x.png"]
            assert b"key-that-nobody-may-see" not in hostile.requests[0]
