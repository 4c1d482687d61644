"""`prove`: all paths on which so much goes wrong, and what was wrong on any of them."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from crowdhub.cli.common import MARKETPLACE, command, needs
from crowdhub.cli.output import complain, console, json_line, say, table
from crowdhub.errors import ConfigurationError, InvalidRequest, Issue

if TYPE_CHECKING:
    from crowdhub.testing.prover import Proof, Prover, Scenario


@command
def prove(
    provider: Annotated[
        list[str] | None,
        typer.Option("--provider", "-p", help="An installed marketplace with a sandbox (repeatable); all without."),
    ] = None,
    operation: Annotated[
        list[str] | None,
        typer.Option(
            "--operation", "-o", help="publish, batch, purchase, bonus, review or bulk (repeatable); all without."
        ),
    ] = None,
    variant: Annotated[
        list[str] | None,
        typer.Option(
            "--variant",
            help="one client, two with one key, two with ledgers of their own, two with keys of their own, and those"
            " with a budget for one (repeatable); all without.",
        ),
    ] = None,
    depth: Annotated[int, typer.Option(min=0, help="Departures from the good way on one path, at most.")] = 1,
    path: Annotated[str | None, typer.Option("--path", help="Go this path alone, and tell each step.")] = None,
    planted: Annotated[bool, typer.Option("--planted", help="Put faults into the core: each must be caught.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON, one object for each operation.")] = False,
) -> None:
    """Go through all paths; nothing is paid twice or lost.

    The marketplaces run inside this process. Exit code 1 where something was wrong on any path, or a planted fault was
    not caught.
    """
    chosen_too = [
        name
        for name, given in (
            ("--path", path is not None),
            ("--provider", provider),
            ("--operation", operation),
            ("--variant", variant),
        )
        if given
    ]
    if (planted and chosen_too) or (path is not None and len(chosen_too) > 1):
        alone = "--planted" if planted else "--path"
        others = ", ".join(name for name in chosen_too if name != alone)
        raise InvalidRequest(issues=[Issue(alone, f"goes paths of its own; it cannot stand beside {others}")])
    try:
        from crowdhub.testing.campaign import names
        from crowdhub.testing.prover import Prover
    except ImportError as missing:
        raise needs(missing) from None
    with _quiet(), Prover() as prover:
        if planted:
            good = _planted()
        elif path is not None:
            good = _replayed(prover, path)
        else:
            chosen = list(_chosen(_readings(provider or names()), operation, variant, tell=not as_json))
            if not chosen:
                raise ConfigurationError("Nothing of what was chosen can be gone through.")
            good = _proven(prover, chosen, depth, as_json=as_json)
    if not good:
        raise typer.Exit(MARKETPLACE)


@contextmanager
def _quiet() -> Generator[None]:
    """What the core logs of thousands of crashes is not to be read."""
    log = logging.getLogger("crowdhub")
    before = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        log.setLevel(before)


def _readings(providers: Sequence[str]) -> list[str]:
    """The marketplaces, each as it is and in each of its readings."""
    from crowdhub.testing.subject import readings_of

    return [each for provider in providers for each in readings_of(provider)]


def _chosen(
    providers: Sequence[str], operations: Sequence[str] | None, variants: Sequence[str] | None, *, tell: bool
) -> Iterator[Scenario]:
    from crowdhub.testing.campaign.profile import profile_of
    from crowdhub.testing.prover import OPERATIONS, VARIANTS, CannotBeCopied, left_out, scenarios

    for names, known in ((operations or (), OPERATIONS), (variants or (), VARIANTS)):
        for name in names:
            if name not in known:
                raise ConfigurationError(f"{name!r} is none of {', '.join(known)}.")
    for provider in providers:
        for operation in operations or OPERATIONS:
            why = left_out(profile_of(provider), operation)
            if why is not None and tell:
                complain(f"{provider}/{operation} is left out: {why}")
        try:
            found = list(scenarios(provider, operations or OPERATIONS))
        except CannotBeCopied as why:
            complain(f"{provider} is left out: {why}")
            continue
        yield from (each for each in found if not variants or each.variant in variants)


def _proven(prover: Prover, scenarios: Sequence[Scenario], depth: int, *, as_json: bool) -> bool:
    from crowdhub.testing.prover import report

    proofs: list[Proof] = []
    for scenario in scenarios:
        proof = prover.prove(scenario, depth)
        proofs.append(proof)
        if as_json:
            json_line(report.as_dict(proof))
        else:
            complain(f"{proof.scenario}: {proof.paths.total():,} paths in {proof.seconds:.0f} s")
    good = not any(each.violations for each in proofs)
    if as_json:
        return good
    table(console(), list(report.HEAD), [report.row(each) for each in proofs])
    if depth:
        say("")
        say("Paths on which it happens:")
        for words, count in report.happened(proofs):
            say(f"{count:>9,}  {words}")
    for each in proofs:
        for sentence, count, paths in report.by_kind(each.violations):
            say(f"WRONG on {count:,} paths: {sentence}", style="bold red")
            for where in paths:
                say(f"  crowdhub prove --path {where}")
    say("")
    say(report.summary(proofs), style="bold green" if good else "bold red")
    if any(each.outside.total() for each in proofs):
        say(
            "Outside: paths on which what the guarantee assumes did not hold (a request left later than"
            " settles_within after it was noted; a second ledger could not see what the first one's request did)."
        )
    return good


def _replayed(prover: Prover, path: str) -> bool:
    from crowdhub.testing.prover import NotRepeatable, paths
    from crowdhub.testing.prover.scenarios import scenario_of

    name, _, choices = path.rpartition("/")
    try:
        scenario, wanted = scenario_of(name), paths.read(choices)
        findings = prover.replay(scenario, wanted, say)
    except (LookupError, ValueError, NotRepeatable) as error:
        raise ConfigurationError(f"{path!r} is no path: {error}") from None
    for sentence in findings.violations:
        say(f"WRONG: {sentence}", style="bold red")
    if not findings.violations:
        say("Nothing is wrong on this path.", style="bold green")
    return not findings.violations


def _planted() -> bool:
    from crowdhub.testing.prover.planted import FAULTS, check

    missed = 0
    for verdict in check():
        missed += not verdict.caught
        word = "caught" if verdict.caught else "MISSED"
        by = verdict.path or f"{verdict.paths:,} paths of {verdict.fault.scenario}, depth {verdict.fault.depth}"
        say(f"{word}  {verdict.fault.name:<58} {by}")
    say("")
    say(f"{len(FAULTS) - missed} of {len(FAULTS)} planted faults caught.")
    return not missed
