"""The rows as SQL: what closes an old row, and what its next version is made of."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ColumnElement, Table, case, null, true
from sqlalchemy.orm import Mapper


def column_of(mapper: Mapper[Any], name: str) -> Column[Any]:
    """The table column behind an attribute name."""
    return mapper.columns[name]


def closed_row(table: Table, at: ColumnElement[Any]) -> dict[Column[Any], Any]:
    """What closing sets on an old row: it loses the flag and was superseded `at`."""
    rows = table.c
    return {rows.is_current_version: False, rows.version_to: at, **untouched(table, {})}


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
) -> dict[Column[Any], Any]:
    """The next version of a row of `table` as SQL expressions over that row, by column."""
    values: dict[Column[Any], Any] = {c: c for c in table.c if c.computed is None}
    values.update(replaced)
    values.update(
        {
            table.c.version_id: table.c.version_id + 1,
            table.c.is_current_version: true(),
            table.c.version_from: at,
            table.c.version_to: null(),
            table.c.version_op: op,
            table.c.change_id: change_id,
        }
    )
    return values


def moment(rows: Any, at: ColumnElement[Any]) -> ColumnElement[Any]:
    """A change's time for a row: the row's own, where the clock went back since."""
    return case((rows.version_from > at, rows.version_from), else_=at)
