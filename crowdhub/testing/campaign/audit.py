"""After an experiment: everything late has been done; recover, ask once more for what is missing, and compare."""

from __future__ import annotations

import re
from collections.abc import Mapping

from crowdhub.ledger import Intent, Ledger, State
from crowdhub.model import Capability, Result, SubmissionStatus, Verdict
from crowdhub.operations.settling import WANTED
from crowdhub.operations.spending.looking import DOUBT
from crowdhub.sandbox import Charge
from crowdhub.testing.campaign.charges import RECOVERING
from crowdhub.testing.campaign.experiment import PATIENCE, Experiment, ReviewedTask, Wanted
from crowdhub.testing.campaign.result import Findings

UNEXPLAINED = "no reason is known, which is a defect"


def entry_of(ledger: Ledger, key: str) -> Intent | None:
    """What the ledger knows of a key; None where it was certainly not carried out."""
    entries = [each for each in ledger.report.entries(key=key) if each.state is not State.NOT_DONE]
    return entries[0] if entries else None


def ledger_of(experiment: Experiment) -> Ledger:
    found = experiment.hub.ledger
    assert found is not None
    return found


def audit(experiment: Experiment) -> Findings:
    """Compare the marketplace's books with the ledger; what differs is in the experiment's findings."""
    findings = experiment.findings
    findings.faults += experiment.faults.counts
    experiment.faults.stop()
    experiment.clock.sleep(PATIENCE + 2 * experiment.most_wrong)  # by a clock that was set back, it is younger
    experiment.reopen()
    report = experiment.hub.recover()
    _ = experiment.charges.now(RECOVERING)
    for outcome in report.reviews:
        if outcome.result in (Result.FAILED, Result.UNKNOWN):
            findings.notes.append(f"recover: {outcome.error}")
    for review in experiment.reviews:
        _check_review(experiment, review)
    for wanted in experiment.wanted.values():
        _check_bought(experiment, wanted)
    findings.duplicates += [f"{experiment.profile.name}: {what}" for what in experiment.charges.problems()]
    _check_money(experiment)
    return findings


def _check_bought(experiment: Experiment, wanted: Wanted) -> None:
    findings = experiment.findings
    if wanted.got is None:
        _ = experiment.buy(wanted)
    entry = entry_of(ledger_of(experiment), wanted.key)
    state = State.NOT_DONE if entry is None else entry.state
    made = None if entry is None else entry.task_id

    def caused(charge: Charge) -> bool:
        if wanted.work is None:
            return charge.kind != "bonus" and charge.task_id == made
        return charge.kind == "bonus" and charge.reference == wanted.work.id

    experiment.charges.move(RECOVERING, wanted.key, caused)
    bought = experiment.charges.bought(wanted.key)
    said = f"{experiment.profile.name} {wanted.key} (seed {experiment.seed}): bought {bought}, the ledger says {state}"
    if len(bought) > 1:
        findings.duplicates.append(said)
    if state is State.UNKNOWN:
        findings.unknown[_reason(experiment, wanted)] += 1
        findings.to_look_at.append((entry.look_for if entry is not None else None) or "")
    elif (state is State.DONE) != bool(bought):
        findings.lost.append(said)
    elif state is State.DONE and wanted.work is None and entry is not None and entry.task_id not in bought:
        findings.lost.append(f"{said} of {entry.task_id}")
    elif state in (State.INTENDED, State.SENT):
        findings.lost.append(f"{said} after everything was recovered")


def _reason(experiment: Experiment, wanted: Wanted) -> str:
    what, lookup = ("publish", Capability.FIND_PUBLISHED) if wanted.work is None else ("bonus", Capability.FIND_BONUS)
    reason = experiment.profile.why_unknown(lookup) or doubt_of(str(wanted.refused)) or UNEXPLAINED
    return f"{what}: {reason}"


def doubt_of(words: str) -> str:
    """Why an absence proved nothing, out of the words of an `OutcomeUnknown`; without its amounts and ids."""
    found = re.search(f"{re.escape(DOUBT)} (.*?)\\.(?: `recover`|$)", words, re.DOTALL)
    return re.sub(r"-?[\d.,]+ [A-Z]{3}|\(.*?\)", "…", found[1]) if found else ""


def _check_review(experiment: Experiment, review: ReviewedTask) -> None:
    for _ in range(3):
        if len(review.settled) == len(review.decisions):
            break
        experiment.carry_out(review)
    now = {each.id: each.status for each in experiment.market.submissions(review.task)}
    for name, decision in review.decisions.items():
        if now.get(name) not in WANTED[decision.verdict]:
            experiment.findings.lost.append(f"{experiment.profile.name}: {differs(name, decision.verdict, now)}")


def differs(name: str, verdict: Verdict, now: Mapping[str, SubmissionStatus]) -> str:
    """What a piece of work was to be, and is, in words."""
    return f"{name} was to be {' or '.join(sorted(WANTED[verdict]))} and is {now.get(name)}"


def _check_money(experiment: Experiment) -> None:
    """Where every price is known and nothing is left open, the ledger's sums are the marketplace's."""
    ledger = ledger_of(experiment)
    totals = ledger.report.totals()
    if not totals or experiment.findings.unknown:
        return
    taken = experiment.charges.taken()
    spent = sum((total.spent.amount for total in totals), start=taken * 0)
    priced = all(each.amount is not None for each in ledger.report.entries(state=State.DONE))
    given_back = experiment.sandbox.books().refunded
    if priced and not given_back and spent != taken:
        experiment.findings.lost.append(f"{experiment.profile.name}: the ledger sums up {spent}, taken was {taken}")
