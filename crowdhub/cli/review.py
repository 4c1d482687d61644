"""`review`: decide on the work that was handed in, and pay for it."""

from __future__ import annotations

import signal
import threading
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.prompt import Prompt

from crowdhub.cli import decisions as files
from crowdhub.cli.common import UNSETTLED, Account, AsJson, Config, Yes, command, confirm, opened, tell
from crowdhub.cli.kept import KeptDecisions
from crowdhub.cli.output import AnyMarket, complain, complain_at_end, errors, json_line, place, progress, say
from crowdhub.cli.signals import INTERRUPTED
from crowdhub.cli.work import TaskId
from crowdhub.errors import CrowdhubError, InvalidRequest, Issue
from crowdhub.model import Decision, ReviewReport, Submission, SubmissionStatus, Verdict
from crowdhub.operations.checks import NEEDED, checked_decision

DONE = {
    Verdict.APPROVE: SubmissionStatus.APPROVED,
    Verdict.REJECT: SubmissionStatus.REJECTED,
    Verdict.REDO: SubmissionStatus.REDO,
}


class Stopped(Exception):
    """The person wants to stop; raised between two requests, never in the middle of one."""


@command
def review(
    task: TaskId,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="Decisions: CSV (submission,verdict,comment) or JSON lines."),
    ] = None,
    account: Account = None,
    config: Config = None,
    approve_all: Annotated[bool, typer.Option("--approve-all", help="Approve everything that is pending now.")] = False,
    note: Annotated[str | None, typer.Option(help="With --approve-all: a comment for every worker.")] = None,
    yes: Yes = False,
    anew: Annotated[
        bool, typer.Option("--anew", help="Forget what was decided on the terminal and not carried out.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Decide on a task's work: by a file, in one go, or one by one. That is asked on the terminal.

    What is decided there is kept at once: run again after an interruption, it goes on with what is left.
    """
    with opened(config, account) as market:
        if file is not None and approve_all:
            raise InvalidRequest(issues=[Issue("--approve-all", "cannot be combined with a file of decisions")])
        kept: KeptDecisions | None = None
        if file is not None:
            decided = files.match(files.read_file(file), market.submissions(task), file)
        elif approve_all:
            decided = [Decision.approve(each, note) for each in market.submissions(task, status="pending")]
        else:
            kept = KeptDecisions(market, task)
            if anew:
                kept.forget(kept)
            decided = _ask(market, task, kept)
        if not decided:
            what = "Nothing to decide" if kept is None else "Nothing was decided"
            complain(f"{what} on task {task} on {place(market)}.")
            return
        counted = Counter(str(each.verdict) for each in decided)
        listed = ", ".join(f"{verdict} {count}" for verdict, count in counted.items())
        confirm(market, f"On {place(market)}: {listed}?", yes=yes)
        report = _carry_out(market, task, decided, as_json=as_json)
        if kept is not None:
            failed = {each.decision.submission.id for each in report.failures}
            kept.forget([each.submission.id for each in decided if each.submission.id not in failed])
        _show(market, report, as_json=as_json)
        if report.failures or report.unintended:
            raise typer.Exit(UNSETTLED)


def _carry_out(market: AnyMarket, task: str, decided: list[Decision], *, as_json: bool) -> ReviewReport:
    """Ctrl-C is kept until the request under way is answered; then the marketplace is asked what was done."""
    left = len(decided)
    with held_interrupt() as interrupted, progress(f"review on {place(market)}", left) as advance:

        def note_progress(done: int) -> None:
            nonlocal left
            left -= done
            advance(done)
            if interrupted.is_set() and left > 0:
                raise Stopped

        try:
            return market.review(decided, progress=note_progress)
        except (Stopped, KeyboardInterrupt):
            pass
    complain(f"Interrupted. Asking {place(market)} what was done ...")
    _tell_done(market, task, decided, as_json=as_json)
    raise typer.Exit(INTERRUPTED)


@contextmanager
def held_interrupt() -> Generator[threading.Event]:
    """The first Ctrl-C sets the event; a second one interrupts at once."""
    event = threading.Event()

    def hold(_signal: int, _frame: FrameType | None) -> None:
        if event.is_set():
            raise KeyboardInterrupt
        event.set()
        complain("Stopping after the requests under way; Ctrl-C again stops at once.")

    if threading.current_thread() is not threading.main_thread():
        yield event
        return
    before = signal.signal(signal.SIGINT, hold)
    try:
        yield event
    finally:
        _ = signal.signal(signal.SIGINT, before)


def _tell_done(market: AnyMarket, task: str, decided: Sequence[Decision], *, as_json: bool) -> None:
    """What the marketplace says of each decision, after an interruption."""
    again = "Running the same command again goes on where it stopped; nothing is paid twice."
    try:
        now = {each.id: each.status for each in market.submissions(task)}
    except (CrowdhubError, KeyboardInterrupt) as error:
        complain(f"It could not be asked ({str(error) or 'interrupted'}), so it is not known what was done. {again}")
        return
    counted: Counter[str] = Counter()
    for each in decided:
        status = now.get(each.submission.id)
        result = "done" if status is DONE[each.verdict] else "not done"
        counted[result] += 1
        if as_json:
            json_line({**_decision(each), "result": result, "status": status})
        elif result != "done":
            say(f"not done: {each.verdict} {each.submission.id} (it is {status or 'not listed'})")
    complain(f"{place(market)}: {counted['done']} done, {counted['not done']} not done. {again}")


def _show(market: AnyMarket, report: ReviewReport, *, as_json: bool) -> None:
    where = place(market)
    if as_json:
        for each in report.outcomes:
            json_line(
                {**_decision(each.decision), "result": each.result, "error": str(each.error) if each.error else None}
            )
        for extra in report.unintended:
            json_line({"submission": extra.id, "task": extra.task_id, **_account(extra), "result": "unintended"})
    else:
        summary = ", ".join(f"{count} {result}" for result, count in report.summary().items())
        say(f"{where}: {summary}; {report.requests} requests")
        for extra in report.unintended:
            say(f"settled without a decision of yours: {extra.id}")
    for each in report.failures:
        said = f"{each.result}: {each.decision.verdict} {each.decision.submission.id}: "
        if each.error is None:
            complain(said)
        else:
            tell(each.error.with_(message=said + each.error.message), as_json=as_json)


def _decision(decision: Decision) -> dict[str, object]:
    work = decision.submission
    return {"submission": work.id, "task": work.task_id, **_account(work), "verdict": decision.verdict}


def _account(work: Submission) -> dict[str, str]:
    return {"account": work.account, "environment": work.environment}


def _ask(market: AnyMarket, task: str, kept: KeptDecisions) -> list[Decision]:
    """Show one piece of work after another and ask; each answer is kept at once. Nothing is sent before the end."""
    decided: list[Decision] = []
    pending: set[str] = set()
    try:
        for work in market.submissions(task, status="pending"):
            pending.add(work.id)
            decision = kept.of(work)
            if decision is not None:
                complain(f"{work.id}: {decision.verdict}, as decided before")
                decided.append(decision)
                continue
            complain("")
            complain(f"{work.id} on {place(market)}, by {work.worker.name or work.worker.id} {_about(work)}")
            complain(f"  {work.text or '(no text)'}")
            for file in work.files:
                complain(f"  {file.url}")
            answer = _answer(market, work)
            if answer == "quit":
                break
            if isinstance(answer, Decision):
                kept.keep(answer)
                decided.append(answer)
        else:
            kept.forget(set(kept) - pending)  # carried out by now
    except (KeyboardInterrupt, EOFError):
        complain("")
        message = f"Interrupted; nothing was sent. {len(decided)} decisions are kept in {kept.file}."
        complain_at_end(message, "Run the same command again to go on, or with --anew to begin anew.", spent=False)
        raise typer.Exit(INTERRUPTED) from None
    return decided


def _answer(market: AnyMarket, work: Submission) -> Decision | str:
    """What the person says to it, among what the marketplace can do: a decision, ``skip`` or ``quit``."""
    able = market.capabilities
    ways = [verdict for verdict, needed in NEEDED.items() if needed in able]
    letters = {"d" if verdict is Verdict.REDO else str(verdict)[0]: verdict for verdict in ways}
    asked = ", ".join([*(str(each) for each in ways), "skip", "quit"])
    while True:
        letter = Prompt.ask(asked, choices=[*letters, "s", "q"], default="s", console=errors())
        verdict = letters.get(letter)
        if verdict is None:
            return "quit" if letter == "q" else "skip"
        comment = ""
        while verdict is not Verdict.APPROVE and not comment:
            comment = Prompt.ask("comment for the worker", console=errors()).strip()
        decision = Decision(submission=work, verdict=verdict, comment=comment or None)
        try:
            return checked_decision(market.provider, decision)
        except InvalidRequest as wrong:  # now, and not when all is sent
            complain(str(wrong))


def _about(work: Submission) -> str:
    worker = work.worker
    rate = "" if worker.approval_rate is None else f"{worker.approval_rate:f} % approved"
    return ", ".join(part for part in (worker.country or "", rate) if part)
