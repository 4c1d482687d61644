"""`python -m crowdhub.sandbox rapidworkers`: run sandboxes until Ctrl-C or SIGTERM.

The first line on standard output is the accounts as JSON, for a program that started this one to read.
"""

import argparse
import json
import sys

from crowdhub import strictjson
from crowdhub.sandbox import AccountSettings, SandboxError, run_forever, sandbox_names
from crowdhub.strictjson import NameTwice


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the exit code is 2 for a wrong command line or name."""
    parser = argparse.ArgumentParser(prog="python -m crowdhub.sandbox", description="Run local marketplaces.")
    parser.add_argument("names", nargs="+", metavar="MARKET", help=", ".join(sandbox_names()) or "none installed")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="of the first market; the others follow on")
    parser.add_argument("--seed", type=int, default=0, help="the same seed, the same people, texts and keys")
    parser.add_argument("--realtime", action="store_true", help="follow the machine's clock; workers act on it")
    parser.add_argument("--json", action="store_true", help="print the accounts as JSON and nothing else")
    parser.add_argument(
        "--set", action="append", default=[], metavar="MARKET.OPTION=VALUE", help="an option, as JSON or text"
    )
    given = parser.parse_args(arguments)

    def announce(accounts: dict[str, AccountSettings]) -> None:
        sys.stdout.write(json.dumps(accounts) + "\n")
        if not given.json:
            sys.stdout.write("\n".join(("", *_toml(accounts), "", "Ctrl-C stops the sandbox.", "")))
        sys.stdout.flush()

    try:
        options = _options(given.set)
        run_forever(
            given.names,
            host=given.host,
            port=given.port,
            seed=given.seed,
            realtime=given.realtime,
            options=options,
            announce=announce,
        )
    except (SandboxError, ValueError, TypeError) as mistake:
        sys.stderr.write(f"{mistake}\n")
        return 2
    return 0


def _options(settings: list[str]) -> dict[str, dict[str, object]]:
    options: dict[str, dict[str, object]] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        market, dot, option = name.partition(".")
        if not (equals and dot):
            raise ValueError(f"--set takes MARKET.OPTION=VALUE, not {setting!r}")
        try:
            options.setdefault(market, {})[option] = strictjson.loads(value)
        except NameTwice as twice:
            raise ValueError(f"--set {name}: {twice}") from None
        except ValueError:
            options[market][option] = value
    return options


def _toml(accounts: dict[str, AccountSettings]) -> list[str]:
    lines = ["# for crowdhub.toml"]
    for name, settings in accounts.items():
        lines.append(f"[accounts.{name}]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    return lines


if __name__ == "__main__":
    sys.exit(main())
