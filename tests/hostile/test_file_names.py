"""Names of files are other people's, too: nothing outside the folder is written, nothing in it replaced."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crowdhub.engine.download import fetch, harmless
from tests.hostile.conftest import Web

NAMES = [
    "../../etc/passwd",
    "..\\..\\boot.ini",
    "/etc/passwd",
    "C:\\Windows\\x.txt",
    "\\\\server\\share\\x",
    "%2e%2e%2fpasswd",
    "..%5c..%5cx",
    "x\x00.png",
    "x%00.png",
    "x.png\n",
    "x\x1b[2J.png",
    "photo\u202egnp.exe",
    "a" * 5000 + ".png",
    "\U00020000" * 300 + ".png",
    "a." + "b" * 5000,
    "a." + "\U00020000" * 9,
    ".bashrc",
    "...",
    "..",
    ".",
    "",
    " ",
    ". .",
    "x.txt. . .",
    "-rf",
    "--help.txt",
    "~root",
    "NUL",
    "nul.txt",
    "CON.tar.gz",
    "com1",
    "LPT\u00b9.txt",
    "aux ",
    "x:y",
    "x.txt:stream",
    "*?<>|\"'$`;&.sh",
    "\uff0e\uff0e\uff0fetc",
    "\ud800",
    "\u2215etc\u2215x",
]


def is_harmless(name: str) -> bool:
    reserved = {
        "con",
        "prn",
        "aux",
        "nul",
        *(f"{port}{number}" for port in ("com", "lpt") for number in "0123456789¹²³"),
    }
    return (
        bool(name)
        and name.isprintable()
        and not set(name) & set("/\\:*?\"<>|'$`;&\x00")
        and name[0] not in ".-~ "
        and name[-1] not in ". "
        and len(name.encode()) < 200
        and name.partition(".")[0].rstrip().lower() not in reserved
    )


@given(st.text() | st.lists(st.sampled_from([*NAMES, "/", ".", " ", "nul", "\u202e", "é", "%2f"])).map("".join))
@settings(max_examples=150, deadline=None)
@example("a" * 149 + " .")
@example("nul .x")
@example("_nul")
@example("x" * 200 + ". .png")
def test_any_name_is_harmless(name: str) -> None:
    assert is_harmless(harmless(name)), harmless(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_lands_in_its_folder_whatever_it_is_called(web: Web, folder: Path, name: str) -> None:
    web.names["files.example"] = ["8.8.8.8"]
    for _ in range(2):  # the second does not replace the first
        path = fetch("https://files.example/x", folder, name)
        assert path.parent == folder
        assert is_harmless(path.name)
    assert sorted(each.read_bytes() for each in folder.iterdir()) == [b"file", b"file"]


def test_a_usual_name_stays_as_it_is() -> None:
    for name in ("photo.png", "Отчёт 3.docx", "图片.jpg", "a-b_c(1).tar.gz", "no suffix"):
        assert harmless(name) == name


def test_nothing_is_replaced_and_no_link_in_the_folder_is_followed(web: Web, folder: Path, tmp_path: Path) -> None:
    web.names["files.example"] = ["8.8.8.8"]
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    outside = folder / "outside"
    outside.mkdir()
    (folder / "link.txt").symlink_to(outside / "target.txt")  # leads nowhere yet
    (folder / "folder.txt").mkdir()
    for name in ("mine.txt", "link.txt", "folder.txt"):
        path = fetch("https://files.example/x", folder, name)
        assert path.name == name.replace(".", "-1.")
        assert not path.is_symlink()
    assert (folder / "mine.txt").read_text() == "mine"
    assert list(outside.iterdir()) == []


def test_a_folder_that_is_a_link_is_the_users_choice(web: Web, tmp_path: Path) -> None:
    web.names["files.example"] = ["8.8.8.8"]
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    fetch("https://files.example/x", tmp_path / "link", "../x")
    assert [each.name for each in (tmp_path / "real").iterdir()] == ["x"]


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of another kind")
def test_a_file_is_readable_by_its_owner_alone_and_by_nobody_executable(web: Web, folder: Path) -> None:
    web.names["files.example"] = ["8.8.8.8"]
    assert fetch("https://files.example/x", folder, "x.sh").stat().st_mode & 0o777 == 0o600


def test_a_file_system_without_hard_links(web: Web, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    web.names["files.example"] = ["8.8.8.8"]
    assert [fetch("https://files.example/x", folder, "x.txt").name for _ in range(2)] == ["x.txt", "x-1.txt"]
    assert {each.read_bytes() for each in folder.iterdir()} == {b"file"}
