"""The whole campaign: random operations, kills, trouble with the ledger, and the naive program."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from contextlib import ExitStack

from crowdhub.errors import CrowdhubError
from crowdhub.sandbox import Fault
from crowdhub.testing.campaign.audit import audit
from crowdhub.testing.campaign.experiment import Experiment
from crowdhub.testing.campaign.faces import Face
from crowdhub.testing.campaign.host import LedgerHost
from crowdhub.testing.campaign.kills import PARTS, Kills
from crowdhub.testing.campaign.naive import naive
from crowdhub.testing.campaign.outages import Outages
from crowdhub.testing.campaign.processes import Processes
from crowdhub.testing.campaign.profile import MarketProfile, profile_of
from crowdhub.testing.campaign.result import CampaignReport, Findings

RATE = 0.2
"""The share of requests that something happens to."""
LENGTH = 150
"""Operations on one sandbox: lists stay short, and every experiment has other people."""
NAIVE = 200
PATIENT = 10.0
"""Seconds of real time for an answer to the process that starts those to be killed: nothing goes wrong there."""

Progress = Callable[[str, str, int], None]
"""Told: the marketplace, what begins now, how many operations were made."""


def _quiet(_provider: str, _what: str, _operations: int) -> None:
    return None


def run(
    provider: str,
    host: LedgerHost,
    *,
    operations: int = 2000,
    seed: int = 0,
    kills: bool = True,
    outages: bool = True,
    compare: int | None = None,
    rate: float = RATE,
    quick: bool = False,
    face: Face = "both",
    processes: Processes | None = None,
    progress: Progress = _quiet,
) -> CampaignReport:
    """One marketplace's campaign. ``compare``: tasks that the naive program publishes (0: none).

    ``kills`` need processes that fork; ``processes`` starts them, for several campaigns. ``quick`` leaves out most
    of the conditions around the kills. ``face``: what the random operations and those with trouble in the ledger go
    through, `Hub` (as what is killed does), `AsyncHub`, where tasks are cancelled as well, or both.
    Raises `ConfigurationError` for a marketplace without a provider or a conformance subject, and `SandboxError` for
    one without a sandbox.
    """
    profile = profile_of(provider)
    logging.getLogger("crowdhub").addHandler(logging.NullHandler())
    began = time.monotonic()
    findings = Findings(provider)
    number = 0
    while findings.operations < operations:
        progress(provider, "random operations", findings.operations)
        with Experiment(profile, seed * 1000 + number, host.new(), rate=rate, face=face) as experiment:
            experiment.play(min(LENGTH, operations - findings.operations))
            findings += audit(experiment)
        number += 1
    forks = hasattr(os, "fork")
    if not forks and (kills or outages):
        findings.notes.append("no process was killed: this system cannot fork")
    if outages or (kills and forks):
        with ExitStack() as stack:
            started = processes or stack.enter_context(Processes())
            if kills and forks:
                progress(provider, "kill -9 at every step", findings.operations)
                findings += _killed(profile, seed, host, started, quick=quick)
            if outages:
                progress(provider, "trouble with the ledger", findings.operations)
                with Experiment(profile, seed, host.new(), rate=0, face=face) as experiment:
                    Outages(experiment, host, started if forks else None).everything()
                    findings += experiment.findings
    findings += _doubled(profile, seed, host)
    findings.seconds = time.monotonic() - began
    compared = None
    if compare is None or compare:
        progress(provider, "naive retries", findings.operations)
        compared = naive(profile, seed, compare or NAIVE, rate)
    return CampaignReport(findings, compared, seed, host.kind)


def _killed(profile: MarketProfile, seed: int, host: LedgerHost, processes: Processes, *, quick: bool) -> Findings:
    findings = Findings(profile.name)
    for part in PARTS:  # each on a sandbox of its own, so that its lists stay short
        with Experiment(profile, seed, host.new(), rate=0, timeout=PATIENT) as experiment:
            part(Kills(experiment, processes, quick=quick))
            experiment.findings.duplicates += experiment.charges.problems()
            findings += experiment.findings
    return findings


def _doubled(profile: MarketProfile, seed: int, host: LedgerHost) -> Findings:
    """A network that itself delivers the first request of a publish twice: nobody can prevent it, so it is told."""
    with Experiment(profile, seed, host.new(), rate=0) as experiment:
        experiment.costly.publish_steps[0].spoil(experiment.faults, Fault.twice())
        draft = profile.draft(600_001)
        found = experiment.do("doubled", lambda client: client.publish(draft, key="doubled"))
        bought = len(experiment.charges.bought("doubled"))
    said = (
        "bought one task all the same: what the network doubled costs nothing"
        if bought == 1
        else f"bought {bought} tasks, which no client can prevent, and which is not noticed"
    )
    if isinstance(found, CrowdhubError):
        said += f" (the client was told {type(found).__name__})"
    experiment.findings.notes.append(f"{profile.name}: a network that delivers the request twice {said}.")
    experiment.findings.operations = 0
    return experiment.findings
