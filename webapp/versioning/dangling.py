"""References of stored versions to rows that are not there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, ForeignKeyConstraint, Select, Table, and_, inspect, select
from sqlalchemy.orm import Session

from .masking import MASKED, masked_columns
from .shape import version_table

#: Version, the key that it refers to, and the table that lacks it.
Dangling = tuple[Any, int, tuple[Any, ...], str]


def dangling(
    session: Session, model: type[Any], within: Callable[[Table], ColumnElement[bool]]
) -> Iterator[Dangling]:
    """Versions with a foreign key to no row, one statement for each key of the model's table.

    The database refuses such rows while its foreign keys are enforced, which SQLite leaves to each
    connection. A masked column's value is MASKED.
    """
    mapper = inspect(model)
    table = version_table(mapper)
    hidden = {mapper.columns[name] for name in masked_columns(model)}
    for key in sorted(table.foreign_key_constraints, key=lambda each: str(each.column_keys)):
        target = key.referred_table
        rows = session.execute(_missing(table, key, within), bind_arguments={"mapper": mapper})
        for id, version_id, *values in rows:
            pairs = zip(key.columns, values, strict=True)
            told = (MASKED if column in hidden else value for column, value in pairs)
            yield id, version_id, tuple(told), target.name


def _missing(
    table: Table, key: ForeignKeyConstraint, within: Callable[[Table], ColumnElement[bool]]
) -> Select[Any]:
    columns = [element.parent for element in key.elements]
    target = key.referred_table.alias()
    referred = [target.c[element.column.key] for element in key.elements]
    is_there = select(1).where(*(a == b for a, b in zip(referred, columns, strict=True)))
    return (
        select(table.c.id, table.c.version_id, *columns)
        .where(within(table), and_(*(column.is_not(None) for column in columns)))
        .where(~is_there.exists())
        .order_by(table.c.id, table.c.version_id)
    )
