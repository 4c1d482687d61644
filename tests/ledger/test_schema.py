"""The migrations make what the code believes to be there."""

from sqlalchemy import inspect

from crowdhub.store.schema import metadata


def test_the_migrations_make_the_tables_that_the_code_knows(ledger):
    found = inspect(ledger.database.engine)
    for table in metadata.sorted_tables:
        columns = {each["name"]: each for each in found.get_columns(table.name)}
        assert set(columns) == set(table.columns.keys()), table.name
        for column in table.columns:
            if not column.primary_key:
                assert columns[column.name]["nullable"] == column.nullable, f"{table.name}.{column.name}"
        key = found.get_pk_constraint(table.name)["constrained_columns"]
        assert set(key) == set(table.primary_key.columns.keys()), table.name
