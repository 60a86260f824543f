"""Makes known, before a flush, what an object's next version depends on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import InstanceState, Mapper, RelationshipProperty, Session
from sqlalchemy.orm.attributes import instance_state, set_committed_value
from sqlalchemy.orm.base import NO_VALUE
from sqlalchemy.orm.interfaces import MANYTOONE

from .errors import UnknownVersion
from .ledger import ledger_of
from .shape import chunks, comparers

KEY = frozenset({"id", "version_id"})
#: What must be known of a row before a version can follow it.
NEEDED = KEY | {"is_current_version", "version_from", "version_op", "change_id"}
CHUNK = 500
Values = Mapping[str, Any]


def settle(session: Session, states: Iterable[InstanceState[Any]]) -> None:
    """Read what the objects lack, and carry deleted attributes and references to their columns."""
    unknown = []
    awaiting = ledger_of(session).awaiting
    for state in states:
        if references(state.manager.mapper) and settle_references(state):
            awaiting.add(state)
        if not _is_known(state):
            _settle_deletions(state)
            unknown.append(state)
    if unknown:
        load_missing(session, unknown)


def _is_known(state: InstanceState[Any]) -> bool:
    loaded = state.dict
    for name, committed in state.committed_state.items():
        if committed is NO_VALUE or name not in loaded:
            return False
    return loaded.keys() >= NEEDED


def load_missing(session: Session, states: Iterable[InstanceState[Any]]) -> None:
    """What the objects have not loaded but their next version depends on, in one SELECT a model.

    Version columns are filled in on the object. The ledger keeps, for attributes that were set
    before their value was loaded, the row's values; they are read once in a flush.
    """
    known = ledger_of(session).stored
    lacking: dict[Mapper[Any], dict[InstanceState[Any], set[str]]] = defaultdict(dict)
    for state in states:
        if names := _missing(state) - known.get(state, {}).keys():
            lacking[state.mapper][state] = names
    for mapper, group in lacking.items():
        for part in chunks(list(group.items()), CHUNK):
            _load_rows(session, mapper, dict(part), known)


def _missing(state: InstanceState[Any]) -> set[str]:
    loaded = state.dict
    committed = state.committed_state
    unknown = {name for name, value in committed.items() if value is NO_VALUE}
    if unknown:
        unknown &= comparers(state.mapper).keys()
    return unknown if loaded.keys() >= NEEDED else unknown | NEEDED.difference(loaded)


def _load_rows(
    session: Session,
    mapper: Mapper[Any],
    lacking: dict[InstanceState[Any], set[str]],
    known: dict[InstanceState[Any], Values],
) -> None:
    names = sorted(NEEDED.union(*lacking.values()))
    columns = [mapper.columns[name] for name in names]
    key = tuple_(*mapper.primary_key)
    by_key = {state.identity: state for state in lacking}
    query = select(*mapper.primary_key, *columns).select_from(mapper.persist_selectable)
    query = query.where(key.in_(list(by_key)))
    connection = session.connection(bind_arguments={"mapper": mapper})
    width = len(mapper.primary_key)
    for row in connection.execute(query):
        state = by_key.pop(tuple(row[:width]))
        stored = dict(zip(names, row[width:], strict=True))
        for name in NEEDED.difference(state.dict):
            set_committed_value(state.obj(), name, stored[name])
        known[state] = {**known.get(state, {}), **{name: stored[name] for name in lacking[state]}}
    if by_key:
        raise UnknownVersion(
            f"{mapper.class_.__name__} {next(iter(by_key))} is not in the database. Nothing was"
            " written: roll back and read the record again."
        )


def _settle_deletions(state: InstanceState[Any]) -> None:
    """``del obj.name`` means NULL to the ORM, and so it does here."""
    for name in state.committed_state:
        if name not in state.dict and name in state.mapper.column_attrs:
            state.dict[name] = None


def refers(obj: Any) -> bool:
    """Whether a reference of the object to another was set."""
    state = instance_state(obj)
    relations = references(state.mapper)
    return bool(relations) and any(r.key in state.committed_state for r in relations)


def settle_references(
    state: InstanceState[Any], targets: Mapping[InstanceState[Any], Any] | None = None
) -> bool:
    """Carry a changed many-to-one reference over to its foreign key columns before the copy.

    The ORM does so later in the flush; a target that has no key yet is left to it. With `targets`,
    references to other objects are left alone. Returns whether one is left to the ORM.
    """
    awaits = False
    for relation in references(state.mapper):
        if relation.key not in state.committed_state or relation.key not in state.dict:
            continue
        target = state.dict[relation.key]
        if targets is not None and (target is None or instance_state(target) not in targets):
            continue
        for local, remote in relation.local_remote_pairs or ():
            name = state.mapper.get_property_by_column(local).key
            value = _remote_value(relation.mapper, target, remote)
            if value is NO_VALUE:
                awaits = True
            elif name not in KEY:
                setattr(state.obj(), name, value)
    return awaits


@lru_cache(maxsize=256)
def references(mapper: Mapper[Any]) -> tuple[RelationshipProperty[Any], ...]:
    """The mapper's many-to-one relationships, which its rows' foreign keys follow."""
    return tuple(
        relation
        for relation in mapper.relationships
        if relation.direction is MANYTOONE and not relation.viewonly
    )


def _remote_value(mapper: Mapper[Any], target: Any, column: Any) -> Any:
    if target is None:
        return None
    value = getattr(target, mapper.get_property_by_column(column).key)
    return NO_VALUE if value is None else value
