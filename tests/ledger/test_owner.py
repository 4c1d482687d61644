"""Whose process ids can be seen from here: those of this boot and this container alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from crowdhub.ledger import owner

NOW, LATER = 1_000, 2_000


def another_boot(_: Path, **__: str) -> str:
    return "another boot"


@pytest.mark.skipif(not Path("/proc/sys/kernel/random/boot_id").exists(), reason="the system does not tell its boot")
@pytest.mark.parametrize("other", ["boot", "namespace"])
def test_a_process_of_another_boot_or_container_is_known_by_its_lease_alone(
    other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same process id may be somebody else there, or nobody here."""
    here, start = owner._machine("host"), owner._started(os.getpid())
    with monkeypatch.context() as there:
        if other == "boot":
            there.setattr(Path, "read_text", another_boot)
        else:
            real = Path.stat

            def stat(path: Path, **more: bool) -> os.stat_result:
                return os.stat_result((0, 1, *([0] * 8))) if str(path).endswith("ns/pid") else real(path, **more)

            there.setattr(Path, "stat", stat)
        machine = owner._machine("host")
    assert machine != here == owner._machine("host")
    running, gone = f"{machine}/{os.getpid()}/{start}/host/0001", f"{machine}/999999999/1/host/0001"
    for holder in (running, gone):
        assert owner.HERE.is_alive(holder, LATER, NOW)
        assert not owner.HERE.is_alive(holder, NOW, LATER)
    assert not owner.HERE.is_alive(f"{here}/999999999/1/host/0001", LATER, NOW), "it is gone, and that can be seen"
