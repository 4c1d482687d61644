"""What a proof found, as data and in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from crowdhub.testing.prover.prover import Proof, Violation

MOST = 3
"""Paths of one kind of violation that are named."""


def as_dict(proof: Proof) -> dict[str, object]:
    return {
        "scenario": proof.scenario,
        "depth": proof.depth,
        "paths": dict(sorted(proof.paths.items())),
        "unknown": dict(sorted(proof.unknown.items())),
        "outside": dict(sorted(proof.outside.items())),
        "happened": dict(proof.happened.most_common()),
        "violations": [
            {"path": each.path, "departures": each.departures, "sentence": each.sentence} for each in proof.violations
        ],
        "seconds": round(proof.seconds, 1),
        "paths_per_minute": per_minute([proof]),
    }


HEAD = ("operation", "paths by departures", "ended unknown", "outside", "violations", "paths a minute")


def row(proof: Proof) -> list[str]:
    """One line of the table."""
    paths = " + ".join(f"{count:,}" for _, count in sorted(proof.paths.items()))
    return [
        proof.scenario,
        paths,
        f"{proof.unknown.total():,}",
        f"{proof.outside.total():,}",
        f"{len({each.path for each in proof.violations}):,}",
        f"{per_minute([proof]):,}",
    ]


def happened(proofs: Iterable[Proof]) -> list[tuple[str, int]]:
    """What departed from the good way, and on how many paths, the most frequent first."""
    counts = sum((each.happened for each in proofs), Counter[str]())
    return counts.most_common()


def per_minute(proofs: Iterable[Proof]) -> int:
    found = list(proofs)
    seconds = sum(each.seconds for each in found)
    return round(sum(each.paths.total() for each in found) / seconds * 60) if seconds else 0


def by_kind(violations: Sequence[Violation]) -> list[tuple[str, int, list[str]]]:
    """Each sentence once, how many paths have it, and the first of them."""
    counts = Counter(each.sentence for each in violations)
    return [
        (sentence, count, [each.path for each in violations if each.sentence == sentence][:MOST])
        for sentence, count in counts.most_common()
    ]


def summary(proofs: Sequence[Proof]) -> str:
    """The last line."""
    paths = sum(each.paths.total() for each in proofs)
    wrong = len({violation.path for each in proofs for violation in each.violations})
    unknown = sum(each.unknown.total() for each in proofs)
    said = f"{paths:,} paths, {unknown:,} of them end unknown, {wrong:,} violations"
    return f"{said}; {per_minute(proofs):,} paths a minute."
