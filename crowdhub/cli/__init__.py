"""The `crowdhub` command. Exit codes: 0 done · 1 the marketplace's errors · 2 yours · 3 some decisions of a review
failed or are unknown · 4 a fault of crowdhub or of this machine · 5 a dry run would not go through · 130 Ctrl-C ·
143 SIGTERM."""

from __future__ import annotations

import sys

from crowdhub._version import __version__
from crowdhub.cli.signals import STOPS


def main() -> None:
    """The entry point; says what to install where the extra `cli` is missing."""
    raise SystemExit(STOPS.around(_program))


def _program() -> int:
    from crowdhub.cli.boundary import guarded

    if sys.argv[1:] == ["--version"]:  # answered without the libraries that read a command line
        return guarded(lambda: sys.stdout.write(f"crowdhub {__version__}\n"))
    try:
        import rich
        import typer
    except ModuleNotFoundError as missing:
        sys.stderr.write(f'The command needs the package {missing.name!r}: pip install "crowdhub[cli]"\n')
        return 2
    del rich, typer
    return guarded(_commands)


def _commands() -> None:
    from crowdhub.cli.app import run

    run()
