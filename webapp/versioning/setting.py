"""When references are set: following ones lead to the newest version, and none to the dead."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from typing import Any

from sqlalchemy import Table, inspect, select
from sqlalchemy.orm import InstanceState, Session
from sqlalchemy.orm.attributes import instance_state

from .anchors import ANCHOR, record_key
from .errors import DanglingReference, Referrer
from .ledger import Ledger, Step, ledger_of
from .queries import is_newest
from .relationships import ReferenceProperty, TiedProperty, reference_properties
from .repoint import CHUNK, among
from .settle import settle_references
from .shape import chunks, version_table

Found = tuple[ReferenceProperty, InstanceState[Any]]


def note_references(session: Session, objects: Iterable[Any]) -> None:
    """Before a flush: keep in mind which objects have set a reference, or live again with one.

    Following references of persistent objects are pointed to the newest version at once, so that
    the edits are final when the next versions are planned.
    """
    ledger = ledger_of(session)
    kinds = {kind for kind in set(map(type, objects)) if _refers(kind)}
    if not kinds:
        return
    found = [
        (property, state)
        for state in (instance_state(obj) for obj in objects if type(obj) in kinds)
        for property in reference_properties(state.mapper)
        if property.kind != "pinned" and _is_set(ledger, property, state)
    ]
    for state in {state: None for _, state in found if state.key is not None}:
        settle_references(state)
    ledger.set_references += found
    point_to_newest(session, [each for each in found if each[1].key is not None])


def _refers(kind: type[Any]) -> bool:
    return bool(reference_properties(inspect(kind)))


def _is_set(ledger: Ledger, property: ReferenceProperty, state: InstanceState[Any]) -> bool:
    names = (property.key, *property.names)
    is_new = state.key is None or ledger.operations.get(state) == "restore"
    return is_new or any(name in state.committed_state for name in names)


def point_new(session: Session) -> None:
    """Once versions are planned: new objects follow what their target is about to be."""
    found = ledger_of(session).set_references
    if found:
        point_to_newest(session, [each for each in found if each[1].key is None])


def point_to_newest(session: Session, found: Sequence[Found]) -> None:
    """Following references that name an older version name the newest; one statement a reference.

    On PostgreSQL the newest rows are locked against being superseded until the transaction ends:
    who makes the next version waits, and re-points this reference as well.
    """
    by_property: dict[ReferenceProperty, list[InstanceState[Any]]] = defaultdict(list)
    for property, state in found:
        if property.kind == "following":
            by_property[property].append(state)
    for property, states in by_property.items():
        keys = {state: _key_set(property, state) for state in states}
        wanted = {key for key in keys.values() if key is not None}
        newest = _newest(session, property, wanted)
        for state, key in keys.items():
            if key in newest:
                _point(session, property, state, key, newest[key])


def _key_set(property: ReferenceProperty, state: InstanceState[Any]) -> Any | None:
    """The record that the object refers to: by the object that it holds, else by its columns."""
    target = state.dict.get(property.key)
    if target is not None and (state.key is None or property.key in state.committed_state):
        table = version_table(property.mapper)
        names = [property.mapper.get_property_by_column(c).key for c in record_key(table)]
        key = tuple(getattr(target, name) for name in names)
    else:
        key = tuple(getattr(state.obj(), name) for name in property.reference.columns)
    if None in key:
        return None
    return key[0] if len(key) == 1 else key


def _newest(session: Session, property: ReferenceProperty, keys: Set[Any]) -> dict[Any, int]:
    """The newest version of each record, as it will be after the flush under way."""
    found = _locked(session, property, keys)
    if keys - found.keys() and session.get_bind(property.mapper).dialect.name == "postgresql":
        # a query that waited for a row finds it superseded, and the new one too young to be seen
        found |= _locked(session, property, keys - found.keys())
    for id, step in _planned(session, property).items():
        if id in found:
            found[id] = step.old_version + 1
    return found


def _locked(session: Session, property: ReferenceProperty, keys: Set[Any]) -> dict[Any, int]:
    table = version_table(property.mapper)
    key = record_key(table)
    connection = session.connection(bind_arguments={"mapper": property.mapper})
    found = {}
    for part in chunks(list(keys), CHUNK):
        query = select(*key, table.c.version_id).where(among(key, part), is_newest(table.c))
        for *id, version in connection.execute(query.with_for_update(read=True)):
            found[id[0] if len(id) == 1 else tuple(id)] = version
    return found


def _planned(session: Session, property: ReferenceProperty) -> dict[Any, Step]:
    """The versions that the flush under way is about to make of the property's targets."""
    base = property.mapper.base_mapper
    steps = ledger_of(session).steps.values()
    return {step.id: step for step in steps if step.mapper.base_mapper is base}


def _point(
    session: Session, property: ReferenceProperty, state: InstanceState[Any], key: Any, newest: int
) -> None:
    obj, target = state.obj(), state.dict.get(property.key)
    held = state.key is None or property.key in state.committed_state
    if target is not None and held:
        if target.version_id == newest:
            return
        setattr(obj, property.key, _current(session, property, key))
        settle_references(state)
    elif getattr(obj, property.names[-1]) != newest:
        setattr(obj, property.names[-1], newest)


def _current(session: Session, property: ReferenceProperty, id: Any) -> Any:
    """The object of a record's newest version, as it will be after the flush."""
    planned = _planned(session, property).get(id)
    if planned is not None:
        return planned.obj
    model, table = property.mapper.class_, version_table(property.mapper)
    return session.scalar(select(model).where(among(record_key(table), [id]), is_newest(table.c)))


def check_set(session: Session) -> None:
    """After a flush: whatever the references set in it lead to is alive.

    On PostgreSQL this waits for whoever is about to delete such a record. Raises DanglingReference.
    """
    ledger = ledger_of(session)
    found, ledger.set_references = ledger.set_references, []
    by_property: dict[ReferenceProperty, dict[Any, InstanceState[Any]]] = defaultdict(dict)
    for property, state in found:
        names = property.reference.columns
        key = tuple(state.dict.get(name) for name in names)
        if None not in key and _is_there(state):
            by_property[property][key[0] if len(key) == 1 else key] = state
    dead = [
        referrer(property, states[key], key)
        for property, states in by_property.items()
        for key in states.keys() - living(session, property, list(states))
    ]
    if dead:
        raise DanglingReference(dead[:100])


def _is_there(state: InstanceState[Any]) -> bool:
    return state.dict.get("version_op") != "delete" and not state.deleted


def living(session: Session, property: TiedProperty, keys: Sequence[Any]) -> set[Any]:
    """Those of the records that live, and will until this transaction ends."""
    anchor: Table = version_table(property.mapper).info[ANCHOR]
    columns = list(anchor.primary_key)
    connection = session.connection(bind_arguments={"mapper": property.mapper})
    found: set[Any] = set()
    for part in chunks(keys, CHUNK):
        query = select(*columns).where(among(columns, part), anchor.c.living)
        for row in connection.execute(query.with_for_update(key_share=True, read=True)):
            found.add(row[0] if len(row) == 1 else tuple(row))
    return found


def referrer(property: TiedProperty, state: InstanceState[Any], target_id: Any) -> Referrer:
    """The object's reference, as errors name it."""
    mapper = state.mapper
    names = [
        mapper.get_property_by_column(column).key
        for column in mapper.primary_key
        if column.name != "version_id"
    ]
    id = tuple(state.dict.get(name) for name in names)  # a new object has no identity yet
    key = id[0] if len(id) == 1 else id
    return Referrer(mapper.class_, key, property.key, property.mapper.class_, target_id)
