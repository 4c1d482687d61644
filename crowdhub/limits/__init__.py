"""The request budget: no account passes its marketplace's limits, over all processes that share the ledger."""

from crowdhub.limits.gates import Gates
from crowdhub.limits.memory import MemoryGate
from crowdhub.limits.rules import bucket_of
from crowdhub.limits.shared import SharedGate

__all__ = ["Gates", "MemoryGate", "SharedGate", "bucket_of"]
