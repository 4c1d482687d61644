"""Words of others where something acts on them: headers, hints, logs, addresses, markup."""

from __future__ import annotations

import io
import logging
import os
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from pydantic import ValidationError
from rich.console import Console

from crowdhub import Hub, Money, TaskDraft, registry
from crowdhub.cli import output
from crowdhub.cli.app import app
from crowdhub.errors import ConfigurationError, CrowdhubError, InvalidRequest
from crowdhub.hub import config
from crowdhub.protocol import Upload
from crowdhub.sandbox import Sandbox

KEY = "rw-live-0123456789-abcdef"


@pytest.mark.parametrize(
    "kind", ["image/png\r\nX-Evil: 1", "image/p\nng", 'image/"', "image", "", "image/é", "a/b;\r c=d"]
)
def test_what_a_file_is_cannot_add_a_header(kind: str) -> None:
    with pytest.raises(InvalidRequest, match="content_type"):
        Upload("a.png", b"", kind)


@pytest.mark.parametrize("kind", ["image/png", "text/plain; charset=utf-8", "application/vnd.a+json"])
def test_what_files_are(kind: str) -> None:
    assert Upload("a", b"", kind).content_type == kind


@pytest.mark.parametrize("name", ["x.png\r\nx-evil: 1", 'x.p"ng', "x.п", "x.png "])
def test_the_suffix_of_an_image_adds_no_header(name: str, tmp_path: Path) -> None:
    image = tmp_path / name
    image.write_bytes(b"\x89PNG")
    draft = TaskDraft(
        title="T", instructions="D", reward=Money("1", "USD"), proof="p", category="c", image=image, slots=30
    )
    with Sandbox("rapidworkers") as box, Hub(box.accounts, ledger=None) as hub:
        try:
            hub["rapidworkers"].publish(draft)
        except CrowdhubError as error:
            assert error.http_status is not None or isinstance(error, InvalidRequest)  # noqa: PT017 - either is fine
        sent = [each for each in box["rapidworkers"].requests if each.method == "POST"]
    assert all("x-evil" not in str(each).lower().replace(name.lower(), "") for each in sent)


@pytest.mark.parametrize("name", ["x; rm -rf ~", "x\n", "$(x)", "x --index-url https://evil.example", "../x"])
def test_no_hint_is_built_from_what_is_no_name(name: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        registry.load(name)
    assert "pip install" not in str(caught.value)


def test_no_package_is_recommended_that_a_draft_names() -> None:
    stored = {"provider": "evil", "type": "EvilOptions"}
    draft = {"title": "T", "options": [stored]}
    with pytest.raises((ValidationError, InvalidRequest)) as caught:
        TaskDraft.model_validate(draft)
    assert "pip install" not in str(caught.value)


def test_a_line_of_the_log_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("crowdhub")
    with caplog.at_level(logging.DEBUG, logger="crowdhub"):
        log.warning("watch of %s: %s", "rw", "no\n2026-01-01 INFO crowdhub: paid\r\x1b[2K\u202eevil")
    assert caplog.messages == ["watch of rw: no\\u000a2026-01-01 INFO crowdhub: paid\\u000d\\u001b[2K\\u202eevil"]


@pytest.mark.parametrize(
    "url",
    [
        f"https://api.example.com/?key={KEY}",
        f"https://api.example.com/#{KEY}",
        f"https://user:{KEY}@api.example.com",
        f"https://{KEY}@api.example.com",
        f"https://api.example.com/%3Fkey={KEY}",
        "https://api.example.com/a b",
        "https://api.example.com/\n",
        "https:\\\\api.example.com",
        "?",
    ],
)
def test_an_address_that_holds_more_is_refused_and_not_repeated(url: str) -> None:
    hub = Hub({"rapidworkers": {"api_key": "rw-another-key-1", "base_url": url}}, ledger=None)
    with pytest.raises(ConfigurationError, match="base_url") as caught:
        _ = hub["rapidworkers"]
    hub.close()
    assert KEY not in str(caught.value)


def test_wrong_kinds_of_arguments() -> None:
    account = {"rapidworkers": {"api_key": KEY}}
    for wrong in (
        lambda: Hub(account, budget=cast("Any", "5")),
        lambda: Hub(account, ledger=cast("Any", 5))["rapidworkers"],
        lambda: Hub(cast("Any", {"rw": "key"})),
        lambda: Hub(cast("Any", {1: {}})),
        lambda: Hub(cast("Any", None)),
    ):
        with pytest.raises(ConfigurationError):
            wrong()


@pytest.mark.skipif(os.name == "nt", reason="a folder that is in use cannot be deleted there")
def test_a_working_folder_that_was_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert config.find() is None
    with Hub.from_config() as hub:
        assert hub.settings_file is None
    with pytest.raises(ConfigurationError), Hub({"rapidworkers": {"api_key": KEY}}, ledger="here.sqlite3") as hub:
        _ = hub["rapidworkers"]


def test_a_cluster_that_sets_variables_like_ours() -> None:
    environ = {
        "CROWDHUB_RAPIDWORKERS_PORT": "tcp://10.0.0.1:80",
        "CROWDHUB_RAPIDWORKERS_PORT_80_TCP": "tcp://10.0.0.1:80",
    }
    assert not config.load(environ=environ).accounts.get("rapidworkers")


def test_markup_in_a_name_is_shown_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, markup=False, width=80)
    monkeypatch.setattr(output, "errors", lambda: console)
    with output.progress("asking [red]x[/red] [link=https://evil.example]y[/link] [/z]", 3) as done:
        done(1)
    assert "[red]x[/red]" in out.getvalue()


def test_a_sandbox_answers_only_to_its_own_name() -> None:
    with Sandbox("rapidworkers") as box:
        account = box.accounts["rapidworkers"]
        url, headers = str(account["base_url"]), {"X-API-Key": str(account["api_key"])}
        port = url.rpartition(":")[2]
        asked = {
            host: httpx.get(f"{url}/balance", headers={**headers, "Host": host}, trust_env=False).status_code
            for host in (f"127.0.0.1:{port}", f"localhost:{port}", f"evil.example:{port}", "evil.example", "")
        }
    assert {host for host, status in asked.items() if status == 421} == {f"evil.example:{port}", "evil.example", ""}


@pytest.mark.parametrize(("host", "says"), [("0.0.0.0", True), ("::", True), ("127.0.0.1", False), ("::1", False)])
def test_a_sandbox_that_others_reach_says_so(
    host: str, says: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def nothing(*_: object, **__: object) -> None: ...

    monkeypatch.setattr("crowdhub.sandbox.run_forever", nothing)
    with pytest.raises(SystemExit):
        app(["sandbox", "--host", host])
    assert ("Whoever reaches" in capsys.readouterr().err) == says
