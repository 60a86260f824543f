"""The rows as SQL: what closes an old row, and what its next version is made of."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    FromClause,
    Integer,
    Table,
    case,
    false,
    literal_column,
    null,
    select,
    true,
    tuple_,
)
from sqlalchemy.orm import Mapper

from .shape import KEY, all_columns, part_tables, version_table

#: What no statement needs to be given.
ONE = literal_column("1", Integer)


def column_of(mapper: Mapper[Any], name: str) -> Column[Any]:
    """The table column behind an attribute name."""
    return mapper.columns[name]


def whole_rows(mapper: Mapper[Any]) -> FromClause:
    """All rows of the class under an alias, joined where several tables hold them.

    `cell` finds a column of it; those of the base table bear their own names.
    """
    if not part_tables(mapper):
        return version_table(mapper).alias()
    return select(*all_columns(mapper)).select_from(mapper.persist_selectable).subquery()


def cell(rows: FromClause, mapper: Mapper[Any], name: str) -> ColumnElement[Any]:
    """The column of `whole_rows` behind an attribute name."""
    column = mapper.columns[name]
    if column.name in KEY:
        return rows.c[column.name]
    found = rows.corresponding_column(column)
    assert found is not None
    return found


def closed_row(table: Table, at: ColumnElement[Any]) -> dict[Column[Any], Any]:
    """What closing sets on an old row: it loses the flag and was superseded `at`."""
    rows = table.c
    return {rows.is_current_version: false(), rows.version_to: at, **untouched(table, {})}


def untouched(table: Table, written: dict[Column[Any], Any]) -> dict[Column[Any], Any]:
    """Each ``onupdate`` column set to itself: else SQLAlchemy would write it on a kept row."""
    return {c: c for c in table.c if c.onupdate is not None and c not in written}


def next_row(
    table: Table,
    replaced: dict[Column[Any], Any],
    *,
    at: Any,
    op: Any,
    change_id: Any,
    old: Any = None,
) -> dict[Column[Any], Any]:
    """The next version of a row of `table` as SQL expressions over that row, by column.

    `old` are the columns of the row by key, where it is not read from the table itself.
    """
    old = table.c if old is None else old
    values: dict[Column[Any], Any] = {c: old[c.key] for c in table.c if c.computed is None}
    values.update((c, value) for c, value in replaced.items() if c.table is table)
    values.update(
        {
            table.c.version_id: old["version_id"] + ONE,
            table.c.is_current_version: true(),
            table.c.version_from: at,
            table.c.version_to: null(),
            table.c.version_op: op,
            table.c.change_id: change_id,
        }
    )
    return values


def next_part(table: Table, replaced: dict[Column[Any], Any]) -> dict[Column[Any], Any]:
    """What the table of a joined subclass adds to the next version, as `next_row`."""
    values: dict[Column[Any], Any] = {c: c for c in table.c if c.computed is None}
    values.update((c, value) for c, value in replaced.items() if c.table is table)
    return {**values, table.c.version_id: table.c.version_id + ONE}


def by_table(values: dict[Column[Any], Any]) -> dict[Table, dict[Column[Any], Any]]:
    """New values by the table that holds them."""
    found: dict[Table, dict[Column[Any], Any]] = defaultdict(dict)
    for column, value in values.items():
        assert isinstance(column.table, Table)
        found[column.table][column] = value
    return found


def keys_in(table: Table, base: Table, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a row belongs to a version in the base table, which is locked, that fits."""
    versions = select(base.c.id, base.c.version_id).where(condition).with_for_update()
    return tuple_(table.c.id, table.c.version_id).in_(versions)


def moment(rows: Any, at: ColumnElement[Any]) -> ColumnElement[Any]:
    """A change's time for a row: the row's own, where the clock went back since."""
    return case((rows.version_from > at, rows.version_from), else_=at)
