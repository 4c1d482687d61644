"""A stop at any moment: what swallows it, turns it into another error, or comes before the command began."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")

BOTH = pytest.mark.parametrize(
    ("number", "code", "said"),
    [(signal.SIGTERM, 143, "Terminated.\n"), (signal.SIGINT, 130, "Interrupted.\n")],
    ids=str,
)
ABOUT = """
import os, sys, time
from crowdhub.cli.signals import STOPS

def stop():
    os.kill(os.getpid(), {number})
    for _ in range(1000):
        pass  # it is handled in here
"""
# Where a module is looked for, the signal comes: no moment of the start is left to chance.
AT_IMPORT = """
class Stopping:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == {module!r}:
            stop()

sys.meta_path.insert(0, Stopping)
from crowdhub.cli import main
main()
"""
SWALLOWED = {
    "in a finalizer": """
class Swallows:
    def __del__(self):
        stop()

def program():
    Swallows()
    time.sleep(60)
    return 0
""",
    "in a callback": """
import weakref

def program():
    class Gone: ...
    gone = Gone()
    kept = weakref.ref(gone, lambda _: stop())
    del gone
    time.sleep(60)
    return 0
""",
    "by the program": """
def program():
    try:
        stop()
    except BaseException:
        pass
    return 0
""",
    "as another error": """
from crowdhub.cli.boundary import guarded

def broken():
    try:
        stop()
    except KeyboardInterrupt:
        raise ImportError("half a module") from None

def program():
    return guarded(broken)
""",
    "by nothing": """
def program():
    stop()
    return 0
""",
}


def run(program: str, number: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", ABOUT.format(number=int(number)) + program, *arguments],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


@BOTH
@pytest.mark.parametrize("how", SWALLOWED)
def test_a_stop_cannot_be_swallowed(how: str, number: int, code: int, said: str) -> None:
    done = run(SWALLOWED[how] + "raise SystemExit(STOPS.around(program))", number)
    assert (done.returncode, done.stderr) == (code, said)


@BOTH
@pytest.mark.parametrize("command", ["balance", "ledger list", "sandbox rapidworkers"])
@pytest.mark.parametrize(
    "module", ["crowdhub.cli.boundary", "crowdhub.cli.app", "typer", "pydantic", "crowdhub.cli.output"]
)
def test_a_stop_while_the_command_starts(module: str, command: str, number: int, code: int, said: str) -> None:
    done = run(AT_IMPORT.format(module=module), number, *command.split())
    assert (done.returncode, done.stdout, done.stderr) == (code, "", said)


def test_a_stop_while_the_sandbox_starts() -> None:
    done = run(AT_IMPORT.format(module="crowdhub.sandbox.box"), signal.SIGTERM, "sandbox", "rapidworkers")
    assert (done.returncode, done.stdout, done.stderr) == (143, "", "Terminated.\n")


def test_other_errors_in_finalizers_are_shown_as_ever() -> None:
    program = """
class Broken:
    def __del__(self):
        raise ValueError("mine")

def program():
    Broken()
    return 0

raise SystemExit(STOPS.around(program))
"""
    done = run(program, signal.SIGTERM)
    assert done.returncode == 0
    assert "ValueError: mine" in done.stderr


@BOTH
def test_a_stop_while_python_tidies_up_comes_too_late(number: int, code: int, said: str) -> None:
    del code, said
    program = """
class Late:
    def __del__(self, kill=os.kill, me=os.getpid()):
        kill(me, {number})

late = Late()
late.itself = late  # not before the interpreter's own end
raise SystemExit(STOPS.around(lambda: 3))
"""
    done = run(program.replace("{number}", str(int(number))), number)
    assert (done.returncode, done.stderr) == (3, "")


@BOTH
def test_an_end_that_waits_for_something_can_be_stopped(number: int, code: int, said: str) -> None:
    del said
    program = """
import signal, threading

def later():
    while signal.getsignal({number}) != STOPS._leave:
        time.sleep(0.01)
    os.kill(os.getpid(), {number})
    time.sleep(60)

threading.Thread(target=later).start()
raise SystemExit(STOPS.around(lambda: 3))
"""
    done = run(program.replace("{number}", str(int(number))), number)
    assert done.returncode == code


@BOTH
def test_a_second_stop_while_the_first_is_told(number: int, code: int, said: str) -> None:
    program = """
def program():
    try:
        stop()
    finally:
        stop()

raise SystemExit(STOPS.around(program))
"""
    done = run(program, number)
    assert (done.returncode, done.stderr) == (code, said)
