"""One row superseded by one statement: PostgreSQL closes it and inserts what follows it at once."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Insert, Update, bindparam, insert, select
from sqlalchemy.orm import Mapper

from .ledger import Step
from .rows import column_of, next_row
from .shape import version_table
from .types import UtcDateTime


def supersede_one(connection: Connection, close: Update, step: Step, key: dict[str, Any]) -> int:
    """Run `close` and insert the version after it. Returns the number of rows closed, 0 or 1.

    `key` are the parameters of the row and its change, as the statement pair for each row has them.
    Other transactions wait for the row while one statement goes to and fro, not two.
    """
    names = tuple(sorted(step.values))
    done = connection.execute(
        one_statement(step.mapper, names, close),
        {**key, **{f"v_{name}": step.values[name] for name in names}},
        execution_options={"preserve_rowcount": True},
    )
    return done.rowcount


@lru_cache(maxsize=1024)
def one_statement(mapper: Mapper[Any], names: tuple[str, ...], close: Update) -> Insert:
    """What `close` returns of the row, with new values in the named attributes, is inserted."""
    table = version_table(mapper)
    closed = close.returning(*table.c).cte("closed")
    values: dict[Any, Any] = {c: closed.c[c.key] for c in table.c if c.computed is None}
    for name in names:
        column = column_of(mapper, name)
        values[column] = bindparam(f"v_{name}", type_=column.type)
    values = next_row(
        table,
        values,
        at=bindparam("b_at", type_=UtcDateTime()),
        op=bindparam("b_op", type_=table.c.version_op.type),
        change_id=bindparam("b_change", type_=table.c.change_id.type),
    )
    values[table.c.version_id] = closed.c.version_id + 1
    chosen = select(*values.values()).select_from(closed)
    return insert(table).from_select(list(values), chosen, include_defaults=False)
