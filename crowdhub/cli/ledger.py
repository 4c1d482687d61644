"""`ledger`: what was spent where, from the ledger alone. No marketplace is asked; `settle` asks for a task."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypedDict

import typer

from crowdhub.cli.common import AsJson, Config, command, open_hub
from crowdhub.cli.known import check_known, knows, readable
from crowdhub.cli.output import complain, console, json_line, plain, record, say, table, unresolved_words
from crowdhub.errors import ConfigurationError, CrowdhubError, InvalidRequest, Issue, NotFound
from crowdhub.operations.port import identity_of

if TYPE_CHECKING:  # the command starts without the database's library
    from crowdhub.ledger import Intent, Ledger, Total
    from crowdhub.model import Task

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="What was spent where, from the ledger alone. No marketplace is asked.",
    context_settings={"help_option_names": ["-h", "--help"]},
)

Account = Annotated[str | None, typer.Option("--account", "-a", help="Only this account.", show_default=False)]
Currency = Annotated[str | None, typer.Option(help="Only this currency, such as USD.", show_default=False)]
Environment = Annotated[Literal["live", "sandbox"] | None, typer.Option(help="live or sandbox.", show_default=False)]
Day = Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="Only this day (UTC).", show_default=False)]
Since = Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="From this day on (UTC).", show_default=False)]
Until = Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="Before this day (UTC).", show_default=False)]
States = Annotated[
    Literal["intended", "sent", "done", "not_done", "unknown"] | None,
    typer.Option("--state", help="Only these.", show_default=False),
]
COLUMNS = ("when", "account", "operation", "state", "amount", "task", "key", "id")


class Filters(TypedDict):
    account: str | None
    currency: str | None
    environment: str | None
    state: str | None
    since: datetime | None
    until: datetime | None


@contextmanager
def opened(
    config: Path | None,
    *,
    account: str | None = None,
    environment: str | None = None,
    currency: str | None = None,
    intent: str | None = None,
) -> Generator[Ledger]:
    """The ledger at work for the account, for those of this environment, or that has this entry; else the hub's own,
    and a word about the others. Raises `InvalidRequest` for a name that is nowhere."""
    with open_hub(config, reads=True) as hub:
        main = hub.ledger
        if main is None:
            raise ConfigurationError("The ledger is turned off in the settings (ledger = none).")
        others = [
            (market, market.ledger)
            for market in map(hub.__getitem__, readable(hub))
            if market.ledger is not None and market.ledger is not main
        ]
        check_known(hub, account=account, environment=environment, currency=currency)
        is_gone = account is not None and account not in hub.accounts and not knows(main, account)
        for market, ledger in others:
            wanted = account == market.name or environment == market.environment or (is_gone and knows(ledger, account))
            if wanted or (intent is not None and main.get(intent) is None and ledger.get(intent) is not None):
                main = ledger
                break
        else:
            if others and (account, environment, intent) == (None, None, None):
                complain("The accounts on this machine's sandboxes have a ledger of their own: --environment sandbox.")
        yield main


@app.command("list")
@command
def entries(
    account: Account = None,
    currency: Currency = None,
    day: Day = None,
    since: Since = None,
    until: Until = None,
    state: States = None,
    environment: Environment = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """What was asked and paid, newest first."""
    chosen = _filters(account, currency, day, since, until, state, environment)
    with opened(config, account=account, environment=environment, currency=chosen["currency"]) as ledger:
        found = ledger.report.entries(**chosen, newest_first=True)
        if as_json:
            for each in found:
                json_line(record(each))
            return
        if not sys.stdout.isatty():
            sys.stdout.write("\t".join(COLUMNS) + "\n")
            for each in found:
                sys.stdout.write("\t".join(map(plain, _row(each))) + "\n")
            return
        rows = [[plain(cell) for cell in _row(each)] for each in found]
        if rows:
            table(console(), COLUMNS, rows)
        else:
            say("none")


@app.command("totals")
@command
def totals(
    account: Account = None,
    currency: Currency = None,
    day: Day = None,
    since: Since = None,
    until: Until = None,
    environment: Environment = None,
    by_day: Annotated[bool, typer.Option("--by-day", help="Day by day (UTC).")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """What was spent, by account and currency; there is no sum over currencies.

    ``reserved`` is what was estimated for calls without an outcome; how old the oldest of them is stands below.
    """
    first, end = _days(day, since, until)
    currency = None if currency is None else currency.upper()
    with opened(config, account=account, environment=environment, currency=currency) as ledger:
        found = ledger.report.totals(
            by_day=by_day, account=account, currency=currency, environment=environment, since=first, until=end
        )
        open_since = _unresolved(ledger, account, environment)
        now = ledger.clock.now()
    if as_json:
        for each in found:
            json_line(record(each))
    elif found:
        names = ["account", "day", "spent", "reserved", "carried out"]
        table(console(), names, [_total(each) for each in found])
    else:
        say("none")
    if open_since and not as_json:
        say(unresolved_words(open_since, now))


@app.command("export")
@command
def export(
    kind: Annotated[Literal["csv", "json"], typer.Argument(metavar="csv|json", help="The format.")],
    account: Account = None,
    currency: Currency = None,
    day: Day = None,
    since: Since = None,
    until: Until = None,
    state: States = None,
    environment: Environment = None,
    config: Config = None,
) -> None:
    """Write entries to standard output, as CSV or as one JSON list."""
    chosen = _filters(account, currency, day, since, until, state, environment)
    with opened(config, account=account, environment=environment, currency=chosen["currency"]) as ledger:
        _ = ledger.report.export(sys.stdout, kind, **chosen)


@app.command("compact")
@command
def compact(
    days: Annotated[
        int, typer.Option("--older-than", min=1, max=36500, metavar="DAYS", help="Only what is older.")
    ] = 365,
    forget_keys: Annotated[
        bool, typer.Option("--forget-keys", help="Drop keys as well: they could then publish again.")
    ] = False,
    environment: Environment = None,
    config: Config = None,
) -> None:
    """Drop what was settled long ago. Sums and budgets stay; what is open stays."""
    with opened(config, environment=environment) as ledger:
        count = ledger.report.compact(ledger.clock.now() - timedelta(days=days), forget_keys=forget_keys)
    say(f"{count} entries dropped or shortened.")


@app.command("key-changed")
@command
def key_changed(
    account: Annotated[str, typer.Option("--account", "-a", help="The account whose API key was changed.")],
    config: Config = None,
) -> None:
    """Say that an account is the same as before, though its API key was changed.

    Keys of yours that it used before then hold again, and what it left open is settled.
    """
    with open_hub(config) as hub:
        market = hub[account]
        ledger, provider = market.ledger, market.provider
        owner = None if ledger is None else ledger.owner_of(provider.settings.secrets())
        if ledger is None or owner is None:
            raise InvalidRequest(issues=[Issue("--account", f"{account} has no ledger, or no key")])
        count = ledger.key_changed(identity_of(provider), owner)
        say(f"{count} entries of {market.name} ({market.environment}) belong to its present API key now.")


@app.command("settle")
@command
def settle(
    intent: Annotated[str, typer.Argument(metavar="ID", help="The entry's id, as `ledger list` shows it.")],
    done: Annotated[bool, typer.Option("--done", help="It was carried out.", show_default=False)] = False,
    not_done: Annotated[bool, typer.Option("--not-done", help="It was not.", show_default=False)] = False,
    task: Annotated[
        str | None, typer.Option(help="With --done: the id of the task that it made.", show_default=False)
    ] = None,
    config: Config = None,
) -> None:
    """Say by hand what became of an entry that is open or unknown, after you looked at the marketplace.

    --done: it counts as spent, its key stays taken. --not-done: nothing is reserved for it any more, and its key may
    publish again, so be certain. Of what pays several times, say it of the payment in doubt: --not-done lets the key
    send that one and what comes after it; --done ends the key, and what comes after it is not sent.
    The task of --task is asked for, where its account is among the settings: its key gives it back from then on.
    """
    if done is not_done:
        both = "cannot both be" if done else "is missing"
        raise InvalidRequest(issues=[Issue("--done/--not-done", f"{both}; say what you found")])
    if task is not None and not done:
        raise InvalidRequest(issues=[Issue("--task", "has no meaning with --not-done")])
    with opened(config, intent=intent) as ledger:
        known = ledger.get(intent)
        if known is None:
            raise InvalidRequest(issues=[Issue("ID", f"{intent!r} is not in the ledger")])
        if task is not None and not task.strip():
            raise InvalidRequest(issues=[Issue("--task", "is an empty id")])
        what = f"{known.operation} of {known.created_at:%Y-%m-%d %H:%M:%S} UTC"
        if known.twin_of is not None and done:
            _ = ledger.seen(known)
            say(f"{what} is not named any more.")
            return
        if known.twin_of is None and known.operation == "publish" and done and task is None:
            raise InvalidRequest(
                issues=[Issue("--task", "is missing: the key gives this task back from now on, so say its id")]
            )
        is_open = known.state not in ("done", "not_done") or known.look_for is not None
        found = _named(config, known, task) if task is not None and is_open else None
        say(f"{what} {_settled(ledger, intent, done=done, found=found)}.")


def _settled(ledger: Ledger, intent: str, *, done: bool, found: Task | None) -> str:
    """Write down what a person found; returns what it is now."""
    with ledger.holding() as held:
        begun = ledger.claim(intent, held)
        mine = begun.intent
        if begun.status == "under way":
            raise InvalidRequest(issues=[Issue("ID", f"{intent} is being carried out by {mine.owner_words}")])
        if begun.status == "replayed":
            raise InvalidRequest(issues=[Issue("ID", f"{intent} is settled already: {mine.state}")])
        if done:
            return f"is {_finish(ledger, mine, found).state} now"
        if begun.status == "resume":
            _ = ledger.undoubted(mine, "A person looked: what comes after the payment was not carried out.")
            return "stays paid for; its key goes on from there and sends the rest"
        return f"is {ledger.fail(mine, 'A person looked: it was not carried out.').state} now"


def _finish(ledger: Ledger, mine: Intent, task: Task | None) -> Intent:
    """A task that a person found is kept as a task, so that its key gives it back."""
    if mine.operation == "publish" and task is not None:
        return ledger.finish(mine, task)
    return ledger.finish(mine, task_id=None if task is None else task.id)


def _named(config: Path | None, mine: Intent, task_id: str) -> Task:
    """The task that a person named, as its marketplace shows it; by its id alone where that cannot be asked.

    Raises `InvalidRequest` where there is none of this id, or it carries the mark of another key.
    """
    from crowdhub.model import Task

    bare = Task.model_validate({**mine.identity, "id": task_id, "reference": mine.reference})
    with open_hub(config) as hub:
        market = hub[mine.account] if mine.account in readable(hub) else None
        if market is None or identity_of(market.provider) != mine.identity:
            complain(f"{mine.account} ({mine.environment}) is not among the settings: the id is taken as you gave it.")
            return bare
        try:
            found = market.task(task_id)
        except NotFound:
            what = f"{task_id} is no task of {mine.account} ({mine.environment})"
            raise InvalidRequest(issues=[Issue("--task", what)]) from None
        except CrowdhubError as error:
            complain(f"The task cannot be asked for, so the id is taken as you gave it. {error}")
            return bare
    if mine.operation == "publish" and found.reference not in (None, mine.reference):
        raise InvalidRequest(issues=[Issue("--task", f"{task_id} was published under another key")])
    return found.copy_with(reference=mine.reference)


def _unresolved(ledger: Ledger, account: str | None, environment: str | None) -> list[datetime]:
    """When what cannot be told, or was carried out twice, was begun."""
    left = (*ledger.doubtful(account), *ledger.twins(account))
    return [each.created_at for each in left if environment in (None, each.environment)]


def _row(each: Intent) -> list[object]:
    place = f"{each.account} ({each.environment})"
    amount = each.charged or each.amount
    return [each.created_at, place, each.operation, each.state, amount, each.task_id, each.key, each.id]


def _total(each: Total) -> list[str]:
    place = f"{each.account} ({each.environment})"
    return [plain(place), str(each.day or ""), str(each.spent), str(each.held), str(each.done)]


def _filters(
    account: str | None,
    currency: str | None,
    day: str | None,
    since: str | None,
    until: str | None,
    state: str | None,
    environment: str | None,
) -> Filters:
    first, end = _days(day, since, until)
    return Filters(
        account=account,
        currency=None if currency is None else currency.upper(),
        environment=environment,
        state=state,
        since=_midnight(first),
        until=_midnight(end),
    )


def _days(day: str | None, since: str | None, until: str | None) -> tuple[date | None, date | None]:
    issues: list[Issue] = []

    def read(option: str, text: str | None) -> date | None:
        try:
            return None if text is None else date.fromisoformat(text)
        except ValueError:
            issues.append(Issue(option, f"{text!r} is not a day such as 2026-03-01"))
            return None

    one, first, end = read("--day", day), read("--since", since), read("--until", until)
    if one == date.max:
        issues.append(Issue("--day", f"{day} is the last day there is; nothing was spent on it"))
    if one is not None and (first or end):
        issues.append(Issue("--day", "cannot be combined with --since and --until"))
    if issues:
        raise InvalidRequest(issues=issues)
    return (one, one + timedelta(days=1)) if one is not None else (first, end)


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime(day.year, day.month, day.day, tzinfo=UTC)
