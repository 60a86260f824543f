"""Re-points following references when their records get new versions.

By sets, within the flush or statement that made the versions: an unversioned table is updated by
one statement; in a versioned one the followers' rows are closed and their next versions inserted,
and what follows those is re-pointed in turn. Rows that this very transaction made are amended,
which also ends a cycle.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    ScalarSelect,
    Select,
    Table,
    and_,
    case,
    false,
    func,
    insert,
    literal,
    null,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import InstanceState, Mapper, Session
from sqlalchemy.orm.attributes import instance_state, set_committed_value

from . import onupdate
from .anchors import keeps_versions, record_key
from .change import allow_amending
from .edits import is_expression
from .ledger import OpenChange, ledger_of
from .queries import is_newest, live
from .relationships import ReferenceProperty, reference_properties, referring
from .rows import column_of, moment, next_row, untouched
from .shape import chunks, version_table
from .types import UtcDateTime

#: Rows named in one statement: two parameters each, of the 32,766 that SQLite takes.
CHUNK = 5_000
Ids = Sequence[Any] | Select[Any]


@dataclass(frozen=True)
class Repointed:
    """Followers whose rows were written behind the back of the session's objects.

    `moved` are the primary keys of the rows that were closed.
    """

    property: ReferenceProperty
    moved: frozenset[tuple[Any, ...]]


def follow(session: Session, mapper: Mapper[Any], ids: Ids, opened: OpenChange) -> None:
    """Point all followers of these records, which have just got versions, to the newest."""
    ledger = ledger_of(session)
    due: list[tuple[Mapper[Any], Ids]] = [(mapper, ids)]
    while due:
        target, changed = due.pop()
        for property in referring(target):
            if property.kind != "following":
                continue
            moved: list[tuple[Any, ...]] = []
            for part in _parts(changed):
                moved += _repoint(session, property, part, opened)
            ledger.repointed.append(Repointed(property, frozenset(moved)))
            if moved:
                due.append((property.parent, _ids(property.parent, moved)))


def _parts(ids: Ids) -> Iterable[Ids]:
    return [ids] if isinstance(ids, Select) else chunks(ids, CHUNK)


def _ids(mapper: Mapper[Any], keys: Iterable[tuple[Any, ...]]) -> list[Any]:
    """The records among primary keys; a key of one column is not wrapped."""
    places = [n for n, column in enumerate(mapper.primary_key) if column.name != "version_id"]
    if len(places) == 1:
        return [key[places[0]] for key in keys]
    return [tuple(key[n] for n in places) for key in keys]


def among(columns: Sequence[ColumnElement[Any]], ids: Ids) -> ColumnElement[bool]:
    """Whether the columns name one of the records."""
    return columns[0].in_(ids) if len(columns) == 1 else tuple_(*columns).in_(ids)


def newest_version(property: ReferenceProperty, key: Sequence[Any]) -> ScalarSelect[Any]:
    """The number of the newest version of the record that the expressions name."""
    target = version_table(property.mapper).alias()
    names = [column.name for column in record_key(version_table(property.mapper))]
    same = [target.c[name] == value for name, value in zip(names, key, strict=True)]
    return select(target.c.version_id).where(*same, is_newest(target.c)).scalar_subquery()


def complete_values(mapper: Mapper[Any], values: dict[str, Any]) -> dict[str, Any]:
    """An ``update()``'s values: whom it has follow a record, it has follow the newest version."""
    for property in reference_properties(mapper):
        key = property.names[:-1]
        if property.kind == "following" and values.keys() >= set(key):
            columns = [mapper.columns[name] for name in key]
            given = [
                value if is_expression(value) else literal(value, column.type)
                for value, column in zip((values[name] for name in key), columns, strict=True)
            ]
            values = {**values, property.names[-1]: newest_version(property, given)}
    return values


def _repoint(
    session: Session, property: ReferenceProperty, ids: Ids, opened: OpenChange
) -> list[tuple[Any, ...]]:
    """Returns the primary keys of the followers that need, or got, a next version."""
    table = property.parent.local_table
    assert isinstance(table, Table)
    connection = session.connection(bind_arguments={"mapper": property.parent})
    newest = newest_version(property, property.key_columns)
    outdated = and_(among(property.key_columns, ids), property.version_column != newest)
    if not keeps_versions(table):
        values = {property.version_column: newest}
        connection.execute(
            update(table).where(outdated).values({**untouched(table, values), **values})
        )
        return []
    opened.touched.add(property.parent.base_mapper)
    allow_amending(session, property.parent)
    moved: list[tuple[Any, ...]] = []
    close = _closing(property, outdated, opened)
    for attempt in count(1):
        rows = connection.execute(close).all()
        closed = [tuple(row[:-1]) for row in rows if not row[-1]]
        for part in chunks(closed, CHUNK):
            _insert(session, property, part, opened)
        moved += closed
        # On PostgreSQL a statement passes over a follower that another session was about to
        # supersede when it came; the next statement sees that session's newer row.
        if connection.dialect.name != "postgresql" or (attempt > 1 and not rows):
            break
    return moved


def _closing(property: ReferenceProperty, outdated: ColumnElement[bool], opened: OpenChange) -> Any:
    """Close the followers' rows and return their keys; amend those that are this change's own."""
    table, version = version_table(property.parent), property.version_column
    own = func.coalesce(table.c.change_id == opened.id, false())
    newest = newest_version(property, property.key_columns)
    at = moment(table.c, literal(opened.at, UtcDateTime()))
    values: dict[Column[Any], Any] = {
        table.c.is_current_version: own,
        table.c.version_to: case((own, null()), else_=at),
        version: case((own, newest), else_=version),
    }
    return (
        update(table)
        .where(live(table), outdated)
        .values({**untouched(table, values), **values})
        .returning(*property.parent.primary_key, own)
    )


def _insert(
    session: Session,
    property: ReferenceProperty,
    keys: Sequence[tuple[Any, ...]],
    opened: OpenChange,
) -> None:
    mapper = property.parent
    table = version_table(mapper)
    connection = session.connection(bind_arguments={"mapper": mapper})
    values = onupdate.add_to(mapper, {})
    replaced = {column_of(mapper, name): value for name, value in values.items()}
    replaced[property.version_column] = newest_version(property, property.key_columns)
    row = next_row(
        table,
        replaced,
        at=moment(table.c, literal(opened.at, UtcDateTime())),
        op=literal("update", table.c.version_op.type),
        change_id=literal(opened.id, table.c.change_id.type),
    )
    old = select(*row.values()).where(tuple_(*mapper.primary_key).in_(keys))
    connection.execute(insert(table).from_select(list(row), old, include_defaults=False))


def settle_followers(session: Session) -> None:
    """Objects in memory are the new rows of their records, and read the rest anew when asked.

    A rollback, also to a savepoint, gives them their old place back.
    """
    ledger = ledger_of(session)
    repointed, ledger.repointed = ledger.repointed, []
    for done in repointed:
        model, name = done.property.parent.class_, done.property.names[-1]
        loaded = [obj for obj in session.identity_map.values() if isinstance(obj, model)]
        states = map(instance_state, loaded)
        moved = {state for state in states if state.identity in done.moved}
        for state in moved:
            _place(state)
        if moved:
            session._register_persistent(moved)
        session._register_altered(map(instance_state, loaded))  # to be read anew after a rollback
        for obj in loaded:
            session.expire(obj, None if instance_state(obj) in moved else [name])


def _place(state: InstanceState[Any]) -> None:
    """Give a loaded object the key of its record's next version."""
    assert state.identity is not None
    for column, value in zip(state.mapper.primary_key, state.identity, strict=True):
        name = state.mapper.get_property_by_column(column).key
        key = value + 1 if column.name == "version_id" else value
        set_committed_value(state.obj(), name, key)
