"""Fetching files that strangers link to."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdhub import File, Hub, Money, Submission, TaskDraft, Worker
from crowdhub.engine import download
from crowdhub.errors import CrowdhubError, InvalidRequest, NotFound, ProviderError, ProviderUnavailable
from crowdhub.sandbox import Fault, png

DRAFT = TaskDraft(
    title="Pictures", instructions="x", reward=Money("0.10", "USD"), slots=3, proof="Pictures", category="Survey"
)


@pytest.fixture
def box(crowdhub_sandbox):
    return crowdhub_sandbox("rapidworkers", options={"rapidworkers": {"rate_limit": None}})


@pytest.fixture
def submission(box):
    with Hub(box.accounts, ledger=None) as hub:
        task = hub["rapidworkers"].publish(DRAFT)
        box["rapidworkers"].hand_in(task.id, images=[png("one"), png("two")])
        (submission,) = hub["rapidworkers"].submissions(task)
    box["rapidworkers"].clear_requests()
    return submission


@pytest.fixture
def fetch(world, box, tmp_path):
    def fetch(files, **more):
        return world.hub(box.accounts, lambda hub: hub["rapidworkers"].download(files, tmp_path / "got", **more))

    return fetch


def left_over(tmp_path):
    folder = tmp_path / "got"
    return [path.name for path in folder.iterdir() if path.name.startswith(".")] if folder.exists() else []


def test_the_files_of_a_submission(fetch, submission, tmp_path):
    paths = fetch(submission)
    assert [path.read_bytes() for path in paths] == [png("one"), png("two")]
    assert [path.name for path in paths] == [f"{submission.id}-1.png", f"{submission.id}-2.png"]
    assert all(path.parent == tmp_path / "got" for path in paths)
    assert left_over(tmp_path) == []


def test_nothing_is_ever_overwritten(fetch, submission):
    first, second = fetch(submission.files[0]), fetch(submission.files[0])
    assert first != second
    assert first[0].read_bytes() == second[0].read_bytes()


def test_no_credentials_travel(fetch, submission, box, monkeypatch, caplog):
    seen = []
    original = download.http.HTTPTransport.handle_request
    monkeypatch.setattr(
        download.http.HTTPTransport,
        "handle_request",
        lambda self, request: seen.append(request) or original(self, request),
    )
    caplog.set_level("INFO", logger="httpx")
    fetch(submission)
    assert not caplog.records  # a link can be a credential of its own
    key = box.accounts["rapidworkers"]["api_key"]
    assert seen
    assert all(key not in repr(request.headers.multi_items()) + str(request.url) for request in seen)


def test_a_file_that_is_too_large_is_given_up_without_a_trace(fetch, submission, tmp_path):
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
def test_a_link_that_fails(fetch, submission, box, tmp_path, fault, kind):
    box["rapidworkers"].faults.add(fault, path="/media/")
    with pytest.raises(kind) as caught:
        fetch(submission)
    if kind is NotFound:
        assert "expire" in caught.value.next_step
    assert list((tmp_path / "got").iterdir()) == []


def test_a_redirect_to_elsewhere_is_checked_like_a_link(fetch, submission, box):
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
def test_a_link_to_a_private_place_or_to_none_is_refused(tmp_path, url):
    with pytest.raises((InvalidRequest, ProviderUnavailable)) as caught:
        download.fetch(url, tmp_path, "x")
    assert not isinstance(caught.value, ProviderUnavailable) or not caught.value.sent
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_resolves_to_a_private_place_is_refused(tmp_path, monkeypatch):
    """All of its addresses count, or a second look-up could give the private one."""

    def resolve(*_args, **_more):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 443)) for ip in ("93.184.216.34", "10.0.0.1")]

    monkeypatch.setattr(download.socket, "getaddrinfo", resolve)
    with pytest.raises(InvalidRequest, match="private address"):
        download.fetch("https://files.example/x", tmp_path, "x")


def test_a_link_with_a_credential_in_its_query_is_not_shown(tmp_path):
    with pytest.raises(InvalidRequest) as caught:
        download.fetch("https://127.0.0.1/x.png?signature=s3cret", tmp_path, "x")
    assert "s3cret" not in str(caught.value)


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
def test_names_are_made_harmless(name):
    assert download.harmless(name) == NAMES[name]


@given(st.text() | st.text("./\\%2e\u202e\x00aA"))
def test_no_name_leaves_the_folder(name):
    clean = download.harmless(name)
    assert clean
    assert len(clean) <= 120
    assert not clean.startswith(".")
    assert not set(clean) & set('/\\\x00\n\r:*?"<>|\u202e\u200f')
    assert clean not in (".", "..")


def test_a_submission_made_by_hand_is_no_way_in(fetch, tmp_path):
    evil = Submission(
        provider="rapidworkers",
        account="rapidworkers",
        environment="sandbox",
        id="../../x",
        task_id="t",
        worker=Worker(id="w"),
        files=[File(url="file:///etc/passwd")],
    )
    with pytest.raises(CrowdhubError):
        fetch(evil)
    assert list(tmp_path.iterdir()) in ([], [tmp_path / "got"])
    assert left_over(tmp_path) == []


def test_nothing_to_fetch_is_nothing(fetch, submission):
    assert fetch(submission.copy_with(files=())) == []
