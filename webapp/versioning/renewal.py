"""Takes guards off tables and makes them anew, for migrations, which alter tables under them.

Guards are made for the columns that a table has at that moment, which may be fewer than its model
has: a migration goes from one state to the next.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Column,
    Computed,
    Connection,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    inspect,
    text,
)

from .anchors import ANCHOR, ANCHORED, anchor_statements, refill_statement
from .guard import KINDS, guard_statements
from .links import OWNER
from .shape import DIGESTS, KEY, PART, VERSION_COLUMNS

OF_TABLE = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table",
    "postgresql": "SELECT tgname FROM pg_trigger"
    " WHERE NOT tgisinternal AND tgrelid = to_regclass(:table)",
}


def is_guarded(table: Table) -> bool:
    """Whether a table of these models has guards: it holds versions, or what is never altered."""
    return not table.info.keys().isdisjoint(KINDS)


def made_for(table: Table) -> Table:
    """The table that another was made for by itself (digests, links, records), else the table."""
    return next((table.info[key] for key in (DIGESTS, ANCHORED, OWNER) if key in table.info), table)


def digested_columns(table: Table) -> frozenset[str]:
    """The columns whose values of old versions are history: digests are made of what they hold.

    Empty for a table that holds no versions.
    """
    if "versioned" in table.info:
        in_place = table.info["versioned"]
    elif PART in table.info:
        in_place = table.info[PART][1]
    else:
        return frozenset()
    left_out = {*KEY, *VERSION_COLUMNS, *in_place}
    return frozenset(c.name for c in table.c if c.computed is None) - left_out


def drop_guards(connection: Connection, table: Table) -> None:
    """Take the guards off a table. Whoever does so says `renew_guards` before the commit."""
    if connection.dialect.name in OF_TABLE:
        _drop(connection, table, f"{table.name}_guard_")


def renew_guards(connection: Connection, table: Table) -> None:
    """Make the guards of a table anew, whatever stands there, and what keeps its table of records.

    A table that is not there is passed over.
    """
    columns = _columns_there(connection, table)
    if not columns or connection.dialect.name not in OF_TABLE:
        return
    drop_guards(connection, table)
    for statement in guard_statements(_narrowed(table, columns), connection.dialect.name):
        connection.execute(text(statement))
    anchor = table.info.get(ANCHOR)
    if anchor is None or not _columns_there(connection, anchor):
        return
    _drop(connection, table, f"{anchor.name}_")
    _, *statements = anchor_statements(anchor, connection.dialect.name)
    for statement in (*statements, refill_statement(anchor)):
        connection.execute(text(statement))


def _columns_there(connection: Connection, table: Table) -> set[str]:
    here = inspect(connection)  # one of its own: what it knows does not outlive it
    if not here.has_table(table.name, schema=table.schema):
        return set()
    return {each["name"] for each in here.get_columns(table.name, schema=table.schema)}


def _narrowed(table: Table, names: set[str]) -> Table:
    """The table as far as it is there; guards ask for its columns and its key, in their order."""
    columns = [Column(c.name, c.type, *_computed(c)) for c in table.c if c.name in names]
    key = PrimaryKeyConstraint(*(c.name for c in table.primary_key))
    return Table(table.name, MetaData(), *columns, key, schema=table.schema, info=table.info)


def _computed(column: Column[Any]) -> list[Computed]:
    return [] if column.computed is None else [Computed(column.computed.sqltext)]


def _drop(connection: Connection, table: Table, prefix: str) -> None:
    dialect = connection.dialect
    full = dialect.identifier_preparer.format_table(table)
    asked = full if dialect.name == "postgresql" else table.name
    on = f" ON {full}" if dialect.name == "postgresql" else ""
    for name in connection.scalars(text(OF_TABLE[dialect.name]), {"table": asked}).all():
        if name.startswith(prefix):
            quoted = dialect.identifier_preparer.quote_identifier(name)
            connection.execute(text(f"DROP TRIGGER {quoted}{on}"))
