"""Writes planned versions: one UPDATE closes the old rows, one INSERT … SELECT adds the new ones.

The new row is copied from the old one inside the database, with the changed columns replaced, so
that a column which was never loaded keeps its value to the byte.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Insert,
    Table,
    Update,
    and_,
    bindparam,
    case,
    insert,
    literal,
    null,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.orm import InstanceState, Mapper, Session
from sqlalchemy.orm.attributes import set_committed_value

from . import onupdate
from .change import allow_amending, open_change
from .conflict import raise_conflict
from .ledger import LEDGER, Ledger, OpenChange, Step
from .plan import changed_columns, is_expression
from .queries import live
from .shape import chunks, version_table
from .types import UtcDateTime

CHUNK = 500


def write_planned(mapper: Mapper[Any], connection: Connection, state: InstanceState[Any]) -> None:
    """When a flush begins to write its first row: write every planned version before it.

    Listens to ``before_insert`` and ``before_update``, which run inside the flush's own
    transaction, so that a failure rolls back as any failed flush does.
    """
    session = state.session
    ledger: Ledger | None = session.info.get(LEDGER) if session is not None else None
    if session is None or ledger is None or not (ledger.steps or ledger.in_place):
        return
    steps, in_place = list(ledger.steps.values()), list(ledger.in_place.items())
    ledger.written.update(ledger.steps, ledger.in_place)
    ledger.steps.clear()
    ledger.in_place.clear()
    awaiting = {state.mapper for state in ledger.awaiting}
    for model in dict.fromkeys(step.mapper for step in steps):
        group = [step for step in steps if step.mapper is model]
        opened = open_change(session, model)
        if model in awaiting or len(model.dispatch.before_update) > 1:
            # the ORM adds a new object's key, or a listener of the model's own sets a column
            allow_amending(session, model)
        _write_steps(session, model, group, opened)
    for target, model in in_place:
        _write_in_place(session, model, target)


def _write_steps(
    session: Session, mapper: Mapper[Any], steps: list[Step], opened: OpenChange
) -> None:
    connection = session.connection(bind_arguments={"mapper": mapper})
    _close(connection, mapper, steps, opened)
    copies = [step for step in steps if step.copy]
    changes = [_changes(step) for step in copies]
    plain: dict[frozenset[str], list[tuple[Step, dict[str, Any]]]] = defaultdict(list)
    for step, values in zip(copies, changes, strict=True):
        expressions = {name: value for name, value in values.items() if is_expression(value)}
        if all(onupdate.is_own(mapper, name, value) for name, value in expressions.items()):
            plain[frozenset(expressions)].append((step, values))
        else:
            _insert_expressions(connection, mapper, step, values, opened)
    for shared, planned in plain.items():
        _insert(connection, mapper, planned, opened, shared)
    for step, values in zip(copies, changes, strict=True):
        _settle(step, values, opened)
    _fetch_computed(connection, mapper, copies, changes)


def _close(
    connection: Connection, mapper: Mapper[Any], steps: Sequence[Step], opened: OpenChange
) -> None:
    rows = [
        {"b_id": step.id, "b_version": step.old_version, "b_at": max(opened.at, step.old_from)}
        for step in steps
    ]
    statement = close_statement(version_table(mapper))
    result = connection.execute(statement, rows if len(rows) > 1 else rows[0])
    if result.rowcount != len(rows):
        raise_conflict(connection, mapper, steps)


def _changes(step: Step) -> dict[str, Any]:
    """The new row's values where they differ from the old row's, by attribute name."""
    if step.op == "delete":
        return {}
    names = changed_columns(step.state, step.old)
    values = {name: step.state.dict[name] for name in names}
    return onupdate.add_to(step.mapper, values)


def _insert(
    connection: Connection,
    mapper: Mapper[Any],
    planned: list[tuple[Step, dict[str, Any]]],
    opened: OpenChange,
    shared: frozenset[str],
) -> None:
    """All plain new rows in one execution, even where each changes other columns.

    In the `shared` columns every row takes the expression of their ``onupdate``.
    """
    sets = {frozenset(values) - shared for _, values in planned}
    names = tuple(sorted(frozenset().union(*sets)))
    mixed = len(sets) > 1
    rows = []
    for step, values in planned:
        row = _key(step, opened)
        for name in names:
            row[f"v_{name}"] = values.get(name)
        if mixed:
            for name in names:
                row[f"set_{name}"] = name in values
        rows.append(row)
    statement = insert_statement(mapper, names, mixed, shared)
    connection.execute(statement, rows if len(rows) > 1 else rows[0])


def _insert_expressions(
    connection: Connection,
    mapper: Mapper[Any],
    step: Step,
    values: dict[str, Any],
    opened: OpenChange,
) -> None:
    """One new row with SQL expressions as values, which read the old row: ``Model.n + 1``."""
    replaced = {
        column_of(mapper, name): value
        if is_expression(value)
        else literal(value, column_of(mapper, name).type)
        for name, value in values.items()
    }
    connection.execute(_copy(mapper, replaced), _key(step, opened))


def _key(step: Step, opened: OpenChange) -> dict[str, Any]:
    return {
        "b_id": step.id,
        "b_version": step.old_version,
        "b_at": max(opened.at, step.old_from),
        "b_op": step.op,
        "b_change": opened.id,
    }


def _settle(step: Step, values: dict[str, Any], opened: OpenChange) -> None:
    """The object now is the new row: the ORM finds nothing left to write for it."""
    state, obj = step.state, step.state.obj()
    state.dict.update(
        is_current_version=True,
        version_from=max(opened.at, step.old_from),
        version_to=None,
        version_op=step.op,
        change_id=opened.id,
    )
    columns = state.mapper.column_attrs
    for name in [name for name in state.committed_state if name in columns]:
        if name in state.dict:
            set_committed_value(obj, name, state.dict[name])
    for name, value in values.items():
        if not is_expression(value):
            set_committed_value(obj, name, value)


def _fetch_computed(
    connection: Connection,
    mapper: Mapper[Any],
    steps: Sequence[Step],
    changes: Sequence[dict[str, Any]],
) -> None:
    """Read back what only the database knows: results of expressions and computed columns."""
    computed = {c for c in version_table(mapper).c if c.computed is not None}
    names = {mapper.get_property_by_column(column).key for column in computed}
    for values in changes:
        names.update(name for name, value in values.items() if is_expression(value))
    if not names:
        return
    columns = [column_of(mapper, name) for name in names]
    table = version_table(mapper)
    by_key = {(step.id, step.old_version + 1): step for step in steps}
    for part in chunks(list(by_key), CHUNK):
        query = select(table.c.id, table.c.version_id, *columns)
        query = query.where(tuple_(table.c.id, table.c.version_id).in_(part))
        for row in connection.execute(query):
            obj = by_key[row[0], row[1]].state.obj()
            for name, value in zip(names, row[2:], strict=True):
                set_committed_value(obj, name, value)


def _write_in_place(session: Session, mapper: Mapper[Any], state: InstanceState[Any]) -> None:
    """Write `__unversioned__` columns to whichever version of the record is current."""
    table = version_table(mapper)
    names = changed_columns(state, {})
    values = {column_of(mapper, name): state.dict[name] for name in names}
    statement = update(table).where(table.c.id == state.dict["id"], live(table))
    connection = session.connection(bind_arguments={"mapper": mapper})
    result = connection.execute(statement.values({**untouched(table, values), **values}))
    if result.rowcount != 1:
        step = Step(state, mapper, state.dict["id"], state.dict["version_id"], *_place(state))
        raise_conflict(connection, mapper, [step])
    for name in names:
        if is_expression(state.dict[name]):
            session.expire(state.obj(), [name])
        else:
            set_committed_value(state.obj(), name, state.dict[name])


def _place(state: InstanceState[Any]) -> tuple[Any, str]:
    return state.dict["version_from"], "update"


def column_of(mapper: Mapper[Any], name: str) -> Column[Any]:
    """The table column behind an attribute name."""
    return mapper.columns[name]


def untouched(table: Table, written: dict[Column[Any], Any]) -> dict[Column[Any], Any]:
    """Each ``onupdate`` column set to itself: else SQLAlchemy would write it on a kept row."""
    return {c: c for c in table.c if c.onupdate is not None and c not in written}


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
        .values(
            {
                table.c.is_current_version: False,
                table.c.version_to: bindparam("b_at", type_=UtcDateTime()),
                **untouched(table, {}),
            }
        )
    )


@lru_cache(maxsize=1024)
def insert_statement(
    mapper: Mapper[Any], names: tuple[str, ...], mixed: bool, shared: frozenset[str] = frozenset()
) -> Insert:
    """Copy one row to its next version with new values in the named attributes.

    With `mixed`, a parameter ``set_<name>`` tells for each row whether it takes the new value.
    `shared` attributes take the expression of their ``onupdate``.
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
    return _copy(mapper, replaced)


def _copy(mapper: Mapper[Any], replaced: dict[Column[Any], Any]) -> Insert:
    table = version_table(mapper)
    values = next_row(
        table,
        replaced,
        at=bindparam("b_at", type_=UtcDateTime()),
        op=bindparam("b_op", type_=table.c.version_op.type),
        change_id=bindparam("b_change", type_=table.c.change_id.type),
    )
    old = select(*values.values()).where(
        and_(table.c.id == bindparam("b_id"), table.c.version_id == bindparam("b_version"))
    )
    return insert(table).from_select(list(values), old, include_defaults=False)


def next_row(
    table: Table, replaced: dict[Column[Any], Any], *, at: Any, op: Any, change_id: Any
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
