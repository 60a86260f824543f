"""Ids for new records: a composite primary key has no autoincrement on every database."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Integer, Table, func, literal, select, text, update
from sqlalchemy.orm import Mapper, Session

from .shape import version_table

FAR = 1000


def allots_ids(mapper: Mapper[Any]) -> bool:
    """Whether ids are ours to allot: integers without a default of the model's own."""
    column = version_table(mapper).c.id
    return isinstance(column.type, Integer) and column.default is None


def allot_ids(
    session: Session, mapper: Mapper[Any], count: int, given: Iterable[int] = ()
) -> list[int]:
    """`count` fresh ids for the mapper's records, never one that was used before.

    `given` are ids that are about to be used too, and not in the table yet.
    PostgreSQL: from the identity's sequence, which concurrent writers share without waiting.
    Elsewhere: past the largest, under the write lock that a single-writer database has anyway.
    """
    connection = session.connection(bind_arguments={"mapper": mapper})
    table = version_table(mapper)
    floor = max(given, default=0)
    if connection.dialect.name == "postgresql":
        sequence = _sequence(connection, table)
        if sequence is not None:
            return _from_sequence(connection, table, sequence, count, floor)
    return _past_the_largest(connection, table, count, floor)


def _past_the_largest(connection: Connection, table: Table, count: int, floor: int) -> list[int]:
    # an UPDATE of no row: whoever comes second waits here, before the largest id is read
    connection.execute(update(table).values(version_id=table.c.version_id).where(text("1 = 0")))
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_lock_key(table))))
    largest = connection.scalar(select(func.max(table.c.id))) or 0
    largest = max(largest, floor)
    return list(range(largest + 1, largest + 1 + count))


def _sequence(connection: Connection, table: Table) -> str | None:
    name = connection.dialect.identifier_preparer.format_table(table)
    found: str | None = connection.scalar(select(func.pg_get_serial_sequence(name, "id")))
    return found


def _from_sequence(
    connection: Connection, table: Table, sequence: str, count: int, floor: int
) -> list[int]:
    """The sequence's next values; past the ids that rows were given by hand.

    A sequence that lies behind is drawn from until it has caught up, so that it never goes back
    under those who draw meanwhile. It is set only where it lies far behind.
    """
    drawn, largest = _draw(connection, table, sequence, count)
    fresh = [id for id in drawn if id > max(largest, floor)]
    if len(fresh) < count:
        connection.execute(select(func.pg_advisory_xact_lock(_lock_key(table))))
    while len(fresh) < count:
        behind = max(largest, floor) - drawn[-1]
        if behind > FAR:
            connection.execute(select(func.setval(sequence, max(largest, floor))))
            behind = 0
        drawn, largest = _draw(connection, table, sequence, max(behind, 0) + count)
        fresh = [id for id in drawn if id > max(largest, floor)]
    return fresh[-count:]


def _draw(connection: Connection, table: Table, sequence: str, count: int) -> tuple[list[int], int]:
    """So many values of the sequence, rising, and the largest id in the table."""
    # MATERIALIZED, else nextval() would be called anew wherever the value is used
    drawn = (
        select(func.nextval(sequence).label("id"))
        .select_from(func.generate_series(1, literal(count, Integer)).alias())
        .cte("drawn")
        .prefix_with("MATERIALIZED")
    )
    largest = select(func.coalesce(func.max(table.c.id), 0)).scalar_subquery()
    rows = connection.execute(select(drawn.c.id, largest)).all()
    return sorted(row[0] for row in rows), rows[0][1]


def _lock_key(table: Table) -> Any:
    return func.hashtext(f"versioning {table.fullname}")
