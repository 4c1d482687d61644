"""Arguments of a wrong Python type: one error that names them, and nothing is sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import anyio
import pytest

from crowdhub import AsyncHub, Hub, Market, Money, TaskDraft
from crowdhub.errors import BudgetExceeded, ConfigurationError, InvalidRequest
from crowdhub.model import File, ProviderOptions, Submission
from crowdhub.protocol import Provider
from crowdhub.sandbox import Sandbox

Ask = Callable[[Any], object]

WORK = Submission.model_validate({
    "provider": "rapidworkers", "account": "rapidworkers", "environment": "sandbox",
    "id": "1", "task_id": "2", "status": "pending", "worker": {"id": "w"},
})  # fmt: skip
WRONG: dict[str, tuple[Ask, str]] = {
    "a text for a number": (lambda m: m.extend("1", slots="3"), "slots: is of type str; slots must be int | None"),
    "a truth for a number": (lambda m: m.extend("1", slots=True), "slots: is of type bool"),
    "a number for a moment": (lambda m: m.extend("1", until=3), "until: is of type int"),
    "a number for a key": (lambda m: m.run(m.provider.balance(), key=5), "key: is of type int"),
    "a text for a price": (lambda m: m.run(m.provider.balance(), amount="1.00"), "amount: is of type str"),
    "a number for an operation": (lambda m: m.run(42), "operation: is of type int"),
    "nothing for a text": (lambda m: m.message("w", None), "text: is of type NoneType; text must be str"),
    "nothing for a draft": (lambda m: m.publish(None), "draft: is of type NoneType"),
    "a mapping for a draft": (lambda m: m.publish({"title": "x"}), "draft: is of type dict; draft must be TaskDraft"),
    "two at once": (lambda m: m.publish("x", key=3), "draft: is of type str.* key: is of type int"),
    "nothing among decisions": (lambda m: m.review([None]), r"decisions\[0\]: is of type NoneType"),
    "no list of decisions": (lambda m: m.review(5), r"must be Sequence\[Decision\]"),
    "a number for a task": (lambda m: m.task(5), r"task: is of type int; task must be Task \| str"),
    "an id for a submission": (lambda m: m.approve("1"), "submission: is an id, which does not tell its task"),
    "an id to reject": (lambda m: m.reject("1", "why"), "submission: is an id, which does not tell its task"),
    "a number for options": (lambda m: m.approve(WORK, options=5), "options: is of type int; give a list"),
    "options to reject": (lambda m: m.reject(WORK, "why", options=5), "options: is of type int; give a list"),
    "options for a redo": (lambda m: m.request_redo(WORK, "why", options=5), "options: is of type int; give a list"),
    "options alone": (lambda m: m.approve(WORK, options=ProviderOptions()), "of type ProviderOptions; give"),
    "an id for a bonus": (lambda m: m.pay_bonus("1", Money(1, "USD"), "x"), "Submission, for an id alone"),
    "an id for an application": (lambda m: m.accept("1"), "Application, for an id alone does not tell"),
    "no submission for a bonus": (lambda m: m.pay_bonus(None, Money(1, "USD"), "x"), "submission: is of type None"),
    "a text for a folder's files": (lambda m: m.download("x", 4), "files: is of type str.* folder: is of type int"),
    "no bytes at most": (
        lambda m: m.download(File(url="https://a.example/x"), "f", max_bytes=0),
        "max_bytes: 0 is not",
    ),
    "nothing for a worker": (lambda m: m.block(None), "worker: is of type NoneType"),
}
DRAFT = TaskDraft(title="T", instructions="I", proof="P", reward=Money("0.10", "USD"), category="Survey", slots=1)
NEUTRAL: dict[str, tuple[Ask, str]] = {
    "fewer places than none": (lambda m: m.run(m.provider.publish(DRAFT.copy_with(slots=-3))), "slots: -3 is less"),
    "no reward": (lambda m: m.run(m.provider.publish(DRAFT.copy_with(reward=None)), key="k"), "reward: is missing"),
    "another currency": (
        lambda m: m.run(m.provider.publish(DRAFT.copy_with(reward=Money(1, "EUR"))), amount=Money(9, "USD")),
        "reward: 1 EUR is not in USD",
    ),
}


@pytest.mark.parametrize(("ask", "said"), NEUTRAL.values(), ids=NEUTRAL)
def test_what_a_verb_would_refuse_is_refused_when_it_is_run_as_an_operation(ask: Ask, said: str) -> None:
    with Sandbox("rapidworkers") as box, Hub(box.accounts) as hub:
        with pytest.raises(InvalidRequest, match=said):
            ask(hub["rapidworkers"])
        assert box["rapidworkers"].requests == []


def test_a_publish_that_is_run_is_reserved_for_what_it_will_take() -> None:
    with Sandbox("rapidworkers") as box, Hub(box.accounts, budget={"USD": "0.10"}) as hub:
        market = hub["rapidworkers"]
        with pytest.raises(BudgetExceeded):
            market.run(market.provider.publish(DRAFT), key="k", amount=Money("0.01", "USD"))


LISTS: dict[str, tuple[Ask, str]] = {
    "a number for a status": (lambda m: m.tasks(status=4), "status: is of type int"),
    "nothing for a task": (lambda m: m.submissions(None), "task: is of type NoneType"),
    "a text for tasks": (lambda m: m.watch("abc"), "tasks: is of type str"),
    "no rounds": (lambda m: m.watch(["1"], rounds=0), "rounds: 0 is less than 1"),
    "fewer rounds than none": (lambda m: m.watch(["1"], rounds=-1), "rounds: -1 is less than 1"),
    "a wait that goes back": (lambda m: m.watch(["1"], interval=-1), "interval: is not a number of seconds"),
    "a number among tasks": (lambda m: m.watch(["a", 2]), r"tasks\[1\]: is of type int"),
}


@pytest.mark.parametrize(("ask", "said"), WRONG.values(), ids=WRONG)
def test_what_is_of_another_type_is_named_before_any_request(ask: Ask, said: str) -> None:
    with Sandbox("rapidworkers") as box, Hub(box.accounts) as hub:
        with pytest.raises(InvalidRequest, match=said) as caught:
            ask(hub["rapidworkers"])
        assert (caught.value.sent, box["rapidworkers"].requests) == (False, [])


@pytest.mark.parametrize(("ask", "said"), LISTS.values(), ids=LISTS)
def test_the_same_of_what_is_listed(ask: Callable[[Any], Any], said: str) -> None:
    with Sandbox("rapidworkers") as box, Hub(box.accounts) as hub:
        with pytest.raises(InvalidRequest, match=said):
            list(ask(hub["rapidworkers"]))
        assert box["rapidworkers"].requests == []


@pytest.mark.parametrize(("ask", "said"), WRONG.values(), ids=WRONG)
def test_the_same_when_awaited(ask: Callable[[Any], Any], said: str) -> None:
    async def main() -> None:
        with Sandbox("rapidworkers") as box:
            async with AsyncHub(box.accounts) as hub:
                with pytest.raises(InvalidRequest, match=said):
                    await ask(hub["rapidworkers"])

    anyio.run(main)


def test_what_is_declared_is_taken_as_it_is() -> None:
    with Sandbox("rapidworkers") as box, Hub(box.accounts) as hub:
        market: Market[Any] = hub["rapidworkers"]
        with pytest.raises(InvalidRequest, match=r"extend|slots|until") as caught:
            market.extend("1", until=datetime(2020, 1, 1, tzinfo=UTC))
        assert "is of type" not in str(caught.value)


@pytest.mark.parametrize("kind", ["rapidworkers", None, 5, int, Provider], ids=repr)
@pytest.mark.parametrize("account", [None, "rapidworkers"])
@pytest.mark.parametrize("face", [Hub, AsyncHub])
def test_a_market_is_chosen_by_its_class(face: Callable[[Any], Any], account: str | None, kind: object) -> None:
    with Sandbox("rapidworkers") as box, pytest.raises(ConfigurationError, match=r"RapidWorkers.*hub\[\"name\"\]"):
        face(box.accounts).market(kind, account)


def test_a_settings_file_is_named_by_its_path() -> None:
    of_a_number: Any = 5
    with pytest.raises(ConfigurationError, match="by its path; int is given"):
        Hub.from_config(of_a_number)
