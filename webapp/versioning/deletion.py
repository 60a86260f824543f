"""When a record is deleted that others refer to: refused, cascaded, or their references taken away.

What was declared to cascade or to be set to NULL is done before the deletion, as versions of the
records that refer. Whatever living reference is left afterwards refuses the whole: the database is
asked once all is written, so it does not matter in which order a flush deletes and edits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, func, select, update
from sqlalchemy.orm import Mapper, Session
from sqlalchemy.orm.attributes import instance_state

from .anchors import ANCHOR, plain_id, record_key
from .errors import DanglingReference, Referrer, StillReferenced
from .ledger import ledger_of
from .linking import close_links, dangling_links, owners_of, relink
from .links import link_properties, linking
from .queries import live
from .relationships import ReferenceProperty, reference_properties, referring
from .repoint import CHUNK, Ids, among
from .shape import chunks, has_versions, version_table

#: Referrers that a refusal lists.
MOST = 100
#: In ``Session.info``: deletions to be checked at the end of a block.
TOGETHER = "versioning.deleted_together"
#: In ``Session.info``: a deletion is being spread.
SPREADING = "versioning.spreading"


def spread(session: Session, deleted: Sequence[Any]) -> None:
    """Before a flush that deletes these objects: so are those that cascade, and what is to be set
    to NULL is set. Notes the records, to be checked once all is written."""
    due = list(deleted)
    seen = {instance_state(obj) for obj in due}
    while due:
        obj = due.pop()
        state = instance_state(obj)
        properties = referring(state.mapper)
        if state.key is None or not takes_part(state.mapper):
            continue
        id = _id(obj)
        for links in linking(state.mapper):
            if links.on_delete == "unlink":
                for owner in owners_of(session, links, id):
                    getattr(owner, links.key).remove(obj)
        ledger_of(session).deleted.append((state.mapper, id))
        for property in properties:
            if property.kind == "pinned" or property.on_delete == "refuse":
                continue
            for other in _objects(session, property, id):
                if property.on_delete == "set null":
                    setattr(other, property.key, None)
                elif instance_state(other) not in seen:
                    seen.add(instance_state(other))
                    session.delete(other)
                    due.append(other)


def takes_part(mapper: Mapper[Any]) -> bool:
    """Whether the mapper's records are referred to, or have or get links."""
    return bool(referring(mapper) or linking(mapper) or link_properties(mapper))


def _id(obj: Any) -> Any:
    mapper = instance_state(obj).mapper
    key = record_key(version_table(mapper))
    return plain_id([getattr(obj, mapper.get_property_by_column(column).key) for column in key])


def _objects(session: Session, property: ReferenceProperty, id: Any) -> list[Any]:
    """The living objects that refer to a record, in memory as in the database."""
    query = select(property.parent.class_).where(_refers(property, [id]))
    names = property.reference.columns
    key = id if isinstance(id, tuple) else (id,)
    found = session.scalars(query).all()
    return [obj for obj in found if tuple(getattr(obj, name) for name in names) == key]


def _refers(property: ReferenceProperty, ids: Ids) -> ColumnElement[bool]:
    """Whether a row of the class that refers is alive and leads to one of the records."""
    condition = among(property.key_columns, ids)
    mapper = property.parent
    return and_(condition, live(mapper.class_)) if has_versions(mapper) else condition


def spread_set(session: Session, mapper: Mapper[Any], ids: Sequence[Any]) -> None:
    """Before a statement that deletes these records: the same, by statements for each table."""
    if SPREADING in session.info:  # by a statement of this function's own
        return
    session.info[SPREADING] = True
    try:
        _unlink(session, mapper, ids)
        seen: dict[Mapper[Any], set[Any]] = {mapper.base_mapper: set(ids)}
        due: list[tuple[Mapper[Any], Sequence[Any]]] = [(mapper, ids)]
        while due:
            target, gone = due.pop()
            for property in referring(target):
                if property.kind == "pinned" or property.on_delete == "refuse":
                    continue
                for part in chunks(gone, CHUNK):
                    due += _spread_one(session, property, part, seen)
    finally:
        del session.info[SPREADING]


def _unlink(session: Session, mapper: Mapper[Any], ids: Sequence[Any]) -> None:
    """Take records that are about to be deleted out of the links that let them go."""
    for links in linking(mapper):
        if links.on_delete == "unlink":
            for id in ids:
                for owner in owners_of(session, links, id):
                    relink(session, owner, links.key, [id], ())
    session.flush()


def _spread_one(
    session: Session,
    property: ReferenceProperty,
    ids: Sequence[Any],
    seen: dict[Mapper[Any], set[Any]],
) -> list[tuple[Mapper[Any], list[Any]]]:
    """Delete, or set to NULL, what refers to the records; returns what was deleted."""
    mapper = property.parent
    model: Any = mapper.class_
    known = seen.setdefault(mapper.base_mapper, set())
    key = [column for column in mapper.primary_key if column.name != "version_id"]
    query = select(*key).select_from(model).where(_refers(property, ids))
    rows = session.execute(query, bind_arguments={"mapper": mapper})
    found = [id for id in ids_of(rows) if id not in known]
    for part in chunks(found, CHUNK):
        if property.on_delete == "cascade":
            statement: Any = delete(model)
        else:
            statement = update(model).values(dict.fromkeys(property.names))
        session.execute(statement.where(among(key, part)))
    if not found or property.on_delete != "cascade":
        return []
    known.update(found)
    return [(mapper, found)]


def end_links(session: Session) -> None:
    """After a flush: the links of what it deleted end."""
    for mapper, ids in _by_mapper(ledger_of(session).deleted).items():
        close_links(session, mapper, ids)


def check_deleted(session: Session) -> None:
    """After a flush: no living record refers to those that it deleted. Raises StillReferenced."""
    ledger = ledger_of(session)
    deleted, ledger.deleted = ledger.deleted, []
    for mapper, ids in _by_mapper(deleted).items():
        check_referrers(session, mapper, ids)


def _by_mapper(deleted: Iterable[tuple[Mapper[Any], Any]]) -> dict[Mapper[Any], list[Any]]:
    found: dict[Mapper[Any], list[Any]] = {}
    for mapper, id in deleted:
        found.setdefault(mapper, []).append(id)
    return found


def check_referrers(session: Session, mapper: Mapper[Any], ids: Sequence[Any]) -> None:
    """Raises StillReferenced where living records refer to some of these and they are dead."""
    waiting = session.info.get(TOGETHER)
    if waiting is not None:
        waiting.append((mapper, ids))
        return
    found: list[Referrer] = []
    total = 0
    for part in chunks(ids, CHUNK):
        for property in referring(mapper):
            if property.kind != "pinned":
                condition = among(property.key_columns, part)
                some, count = _dangling(session, property, condition)
                found += some
                total += count
        for links in linking(mapper):
            dead = dangling_links(session, links, part, MOST)
            found += dead
            total += len(dead)
    if found:
        raise StillReferenced(found[:MOST], total)


def check_altered(session: Session, mapper: Mapper[Any], names: Set[str], ids: Ids) -> None:
    """After a statement that set these attributes of the records: none leads to the dead."""
    for property in reference_properties(mapper):
        if property.kind != "pinned" and names & set(property.names):
            key = record_key(version_table(mapper))
            some, _ = _dangling(session, property, among(key, ids))
            if some:
                raise DanglingReference(some)


@contextmanager
def together(session: Session) -> Iterator[None]:
    """Have several statements delete what refers to each other: checked at the block's end.

    When that fails, the session refuses to go on until it is rolled back, as after a failed flush.
    """
    if TOGETHER in session.info:
        yield
        return
    attempt = session._autobegin_t()._begin()
    waiting: list[tuple[Mapper[Any], Sequence[Any]]] = []
    session.info[TOGETHER] = waiting
    try:
        try:
            yield
            session.flush()
        finally:
            del session.info[TOGETHER]
        for mapper, ids in waiting:
            check_referrers(session, mapper, ids)
        attempt.commit()
    except BaseException:
        attempt.rollback(_capture_exception=True)
        raise


def _dangling(
    session: Session, property: ReferenceProperty, condition: ColumnElement[bool]
) -> tuple[list[Referrer], int]:
    """The first living rows, of those that meet the condition, whose target is dead; how many."""
    mapper = property.parent
    anchor = version_table(property.mapper).info[ANCHOR]
    pairs = zip(anchor.primary_key, property.key_columns, strict=True)
    alive = exists().where(*(key == column for key, column in pairs), anchor.c.living)
    key = [column for column in mapper.primary_key if column.name != "version_id"]
    query = select(*key, *property.key_columns).select_from(mapper.class_).where(condition)
    query = query.where(~alive, *(column.is_not(None) for column in property.key_columns))
    if has_versions(mapper):
        query = query.where(live(mapper.class_))
    where = {"mapper": mapper}
    rows = session.execute(query.order_by(*key).limit(MOST + 1), bind_arguments=where).all()
    names = mapper.class_, property.key, property.mapper.class_
    found = [
        Referrer(names[0], plain_id(row[: len(key)]), *names[1:], plain_id(row[len(key) :]))
        for row in rows[:MOST]
    ]
    if len(rows) <= MOST:
        return found, len(rows)
    counting = select(func.count()).select_from(query.subquery())
    return found, session.scalar(counting, bind_arguments=where) or 0


def ids_of(rows: Iterable[Sequence[Any]]) -> list[Any]:
    """Record ids from rows of their key: a key of one column is not wrapped."""
    return list(map(plain_id, rows))
