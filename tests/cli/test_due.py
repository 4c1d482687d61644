"""`crowdhub due`: what will be approved, and paid, unless somebody decides before."""

from __future__ import annotations

from datetime import timedelta

import pytest

from crowdhub import Hub, Money, TaskDraft
from crowdhub.sandbox import Sandbox
from crowdhub_crowdsdom.sandbox import CrowdSDOMSandbox

from .conftest import Cli


def test_what_is_due_with_the_sum_and_who_does_not_tell(cli: Cli) -> None:
    with Sandbox("crowdsdom", options={"crowdsdom": {"every": 0}}) as box:
        cli.write(**box.accounts, **cli.box.accounts)
        draft = TaskDraft(
            title="Read", instructions="Read", proof="A", reward=Money(3, "CNY"), auto_approve=timedelta(hours=2)
        )
        with Hub(box.accounts) as hub:
            task = hub["crowdsdom"].publish(draft)
        side = box.market(CrowdSDOMSandbox)
        work = side.hand_in(side.take(task.id, "w"))
        said = cli.ok("due", "--within", "9999d").out
        assert "1 due within 9999d: 3.60 CNY." in said
        assert work.id in said
        assert "rapidworkers (sandbox) does not tell: " in said
        rows = cli.ok("due", "--within=9999d", "--json").rows
        assert [row["kind"] for row in rows] == ["submission", "untold", "total"]
        assert (rows[0]["id"], rows[1]["account"], rows[1]["environment"]) == (work.id, "rapidworkers", "sandbox")
        assert rows[2]["total"] == [{"amount": "3.60", "currency": "CNY"}]


def test_nothing_due_is_said(cli: Cli) -> None:
    assert cli.ok("due").out.startswith("Nothing is due.\nrapidworkers (sandbox) does not tell: ")
    assert "Nothing is due." in cli.ok("due", "-a", "rapidworkers").out


@pytest.mark.parametrize("within", ["soon", "-3h", "1.5d", ""])
def test_a_time_that_is_none(cli: Cli, within: str) -> None:
    said = cli("due", f"--within={within}")
    assert (said.code, "is not a time such as 90m, 36h or 2d" in said.err) == (2, True)
