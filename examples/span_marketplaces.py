"""One task over two marketplaces that pay in different currencies, the work of both in one stream.

python examples/span_marketplaces.py                   on marketplaces inside this program
python examples/span_marketplaces.py crowdhub.toml     on your accounts "rapidworkers" and "crowdsdom"
"""

import asyncio
from collections import Counter

from _accounts import open_hub

from crowdhub import AsyncHub, Money, Submission, TaskDraft
from crowdhub_rapidworkers import RapidWorkersOptions

DRAFT = TaskDraft(
    title="Is this review friendly?",
    instructions="Read it and say whether its tone is friendly: 'The soup was cold, but the waiter was kind.'",
    reward=Money("0.05", "USD"),
    proof="Friendly or not, and why, in one sentence",
    options=[RapidWorkersOptions(category="Survey")],  # which the other marketplace does not read
)
SLOTS = {"rapidworkers": 12, "crowdsdom": 8}


async def main() -> None:
    with open_hub(AsyncHub, *SLOTS) as opened:
        async with opened as hub:
            split = await hub.publish_split(DRAFT, SLOTS, rewards={"crowdsdom": Money("0.40", "CNY")}, key="tone-1")
            for share in split.shares:
                print(f"{share.account}: {share.error or f'{share.slots} slots for {share.cost}'}")
            seen: Counter[str] = Counter()
            async for work in hub.watch(split.tasks, interval=300):
                await decide(hub, work)
                seen[work.account] += 1
                if all(seen[share.account] >= share.slots for share in split.shares if share.task):
                    break
            print("decided on", dict(seen), "for", *split.totals.values())


async def decide(hub: AsyncHub, work: Submission) -> None:
    market = hub[work.account]
    if work.text or work.answers:
        await market.approve(work, note="Thank you.")
    else:
        await market.reject(work, reason="There is no answer.")


asyncio.run(main())
