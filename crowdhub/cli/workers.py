"""`block`, `unblock` and `blocked`: the people."""

from __future__ import annotations

from typing import Annotated

import typer

from crowdhub.cli.common import Account, AsJson, Config, command, opened
from crowdhub.cli.output import Columns, json_line, listing, place, record, say
from crowdhub.model import Worker

BLOCKED: Columns[Worker] = {
    "id": lambda worker: worker.id,
    "name": lambda worker: worker.name,
    "since": lambda worker: worker.blocked_at,
}

WorkerId = Annotated[str, typer.Argument(metavar="WORKER", help="The worker's id, as submissions show it.")]


@command
def block(
    worker: WorkerId,
    account: Account = None,
    config: Config = None,
    reason: Annotated[str | None, typer.Option(help="Why; kept by the marketplaces that have a place for it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Keep a worker away from an account's tasks."""
    with opened(config, account) as market:
        done = market.block(worker, reason)
        if as_json:
            json_line(record(done, account=market.name, environment=market.environment))
        else:
            say(f"{place(market)}: {done.id} is blocked")


@command
def unblock(worker: WorkerId, account: Account = None, config: Config = None, as_json: AsJson = False) -> None:
    """Let a blocked worker work again."""
    with opened(config, account) as market:
        done = market.unblock(worker)
        if as_json:
            json_line(record(done, account=market.name, environment=market.environment))
        else:
            say(f"{place(market)}: {done.id} is not blocked")


@command
def blocked(account: Account = None, config: Config = None, as_json: AsJson = False) -> None:
    """The workers that are blocked."""
    with opened(config, account) as market:
        _ = listing(market, "Blocked workers", market.blocked_workers(), BLOCKED, as_json=as_json)
