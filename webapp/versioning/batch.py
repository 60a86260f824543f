"""Many rows superseded as one set: their keys and new values travel to the database together.

PostgreSQL takes them as arrays, SQLite from a temporary table of the connection's. A statement for
each row would take twice as long.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Enum,
    Insert,
    Integer,
    Interval,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    Time,
    Unicode,
    Update,
    Uuid,
    and_,
    bindparam,
    case,
    column,
    delete,
    func,
    insert,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapper
from sqlalchemy.types import TypeDecorator, TypeEngine

from .ledger import OpenChange, Step
from .rows import closed_row, column_of, moment, next_row
from .shape import version_table
from .types import UtcDateTime

#: From this many rows on, a set is faster than a statement for each.
MANY = 5
#: Types whose values a driver takes in an array, or for an untyped column, as it takes them alone.
PLAIN: tuple[type[TypeEngine[Any]], ...] = (
    Boolean,
    Date,
    DateTime,
    Enum,
    Integer,
    Interval,
    JSON,
    LargeBinary,
    Numeric,
    String,
    Time,
    Uuid,
)
AT = bindparam("b_at", type_=UtcDateTime())


class Shape(NamedTuple):
    """What is given for each row: its key, its operation, its values of the named attributes.

    With `mixed`, each name's value is followed by whether this row takes it.
    """

    mapper: Mapper[Any]
    names: tuple[str, ...]
    mixed: bool

    def types(self) -> list[TypeEngine[Any]]:
        found: list[TypeEngine[Any]] = [version_table(self.mapper).c.id.type, Integer(), String()]
        for name in self.names:
            found.append(_untruncated(column_of(self.mapper, name).type))
            if self.mixed:
                found.append(Boolean())
        return found

    def columns(self, steps: Sequence[Step]) -> list[list[Any]]:
        """The rows' values, a list for each column."""
        found: list[list[Any]] = [
            [step.id for step in steps],
            [step.old_version for step in steps],
            [step.op for step in steps],
        ]
        for name in self.names:
            found.append([step.values.get(name) for step in steps])
            if self.mixed:
                found.append([name in step.values for step in steps])
        return found

    def replaced(self, given: Any) -> dict[Column[Any], Any]:
        """The new values, by the column that takes them, from the columns of `given`."""
        found: dict[Column[Any], Any] = {}
        for place, name in enumerate(self.names):
            target = column_of(self.mapper, name)
            if self.mixed:
                value, taken = given[_name(3 + 2 * place)], given[_name(4 + 2 * place)]
                found[target] = case((taken == true(), value), else_=target)
            else:
                found[target] = given[_name(3 + place)]
        return found


def supersede_as_one(
    connection: Connection, mapper: Mapper[Any], steps: Sequence[Step], opened: OpenChange
) -> int | None:
    """Close the old rows and insert their next versions. Returns the number of rows closed.

    None where the rows are few, or where database or types have no such way: nothing was done.
    """
    way = {"postgresql": _by_arrays, "sqlite": _by_temporary_table}.get(connection.dialect.name)
    if way is None or len(steps) < MANY:
        return None
    sets = {frozenset(step.values) for step in steps}
    shape = Shape(mapper, tuple(sorted(frozenset().union(*sets))), len(sets) > 1)
    if not all(map(_is_plain, shape.types())):
        return None
    return way(connection, shape, steps, {"b_at": opened.at, "b_change": opened.id})


def _by_arrays(
    connection: Connection, shape: Shape, steps: Sequence[Step], parameters: dict[str, Any]
) -> int:
    arrays = {_name(place): values for place, values in enumerate(shape.columns(steps))}
    result = connection.execute(
        array_statement(shape),
        {**arrays, **parameters},
        execution_options={"preserve_rowcount": True},
    )
    return result.rowcount


@lru_cache(maxsize=256)
def array_statement(shape: Shape) -> Insert:
    """``WITH closed AS (UPDATE … RETURNING …) INSERT … SELECT … FROM closed``.

    Sorted, and so all closed before the first is inserted: two records may swap unique values.
    """
    table, kinds = version_table(shape.mapper), shape.types()
    given = (
        func.unnest(*(bindparam(_name(n), type_=ARRAY(kind)) for n, kind in enumerate(kinds)))
        .table_valued(*(column(_name(n), kind) for n, kind in enumerate(kinds)))
        .render_derived(name="given")
    )
    closed = (
        update(table)
        .where(_is_given(table, given.c), table.c.is_current_version == true())
        .values(closed_row(table, moment(table.c, AT)))
        .returning(*table.c, *given.c)
        .cte("closed")
    )
    replaced = shape.replaced(closed.c)
    row = _next_row(table, replaced, closed.c, closed.c)
    rows = select(*row.values()).order_by(closed.c.id)
    return insert(table).from_select(list(row), rows, include_defaults=False)


def _by_temporary_table(
    connection: Connection, shape: Shape, steps: Sequence[Step], parameters: dict[str, Any]
) -> int:
    given, close, copy, empty = table_statements(shape)
    columns = ", ".join(c.name for c in given.c)
    connection.exec_driver_sql(f"CREATE TEMPORARY TABLE IF NOT EXISTS {given.name} ({columns})")
    rows = list(zip(*_bound(connection, shape, steps), strict=True))
    marks = ", ".join("?" for _ in given.c)
    connection.exec_driver_sql(f"INSERT INTO {given.name} VALUES ({marks})", rows)
    count = connection.execute(close, parameters).rowcount
    if count == len(steps):
        connection.execute(copy, parameters)
    connection.execute(empty)
    return count


def _bound(connection: Connection, shape: Shape, steps: Sequence[Step]) -> list[list[Any]]:
    """The rows' values as the driver wants them, a list for each column."""
    found = []
    for kind, values in zip(shape.types(), shape.columns(steps), strict=True):
        bind = kind.dialect_impl(connection.dialect).bind_processor(connection.dialect)
        found.append(values if bind is None else list(map(bind, values)))
    return found


@lru_cache(maxsize=256)
def table_statements(shape: Shape) -> tuple[Table, Update, Insert, Any]:
    """The temporary table, and the statements that close its rows, copy them and empty it.

    Its columns have no type and so keep every value as it is given.
    """
    table, kinds = version_table(shape.mapper), shape.types()
    columns = [Column(_name(n), kind) for n, kind in enumerate(kinds)]
    given = Table(f"versioning_given_{len(kinds)}", MetaData(), *columns)
    keys = select(given.c[_name(0)], given.c[_name(1)])
    close = (
        update(table)
        .where(tuple_(table.c.id, table.c.version_id).in_(keys))
        .where(table.c.is_current_version == true())
        .values(closed_row(table, moment(table.c, AT)))
    )
    # an outer join, for SQLite to read what is given first; each row of it has its partner
    joined = given.outerjoin(table, _is_given(table, given.c))
    row = _next_row(table, shape.replaced(given.c), given.c, table.c)
    rows = select(*row.values()).select_from(joined)
    copy = insert(table).from_select(list(row), rows, include_defaults=False)
    return given, close, copy, delete(given)


def _next_row(
    table: Table, replaced: dict[Column[Any], Any], given: Any, old: Any
) -> dict[Column[Any], Any]:
    return next_row(
        table,
        replaced,
        at=moment(old, AT),
        op=given[_name(2)],
        change_id=bindparam("b_change", type_=table.c.change_id.type),
        old=old,
    )


def _is_given(table: Table, given: Any) -> Any:
    return and_(table.c.id == given[_name(0)], table.c.version_id == given[_name(1)])


def _name(place: int) -> str:
    return f"given_{place}"


def _is_plain(kind: TypeEngine[Any]) -> bool:
    """Whether values of the type travel in a set as they do alone."""
    stored = kind.impl_instance if isinstance(kind, TypeDecorator) else kind
    cut_off = not isinstance(stored, Enum) and getattr(stored, "length", None) is not None
    return isinstance(stored, PLAIN) and not cut_off and not kind._has_bind_expression


def _untruncated(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    """Without a length: a value too long is cut off by a cast, and refused when it is stored."""
    return String() if type(kind) in (String, Unicode) else kind
