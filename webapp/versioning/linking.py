"""Writes links with the versions of their owners, and tells what an owner's versions had."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Table, and_, bindparam, delete, exists, insert, or_, select, update
from sqlalchemy.orm import InstanceState, Mapper, Session
from sqlalchemy.orm.attributes import get_history, instance_state

from .anchors import record_key
from .errors import DanglingReference, Referrer, VersioningError
from .ledger import LinkEdit, ledger_of
from .links import LinkProperty, link_properties
from .queries import is_newest
from .repoint import CHUNK, among
from .setting import living, referrer
from .shape import chunks, version_table


def note_links(session: Session, objects: Iterable[Any]) -> None:
    """Before a flush: keep in mind which objects gained or lost links; new targets come along."""
    ledger = ledger_of(session)
    for obj in objects:
        state = instance_state(obj)
        for property in link_properties(state.mapper):
            if property.key not in state.dict:
                continue
            if state.key is not None and property.key not in state.committed_state:
                continue
            history = get_history(obj, property.key)
            added, removed = list(history.added or ()), list(history.deleted or ())
            session.add_all([each for each in added if instance_state(each).session_id is None])
            if added or removed:
                edit = LinkEdit(property, added, removed)
                ledger.linked.setdefault(state, []).append(edit)


def write_links(session: Session) -> None:
    """After a flush: every row has its key and version by now, so close and add links."""
    ledger = ledger_of(session)
    linked, ledger.linked = ledger.linked, {}
    closed: dict[LinkProperty, list[dict[str, Any]]] = defaultdict(list)
    added: dict[LinkProperty, list[dict[str, Any]]] = defaultdict(list)
    for state, edits in linked.items():
        if state.dict.get("version_op") == "delete" or state.deleted:
            continue
        for edit in edits:
            for other in edit.removed:
                closed[edit.property].append(_row(edit.property, state, other, "b_"))
            for other in edit.added:
                row = _row(edit.property, state, other, "")
                row["change_id"] = state.dict["change_id"]
                added[edit.property].append(row)
    for property, rows in closed.items():
        _close(session, property, rows)
    for property, rows in added.items():
        connection = session.connection(bind_arguments={"mapper": property.parent})
        connection.execute(insert(property.links), rows)
        _insist_on_living(session, property, linked)


def _row(property: LinkProperty, state: InstanceState[Any], other: Any, prefix: str) -> Any:
    target = instance_state(other)
    columns = zip(property.owner_columns, _id(state), strict=True)
    row = {f"{prefix}{column.name}": value for column, value in columns}
    columns = zip(property.target_columns, _id(target), strict=True)
    row |= {f"{prefix}{column.name}": value for column, value in columns}
    return row | {f"{prefix}{'version' if prefix else 'added_in'}": state.dict["version_id"]}


def _id(state: InstanceState[Any]) -> tuple[Any, ...]:
    mapper = state.mapper
    key = record_key(version_table(mapper))
    return tuple(getattr(state.obj(), mapper.get_property_by_column(c).key) for c in key)


def _close(session: Session, property: LinkProperty, rows: list[dict[str, Any]]) -> None:
    links = property.links
    same = [c == bindparam(f"b_{c.name}") for c in _ends(property)]
    statement = update(links).where(*same, links.c.removed_in.is_(None))
    connection = session.connection(bind_arguments={"mapper": property.parent})
    connection.execute(statement.values(removed_in=bindparam("b_version")), rows)


def _ends(property: LinkProperty) -> list[Any]:
    return [*property.owner_columns, *property.target_columns]


def _insist_on_living(
    session: Session, property: LinkProperty, linked: dict[InstanceState[Any], list[LinkEdit]]
) -> None:
    wanted = {
        _plain(_id(instance_state(other))): state
        for state, edits in linked.items()
        for edit in edits
        if edit.property is property
        for other in edit.added
    }
    dead = wanted.keys() - living(session, property, list(wanted))
    if dead:
        raise DanglingReference([referrer(property, wanted[id], id) for id in list(dead)[:100]])


def close_links(session: Session, mapper: Mapper[Any], ids: Sequence[Any]) -> None:
    """Records were deleted: their links end with the tombstone, or go as if they never were."""
    for property in link_properties(mapper):
        links, owner = property.links, version_table(mapper).alias()
        connection = session.connection(bind_arguments={"mapper": mapper})
        key = record_key(version_table(mapper))
        pairs = zip(key, property.owner_columns, strict=True)
        same = and_(*(owner.c[column.name] == held for column, held in pairs))
        newest = select(owner.c.version_id).where(same, is_newest(owner.c)).scalar_subquery()
        for part in chunks(ids, CHUNK):
            theirs = and_(among(property.owner_columns, part), links.c.removed_in.is_(None))
            connection.execute(delete(links).where(theirs, ~exists().where(same)))
            connection.execute(update(links).where(theirs).values(removed_in=newest))


def dangling_links(
    session: Session, property: LinkProperty, ids: Sequence[Any], most: int
) -> list[Referrer]:
    """The first of the links that hold and lead to some of these records, where they are dead."""
    columns = _ends(property)
    anchor: Table = version_table(property.mapper).info["versioning.anchor"]
    pairs = zip(anchor.primary_key, property.target_columns, strict=True)
    alive = exists().where(*(key == column for key, column in pairs), anchor.c.living)
    query = select(*columns).where(
        among(property.target_columns, ids), property.links.c.removed_in.is_(None), ~alive
    )
    connection = session.connection(bind_arguments={"mapper": property.parent})
    width = len(property.owner_columns)
    model, target = property.parent.class_, property.mapper.class_
    return [
        Referrer(model, _plain(row[:width]), property.key, target, _plain(row[width:]))
        for row in connection.execute(query.order_by(*columns).limit(most))
    ]


def owners_of(session: Session, property: LinkProperty, id: Any) -> list[Any]:
    """The living objects that link to a record."""
    key = record_key(version_table(property.parent))
    model = property.parent.class_
    held = select(*property.owner_columns).where(
        among(property.target_columns, [id]), property.links.c.removed_in.is_(None)
    )
    rows = select(model).where(among(key, held), is_newest(version_table(property.parent).c))
    return list(session.scalars(rows))


def linked_in(session: Session, property: LinkProperty, id: Any, version: int) -> list[Any]:
    """The ids of what a version of a record was linked to, in order."""
    query = select(*property.target_columns).where(
        among(property.owner_columns, [id]), property.holds_in(version)
    )
    connection = session.connection(bind_arguments={"mapper": property.parent})
    rows = connection.execute(query.order_by(*property.target_columns))
    return [_plain(tuple(row)) for row in rows]


def links_between(
    session: Session, property: LinkProperty, id: Any, older: int, newer: int
) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The ids of what a record was linked to in one of its versions and not in another: what went
    and what came. Reads the links that changed between the two alone."""
    rows = property.links.c
    low, high = sorted((older, newer))
    changed = or_(
        and_(rows.added_in > low, rows.added_in <= high),
        and_(rows.removed_in > low, rows.removed_in <= high),
    )
    query = select(
        property.holds_in(older), property.holds_in(newer), *property.target_columns
    ).where(among(property.owner_columns, [id]), changed)
    connection = session.connection(bind_arguments={"mapper": property.parent})
    before: set[Any] = set()
    after: set[Any] = set()
    for was, is_now, *target in connection.execute(query.order_by(*property.target_columns)):
        if was:
            before.add(_plain(tuple(target)))
        if is_now:
            after.add(_plain(tuple(target)))
    return tuple(sorted(before - after)), tuple(sorted(after - before))


def relink(
    session: Session, record: Any, name: str, went: Collection[Any], came: Collection[Any]
) -> None:
    """Take these records out of an object's links, and put others in; the flush writes it."""
    property = next(p for p in link_properties(instance_state(record).mapper) if p.key == name)
    held = getattr(record, name)
    for other in [other for other in held if _plain(_id(instance_state(other))) in went]:
        held.remove(other)
    present = {_plain(_id(instance_state(other))) for other in held}
    wanted = [id for id in came if id not in present]
    table = version_table(property.mapper)
    for part in chunks(wanted, CHUNK):
        query = select(property.mapper.class_)
        query = query.where(among(record_key(table), part), is_newest(table.c))
        found = session.scalars(query).all()
        if len(found) != len(part):
            raise VersioningError(f"{property} leads to records that are not there: {part}.")
        held.extend(found)


def _plain(values: Sequence[Any]) -> Any:
    return values[0] if len(values) == 1 else tuple(values)
