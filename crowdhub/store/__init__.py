"""The database: SQLite or PostgreSQL, its schema, migrations and transactions."""

from crowdhub.store import ticks
from crowdhub.store.address import default_path, is_missing, sandbox_path
from crowdhub.store.database import Database
from crowdhub.store.moments import micros, moment_of

__all__ = ["Database", "default_path", "is_missing", "micros", "moment_of", "sandbox_path", "ticks"]
