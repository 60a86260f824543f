"""Ids for new records: a composite primary key has no autoincrement on every database."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Integer, Table, func, literal, select, text, update
from sqlalchemy.orm import Mapper, Session

from .shape import version_table

#: More ids than others draw while one transaction moves the sequence.
FAR = 100_000


def allots_ids(mapper: Mapper[Any]) -> bool:
    """Whether ids are ours to allot: integers without a default of the model's own."""
    column = version_table(mapper).c.id
    return isinstance(column.type, Integer) and column.default is None


def allot_ids(
    session: Session, mapper: Mapper[Any], count: int, given: Iterable[int] = ()
) -> list[int]:
    """`count` fresh ids for the mapper's records, never one that was used before.

    `given` are ids that are about to be inserted beside them.

    PostgreSQL: from the identity's sequence, which concurrent writers share without waiting.
    Elsewhere: past the largest, under the write lock that a single-writer database has anyway.
    """
    connection = session.connection(bind_arguments={"mapper": mapper})
    table, above = version_table(mapper), max(given, default=0)
    if connection.dialect.name == "postgresql":
        sequence = _sequence(connection, table)
        if sequence is not None:
            return _from_sequence(connection, table, sequence, count, above)
    return _past_the_largest(connection, table, count, above)


def _past_the_largest(connection: Connection, table: Table, count: int, above: int) -> list[int]:
    # an UPDATE of no row: whoever comes second waits here, before the largest id is read
    connection.execute(update(table).values(version_id=table.c.version_id).where(text("1 = 0")))
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_lock_key(table))))
    stored = connection.scalar(select(func.coalesce(func.max(table.c.id), 0))) or 0
    largest = max(stored, above)
    return list(range(largest + 1, largest + 1 + count))


def _sequence(connection: Connection, table: Table) -> str | None:
    name = connection.dialect.identifier_preparer.format_table(table)
    found: str | None = connection.scalar(select(func.pg_get_serial_sequence(name, "id")))
    return found


def _from_sequence(
    connection: Connection, table: Table, sequence: str, count: int, above: int
) -> list[int]:
    """The sequence's next values; first past the ids that rows were given by hand."""
    ids, largest = _draw(connection, table, sequence, count)
    if ids[0] > max(largest, above):
        return ids
    connection.execute(select(func.pg_advisory_xact_lock(_lock_key(table))))
    # who held the lock has moved the sequence on
    ids, largest = _draw(connection, table, sequence, count)
    largest = max(largest, above)
    if ids[0] > largest:
        return ids
    if largest - ids[-1] > FAR:
        connection.execute(select(func.setval(sequence, largest)))
    elif largest > ids[-1]:  # drawn, not set: others draw at the same time
        _draw(connection, table, sequence, largest - ids[-1])
    return _draw(connection, table, sequence, count)[0]


def _draw(connection: Connection, table: Table, sequence: str, count: int) -> tuple[list[int], int]:
    """The sequence's next values, in order, and the largest id in the table."""
    largest = select(func.coalesce(func.max(table.c.id), 0)).scalar_subquery()
    # MATERIALIZED, else nextval() would be called anew wherever the value is used
    drawn = (
        select(func.nextval(sequence).label("id"))
        .select_from(func.generate_series(1, literal(count, Integer)).alias())
        .cte("drawn")
        .prefix_with("MATERIALIZED")
    )
    rows = connection.execute(select(drawn.c.id, largest)).all()
    return sorted(row[0] for row in rows), rows[0][1]


def _lock_key(table: Table) -> Any:
    return func.hashtext(f"versioning {table.fullname}")
