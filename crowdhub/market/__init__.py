"""A provider bound to one account: what the application calls.

``Market`` and ``AsyncMarket`` are thin. What takes more than one flow (reviewing, watching, going through
pages, publishing once) is written once, as a script of steps without I/O, and driven by either.
"""

from crowdhub.market.aio import AsyncMarket
from crowdhub.market.sync import Market
from crowdhub.market.watch import AsyncWatch, Watch
from crowdhub.operations.market_watch import WatchProblem

__all__ = ["AsyncMarket", "AsyncWatch", "Market", "Watch", "WatchProblem"]
