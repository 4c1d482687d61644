"""`balance`, `tasks` and `submissions`: what there is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from crowdhub.cli.common import MARKETPLACE, Account, AsJson, Config, command, open_hub, opened, tell
from crowdhub.cli.files import make_folder
from crowdhub.cli.output import AnyMarket, Columns, complain, json_line, listing, place, progress, say
from crowdhub.errors import CallerError, CrowdhubError, InvalidRequest, Issue
from crowdhub.model import Submission, Task

TASKS: Columns[Task] = {
    "id": lambda task: task.id,
    "status": lambda task: task.status,
    "title": lambda task: task.title,
    "reward": lambda task: task.reward,
    "slots": lambda task: task.slots,
    "left": lambda task: task.remaining,
    "pending": lambda task: task.pending,
    "approved": lambda task: task.approved,
    "rejected": lambda task: task.rejected,
    "created": lambda task: task.created_at,
}

SUBMISSIONS: Columns[Submission] = {
    "id": lambda work: work.id,
    "status": lambda work: work.status,
    "worker": lambda work: work.worker.id,
    "name": lambda work: work.worker.name,
    "country": lambda work: work.worker.country,
    "rating": lambda work: None if work.worker.approval_rate is None else f"{work.worker.approval_rate:f} %",
    "handed in": lambda work: work.submitted_at,
    "files": lambda work: len(work.files),
    "text": lambda work: work.text,
}

TaskId = Annotated[str, typer.Argument(metavar="TASK", help="The task's id.")]


@command
def balance(account: Account = None, config: Config = None, as_json: AsJson = False) -> None:
    """The money on an account, or on every account."""
    with open_hub(config) as hub:
        failed: CrowdhubError | None = None
        for name in [account] if account is not None else hub.accounts:
            try:
                market = hub[name]
                money = market.balance()
            except CrowdhubError as error:
                if account is not None:
                    raise
                # One account that cannot be asked does not stop the others from being shown.
                tell(error, as_json=as_json)
                failed = error if failed is None or isinstance(failed, CallerError) else failed
                continue
            if as_json:
                json_line({"account": market.name, "environment": market.environment, "balance": money})
            else:
                say(f"{place(market)}  {money}")
        if failed is not None:
            raise typer.Exit(2 if isinstance(failed, CallerError) else MARKETPLACE)


@command
def tasks(
    account: Account = None,
    config: Config = None,
    status: Annotated[str | None, typer.Option(help="Only those: open, full, completed, ...")] = None,
    as_json: AsJson = False,
) -> None:
    """The tasks of an account."""
    with opened(config, account) as market:
        _ = listing(market, "Tasks", market.tasks(status=status), TASKS, as_json=as_json)


@command
def submissions(
    task: TaskId,
    account: Account = None,
    config: Config = None,
    status: Annotated[str | None, typer.Option(help="Only those: pending, approved, rejected, ...")] = None,
    download: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Save the files that were handed in there.")
    ] = None,
    follow: Annotated[bool, typer.Option(help="Go on with new work as it comes, until the task ends.")] = False,
    interval: Annotated[float, typer.Option(min=0, help="With --follow: seconds between two looks.")] = 30,
    resume: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="With --follow: keep the place under this name in the ledger; started again, go on from there.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """The work handed in on a task."""
    if resume is not None and not follow:
        raise InvalidRequest(issues=[Issue("--resume", "has no meaning without --follow")])
    if download is not None:
        make_folder(download)
    with opened(config, account) as market:
        found: Iterator[Submission]
        if follow:
            found = market.watch([task], status=status, interval=interval, resume=resume)
        else:
            found = market.submissions(task, status=status)
        seen: list[Submission] = []

        def noted() -> Iterator[Submission]:
            for each in found:
                if download is not None:
                    if follow:
                        _save(market, [each], download, as_json=as_json)
                    elif each.files:
                        seen.append(each)
                yield each

        _ = listing(market, f"Work on task {task}", noted(), SUBMISSIONS, as_json=as_json, follow=follow)
        if download is not None and seen:
            _save(market, seen, download, as_json=as_json)


def _save(market: AnyMarket, works: list[Submission], folder: Path, *, as_json: bool) -> None:
    """Save the files; one that cannot be fetched does not stop the others."""
    failed: CrowdhubError | None = None
    saved = 0
    with progress("download", len(works)) as advance:
        for work in works:
            for file in work.files:
                try:
                    saved += len(market.download(work.copy_with(files=(file,)), folder))
                except CrowdhubError as error:
                    tell(error.with_(message=f"submission {work.id}: {error.message}"), as_json=as_json)
                    failed = failed or error
            advance(1)
    complain(f"{saved} files saved in {folder}")
    if failed is not None:
        raise typer.Exit(MARKETPLACE)
