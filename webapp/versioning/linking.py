"""Writes links with the versions of their owners."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import (
    Table,
    and_,
    bindparam,
    delete,
    exists,
    insert,
    inspect,
    literal,
    select,
    update,
)
from sqlalchemy.orm import InstanceState, Mapper, Session
from sqlalchemy.orm.attributes import get_history, instance_state

from .anchors import plain_id, record_key
from .errors import DanglingReference, Referrer, VersioningError
from .ledger import LinkEdit, ledger_of
from .links import LinkProperty, link_properties
from .queries import is_newest
from .repoint import CHUNK, Ids, among
from .setting import living, referrer
from .shape import chunks, version_table


def note_links(session: Session, objects: Sequence[Any]) -> None:
    """Before a flush: keep in mind which objects gained or lost links; new targets come along."""
    ledger = ledger_of(session)
    kinds = {kind for kind in set(map(type, objects)) if link_properties(inspect(kind))}
    for obj in [obj for obj in objects if type(obj) in kinds] if kinds else ():
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
        _note_written(session, property)
        _close(session, property, rows)
    for property, rows in added.items():
        _note_written(session, property)
        connection = session.connection(bind_arguments={"mapper": property.parent})
        connection.execute(insert(property.links), rows)
        _insist_on_living(session, property, linked)


def _note_written(session: Session, property: LinkProperty) -> None:
    """The open change may have done something to these links."""
    opened = ledger_of(session).opened
    if opened is not None:
        opened.linked.add(property.links)


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
    same = [c == bindparam(f"b_{c.name}") for c in property.ends]
    statement = update(links).where(*same, links.c.removed_in.is_(None))
    connection = session.connection(bind_arguments={"mapper": property.parent})
    connection.execute(statement.values(removed_in=bindparam("b_version")), rows)


def _insist_on_living(
    session: Session, property: LinkProperty, linked: dict[InstanceState[Any], list[LinkEdit]]
) -> None:
    wanted = {
        plain_id(_id(instance_state(other))): state
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
        _note_written(session, property)
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


def reopen_links(session: Session, mapper: Mapper[Any], ids: Ids, change_id: int) -> None:
    """Deleted records live again, by a statement: so do the links that ended with them."""
    for property in link_properties(mapper):
        _note_written(session, property)
        rows, owner = property.links.c, version_table(mapper).alias()
        key = record_key(version_table(mapper))
        pairs = zip(key, property.owner_columns, strict=True)
        same = and_(*(owner.c[column.name] == held for column, held in pairs))
        newest = select(owner.c.version_id).where(same, is_newest(owner.c)).scalar_subquery()
        ended = and_(rows.removed_in == newest - 1, rows.added_in < rows.removed_in)
        chosen = select(*property.ends, newest, literal(change_id))
        chosen = chosen.where(among(property.owner_columns, ids), ended)
        names = [*(column.name for column in property.ends), "added_in", "change_id"]
        connection = session.connection(bind_arguments={"mapper": mapper})
        connection.execute(insert(property.links).from_select(names, chosen))


def dangling_links(
    session: Session, property: LinkProperty, ids: Sequence[Any], most: int
) -> list[Referrer]:
    """The first of the links that hold and lead to some of these records, where they are dead."""
    columns = property.ends
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
        Referrer(model, plain_id(row[:width]), property.key, target, plain_id(row[width:]))
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


def relink(
    session: Session, record: Any, name: str, went: Collection[Any], came: Collection[Any]
) -> None:
    """Take these records out of an object's links, and put others in; the flush writes it."""
    property = next(p for p in link_properties(instance_state(record).mapper) if p.key == name)
    with session.no_autoflush:  # the record may be half-way through its edits
        held = getattr(record, name)
        ids = {instance_state(other): plain_id(_id(instance_state(other))) for other in held}
        new = _newest(session, property, [id for id in came if id not in ids.values()])
    for other in [other for other in held if ids[instance_state(other)] in went]:
        held.remove(other)
    for other in new:
        held.append(other)


def _newest(session: Session, property: LinkProperty, ids: Sequence[Any]) -> list[Any]:
    """The objects of the records that links are to lead to."""
    table = version_table(property.mapper)
    found: list[Any] = []
    for part in chunks(ids, CHUNK):
        query = select(property.mapper.class_).where(among(record_key(table), part))
        found += session.scalars(query.where(is_newest(table.c)))
    if len(found) != len(ids):
        raise VersioningError(
            f"{property} was to lead to records that never were, among {list(ids)[:10]}. Nothing"
            " was written: look at the table of links."
        )
    return found
