"""Marketplaces that run inside this very process: what a ledger knows of their accounts ends with them."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import weakref
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

_RUNNING: dict[str, Embedded] = {}


class Embedded:
    """Marketplaces that were started together, with a folder for what is written about them."""

    def __init__(self, base_urls: Iterable[str]) -> None:
        self._places = [_place(each) for each in base_urls]
        self._folder: Path | None = None
        self._lock = threading.Lock()
        self._remove: weakref.finalize[[str, int], Embedded] | None = None
        for place in self._places:
            _RUNNING[place] = self

    @property
    def folder(self) -> Path:
        """Made on first use, removed with them."""
        with self._lock:
            if self._folder is None:
                made = tempfile.mkdtemp(prefix="crowdhub-")
                self._folder = Path(made)
                self._remove = weakref.finalize(self, _remove, made, os.getpid())
            return self._folder

    def stop(self) -> None:
        """Nothing listens there any more."""
        for place in self._places:
            if _RUNNING.get(place) is self:
                del _RUNNING[place]
        with self._lock:
            if self._remove is not None:
                _ = self._remove()
            self._folder = self._remove = None


def running_at(base_url: str) -> Embedded | None:
    """The marketplaces of this process, one of which listens there."""
    return _RUNNING.get(_place(base_url))


def _place(base_url: str) -> str:
    return urlsplit(base_url).netloc


def _remove(folder: str, process: int) -> None:
    if os.getpid() == process:  # and not a child that has it by a fork
        shutil.rmtree(folder, ignore_errors=True)
