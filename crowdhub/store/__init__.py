"""The database: SQLite or PostgreSQL, its schema, migrations and transactions."""

from crowdhub.store.database import Database, default_path

__all__ = ["Database", "default_path"]
