"""The deliberate bugs, those of the scaffolded provider first."""

from crowdhub.testing.mutants import onedoor_bugs, real_bugs, scaffold_bugs
from crowdhub.testing.mutants.bug import Bug

__all__ = ["BUGS", "Bug"]

BUGS: tuple[Bug, ...] = (*scaffold_bugs.BUGS, *onedoor_bugs.BUGS, *real_bugs.BUGS)
