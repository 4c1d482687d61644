"""What every command shares: the options, the choice of an account, and how an error ends the program."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from functools import wraps
from pathlib import Path
from typing import Annotated, ParamSpec, TypeVar

import typer

from crowdhub.cli.boundary import BROKEN_PIPE, give_up_output
from crowdhub.cli.output import AnyMarket, complain, error_line, place
from crowdhub.cli.signals import INTERRUPTED
from crowdhub.errors import CallerError, ConfigurationError, CrowdhubError, InvalidRequest, Issue
from crowdhub.hub import Hub
from crowdhub.hub.base import only_reads
from crowdhub.hub.config import named

P = ParamSpec("P")
R = TypeVar("R")

MARKETPLACE, CALLER, UNSETTLED, WOULD_NOT = 1, 2, 3, 5

Account = Annotated[
    str | None,
    typer.Option(
        "--account",
        "-a",
        envvar="CROWDHUB_ACCOUNT",
        help="The account to use. Needed wherever there is more than one, and always for a live one.",
        show_default=False,
    ),
]
Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="The settings file, instead of the nearest crowdhub.toml.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON, one object a line; money as text.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before money moves on a live account.")]


def command(work: Callable[P, R]) -> Callable[P, R]:
    """Turn what a command raises into words on standard error and an exit code."""

    @wraps(work)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            result = work(*args, **kwargs)
            sys.stdout.flush()
        except CrowdhubError as error:
            tell(error, as_json=bool(kwargs.get("as_json")))
            raise typer.Exit(CALLER if isinstance(error, CallerError) else MARKETPLACE) from None
        except BrokenPipeError:  # `crowdhub tasks | head`: the reader has what it wanted
            give_up_output()
            raise typer.Exit(BROKEN_PIPE) from None
        except typer.Exit:
            raise
        except Exception as error:
            if not _of_the_sandbox(error):
                raise
            tell(ConfigurationError(str(error), next_step=""), as_json=bool(kwargs.get("as_json")))
            raise typer.Exit(CALLER) from None
        except KeyboardInterrupt:  # the end of the program says so, and with what exit code
            raise typer.Exit(INTERRUPTED) from None
        return result

    return guarded


def _of_the_sandbox(error: Exception) -> bool:
    """Whether a sandbox refused what it was asked for; few commands need the package that says so."""
    module = sys.modules.get("crowdhub.sandbox.errors")  # where it was not needed, it cannot be the sandbox's
    return module is not None and isinstance(error, module.SandboxError)


def needs(missing: ImportError, next_step: str = "") -> ConfigurationError:
    """The error of a command whose packages are not installed."""
    return ConfigurationError(str(missing), next_step=next_step)


@contextmanager
def writing(option: str) -> Generator[None]:
    """Around what writes files where ``option`` says: a place that takes none is the caller's."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            raise
        raise InvalidRequest(issues=[Issue(option, f"{error.filename} cannot be written: {error.strerror}")]) from None


def tell(error: CrowdhubError, *, as_json: bool) -> None:
    """Say it on standard error, as a line of JSON where the output is JSON."""
    if as_json:
        error_line(error)
    else:
        complain(str(error).strip())


@contextmanager
def opened(config: Path | None, account: str | None) -> Generator[AnyMarket]:
    """The market of the account that was asked for. There is no default live account."""
    with open_hub(config) as hub:
        yield choose(hub, account)


def is_here(folder: Path) -> bool:
    """Whether that is the working folder, which may have been deleted."""
    with suppress(FileNotFoundError):
        return folder == Path.cwd()
    return False


def open_hub(config: Path | None, *, reads: bool = False) -> Hub:
    """All accounts of the settings. ``reads``: only their ledgers are read, and none is made."""
    hub = Hub.from_config(config)
    if reads:
        only_reads(hub)
    found = hub.settings_file
    if found is not None and named(config) is None and not is_here(found.parent):
        complain(f"settings: {found}")
    if not hub.accounts:
        raise ConfigurationError(
            "There is no account.",
            next_step="Write one into crowdhub.toml; `crowdhub sandbox rapidworkers` runs a marketplace to try it on "
            "and prints what to write.",
        )
    return hub


def choose(hub: Hub, account: str | None) -> AnyMarket:
    """The account by name; without one, the only account there is, if it is a sandbox."""
    if account is not None:
        return hub[account]
    names = ", ".join(hub.accounts)
    if len(hub) > 1:
        raise ConfigurationError(f"There are several accounts: {names}.", next_step="Name one with --account.")
    market = hub[hub.accounts[0]]
    if market.environment == "live":
        raise ConfigurationError(
            f"The only account, {place(market)}, is a live one, and a live account is used only when it is named.",
            next_step=f"Add --account {market.name}, or set CROWDHUB_ACCOUNT={market.name}.",
        )
    return market


def confirm(market: AnyMarket, question: str, *, yes: bool) -> None:
    """Ask before money moves on a live account. Leaves the program where the answer is no."""
    if yes or market.environment == "sandbox":
        return
    if not sys.stdin.isatty():
        raise InvalidRequest(
            issues=[Issue("--yes", f"is needed to do this on {place(market)} without anybody to ask")],
            next_step="Add --yes if it is meant; nothing was sent.",
        )
    if not typer.confirm(question, err=True):
        complain("Nothing was sent.")
        raise typer.Exit(CALLER)
