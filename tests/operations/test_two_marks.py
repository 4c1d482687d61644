"""Two ledgers, one key, one moment: nothing can prevent it, and whoever looks later is told of both."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from crowdhub import Hub, Money, TaskDraft
from crowdhub.errors import InvalidRequest, OutcomeUnknown
from crowdhub.ledger import Intent, Ledger
from crowdhub.operations.spending.publishing import reference_of
from crowdhub.sandbox import Fault, Sandbox

NAME = "rapidworkers"
DRAFT = TaskDraft(title="T", instructions="I", proof="P", reward=Money("0.10", "USD"), category="Survey", slots=1)


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(NAME, options={NAME: {"work_rate": 0}}) as made:
        yield made


def hub_of(box: Sandbox, file: Path) -> Hub:
    return Hub(box.accounts, ledger=file, clock=box.clock)


def test_recover_and_every_later_look_name_both(
    box: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = Ledger.sending
    with (
        hub_of(box, tmp_path / "one") as one,
        hub_of(box, tmp_path / "two") as two,
        hub_of(box, tmp_path / "3") as late,
    ):

        def sending(ledger: Ledger, intent: Intent, *witness: object) -> None:
            real(ledger, intent, *witness)  # type: ignore[arg-type]
            monkeypatch.setattr(Ledger, "sending", real)
            two[NAME].publish(DRAFT, key="k")

        monkeypatch.setattr(Ledger, "sending", sending)
        box[NAME].faults.add(Fault.drop("after"), path="/jobs/add", times=1, skip=1)
        box[NAME].faults.add(Fault.status(503), path="/api/campaigns/", times=None, skip=2)
        with pytest.raises(OutcomeUnknown):
            one[NAME].publish(DRAFT, key="k")
        box[NAME].faults.clear()
        made = {charge.task_id for charge in box[NAME].books().charges}
        assert len(made) == 2
        for left in (*one.recover().intents, *one.recover().intents, *one.unresolved()):
            assert left.settled == "twice"
            assert all(each in str(left.look_for) for each in made)
        assert len(one.unresolved()) == 1
        with caplog.at_level(logging.ERROR, "crowdhub"):
            found = late[NAME].publish(DRAFT, key="k")
        assert found.replayed
        assert [each for each in found.warnings if all(name in each for name in made)]
        assert "published more than once" in caplog.text
        (told,) = late.unresolved()
        assert (told.settled, told.amount) == ("twice", None)
        assert late.ledger is not None
        late.ledger.seen(late.ledger.twins()[0])
        assert not late.unresolved()
        assert [late[NAME].publish(DRAFT, key="k").id] == [found.id]
        assert not late.recover().to_look_at
        assert len(box[NAME].books().charges) == 2


def test_a_text_that_holds_the_mark_of_another_task_is_refused(box: Sandbox) -> None:
    """Copied from what workers see of a task: both would be found under its key."""
    with Hub(box.accounts, clock=box.clock) as hub:
        market = hub[NAME]
        _ = market.publish(DRAFT, key="one")
        mark = reference_of(market.provider, "publish", "one")
        sent = len(box[NAME].requests)
        for key, draft in (
            (None, DRAFT.copy_with(instructions=f"As before: [ref {mark}]")),
            ("two", DRAFT.copy_with(proof=f"<p>[REF {mark.upper()}]</p>")),
            ("three", DRAFT.copy_with(title=mark)),
        ):
            with pytest.raises(InvalidRequest, match=f"the mark of another task, {mark}"):
                market.publish(draft, key=key)
        with pytest.raises(InvalidRequest, match=f"the mark of another task, {mark}"):
            hub.publish_many([(NAME, "four", DRAFT.copy_with(title=mark))])
        assert len(box[NAME].requests) == sent
