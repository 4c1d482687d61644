"""A child that is forked while another thread is in the middle of a transaction: its ledger is its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import os, sys, threading
from crowdhub.ledger import Ledger

identity = {"provider": "p", "account": "a", "environment": "sandbox"}
ledger = Ledger.open(sys.argv[1], patience=5)
inside, forked = threading.Event(), threading.Event()

def slow(connection):
    inside.set()
    forked.wait(0.5)  # the fork waits for this to end

writer = threading.Thread(target=ledger.database.write, args=(slow,))
writer.start()
inside.wait()
child = os.fork()
if child == 0:
    print(ledger.begin(identity, "publish", "work", key="child").status.value, flush=True)
    os._exit(0)
forked.set()
writer.join()
_, status = os.waitpid(child, 0)
print(ledger.begin(identity, "publish", "work", key="parent").status.value)
sys.exit(os.waitstatus_to_exitcode(status))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_it_waits_for_no_thread_that_it_does_not_have(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, str(tmp_path / "ledger.sqlite3")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout.split()) == (0, ["new", "new"]), done.stderr
