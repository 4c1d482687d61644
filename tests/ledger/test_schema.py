"""The migrations make what the code believes to be there."""

from sqlalchemy import inspect

from crowdhub.ledger import Ledger
from crowdhub.store.schema import IntentRow, intents, metadata


def test_the_migrations_make_the_tables_that_the_code_knows(ledger: Ledger) -> None:
    found = inspect(ledger.database.engine)
    for table in metadata.sorted_tables:
        columns = {each["name"]: each for each in found.get_columns(table.name)}
        assert set(columns) == set(table.columns.keys()), table.name
        for column in table.columns:
            if not column.primary_key:
                assert columns[column.name]["nullable"] == column.nullable, f"{table.name}.{column.name}"
        key = found.get_pk_constraint(table.name)["constrained_columns"]
        assert set(key) == set(table.primary_key.columns.keys()), table.name


def test_a_row_has_the_columns_in_their_order() -> None:
    assert list(IntentRow._fields) == list(intents.columns.keys())
