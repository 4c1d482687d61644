"""`publish`: put a task on a marketplace, once."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated

import typer

from crowdhub.cli.common import WOULD_NOT, Account, AsJson, Config, Yes, command, confirm, opened
from crowdhub.cli.drafts import draft, read_file
from crowdhub.cli.output import AnyMarket, complain, complain_at_end, json_line, place, record, say
from crowdhub.cli.signals import INTERRUPTED
from crowdhub.errors import InvalidRequest, OutcomeUnknown
from crowdhub.model import Capability, Quote, TaskDraft
from crowdhub.model.keys import key_issues
from crowdhub.operations.spending import DryRun


@command
def publish(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A TOML or JSON file with the draft's fields.")
    ] = None,
    account: Account = None,
    config: Config = None,
    title: Annotated[str | None, typer.Option(help="What workers choose by.")] = None,
    instructions: Annotated[str | None, typer.Option(help="What to do.")] = None,
    reward: Annotated[str | None, typer.Option(help='For one accepted piece of work: "0.50 USD", or 0.50.')] = None,
    slots: Annotated[int | None, typer.Option(help="How many pieces of work are wanted.")] = None,
    proof: Annotated[str | None, typer.Option(help="What must be handed in.")] = None,
    category: Annotated[str | None, typer.Option(help="In the marketplace's own words.")] = None,
    subcategory: Annotated[str | None, typer.Option(help="In the marketplace's own words.")] = None,
    country: Annotated[list[str] | None, typer.Option(help="Who may work; may be repeated. All without.")] = None,
    language: Annotated[str | None, typer.Option(help="The task's language.")] = None,
    image: Annotated[str | None, typer.Option(help="A picture to show.")] = None,
    deadline: Annotated[str | None, typer.Option(help="A moment (2026-01-31T12:00Z) or a span (P3D).")] = None,
    auto_approve: Annotated[
        bool | None, typer.Option("--auto-approve/--no-auto-approve", help="Let the marketplace approve by itself.")
    ] = None,
    key: Annotated[
        str | None, typer.Option(help="The same key never publishes twice. One is made and shown without.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be sent and cost; send nothing.")] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Publish a task, described by a file, by options, or by both. Options go over the file; it is charged at once."""
    with opened(config, account) as market:
        fields: dict[str, object] = read_file(file) if file is not None else {}
        given = {
            "title": title,
            "instructions": instructions,
            "reward": reward,
            "slots": slots,
            "proof": proof,
            "category": category,
            "subcategory": subcategory,
            "countries": country or None,
            "language": language,
            "image": image,
            "deadline": deadline,
            "auto_approve": auto_approve,
        }
        wanted = draft(fields | {name: value for name, value in given.items() if value is not None}, market.currency)
        if dry_run:
            _show_dry(market, wanted, key, as_json=as_json)
            return
        if issues := key_issues(key):
            raise InvalidRequest(issues=issues)
        market.check(wanted)  # what is wrong with it is said before anybody is asked
        cost = _cost(market, wanted)
        confirm(
            market, f"Publish {wanted.title!r} on {place(market)}? It takes {cost or 'an unknown amount'}.", yes=yes
        )
        if key is None:
            key = "cli-" + secrets.token_hex(6)
        complain(f"Publishing on {place(market)} under the key {key}")
        _publish(market, wanted, key, as_json=as_json)


def _publish(market: AnyMarket, wanted: TaskDraft, key: str, *, as_json: bool) -> None:
    again = f"Run the same command with --key {key}: it looks for what was published and does not publish it twice."
    try:
        task = market.publish(wanted, key=key)
    except KeyboardInterrupt:
        message = f"Interrupted on {place(market)}: the task may have been published and paid for."
        complain_at_end(message, again, spent=True)
        raise typer.Exit(INTERRUPTED) from None
    except OutcomeUnknown:
        complain(again)
        raise
    if as_json:
        json_line(record(task))
        return
    say(f"{place(market)}: task {task.id} is {task.status}" + (" (published before)" if task.replayed else ""))
    if task.charged is not None:
        say(f"taken from the balance: {task.charged}")
    if task.url:
        say(task.url)
    for each in task.warnings:
        complain(f"Note: {each}")


def _cost(market: AnyMarket, wanted: TaskDraft) -> Quote | None:
    return market.estimate(wanted) if Capability.ESTIMATE in market.capabilities else None


def _show_dry(market: AnyMarket, wanted: TaskDraft, key: str | None, *, as_json: bool) -> None:
    plan = market.publish(wanted, key=key, dry_run=True)
    if as_json:
        json_line(record(plan, account=market.name, environment=market.environment))
    else:
        _say_plan(market, plan, key)
    if plan.obstacles:
        raise typer.Exit(WOULD_NOT)


def _say_plan(market: AnyMarket, plan: DryRun, key: str | None) -> None:
    if plan.is_done:
        say(f"The key {key} was published before on {place(market)}: it gives its task back, and nothing is sent.")
        return
    say(f"Would send to {place(market)}: {plan.method} {plan.path}")
    for name, value in plan.content.items():
        say(f"  {name}: {value}")
    if plan.quote is not None:
        assumed = f" ({plan.quote.assumption})" if plan.quote.assumption else ""
        say(f"It would take {plan.quote}{assumed}.")
    for why in plan.obstacles:
        say(f"It would not go through now: {why}")
    say("Nothing was published.")
