"""How many requests a keyed publish and a batch of them take, the first time and when they are run again."""

from __future__ import annotations

from collections.abc import Callable

from crowdhub import Hub, Money, TaskDraft
from crowdhub.sandbox import Sandbox
from crowdhub_etxt import EtxtOptions

REWARDS = {"rapidworkers": "0.25 USD", "crowdsdom": "3 CNY", "etxt": "40 RUB"}
BATCH = 10


def measure() -> None:
    print(f"Requests of a keyed publish and of `publish_many` with {BATCH} keyed drafts: the first time, and run again")
    for name in REWARDS:
        first, following, again, batch, batch_again = _counted(name)
        print(
            f"  {name:<14} one: {first}, the next one {following}, the same again {again};"
            f" {BATCH} at once: {batch}, again {batch_again}"
        )


def _counted(name: str) -> list[int]:
    draft = TaskDraft(
        title="Read it",
        instructions="Write down the total.",
        reward=Money.model_validate(REWARDS[name]),
        proof="The total",
        category="Survey" if name == "rapidworkers" else None,
        options=[EtxtOptions(id_category=1, size=500)],
    )
    drafts = [(f"k{number}", draft) for number in range(BATCH)]
    with Sandbox(name) as box, Hub(box.accounts) as hub:
        market = hub[name]
        list(market.tasks())  # where a token has to be fetched, it is there from now on

        def requests(work: Callable[[], object]) -> int:
            before = box[name].request_count
            work()
            return box[name].request_count - before

        works: list[Callable[[], object]] = [
            lambda: market.publish(draft, key="one"),
            lambda: market.publish(draft, key="two"),
            lambda: market.publish(draft, key="two"),
            lambda: market.publish_many(drafts),
            lambda: market.publish_many(drafts),
        ]
        return [requests(work) for work in works]
