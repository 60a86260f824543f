"""Many rows superseded as one set: their keys and new values travel to the database together.

PostgreSQL takes them as arrays. SQLite takes the ids as JSON, and asks a function of ours for what
is given for each, so that a value arrives as the driver would send it. A statement for each row
takes three times as long.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Date,
    DateTime,
    Enum,
    FromClause,
    Insert,
    Integer,
    Interval,
    LargeBinary,
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
    cast,
    column,
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
from .rows import closed_row, column_of, moment, next_part, next_row
from .shape import part_tables, version_table
from .sqlite import GIVEN
from .types import UtcDateTime

#: On SQLite, from this many rows on a set is faster than a statement for each.
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
    """What is given for each row: its key, then its values of the named attributes.

    With `mixed`, each name's value is followed by whether this row takes it. With `operations`, the
    row's operation comes last; else all rows have the same.
    """

    mapper: Mapper[Any]
    names: tuple[str, ...]
    mixed: bool
    operations: bool

    @property
    def table(self) -> Table:
        return version_table(self.mapper)

    def types(self) -> list[TypeEngine[Any]]:
        found: list[TypeEngine[Any]] = [_untruncated(self.table.c.id.type), Integer()]
        for name in self.names:
            found.append(_untruncated(column_of(self.mapper, name).type))
            if self.mixed:
                found.append(Boolean())
        return [*found, String()] if self.operations else found

    def columns(self, steps: Sequence[Step]) -> list[list[Any]]:
        """The rows' values, a list for each column."""
        found: list[list[Any]] = [[step.id for step in steps], [step.old_version for step in steps]]
        for name in self.names:
            found.append([step.values.get(name) for step in steps])
            if self.mixed:
                found.append([name in step.values for step in steps])
        return [*found, [step.op for step in steps]] if self.operations else found

    def next_rows(
        self, given: Sequence[ColumnElement[Any]], closed: FromClause | None = None
    ) -> dict[Table, dict[Column[Any], Any]]:
        """The next versions, from the rows and what is given for each, by table, base first.

        The rows are those of the tables, or `closed`: what an UPDATE says of those that it closed.
        """
        old = self.table.c if closed is None else closed.c
        replaced: dict[Column[Any], Any] = {}
        for place, name in enumerate(self.names):
            target = column_of(self.mapper, name)
            if self.mixed:
                value, taken = given[2 + 2 * place : 4 + 2 * place]
                kept = target if closed is None else old[target.key]
                replaced[target] = case((taken == true(), value), else_=kept)
            else:
                replaced[target] = given[2 + place]
        rows = self.table.c
        base = next_row(
            self.table,
            replaced,
            at=moment(old, AT) if closed is None else old.version_to,
            old=old,
            op=given[-1] if self.operations else bindparam("b_op", type_=rows.version_op.type),
            change_id=bindparam("b_change", type_=rows.change_id.type),
        )
        parts = part_tables(self.mapper)
        return {self.table: base, **{part: next_part(part, replaced) for part in parts}}


def shape_of(mapper: Mapper[Any], steps: Sequence[Step]) -> Shape:
    sets = {tuple(step.values) for step in steps}
    names = tuple(sorted({name for names in sets for name in names}))
    return Shape(mapper, names, len(sets) > 1, len({step.op for step in steps}) > 1)


class Statements(NamedTuple):
    """Close the rows, unless the first insert does; insert their next versions."""

    close: Update | None
    copies: list[Insert]


def supersede_as_one(
    connection: Connection, mapper: Mapper[Any], steps: Sequence[Step], opened: OpenChange
) -> int | None:
    """Close the old rows and insert their next versions. Returns the number of rows closed.

    None where the rows are few for SQLite, or where database or types have no such way: nothing was
    done then.
    """
    if len(steps) < MANY and connection.dialect.name != "postgresql":
        return None
    shape = shape_of(mapper, steps)
    if not all(map(_is_plain, shape.types())):
        return None
    if connection.dialect.name == "postgresql":
        columns = shape.columns(steps)
        given: dict[str, Any] = {_name(n): values for n, values in enumerate(columns)}
        for n in (0, 1):
            if isinstance(shape.types()[n], Integer):
                given[_name(n)] = _array_text(columns[n])
        statements = array_statements(shape)
    elif connection.dialect.name == "sqlite" and GIVEN in connection.info:
        columns = _bound(connection, shape, steps)
        if not all(map(_fits_json, columns[0])):
            return None
        ids = columns[0]
        given = {"b_ids": json.dumps(ids)}
        connection.info[GIVEN] = [dict(zip(ids, values, strict=True)) for values in columns[1:]]
        statements = json_statements(shape)
    else:
        return None
    parameters = {**given, "b_at": opened.at, "b_change": opened.id, "b_op": steps[0].op}
    try:
        return _run(connection, statements, parameters, len(steps))
    finally:
        if GIVEN in connection.info:
            connection.info[GIVEN] = ()


def _run(
    connection: Connection, statements: Statements, parameters: dict[str, Any], expected: int
) -> int:
    count, copies = expected, statements.copies
    if statements.close is None:
        first, *copies = copies
        options = {"preserve_rowcount": True}
        count = connection.execute(first, parameters, execution_options=options).rowcount
    else:
        count = connection.execute(statements.close, parameters).rowcount
    if count == expected:
        for copy in copies:
            connection.execute(copy, parameters)
    return count


@lru_cache(maxsize=256)
def array_statements(shape: Shape) -> Statements:
    """For PostgreSQL: what is given is a set of rows, made of arrays.

    The rows that an UPDATE has just closed are what the next versions copy, in one statement.
    """
    kinds = dict(enumerate(shape.types()))
    rows = (
        func.unnest(*(_array(n, kind) for n, kind in kinds.items()))
        .table_valued(*(column(_name(n), kind) for n, kind in kinds.items()))
        .render_derived(name="given")
    )
    given = list(rows.c)
    close = _closing(shape.table, update(shape.table).where(_is_given(shape.table, given)))
    if part_tables(shape.mapper):
        return Statements(close, _copying(shape, rows, given))
    closed = close.returning(*shape.table.c, *given[2:]).cte("closed")
    told = [*given[:2], *(closed.c[_name(n)] for n in range(2, len(given)))]
    row = shape.next_rows(told, closed)[shape.table]
    # in an order, so that all are closed before the first is inserted: values may change places
    chosen = select(*row.values()).select_from(closed).order_by(closed.c.id)
    copy = insert(shape.table).from_select(list(row), chosen, include_defaults=False)
    return Statements(None, [copy])


@lru_cache(maxsize=256)
def json_statements(shape: Shape) -> Statements:
    """For SQLite: what is given are ids, and a function that knows the rest of each row."""
    rows = func.json_each(bindparam("b_ids")).table_valued("value", name="given")
    others = enumerate(shape.types()[1:])
    values = [func.versioning_given(n, rows.c.value, type_=kind) for n, kind in others]
    given = [rows.c.value, *values]
    table = shape.table
    close = update(table).where(tuple_(table.c.id, table.c.version_id).in_(select(*given[:2])))
    return Statements(_closing(table, close), _copying(shape, rows, given))


def _closing(table: Table, statement: Update) -> Update:
    still_current = table.c.is_current_version == true()
    return statement.where(still_current).values(closed_row(table, moment(table.c, AT)))


def _copying(shape: Shape, rows: FromClause, given: Sequence[ColumnElement[Any]]) -> list[Insert]:
    found = []
    for table, values in shape.next_rows(given).items():
        # an outer join, to have what is given read first; each row of it has its partner
        joined = rows.outerjoin(table, _is_given(table, given))
        chosen = select(*values.values()).select_from(joined)
        found.append(insert(table).from_select(list(values), chosen, include_defaults=False))
    return found


def _array(place: int, kind: TypeEngine[Any]) -> ColumnElement[Any]:
    if place < 2 and isinstance(kind, Integer):
        return cast(bindparam(_name(place), type_=String()), ARRAY(kind))
    return bindparam(_name(place), type_=ARRAY(kind, dimensions=1))  # a value may be a list


def _array_text(numbers: Sequence[int]) -> str:
    """An array of integers as PostgreSQL reads it; the driver takes far longer to write it."""
    return "{" + ",".join(map(str, numbers)) + "}"


def _is_given(table: Table, given: Sequence[ColumnElement[Any]]) -> ColumnElement[bool]:
    return and_(table.c.id == given[0], table.c.version_id == given[1])


def _bound(connection: Connection, shape: Shape, steps: Sequence[Step]) -> list[list[Any]]:
    """The rows' values as the driver wants them, a list for each column."""
    found = []
    for kind, values in zip(shape.types(), shape.columns(steps), strict=True):
        bind = kind.dialect_impl(connection.dialect).bind_processor(connection.dialect)
        found.append(values if bind is None else list(map(bind, values)))
    return found


def _name(place: int) -> str:
    return f"given_{place}"


def _fits_json(id: Any) -> bool:
    return isinstance(id, int) or (isinstance(id, str) and id.isprintable())


def _is_plain(kind: TypeEngine[Any]) -> bool:
    """Whether values of the type travel in a set as they do alone."""
    stored = kind.impl_instance if isinstance(kind, TypeDecorator) else kind
    cut_off = not isinstance(stored, Enum) and getattr(stored, "length", None) is not None
    return isinstance(stored, PLAIN) and not cut_off and not kind._has_bind_expression


def _untruncated(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    """Without a length: a value too long is cut off by a cast, and refused when it is stored."""
    return String() if type(kind) in (String, Unicode) else kind
