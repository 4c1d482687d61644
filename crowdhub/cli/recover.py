"""`recover`: settle what earlier runs left open, and say what is left for a person. `unresolved` lists that alone."""

from __future__ import annotations

from typing import Annotated

import typer

from crowdhub.cli.common import UNSETTLED, AsJson, Config, command, open_hub
from crowdhub.cli.known import check_known
from crowdhub.cli.output import complain, json_line, record, say, unresolved_words
from crowdhub.model import Outcome, Result
from crowdhub.operations.spending.recovering import Recovered, RecoverReport, Settled

Account = Annotated[
    str | None, typer.Option("--account", "-a", help="Only this account; all without.", show_default=False)
]
WORDS = {
    Settled.DONE: "was carried out",
    Settled.NOT_DONE: "was not carried out; nothing is reserved for it any more, and its key is free",
    Settled.PAID: "was paid for and did not come to its end; the same key goes on from there and pays nothing again",
    Settled.TWICE: "was carried out beside another under the same key",
    Settled.LOOK: "cannot be told",
}
PAID_IN_PART = "was paid for; whether what it pays after that was paid as well cannot be told"
OPEN = (Result.FAILED, Result.UNKNOWN)


@command
def recover(
    account: Account = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Settle what a crash or a lost answer left open.

    Asks the marketplaces; sends again only what they recognise as the same request. Unfinished reviews are carried on
    with, which pays for what was approved. Exit code 3 where something is left that a person must look at.
    """
    with open_hub(config) as hub:
        report = hub.recover() if account is None else hub[account].recover()
        for each in report.intents:
            _intent(each, as_json=as_json)
        for outcome in report.reviews:
            _decision(outcome, as_json=as_json)
        for name, error in report.failed.items():
            if as_json:
                json_line({"kind": "failed", "account": name, "error": str(error)})
            else:
                complain(f"{name}: {error}")
        left = len(report.to_look_at) + len(report.failed) + sum(each.result in OPEN for each in report.reviews)
        if not as_json:
            _sum_up(report, left)
        if left:
            raise typer.Exit(UNSETTLED)


@command
def unresolved(
    account: Account = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """List what may have been paid and cannot be told.

    Oldest first, with what to look for. From the ledger alone: no marketplace is asked. Exit code 3 where there is
    something.
    """
    with open_hub(config, reads=True) as hub:
        check_known(hub, account=account)
        found = [each for each in hub.unresolved() if account in (None, each.account)]
        for each in found:
            _intent(each, as_json=as_json)
        if not as_json:
            ages = [each.created_at for each in found]
            say(unresolved_words(ages, hub.now()) if found else "Nothing is unresolved.")
    if found:
        raise typer.Exit(UNSETTLED)


def _intent(each: Recovered, *, as_json: bool) -> None:
    if as_json:
        json_line(record(each, kind="intent"))
        return
    key = f" with the key {each.key!r}" if each.key else ""
    amount = f" for {each.amount}" if each.amount is not None else ""
    task = f" (task {each.task_id})" if each.task_id else ""
    when = f"{each.created_at:%Y-%m-%d %H:%M:%S} UTC"
    words = PAID_IN_PART if each.settled is Settled.PAID and each.must_look else WORDS[each.settled]
    say(f"{each.account} ({each.environment})  {each.operation}{key}{amount} of {when} {words}{task}.")
    if each.must_look and each.settled is not Settled.TWICE:
        if each.doubt:
            say(f"  {each.doubt}")
        say(f"  Look for {each.look_for or 'it at the marketplace'}.")
        task = " --task ID" if each.operation == "publish" else ""
        say(f"  Then say what you found: crowdhub ledger settle {each.intent} --done{task} (or --not-done).")
    elif each.settled is Settled.TWICE:
        say("  Look at both at the marketplace, and cancel one of them.")
        say(f"  Then say that you did: crowdhub ledger settle {each.intent} --done.")


def _decision(outcome: Outcome, *, as_json: bool) -> None:
    work, verdict = outcome.decision.submission, outcome.decision.verdict
    if as_json:
        about = {"account": work.account, "environment": work.environment, "task": work.task_id, "submission": work.id}
        error = str(outcome.error) if outcome.error else None
        json_line({"kind": "decision", **about, "verdict": verdict, "result": outcome.result, "error": error})
        return
    said = f"{work.account} ({work.environment})  {verdict} {work.id} of task {work.task_id}: {outcome.result}"
    if outcome.result in OPEN:
        complain(f"{said}. {outcome.error}")
    else:
        say(f"{said}.")


def _sum_up(report: RecoverReport, left: int) -> None:
    if not report.intents and not report.reviews and not report.failed:
        say("Nothing was left open.")
        return
    done = len(report.intents) - len(report.to_look_at)
    carried_on = f", {len(report.reviews)} decisions carried on with" if report.reviews else ""
    say(f"{done} settled{carried_on}, {left} left for a person.")
