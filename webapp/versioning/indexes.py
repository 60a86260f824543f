"""Indexes over the current rows alone: small, and unique where the living must be unique."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Index, MetaData, Table, inspect, text
from sqlalchemy.schema import conv

CURRENT = "is_current_version = {true}"
#: Marks, in ``Index.info``, the indexes that keep the living apart.
UNIQUE = "versioning.current_unique"
#: In ``Index.info``, how to name an index that the model gave no name.
NAME = "versioning.name"
KEY = {"id", "version_from", "version_to"}
DELETED = "is_current_version = {true} AND version_op = 'delete'"
LIVE = "is_current_version = {true} AND version_op != 'delete'"
ALIVE = "version_op != 'delete'"
TOMBSTONE = "version_op = 'delete'"
#: Marks, in ``Index.info``, the indexes for lists as of a moment.
AS_OF = "versioning.as_of"


def _partial(condition: str) -> dict[str, Any]:
    """The condition in each database's own spelling, the one `queries.live` renders to."""
    return {
        "sqlite_where": text(condition.format(true=1)),
        "postgresql_where": text(condition.format(true="true")),
    }


def only_one_current(table: Table) -> None:
    """Add the unique index by which the database refuses two current rows of one record."""
    name = f"uq_{table.name}_one_current"
    if all(index.name != name for index in table.indexes):
        Index(name, table.c.id, unique=True, **_partial(CURRENT))


def index_deleted(table: Table) -> None:
    """Index the deleted records, and no others: they are listed, and counted off all the records.

    It begins with the operation, else SQLite reads the index of all current rows instead, and each
    of these rows.
    """
    name = f"ix_{table.name}_tombstones"
    if all(index.name != name for index in table.indexes):
        Index(name, table.c.version_op, table.c.id, **_partial(DELETED))


def index_times(table: Table) -> None:
    """Where lists as of a moment have an index, index the times too: see `began_before`.

    Those of the deletions apart, for the list of what was deleted by then.
    """
    if not any(index.info.get(AS_OF) for index in table.indexes):
        return
    for what, condition in (("times", ALIVE), ("deletions", TOMBSTONE)):
        name = f"ix_{table.name}_{what}"
        if all(index.name != name for index in table.indexes):
            Index(name, table.c.version_from, **_partial(condition))


def name_indexes(table: Table) -> None:
    """Name this module's indexes apart: one column may be unique, listed and asked as of a moment.

    SQLAlchemy's own convention names an index after its columns alone, so that these would clash.
    """
    for index in table.indexes:
        pattern = index.info.get(NAME)
        if pattern:
            own = [c.name for c in index.columns if c.name not in KEY]
            index.name = conv(pattern.format("_".join([table.name, *own])))


def index_changes(metadata: MetaData) -> None:
    """Index the versioned tables by change, where their metadata has a table of changes.

    What one change did is then found at a cost of its own size. Without such a table nobody asks,
    and no version pays: about 14 bytes on SQLite, 23 on PostgreSQL.
    """
    tables = list(metadata.tables.values())
    if not any("changes" in table.info for table in tables):
        return
    for table in tables:
        if "versioned" in table.info:
            index_change(table)


def index_change(table: Table) -> None:
    """Index a versioned table by change."""
    name = f"ix_{table.name}_change"
    if all(index.name != name for index in table.indexes):
        Index(name, table.c.change_id)


def current_unique(*columns: str, name: str | None = None) -> Index:
    """Unique among the live current rows, for ``__table_args__``.

    A plain unique constraint would clash with the record's own older versions. A deleted record's
    value is free again.
    """
    info = {UNIQUE: True, NAME: None if name else "uq_{}_current"}
    return Index(name, *columns, unique=True, info=info, **_partial(LIVE))


def current_index(*columns: str, name: str | None = None) -> Index:
    """An index on the live current rows in the order of the columns, then id, for list pages."""
    info = {NAME: None if name else "ix_{}_current"}
    return Index(name, *columns, "id", info=info, **_partial(LIVE))


def as_of_index(*columns: str, name: str | None = None) -> Index:
    """An index over all versions for list pages as of a moment, sorted by the columns, then id.

    It holds every version but the tombstones, unlike `current_index`: ask for it where such pages
    are in use. Without tombstones it answers by itself who was alive, so that counts read no row.
    """
    info = {AS_OF: True, NAME: None if name else "ix_{}_as_of"}
    return Index(name, *columns, "id", "version_from", "version_to", info=info, **_partial(ALIVE))


def as_of_order(model: type[Any]) -> list[Any]:
    """The columns in whose order an `as_of_index` of the model lies; none where it has no such.

    SQLite reads the index for a count only when it is asked for this order.
    """
    mapper = inspect(model)
    table = mapper.local_table
    found = [index for index in getattr(table, "indexes", ()) if index.info.get(AS_OF)]
    first = min(found, key=lambda index: str(index.name), default=None)
    return [] if first is None else list(first.columns)
