"""Money is spent once: what was asked and paid, on disk before it happens, shared by all processes."""

from crowdhub.errors import LedgerError
from crowdhub.ledger.bookmarks import Bookmark, Bookmarks
from crowdhub.ledger.budget import Budget, Limits
from crowdhub.ledger.content import canonical, reads_files
from crowdhub.ledger.errors import NotHeld, PaidTwice, UnderWay
from crowdhub.ledger.intent import BeginStatus, Begun, Intent, State
from crowdhub.ledger.journal import Decided, JournalEntry, Noted, OpenReview
from crowdhub.ledger.ledger import Held, Ledger, poll_delays
from crowdhub.ledger.planning import KeyState, Need, check_sum, key_states
from crowdhub.ledger.steps import Step
from crowdhub.ledger.totals import Total
from crowdhub.store import Database, default_path

__all__ = [
    "BeginStatus",
    "Begun",
    "Bookmark",
    "Bookmarks",
    "Budget",
    "Database",
    "Decided",
    "Held",
    "Intent",
    "JournalEntry",
    "KeyState",
    "Ledger",
    "LedgerError",
    "Limits",
    "Need",
    "NotHeld",
    "Noted",
    "OpenReview",
    "PaidTwice",
    "State",
    "Step",
    "Total",
    "UnderWay",
    "canonical",
    "check_sum",
    "default_path",
    "key_states",
    "poll_delays",
    "reads_files",
]
