"""`sandbox`: marketplaces on this machine, run by hand."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Annotated

import typer

from crowdhub import strictjson
from crowdhub.cli.common import command, needs
from crowdhub.cli.output import complain, console, json_line
from crowdhub.errors import ConfigurationError, InvalidRequest, Issue
from crowdhub.protocol import is_loopback
from crowdhub.strictjson import NameTwice


@command
def sandbox(
    markets: Annotated[
        list[str] | None, typer.Argument(metavar="[MARKET]...", help="Their names; all that are installed without.")
    ] = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Of the first market, the others follow on; 0: any free ones.")
    ] = 0,
    seed: Annotated[
        int | None, typer.Option(help="The same seed, the same people, texts and keys; without one, others each time.")
    ] = None,
    realtime: Annotated[bool, typer.Option(help="People hand in as real time passes.")] = True,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="MARKET.OPTION=VALUE", help="An option of a market, as JSON or text."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the accounts as one line of JSON.")] = False,
) -> None:
    """Run marketplaces on this machine until Ctrl-C. The accounts to use are printed."""
    try:
        from crowdhub.sandbox import SandboxError, run_forever, sandbox_names
    except ImportError as missing:
        raise needs(missing) from None

    if not host.strip():
        raise InvalidRequest(issues=[Issue("--host", "is empty; 127.0.0.1 is reached from this machine alone")])
    if not is_loopback(f"//{f'[{host}]' if ':' in host else host}"):
        complain(f"Whoever reaches {host} can use these marketplaces, and read their requests.")

    def announce(accounts: Mapping[str, Mapping[str, object]]) -> None:
        if as_json:
            json_line(accounts)
            return
        out = console()
        out.print(
            "\n".join(["# Write this into crowdhub.toml, or give it to Hub(...).", *as_toml(accounts)]), soft_wrap=True
        )
        out.print("\n# Ctrl-C stops it.", soft_wrap=True)

    try:
        run_forever(
            markets or sandbox_names(),
            host=host,
            port=port,
            seed=secrets.randbelow(1 << 32) if seed is None else seed,
            realtime=realtime,
            options=_options(settings or []),
            announce=announce,
        )
    except (SandboxError, TypeError) as mistake:  # an option that a market does not have is a TypeError
        raise ConfigurationError(str(mistake), next_step="") from None


def as_toml(accounts: Mapping[str, Mapping[str, object]]) -> list[str]:
    """The accounts as sections of a settings file."""
    lines: list[str] = []
    for name, settings in accounts.items():
        lines += ["", f"[accounts.{name}]", *(f"{key} = {json.dumps(value)}" for key, value in settings.items())]
    return lines


def _options(settings: list[str]) -> dict[str, dict[str, object]]:
    options: dict[str, dict[str, object]] = {}
    issues: list[Issue] = []
    for setting in settings:
        name, equals, value = setting.partition("=")
        market, dot, option = name.partition(".")
        if not (equals and dot and market and option):
            issues.append(Issue("--set", f"takes MARKET.OPTION=VALUE, not {setting!r}"))
            continue
        given = options.setdefault(market, {})
        try:
            given[option] = strictjson.loads(value)
        except NameTwice as twice:
            issues.append(Issue(f"--set {name}", f"names {twice.name!r} twice"))
        except ValueError:
            given[option] = value
    if issues:
        raise InvalidRequest(issues=issues)
    return options
