"""The prover: is anything paid twice, or lost, on any path?

`crowdhub prove` goes through **all** paths on which at most so many things go out of the ordinary: a request is lost,
carried out late or answered with nonsense, a process crashes at any step, is stopped, restarts, another asks for the
same at any moment, a listing is behind, cut or altered, others publish, decide and hand in between two requests, a
clock is set, a budget is taken away. Clients are coroutines in one thread, over the real engine,
operations and ledger, and the sandbox's own marketplace; only how they wait and the way to the marketplace are
replaced. After each path the marketplace's own books are compared with the ledger and with what clients were told.

What is left out, as it changes nothing or cannot be shown in one thread:

- A crash is looked at right before each ledger transaction and each request. Between two of them a client has no
  effect on anything outside of it (`tests/prover/test_what_is_left_out.py`), so a crash there is the same as one before
  the second.
- Another process takes over before each of those steps; not right after a wait, where it could have moved already.
- What the core does side by side is done one after the other; request limits are off.
- What others do is played beside one client. A clock is set under one client, and under two with one key that share
  a machine. Time passes before the steps of a client that is alone in publishing and in a bonus; elsewhere after a
  crash, or while the other of two moves.
- A batch (`publish_many`) is one draft: what is charged is told apart by who asks.
- Between a look and the request right after it that settles, and while that is on its way, others decide and hand in
  nothing: no client could know of it.
- Kills of real processes, PostgreSQL, a full or locked disk: see `crowdhub.testing.campaign`.
"""

from crowdhub.testing.prover.paths import NotRepeatable
from crowdhub.testing.prover.prover import Proof, Prover, Violation
from crowdhub.testing.prover.scenarios import OPERATIONS, VARIANTS, Scenario, left_out, scenarios
from crowdhub.testing.prover.snapshot import CannotBeCopied

__all__ = [
    "OPERATIONS",
    "VARIANTS",
    "CannotBeCopied",
    "NotRepeatable",
    "Proof",
    "Prover",
    "Scenario",
    "Violation",
    "left_out",
    "scenarios",
]
