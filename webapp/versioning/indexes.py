"""Indexes over the current rows alone: small, and unique where the living must be unique."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Index, MetaData, Table, event, quoted_name, text

#: The longest name that every database takes whole.
NAME_LENGTH = 60
CURRENT = "is_current_version = {true}"
#: Marks, in ``Index.info``, the indexes that keep the living apart.
UNIQUE = "versioning.current_unique"
LIVE = "is_current_version = {true} AND version_op != 'delete'"


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


def index_changes(metadata: MetaData) -> None:
    """Index the versioned tables by change, where their metadata has a table of changes.

    What one change did is then found at a cost of its own size. Without such a table nobody asks,
    and no version pays: about 14 bytes on SQLite, 23 on PostgreSQL.
    """
    tables = list(metadata.tables.values())
    if not any("changes" in table.info for table in tables):
        return
    for table in tables:
        name = f"ix_{table.name}_change"
        if "versioned" in table.info and all(index.name != name for index in table.indexes):
            Index(name, table.c.change_id)


def current_unique(*columns: str, name: str | None = None) -> Index:
    """Unique among the live current rows, for ``__table_args__``.

    A plain unique constraint would clash with the record's own older versions. A deleted record's
    value is free again.
    """
    index = Index(name, *columns, unique=True, info={UNIQUE: True}, **_partial(LIVE))
    return _named(index, "uq_{}_current", columns)


def current_index(*columns: str, name: str | None = None) -> Index:
    """An index on the live current rows in the order of the columns, then id, for list pages."""
    index = Index(name, *columns, "id", **_partial(LIVE))
    return _named(index, "ix_{}_current", columns)


def as_of_index(*columns: str, name: str | None = None) -> Index:
    """An index over all versions for list pages as of a moment, sorted by the columns, then id.

    It holds every version, unlike `current_index`: ask for it where such pages are in use.
    """
    index = Index(name, *columns, "id", "version_from", "version_to")
    return _named(index, "ix_{}_as_of", columns)


def _named(index: Index, pattern: str, columns: Sequence[str]) -> Index:
    """Once it meets its table, an index without a name gets one that no index of another kind has.

    SQLAlchemy names an index after its first column alone.
    """

    def name(index: Index, table: Table) -> None:
        if index.name is None:
            made = pattern.format("_".join([table.name, *columns]))
            index.name = quoted_name(made[:NAME_LENGTH], None)

    event.listen(index, "before_parent_attach", name)
    return index
