"""The fault campaign: does anything get paid twice, or lost, whatever goes wrong?

Seeded and repeatable, against the sandboxes on this machine: thousands of operations while answers are lost, cut off,
late or nonsense, processes are killed at every step, the ledger is locked, full, damaged or away. Afterwards the
marketplace's own books are compared with the ledger. `crowdhub chaos` runs it; needs the extra ``sandbox``.
"""

from crowdhub.testing.campaign.campaign import names, run
from crowdhub.testing.campaign.place import Place
from crowdhub.testing.campaign.result import Naive, Result, Tally

__all__ = ["Naive", "Place", "Result", "Tally", "names", "run"]
