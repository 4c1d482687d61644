"""Fetching files that strangers link to."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crowdhub import File, Hub, Money, Submission, TaskDraft, Worker
from crowdhub.engine import download, http
from crowdhub.errors import CrowdhubError, InvalidRequest, NotFound, ProviderError, ProviderUnavailable
from crowdhub.sandbox import Fault, Sandbox, png
from crowdhub.testing import SandboxFactory
from crowdhub_rapidworkers.sandbox import RapidWorkersSandbox
from tests.conftest import World

Fetch: TypeAlias = Callable[..., list[Path]]

DRAFT = TaskDraft(
    title="Pictures", instructions="x", reward=Money("0.10", "USD"), slots=3, proof="Pictures", category="Survey"
)


@pytest.fixture
def box(crowdhub_sandbox: SandboxFactory) -> Sandbox:
    return crowdhub_sandbox("rapidworkers", options={"rapidworkers": {"rate_limit": None}})


@pytest.fixture
def submission(box: Sandbox) -> Submission:
    with Hub(box.accounts) as hub:
        task = hub["rapidworkers"].publish(DRAFT)
        box.market(RapidWorkersSandbox).hand_in(task.id, images=[png("one"), png("two")])
        (submission,) = hub["rapidworkers"].submissions(task)
    box["rapidworkers"].clear_requests()
    return submission


@pytest.fixture
def fetch(world: World, box: Sandbox, tmp_path: Path) -> Any:
    def fetch(files: Submission | File, **more: Any) -> Any:
        return world.hub(box.accounts, lambda hub: hub["rapidworkers"].download(files, tmp_path / "got", **more))

    return fetch


def left_over(tmp_path: Path) -> list[str]:
    folder = tmp_path / "got"
    return [path.name for path in folder.iterdir() if path.name.startswith(".")] if folder.exists() else []


def test_the_files_of_a_submission(fetch: Fetch, submission: Submission, tmp_path: Path) -> None:
    paths = fetch(submission)
    assert [path.read_bytes() for path in paths] == [png("one"), png("two")]
    assert [path.name for path in paths] == [f"{submission.id}-1.png", f"{submission.id}-2.png"]
    assert all(path.parent == tmp_path / "got" for path in paths)
    assert left_over(tmp_path) == []


def test_nothing_is_ever_overwritten(fetch: Fetch, submission: Submission) -> None:
    first, second = fetch(submission.files[0]), fetch(submission.files[0])
    assert first != second
    assert first[0].read_bytes() == second[0].read_bytes()


def test_no_credentials_travel(
    fetch: Fetch,
    submission: Submission,
    box: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    seen: list[http.Request] = []
    original = http.HTTPTransport.handle_request

    def handle_request(transport: http.HTTPTransport, request: http.Request) -> http.Response:
        seen.append(request)
        return original(transport, request)

    monkeypatch.setattr(http.HTTPTransport, "handle_request", handle_request)
    caplog.set_level("INFO", logger="httpx")
    fetch(submission)
    assert not caplog.records  # a link can be a credential of its own
    key = box.accounts["rapidworkers"]["api_key"]
    assert seen
    assert all(key not in repr(request.headers.multi_items()) + str(request.url) for request in seen)


def test_a_file_that_is_too_large_is_given_up_without_a_trace(
    fetch: Fetch, submission: Submission, tmp_path: Path
) -> None:
    with pytest.raises(InvalidRequest, match="larger than 10 bytes"):
        fetch(submission, max_bytes=10)
    assert list((tmp_path / "got").iterdir()) == []


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault.status(404), NotFound),
        (Fault.status(403), NotFound),
        (Fault.status(410), NotFound),
        (Fault.status(500), ProviderError),
        (Fault.drop(), ProviderUnavailable),
        (Fault.truncate(), ProviderUnavailable),
    ],
)
def test_a_link_that_fails(
    fetch: Fetch, submission: Submission, box: Sandbox, tmp_path: Path, fault: Fault, kind: type[CrowdhubError]
) -> None:
    box["rapidworkers"].faults.add(fault, path="/media/", times=None)
    with pytest.raises(kind) as caught:
        fetch(submission)
    if kind is NotFound:
        assert "expire" in caught.value.next_step
    assert list((tmp_path / "got").iterdir()) == []


def test_a_redirect_to_elsewhere_is_checked_like_a_link(fetch: Fetch, submission: Submission, box: Sandbox) -> None:
    for target in ("file:///etc/passwd", "http://10.0.0.1/x", "https://169.254.169.254/latest/meta-data", "ftp://x/y"):
        box["rapidworkers"].faults.add(Fault.status(302, headers={"Location": target}), path="/media/")
        with pytest.raises(InvalidRequest, match="not downloaded"):
            fetch(submission)
    box["rapidworkers"].faults.add(Fault.status(302, headers={"Location": submission.files[0].url}), times=None)
    with pytest.raises(InvalidRequest, match="redirects more than"):
        fetch(submission)


PRIVATE = [
    "https://127.0.0.1/x.png",
    "https://10.1.2.3/x.png",
    "https://192.168.0.1/x.png",
    "https://172.16.0.1/x",
    "https://169.254.169.254/latest",
    "https://[::1]/x",
    "https://[fe80::1]/x",
    "https://[fd00::1]/x",
    "https://[::ffff:127.0.0.1]/x",
    "https://0.0.0.0/x",
    "https://localhost/x",
    "https://2130706433/x",
    "https://0x7f.1/x",
    "https://100.64.0.1/x",
]
SENSELESS = [
    "file:///etc/passwd",
    "ftp://example.com/x",
    "data:image/png;base64,AAAA",
    "javascript:alert(1)",
    "/media/x.png",
    "http://93.184.216.34/x",
    "https://",
    "https://[::1",
    "https://" + "a" * 64 + ".example/x",
    "https://" + "a." * 200 + "/x",
    "https://exa mple/x",
    "https://\x00/x",
    "https://user:pass@127.0.0.1/x",
    "",
    "\n",
    "https://ex\udc80ample/x",
]


@pytest.mark.parametrize("url", PRIVATE + SENSELESS)
def test_a_link_to_a_private_place_or_to_none_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises((InvalidRequest, ProviderUnavailable)) as caught:
        download.fetch(url, tmp_path, "x")
    assert not isinstance(caught.value, ProviderUnavailable) or not caught.value.sent
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_resolves_to_a_private_place_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of its addresses count, or a second look-up could give the private one."""

    def resolve(*_args: Any, **_more: Any) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 443)) for ip in ("93.184.216.34", "10.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(InvalidRequest, match="private address"):
        download.fetch("https://files.example/x", tmp_path, "x")


def test_a_link_with_a_credential_in_its_query_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest) as caught:
        download.fetch("https://127.0.0.1/x.png?signature=s3cret", tmp_path, "x")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("before", ["https://127.0.0.1/", "https://127.0.0.1/[", "https://[", "ftp://"])
def test_of_a_long_link_no_half_is_shown(tmp_path: Path, before: str) -> None:
    """A key in it would be cut, and its rest not be known any more."""
    for count in range(30, 200, 10):
        with pytest.raises((InvalidRequest, ProviderUnavailable)) as caught:
            download.fetch(f"{before}{'z' * count}0123456789abcdef0123456789abcdef{'z' * 300}", tmp_path, "x")
        assert "z0123" not in str(caught.value)


NAMES = {
    "../../etc/passwd": "passwd",
    "..\\..\\boot.ini": "boot.ini",
    "%2e%2e%2fx.png": "x.png",
    "a\u202egnp.exe": "a_gnp.exe",
    "a\x00b.png": "a_b.png",
    ".bashrc": "bashrc",
    "": "file",
    "...": "file",
    "a/b/": "file",
    "photo (1).jpg": "photo (1).jpg",
}


@pytest.mark.parametrize("name", list(NAMES))
def test_names_are_made_harmless(name: str) -> None:
    assert download.harmless(name) == NAMES[name]


@example("0" * 121)
@example("con" + "x" * 300 + ".jpegjpeg")
@given(st.text() | st.text("./\\%2e\u202e\x00aA"))
def test_no_name_leaves_the_folder(name: str) -> None:
    clean = download.harmless(name)
    assert clean
    assert len(clean.encode()) <= download.LONGEST_NAME + len("_") + len(".") + 10  # of a suffix
    assert not clean.startswith(".")
    assert not set(clean) & set('/\\\x00\n\r:*?"<>|\u202e\u200f')
    assert clean not in (".", "..")


def test_a_submission_made_by_hand_is_no_way_in(fetch: Fetch, tmp_path: Path) -> None:
    evil = Submission(
        provider="rapidworkers",
        account="rapidworkers",
        environment="sandbox",
        id="../../x",
        task_id="t",
        worker=Worker(id="w"),
        files=(File(url="file:///etc/passwd"),),
    )
    with pytest.raises(CrowdhubError):
        fetch(evil)
    assert list(tmp_path.iterdir()) in ([], [tmp_path / "got"])
    assert left_over(tmp_path) == []


def test_nothing_to_fetch_is_nothing(fetch: Fetch, submission: Submission) -> None:
    assert fetch(submission.copy_with(files=())) == []
