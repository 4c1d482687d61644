"""The request budget: no account passes its marketplace's limits, over all processes that share the database."""

from crowdhub.ratelimit.gates import Gates
from crowdhub.ratelimit.memory import MemoryGate
from crowdhub.ratelimit.rules import bucket_of
from crowdhub.ratelimit.shared import SharedGate

__all__ = ["Gates", "MemoryGate", "SharedGate", "bucket_of"]
