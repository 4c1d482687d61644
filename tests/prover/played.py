"""What is gone through here: every operation of every installed marketplace."""

from __future__ import annotations

from crowdhub.testing.campaign.profile import names, profile_of
from crowdhub.testing.prover import OPERATIONS, left_out
from crowdhub.testing.prover.prover import Proof
from crowdhub.testing.subject import load, readings_of

DECIDING = ("review", "bulk")
# Of readings that differ in the verbs of decisions these alone are gone through, by one client. All else of readings is
# gone through by `make prove-deep`.
PLAYED = [
    (reading, operation)
    for name in names()
    for reading in readings_of(name)
    for operation in (OPERATIONS if reading == name else DECIDING)
    if reading == name or "verbs" in load(reading).played_options
    if not left_out(profile_of(reading), operation)
]
TOGETHER = [(name, operation) for name, operation in PLAYED if name in names()]
ALONE = [f"{name}/{operation}/one" for name, operation in PLAYED]
REJECTED = "rejected by somebody else, and others hand in"
SENT_BACK = "sent back, and handed in anew"
HAPPENS = {
    "rapidworkers/publish/one": {
        "somebody else publishes the same, without a key": 3,
        "set back by an hour": 3,
        "set ahead by an hour": 3,
        "the process is stopped past the lease": 5,
    },
    "rapidworkers/publish/two": {"both clients are on one machine": 8},
    "rapidworkers/purchase/one": {"somebody else publishes": 3},
    "rapidworkers/review/one": {REJECTED: 1},
    "rapidworkers/bulk/one": {REJECTED: 3},
    "etxt/review/one": {SENT_BACK: 1},
    "etxt/bonus/one": {"1 s passes": 5},
    "crowdsdom/publish/one": {"the connection breaks": 2},
}
"""On how many paths of a scenario something happens, at least."""


def happens_often_enough(proof: Proof) -> bool:
    return all(
        sum(count for said, count in proof.happened.items() if words in said) >= least
        for words, least in HAPPENS.get(proof.scenario, {}).items()
    )
