"""What is gone through here: every operation of every installed marketplace."""

from __future__ import annotations

from crowdhub.testing.campaign.profile import names, profile_of
from crowdhub.testing.prover import OPERATIONS, left_out
from crowdhub.testing.subject import readings_of

DECIDING = ("review", "bulk")
# A marketplace's further readings (CrowdSDOM's) differ in the verbs of decisions: of them these alone are gone through.
PLAYED = [
    (reading, operation)
    for name in names()
    for reading in readings_of(name)
    for operation in (OPERATIONS if reading == name else DECIDING)
    if not left_out(profile_of(reading), operation)
]
ALONE = [f"{name}/{operation}/one" for name, operation in PLAYED]
