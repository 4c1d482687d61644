"""What a hub cannot be made of: one clear error each, before anything is opened or sent."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crowdhub import AsyncHub, Hub, Money, TaskDraft
from crowdhub.errors import ConfigurationError, InvalidRequest, NotSupported
from crowdhub.sandbox import Fault, Sandbox

DRAFT = TaskDraft(title="T", instructions="I", proof="P", reward=Money("0.10", "USD"), category="Survey", slots=1)


@pytest.mark.parametrize("kind", [Hub, AsyncHub])
@pytest.mark.parametrize("accounts", [None, 5, ["rapidworkers"], {"rapidworkers": None}, {5: {}}], ids=repr)
def test_accounts(kind: Any, accounts: Any) -> None:
    with pytest.raises(ConfigurationError, match="give settings by account name"):
        kind(accounts)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("clock", 5, "is no crowdhub.Clock"),
        ("ledger", 5, "neither a file's name nor a database URL"),
        ("ledger", b"x", "neither a file's name nor a database URL"),
        ("ledger", "/tmp/a\0b", "neither a file's name nor a database URL"),
        ("ledger", "none", "names no file"),
        ("ledger", "Off", "names no file"),
        ("ledger", ":memory:", "in memory is lost with the program"),
        ("ledger", "postgresql:/u:pass@h/db", "not a database URL"),
        ("ledger", "sqlite:ledger.db", "not a database URL"),
        ("timeout", 0, "leaves no answer the time"),
        ("timeout", True, "timeout is not a number of seconds"),
        ("max_wait", True, "max_wait is not a number of seconds"),
        ("max_wait", False, "max_wait is not a number of seconds"),
        ("timeout", 10**400, "not a number of seconds"),
        ("timeout", 1e10, "not a number of seconds from 0 to 86,400"),
        ("timeout", 1e308, "not a number of seconds from 0 to 86,400"),
        ("max_wait", 1e12, "not a number of seconds from 0 to 86,400"),
        ("max_wait", float("inf"), "not a number of seconds from 0 to 86,400"),
        ("max_wait", 10**400, "not a number of seconds"),
        ("budget", 0, "give amounts by currency"),
        ("budget", False, "give amounts by currency"),
        ("budget", [], "give amounts by currency"),
    ],
)
def test_settings(name: str, value: Any, said: str) -> None:
    with Sandbox("rapidworkers") as box:
        with pytest.raises(ConfigurationError, match=said), Hub(box.accounts, **{name: value}) as hub:
            hub["rapidworkers"].publish(DRAFT, key="k")
        assert box["rapidworkers"].request_count == 0


@pytest.mark.parametrize("name", [["rapidworkers"], None, 5], ids=repr)
def test_an_account_that_is_not_a_name(name: Any) -> None:
    with Hub({"rapidworkers": {"api_key": "k"}}) as hub, pytest.raises(ConfigurationError, match="called by its name"):
        hub[name]


@pytest.mark.parametrize(
    ("slots", "rewards", "wrong"),
    [
        (None, None, "slots"),
        ({"rapidworkers": "1"}, None, "slots"),
        (["rapidworkers"], None, "slots"),
        ({"rapidworkers": 1}, 5, "rewards"),
        ({"rapidworkers": 1}, {"rapidworkers": "1.00"}, "rewards"),
    ],
)
def test_a_split(slots: Any, rewards: Any, wrong: str) -> None:
    with Sandbox("rapidworkers") as box, Hub(box.accounts) as hub:
        with pytest.raises(InvalidRequest) as caught:
            hub.publish_split(DRAFT, slots, rewards=rewards)
        assert all(issue.where.startswith(wrong) for issue in caught.value.issues)
        assert box["rapidworkers"].request_count == 0


@pytest.mark.parametrize("tasks", [None, 5, ["123"], [None]], ids=repr)
def test_what_is_watched(tasks: Any) -> None:
    with Sandbox("rapidworkers") as box, Hub(box.accounts) as hub:
        with pytest.raises(InvalidRequest, match="tasks"):
            list(hub.watch(tasks, rounds=1))
        assert box["rapidworkers"].request_count == 0


@pytest.mark.parametrize("name", ["rapidworkers", "capsolver"])
def test_a_picture_that_is_not_there_is_named_once(name: str, tmp_path: Path) -> None:
    with Sandbox(name) as box, Hub(box.accounts) as hub:
        with pytest.raises((InvalidRequest, NotSupported)) as caught:
            hub[name].publish(DRAFT.copy_with(image=tmp_path / "none.png"))
        assert str(caught.value).count("there is no file") == 1
        assert box[name].request_count == 0


@pytest.mark.parametrize("ledger", [True, False], ids=["ledger", "no ledger"])
@pytest.mark.parametrize("name", ["rapidworkers", "capsolver", "etxt"])
@pytest.mark.parametrize(
    ("file", "why"),
    [
        ("x" * 300, "cannot be read"),
        ("locked", "cannot be read"),
        ("pipe", "is no plain file"),
        ("folder", "is no plain file"),
        ("/dev/zero", "is no plain file"),
        ("huge", "has 67,108,865 bytes"),
    ],
)
def test_a_picture_that_cannot_be_sent(
    name: str, file: str, why: str, ledger: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    with (tmp_path / "huge").open("wb") as huge:
        huge.truncate(64 * 1024 * 1024 + 1)
    path = tmp_path / file
    if file == "locked":  # by hand: the tests' user may be one who may read everything
        look = Path.stat

        def stat(self: Path, *, follow_symlinks: bool = True) -> os.stat_result:
            if self == path:
                raise PermissionError(errno.EACCES, "Permission denied", str(self))
            return look(self, follow_symlinks=follow_symlinks)

        monkeypatch.setattr(Path, "stat", stat)
    where: dict[str, Any] = {} if ledger else {"ledger": None}
    with Sandbox(name) as box, Hub(box.accounts, **where) as hub:
        with pytest.raises((InvalidRequest, NotSupported), match=why) as caught:
            hub[name].publish(DRAFT.copy_with(image=path), key="k" if ledger else None)
        assert path.name in str(caught.value)
        assert box[name].request_count == 0


@pytest.mark.parametrize(
    "seconds",
    [-1, float("nan"), 1e308, 10**30, 10**400, 10**5000],
    ids=["less than 0", "NaN", "1e308", "1e30", "1e400", "1e5000"],
)
@pytest.mark.parametrize("name", ["interval", "patience"])
def test_a_watch_of_odd_times(name: str, seconds: float) -> None:
    times: dict[str, Any] = {name: seconds}
    with Sandbox("rapidworkers") as box, Hub(box.accounts) as hub:
        task = hub["rapidworkers"].publish(DRAFT, key="k")
        with pytest.raises(InvalidRequest, match=f"{name}: is (not a number of seconds|of type int)"):
            list(hub.watch([task], rounds=1, **times))
        assert list(hub.watch([task], rounds=1, patience=float("inf"))) == []


@pytest.mark.parametrize(
    "changes", [{"slots": 2.5}, {"title": None}, {"reward": "x"}, {"countries": 5}], ids=lambda each: next(iter(each))
)
def test_a_copy_that_pydantic_did_not_check(changes: dict[str, object]) -> None:
    with Sandbox("rapidworkers") as box, Hub(box.accounts) as hub:
        with pytest.raises(InvalidRequest, match=next(iter(changes))):
            hub["rapidworkers"].publish(DRAFT.model_copy(update=changes))
        assert box["rapidworkers"].request_count == 0


@pytest.mark.parametrize("made", ["", " "], ids=["empty", "blank"])
def test_a_task_without_an_id_is_no_result(made: str) -> None:
    """It was published, and is looked for by its mark."""
    with Sandbox("rapidworkers") as box, Hub(box.accounts) as hub:
        answer = {"success": True, "job": {"public_id": made, "title": "T"}}
        box["rapidworkers"].faults.add(Fault.status(201, "after", body=answer), path="/jobs/add")
        task = hub["rapidworkers"].publish(DRAFT, key="k")
        assert task.id.strip()
        assert len(box["rapidworkers"].books().charges) == 1


def test_a_key_with_half_a_character() -> None:
    with Sandbox("rapidworkers") as box, Hub(box.accounts) as hub:
        with pytest.raises(InvalidRequest, match="holds half a character"):
            hub["rapidworkers"].publish(DRAFT, key="\ud800")
        assert box["rapidworkers"].request_count == 0


@pytest.mark.parametrize("face", [Hub, AsyncHub])
@pytest.mark.parametrize("name", ["confirm", "clock"])
def test_what_is_given_for_a_function_is_named_by_its_type(face: Callable[..., object], name: str) -> None:
    """It may be a key."""
    with pytest.raises(ConfigurationError, match=f"^{name} is no .*; str is given") as caught:
        _ = face({}, **{name: "sk-live-0123456789"})
    assert "sk-live" not in str(caught.value)
