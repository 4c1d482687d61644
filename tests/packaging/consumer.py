# pyright: strict, reportUnnecessaryTypeIgnoreComment=true
"""An application, for type checkers alone: they see a type for everything, and refuse what is wrong.

`assert_type` fails on `Any`; an `ignore` that is not needed is an error, so each one is a mistake that was found.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import assert_type

import crowdhub
from crowdhub import (
    AsyncHub,
    AsyncMarket,
    AsyncWatch,
    Capability,
    Decision,
    Hub,
    Market,
    Money,
    ReviewReport,
    Submission,
    Task,
    TaskDraft,
    TaskStatus,
    Watch,
)
from crowdhub.errors import NotFound, OutcomeUnknown
from crowdhub_capsolver import CapSolver
from crowdhub_crowdsdom import CrowdSDOM
from crowdhub_etxt import Etxt
from crowdhub_rapidworkers import RapidWorkers, RapidWorkersOptions

DRAFT = TaskDraft(
    title="Read the total on a receipt",
    instructions="Open the picture and type the total.",
    reward=Money("0.10", "USD"),
    options=[RapidWorkersOptions()],
)


def ordinary(hub: Hub) -> None:
    market = hub.market(RapidWorkers)
    assert_type(market, Market[RapidWorkers])
    assert_type(market.provider, RapidWorkers)
    task = market.publish(DRAFT, key="order-42")
    assert_type(task, Task)
    assert_type(task.status, TaskStatus)
    assert_type(market.run(market.provider.facebook_likes(link="https://example.org", quantity=50), key="likes"), Task)
    assert_type(market.submissions(task, status="pending"), Iterator[Submission])
    assert_type(market.watch([task]), Watch)
    assert_type([each for each in market.watch([task])], list[Submission])  # noqa: C416
    report = market.review([Decision.approve(each) for each in market.submissions(task)])
    assert_type(report, ReviewReport)
    assert_type([each.submission for each in report.outcomes], list[Submission | None])
    assert_type(Capability.BULK_REVIEW in market.capabilities, bool)
    for each in hub.watch([task]):
        assert_type(each, Submission)
        assert_type(hub[each.account].approve(each, note="thanks"), Submission)


async def asynchronous(hub: AsyncHub) -> None:
    market = hub.market(RapidWorkers)
    assert_type(market, AsyncMarket[RapidWorkers])
    assert_type(market.provider, RapidWorkers)
    task = await market.publish(DRAFT, key="order-42")
    assert_type(task, Task)
    likes = market.provider.facebook_likes(link="https://example.org", quantity=50)
    assert_type(await market.run(likes, key="likes"), Task)
    assert_type(market.submissions(task, status="pending"), AsyncIterator[Submission])
    assert_type(market.watch([task]), AsyncWatch)
    assert_type(await market.review([Decision.approve(each) async for each in market.submissions(task)]), ReviewReport)
    async for each in hub.watch([task]):
        assert_type(each, Submission)
        assert_type(await hub[each.account].approve(each, note="thanks"), Submission)


def every_plugin(hub: Hub) -> None:
    assert_type(hub.market(CapSolver, "one"), Market[CapSolver])
    assert_type(hub.market(CrowdSDOM), Market[CrowdSDOM])
    assert_type(hub.market(Etxt), Market[Etxt])


def errors(hub: Hub) -> None:
    try:
        hub["rapidworkers"].task("1")
    except NotFound as error:
        assert_type(error, crowdhub.errors.NotFound)
        assert_type(error.next_step, str)
    except OutcomeUnknown as error:
        assert_type(error.money_may_be_spent, bool)


def mistakes(hub: Hub) -> None:
    market = hub.market(RapidWorkers)
    market.publish("a task")  # type: ignore[call-overload]
    market.run(50)  # type: ignore[arg-type]
    market.provider.facebook_likes(quantity="fifty")  # type: ignore[call-arg, arg-type]
    print(crowdhub.Hbu)  # type: ignore[attr-defined]
    hub.market(str)  # type: ignore[type-var]
