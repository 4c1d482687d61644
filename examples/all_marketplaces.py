"""One draft over four marketplaces: published where it fits, the work of all in one stream, decided on as each can.

python examples/all_marketplaces.py                    on marketplaces inside this program
python examples/all_marketplaces.py crowdhub.toml      on your accounts of these names; it asks before it spends
"""

from collections import Counter

from _accounts import open_hub

from crowdhub import Capability, Hub, Market, Money, Submission, TaskDraft
from crowdhub.protocol import AnyProvider
from crowdhub.sandbox import png
from crowdhub_crowdsdom import CrowdSDOMOptions
from crowdhub_etxt import EtxtOptions
from crowdhub_rapidworkers import RapidWorkersOptions

SLOTS = {"rapidworkers": 10, "crowdsdom": 6, "etxt": 3, "capsolver": 1}
REWARDS = {"crowdsdom": Money("1.50", "CNY"), "etxt": Money(40, "RUB")}
DRAFT = TaskDraft(
    title="Describe a shop sign",
    instructions="Think of a shop near you and describe its sign, so that somebody else would find it.",
    proof="Your description",
    reward=Money("0.25", "USD"),
    options=[  # each marketplace reads its own
        RapidWorkersOptions(category="Writing"),
        CrowdSDOMOptions(keywords=("shop", "sign")),
        EtxtOptions(id_category=3, size=300, auto_work=True),  # takes whoever applies
    ],
)
SIGN = TaskDraft(image=png("OPEN 9 - 17"))  # all that CapSolver wants


def decide(market: Market[AnyProvider], work: Submission) -> bool:
    """Whether this is one more piece of good work, which is paid then."""
    if work.status == "approved":  # at once, or by an earlier run of this program
        return True
    if work.status != "pending":  # somebody is at it, or it was decided on before
        return False
    own_words = (work.quality or {}).get("per_antiplagiat", 100) >= 90  # eTXT's own figure; the others have none
    if own_words and (work.text or work.answers or work.files):
        market.approve(work, note="Thank you.")
        return True
    if Capability.REQUEST_REDO in market.capabilities:
        market.request_redo(work, reason="Too much of this is taken from elsewhere. Please use your own words.")
    else:
        market.reject(work, reason="There is no description.")
    return False


with open_hub(Hub, *SLOTS) as opened, opened as hub:
    split = hub.publish_split(DRAFT, SLOTS, rewards=REWARDS, key="sign-1")
    for share in split.shares:
        print(f"{share.account}: {share.error or f'{share.slots} slots for {share.cost}'}")
    tasks = [*split.tasks, hub["capsolver"].publish(SIGN, key="sign-1/picture")]
    wanted = {task.account: SLOTS[task.account] for task in tasks}

    good: Counter[str] = Counter()
    for work in hub.watch(tasks, status=None, interval=1800):
        good[work.account] += decide(hub[work.account], work)
        if all(good[name] >= slots for name, slots in wanted.items()):
            break
    print("paid for", dict(good), "of", *split.totals.values())
