"""The fault campaign: does anything get paid twice, or lost, whatever goes wrong?

Seeded and repeatable, against the sandbox of any installed marketplace on this machine: thousands of operations while
answers are lost, cut off, late or nonsense, tasks are cancelled in the middle, processes are killed at every step, the
ledger is locked, full, damaged or away. The operations go through `Hub` and `AsyncHub`, on one ledger. Afterwards the
marketplace's own books are compared with the ledger. `crowdhub chaos` runs it; needs the extra ``sandbox``. What a
marketplace has to say about itself for it comes from its plugin's `crowdhub.testing.Subject`.
"""

from crowdhub.testing.campaign.campaign import run
from crowdhub.testing.campaign.faces import Face
from crowdhub.testing.campaign.host import LedgerHost
from crowdhub.testing.campaign.profile import names
from crowdhub.testing.campaign.result import CampaignReport, Findings, NaiveFindings

__all__ = ["CampaignReport", "Face", "Findings", "LedgerHost", "NaiveFindings", "names", "run"]
