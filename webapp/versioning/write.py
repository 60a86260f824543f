"""Writes planned versions: the old rows are closed, the next ones copied from them.

A new row is copied inside the database, with the changed columns replaced, so that a column which
was never loaded keeps its value to the byte. Four ways lead there: one row with values (`lone`),
many of them as one set (`batch`) or by a statement for each, and each row with SQL expressions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    Connection,
    and_,
    literal,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import InstanceState, Mapper, Session
from sqlalchemy.orm.attributes import set_committed_value

from . import onupdate
from .batch import supersede_as_one
from .change import allow_amending, open_change
from .conflict import raise_conflict
from .copies import close_statement, copying, given_for, insert_statements
from .edits import edits_of, holds_sql, is_expression, make_clean
from .ledger import LEDGER, Ledger, OpenChange, Step
from .lone import supersede_lone, takes
from .plan import finish
from .queries import live
from .relationships import referring
from .repoint import follow
from .rows import by_table, column_of, keys_in, untouched
from .shape import chunks, computed_columns, unversioned_columns, version_table

CHUNK = 500


def write_planned(mapper: Mapper[Any], connection: Connection, state: InstanceState[Any]) -> None:
    """When a flush begins to write its first row: write every planned version before it.

    Listens to ``before_insert`` and ``before_update``, which run inside the flush's own
    transaction, so that a failure rolls back as any failed flush does.
    """
    session = state.session
    ledger: Ledger | None = session.info.get(LEDGER) if session is not None else None
    if session is not None and ledger is not None and (ledger.steps or ledger.in_place):
        write_steps(session, ledger)


def write_steps(session: Session, ledger: Ledger) -> None:
    """Write every planned version."""
    steps, in_place = list(ledger.steps.values()), list(ledger.in_place.items())
    ledger.written.update(ledger.steps, ledger.in_place)
    ledger.steps.clear()
    ledger.in_place.clear()
    models = dict.fromkeys(step.mapper for step in steps)
    for model in models:
        group = [step for step in steps if step.mapper is model]
        _write_steps(session, model, group)
    for model in models:
        if referring(model):
            ids = [step.id for step in steps if step.mapper is model and step.op != "delete"]
            follow(session, model, ids, open_change(session, model))
    for target, model in in_place:
        _write_in_place(session, model, target)
    for model in {state.mapper for state in ledger.awaiting}.union(filter(_has_listeners, models)):
        # the ORM adds a new object's key, or a listener of the model's own sets a column
        allow_amending(session, model)


def _has_listeners(mapper: Mapper[Any]) -> bool:
    return len(mapper.dispatch.before_update) > 1


def _write_steps(session: Session, mapper: Mapper[Any], steps: list[Step]) -> None:
    connection = session.connection(bind_arguments={"mapper": mapper})
    steps.sort(key=_by_id)  # in one order everywhere, so that writers wait and do not deadlock
    completes = onupdate.has_any(mapper)
    for step in steps:
        edits = finish(step)
        added = completes and step.op != "delete"
        step.values = onupdate.add_to(mapper, edits) if added else edits
    special = _with_expressions(steps)
    copies = [step for step in steps if step.copy]
    as_copies = len(copies) == len(steps) and not special
    if as_copies and len(steps) == 1 and takes(connection, mapper):
        if not supersede_lone(session, connection, mapper, steps[0]):
            raise_conflict(connection, mapper, steps)
        opened = open_change(session, mapper)
    else:
        opened = open_change(session, mapper)
        _supersede(connection, mapper, steps, opened, as_one=as_copies)
    _settle(copies, opened)
    _fetch_computed(connection, mapper, copies, special)


def _supersede(
    connection: Connection,
    mapper: Mapper[Any],
    steps: Sequence[Step],
    opened: OpenChange,
    *,
    as_one: bool,
) -> None:
    count = supersede_as_one(connection, mapper, steps, opened) if as_one else None
    if count is None:
        count = _supersede_each(connection, mapper, steps, opened)
    if count != len(steps):
        raise_conflict(connection, mapper, steps, opened.id)


def _with_expressions(steps: Sequence[Step]) -> list[Step]:
    """Steps with SQL expressions among their values. Mostly there is none: types tell at once."""
    kinds = {type(value) for step in steps for value in step.values.values()}
    if not any(holds_sql(kind) for kind in kinds):  # type: ignore[arg-type]
        return []
    return [step for step in steps if any(map(is_expression, step.values.values()))]


def _by_id(step: Step) -> Any:
    return step.id


def _supersede_each(
    connection: Connection, mapper: Mapper[Any], steps: Sequence[Step], opened: OpenChange
) -> int:
    """Close all rows; then insert the next versions, those with SQL expressions one by one."""
    rows = [
        {"b_id": step.id, "b_version": step.old_version, "b_at": max(opened.at, step.old_from)}
        for step in steps
    ]
    count = connection.execute(close_statement(version_table(mapper)), _one_or_all(rows)).rowcount
    if count != len(steps):
        return count
    plain: dict[frozenset[str], list[Step]] = defaultdict(list)
    for step in steps:
        names = [name for name, value in step.values.items() if is_expression(value)]
        if not step.copy:
            continue
        if all(onupdate.is_own(mapper, name, step.values[name]) for name in names):
            plain[frozenset(names)].append(step)
        else:
            _insert_expressions(connection, mapper, step, opened)
    for shared, group in plain.items():
        _insert(connection, mapper, group, opened, shared)
    return count


def _insert(
    connection: Connection,
    mapper: Mapper[Any],
    steps: Sequence[Step],
    opened: OpenChange,
    shared: frozenset[str],
) -> None:
    """The steps' new rows in one execution, even where each changes other columns.

    In the `shared` columns every row takes the expression of their ``onupdate``.
    """
    sets = {frozenset(step.values) - shared for step in steps}
    names = tuple(sorted(frozenset().union(*sets)))
    mixed = len(sets) > 1
    rows = []
    for step in steps:
        row = given_for(step, opened)
        for name in names:
            row[f"v_{name}"] = step.values.get(name)
            if mixed:
                row[f"set_{name}"] = name in step.values
        rows.append(row)
    for statement in insert_statements(mapper, names, mixed, shared):
        connection.execute(statement, _one_or_all(rows))


def _one_or_all(rows: list[dict[str, Any]]) -> Any:
    return rows if len(rows) > 1 else rows[0]


def _insert_expressions(
    connection: Connection, mapper: Mapper[Any], step: Step, opened: OpenChange
) -> None:
    """One new row with SQL expressions as values, which read the old row: ``Model.n + 1``."""
    replaced = {}
    for name, value in step.values.items():
        column = column_of(mapper, name)
        replaced[column] = value if is_expression(value) else literal(value, column.type)
    for statement in copying(mapper, replaced):
        connection.execute(statement, given_for(step, opened))


def _settle(steps: Sequence[Step], opened: OpenChange) -> None:
    """The objects now are the new rows: the ORM finds nothing left to write for them."""
    new = {
        "is_current_version": True,
        "version_from": opened.at,
        "version_to": None,
        "change_id": opened.id,
    }
    for step in steps:
        loaded = step.obj.__dict__
        loaded.update(new)
        loaded["version_op"] = step.op
        if step.old_from > opened.at:
            loaded["version_from"] = step.old_from
        if step.state.committed_state:
            make_clean(step.state)
        if step.values is not step.edits:
            for name, value in step.values.items():
                if not is_expression(value):
                    set_committed_value(step.obj, name, value)


def _fetch_computed(
    connection: Connection, mapper: Mapper[Any], steps: Sequence[Step], special: Sequence[Step]
) -> None:
    """Read back what only the database knows: results of expressions and computed columns."""
    table = version_table(mapper)
    names = set(computed_columns(mapper))
    for step in special:
        names.update(name for name, value in step.values.items() if is_expression(value))
    if not names:
        return
    columns = [column_of(mapper, name) for name in names]
    by_key = {(step.id, step.old_version + 1): step for step in steps}
    for part in chunks(list(by_key), CHUNK):
        query = select(table.c.id, table.c.version_id, *columns)
        query = query.select_from(mapper.persist_selectable)
        query = query.where(tuple_(table.c.id, table.c.version_id).in_(part))
        for row in connection.execute(query):
            obj = by_key[row[0], row[1]].obj
            for name, value in zip(names, row[2:], strict=True):
                set_committed_value(obj, name, value)


def _write_in_place(session: Session, mapper: Mapper[Any], state: InstanceState[Any]) -> None:
    """Write `__unversioned__` columns to whichever version of the record is current."""
    table = version_table(mapper)
    edits, in_place = edits_of(state, {}), unversioned_columns(mapper)
    # others of the edits were found equal to what the object had not loaded
    values = {column_of(mapper, name): edits[name] for name in edits.keys() & in_place}
    rows = and_(table.c.id == state.dict["id"], live(table))
    connection = session.connection(bind_arguments={"mapper": mapper})
    for holder, own in by_table(values).items():
        statement = update(holder).where(rows if holder is table else keys_in(holder, table, rows))
        result = connection.execute(statement.values({**untouched(holder, own), **own}))
        if result.rowcount != 1:
            loaded = state.dict
            key = loaded["id"], loaded["version_id"], loaded["version_from"]
            step = Step(None, state, mapper, *key, "update", edits=edits)
            raise_conflict(connection, mapper, [step])
    for name, value in edits.items():
        if is_expression(value):
            session.expire(state.obj(), [name])
        else:
            set_committed_value(state.obj(), name, value)
