"""The statements that supersede one row: it is closed, and copied to its next version."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Dialect,
    Insert,
    Table,
    Update,
    and_,
    bindparam,
    case,
    insert,
    select,
    true,
    update,
)
from sqlalchemy.orm import Mapper

from . import onupdate
from .ledger import OpenChange, Step
from .rows import closed_row, column_of, next_part, next_row
from .sent import Sent
from .shape import part_tables, version_table
from .types import UtcDateTime


def supersede_alone(
    connection: Connection, mapper: Mapper[Any], step: Step, opened: OpenChange
) -> bool:
    """Close one row of a single table on SQLite, and insert its next version.

    Returns whether there was such a row to close.
    """
    close, copy = _sent(mapper, tuple(sorted(step.values)), connection.dialect)
    given = given_for(step, opened)
    if close.execute(connection, given).rowcount != 1:
        return False
    copy.execute(connection, {**given, **{f"v_{name}": v for name, v in step.values.items()}})
    return True


@lru_cache(maxsize=1024)
def _sent(mapper: Mapper[Any], names: tuple[str, ...], dialect: Dialect) -> tuple[Sent, Sent]:
    (copy,) = insert_statements(mapper, names, mixed=False)
    return Sent(close_statement(version_table(mapper)), dialect), Sent(copy, dialect)


def given_for(step: Step, opened: OpenChange) -> dict[str, Any]:
    """The parameters of these statements, but for new values."""
    return {
        "b_id": step.id,
        "b_version": step.old_version,
        "b_at": max(opened.at, step.old_from),
        "b_op": step.op,
        "b_change": opened.id,
    }


@lru_cache(maxsize=256)
def close_statement(table: Table) -> Update:
    """Take the flag from one row, if it still has it: the row count tells."""
    return (
        update(table)
        .where(
            table.c.id == bindparam("b_id"),
            table.c.version_id == bindparam("b_version"),
            table.c.is_current_version == true(),
        )
        .values(closed_row(table, bindparam("b_at", type_=UtcDateTime())))
    )


@lru_cache(maxsize=1024)
def insert_statements(
    mapper: Mapper[Any], names: tuple[str, ...], mixed: bool, shared: frozenset[str] = frozenset()
) -> list[Insert]:
    """Copy one row to its next version with new values in the named attributes.

    A statement for each table that holds a part of it, the base first. With `mixed`, a parameter
    ``set_<name>`` tells for each row whether it takes the new value. `shared` attributes take the
    expression of their ``onupdate``.
    """
    replaced: dict[Column[Any], Any] = {
        column_of(mapper, name): onupdate.expression(mapper, name) for name in shared
    }
    for name in names:
        column = column_of(mapper, name)
        value: Any = bindparam(f"v_{name}", type_=column.type)
        if mixed:
            value = case((bindparam(f"set_{name}", type_=true().type), value), else_=column)
        replaced[column] = value
    return copying(mapper, replaced)


def copying(mapper: Mapper[Any], replaced: dict[Column[Any], Any]) -> list[Insert]:
    """Copy one row to its next version, with what is in place of some columns, by table."""
    table = version_table(mapper)
    values = next_row(
        table,
        replaced,
        at=bindparam("b_at", type_=UtcDateTime()),
        op=bindparam("b_op", type_=table.c.version_op.type),
        change_id=bindparam("b_change", type_=table.c.change_id.type),
    )
    old = and_(table.c.id == bindparam("b_id"), table.c.version_id == bindparam("b_version"))
    parts = {table: values, **{t: next_part(t, replaced) for t in part_tables(mapper)}}
    return [
        insert(t).from_select(
            list(row),
            select(*row.values()).select_from(mapper.persist_selectable).where(old),
            include_defaults=False,
        )
        for t, row in parts.items()
    ]
