"""The random part of a campaign and its audit, in short."""

from __future__ import annotations

from crowdhub.testing.campaign import Face, Findings, LedgerHost
from crowdhub.testing.campaign.audit import audit
from crowdhub.testing.campaign.experiment import TIMEOUT, Experiment
from crowdhub.testing.campaign.profile import profile_of


def played(
    name: str,
    host: LedgerHost,
    seed: int = 2,
    operations: int = 40,
    rate: float = 0.3,
    face: Face = "both",
    timeout: float = TIMEOUT,
) -> Findings:
    with Experiment(profile_of(name), seed, host.new(), rate=rate, face=face, timeout=timeout) as experiment:
        experiment.play(operations)
        return audit(experiment)
