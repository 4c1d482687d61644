"""Processes that end in the middle, and two at the same work."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crowdhub.ledger import BeginStatus, Ledger, State, owner
from crowdhub.model import Task
from tests.support.programs import Program

BEGIN = """
ledger = Ledger.open(sys.argv[1])
begun = ledger.begin(ID, "publish", "work", key="k", amount=Money("5", "USD"), reference="ref7")
review = ledger.journal.write(ID, [("t", "1", "approve", None), ("t", "2", "reject", "empty")])
ledger.journal.outcome(review, [Noted(0, "approved")])
ledger.sending(begun.intent)
say([begun.intent.id, begun.status])
sys.stdin.readline()
ledger.finish(begun.intent, Task(id="9", **ID))
say("done")
"""


def test_a_live_owner_is_waited_for_and_a_killed_one_is_taken_over_at_once(
    url: str, open_ledger: Callable[..., Ledger], identity: dict[str, Any]
) -> None:
    with Program(BEGIN, url) as program:
        intent_id, status = program.said()
        assert status == "new"
        ledger = open_ledger(url)
        assert ledger.begin(identity, "publish", "work", key="k").status is BeginStatus.UNDER_WAY
        assert ledger.open_intents() == []
        assert ledger.journal.open() == []

        program.kill()
        assert [each.reference for each in ledger.open_intents()] == ["ref7"]
        mine = ledger.begin(identity, "publish", "work", key="k")
        assert (mine.status, mine.intent.id) == (BeginStatus.RECOVER, intent_id)
        review = ledger.journal.take_over()[0]
        assert [(each.submission_id, each.verdict, each.comment) for each in review.entries] == [
            ("2", "reject", "empty")
        ]
        ledger.fail(mine.intent, "it is not there")
        assert ledger.begin(identity, "publish", "work", key="k").status is BeginStatus.NEW


def test_the_second_process_gets_the_firsts_result(
    url: str, open_ledger: Callable[..., Ledger], identity: dict[str, Any]
) -> None:
    with Program(BEGIN, url) as program:
        program.said()
        ledger = open_ledger(url)
        second = ledger.begin(identity, "publish", "work", key="k")
        program.go_on()
        assert program.said() == "done"
        assert ledger.wait(second.intent, max_wait=5).state is State.DONE
        assert ledger.begin(identity, "publish", "work", key="k").intent.read(Task).id == "9"


def test_of_two_processes_with_one_key_one_sends(url: str) -> None:
    source = """
ledger = Ledger.open(sys.argv[1])
say("ready"); sys.stdin.readline()
say([ledger.begin(ID, "publish", "work", key=f"k{n}").status for n in range(20)])
sys.stdin.readline()
"""
    with Program(source, url) as one, Program(source, url) as two:
        for each in (one, two):
            each.said()
        for each in (one, two):
            each.go_on()
        for pair in zip(one.said(), two.said(), strict=True):
            assert sorted(pair) == ["new", "under way"]


def test_a_forked_child_shares_nothing_it_should_not(
    url: str, open_ledger: Callable[..., Ledger], identity: dict[str, Any]
) -> None:
    source = """
ledger = Ledger.open(sys.argv[1])
mine = ledger.begin(ID, "publish", "parent", key="parent").intent
child = os.fork()
if child == 0:
    say([ledger.begin(ID, "publish", "parent", key="parent").status, ledger.begin(ID, "publish", "c").status])
    os._exit(0)
os.waitpid(child, 0)
say(ledger.finish(mine).state)
"""
    with Program(source, url) as program:
        assert program.said() == ["under way", "new"]
        assert program.said() == "done"
    assert len(open_ledger(url).open_intents()) == 1


@pytest.mark.parametrize("holder", [None, "", "nonsense", "a/b"])
def test_an_intent_without_a_sensible_holder_is_nobodys(holder: str | None) -> None:
    assert not owner.HERE.is_alive(holder, 10, 5)
    assert owner.words(holder) == "no process"


def test_programs_that_make_a_new_ledger_in_one_moment_all_get_it(tmp_path: Path) -> None:
    source = """
say("ready"); sys.stdin.readline()
opened = 0
for n in range(25):
    while time.time() % 0.02 > 0.001:  # both go on in the same moment
        pass
    Ledger.open(f"{sys.argv[1]}/{n}.sqlite3").close()
    opened += 1
say(opened)
"""
    with Program(source, str(tmp_path)) as one, Program(source, str(tmp_path)) as two:
        for each in (one, two):
            each.said()
        for each in (one, two):
            each.go_on()
        assert one.said() == two.said() == 25
