"""Decides, before a flush, which objects need a new version; refuses what must stay as it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ClauseElement, select, tuple_
from sqlalchemy.orm import InstanceState, Mapper, RelationshipProperty, Session
from sqlalchemy.orm.attributes import flag_dirty, instance_state, set_committed_value
from sqlalchemy.orm.base import NO_VALUE
from sqlalchemy.orm.interfaces import MANYTOONE

from .change import allow_amending
from .errors import ReadOnlyVersion, UnknownVersion
from .ledger import NOTHING, Ledger, Step, ledger_of
from .shape import VERSION_COLUMNS, chunks, comparers, unversioned_columns

KEY = frozenset({"id", "version_id"})
#: What must be known of a row before a version can follow it.
NEEDED = KEY | {"is_current_version", "version_from", "version_op", "change_id"}
SET_BY_US = KEY | VERSION_COLUMNS
CHUNK = 500
Values = Mapping[str, Any]


def changed(session: Session, objects: Sequence[Any]) -> list[Any]:
    """Of the dirty objects, those whose next version must be made.

    Left out are objects with equal values, with changes in `__unversioned__` columns alone, and
    those whose row this very transaction made: that row is amended.
    """
    ledger = ledger_of(session)
    states = [instance_state(obj) for obj in objects]
    for state in states:
        _settle_deletions(state)
        if references(state.mapper):
            _settle_references(state)
    load_missing(session, states)
    return [
        obj
        for obj, state in zip(objects, states, strict=True)
        if state not in ledger.steps
        and state not in ledger.amended
        and _needs_version(session, ledger, state)
    ]


def _needs_version(session: Session, ledger: Ledger, state: InstanceState[Any]) -> bool:
    names = changed_columns(state, ledger.stored.get(state, NOTHING))
    operation = ledger.operations.get(state) if ledger.operations else None
    revived = operation == "restore" and state.dict["version_op"] == "delete"
    if not (names or revived):
        ledger.operations.pop(state, None)
        make_clean(state)
        return False
    _refuse_read_only(state, names, operation)
    if ledger.is_own(state.dict["change_id"]):
        _amend(session, state, operation)
        return False
    if names and not operation and names <= unversioned_columns(state.mapper):
        ledger.in_place[state] = state.mapper
        return False
    return True


def next_version(session: Session, obj: Any) -> None:
    """Plan the version after the object's present one; the object bears its number from now on."""
    state = instance_state(obj)
    ledger = ledger_of(session)
    if state not in ledger.steps:
        if state not in ledger.stored:
            load_missing(session, [state])
        operation = ledger.operations.get(state, "update") if ledger.operations else "update"
        _plan(ledger, state, operation, ledger.stored.get(state, NOTHING))


def tombstone(session: Session, obj: Any) -> None:
    """Plan the version that says "deleted", in place of the row's deletion.

    A record that this transaction created is deleted for good: nothing of it was ever committed.
    """
    state = instance_state(obj)
    ledger = ledger_of(session)
    load_missing(session, [state])
    own = ledger.is_own(state.dict["change_id"])
    if own and state.dict["version_id"] == 1:
        allow_amending(session, state.mapper)
        return
    _refuse_read_only(state, set(), None)
    session.add(obj)
    _discard_changes(session, state, ledger.stored.get(state, NOTHING))
    if own:
        _amend(session, state, "delete")
    else:
        _plan(ledger, state, "delete", NOTHING)
        flag_dirty(obj)


def finish(step: Step) -> dict[str, Any]:
    """What the next version changes, settled once: by now every hook has had its say."""
    if step.edits is None:
        loaded = step.state.dict
        names = changed_columns(step.state, step.old) if step.op != "delete" else ()
        step.edits = {name: loaded[name] for name in names}
    return step.edits


def follow(session: Session, dirty: Iterable[Any]) -> None:
    """References set, be it again, to an object that gets a version point to that version.

    The ORM sees no change in a reference that was set to the object it held already, as the
    recipe's parent does to follow its child.
    """
    steps = ledger_of(session).steps
    for obj in dirty:
        _settle_references(instance_state(obj), steps)


def undo(session: Session) -> None:
    """Take back the plans of a flush that was refused before it began; the edits remain."""
    ledger = ledger_of(session)
    for step in ledger.steps.values():
        if step.copy:
            set_committed_value(step.obj, "version_id", step.old_version)
        if step.op == "delete":
            session.delete(step.obj)
    ledger.steps.clear()
    ledger.in_place.clear()
    ledger.stored.clear()


def changed_columns(state: InstanceState[Any], old: Values) -> set[str]:
    """Names of the column attributes whose value differs from the row's.

    `old` gives the row's values where the object had not loaded them.
    """
    compare = comparers(state.mapper)
    loaded = state.dict
    found = set()
    for name, committed in state.committed_state.items():
        if name in compare and name in loaded:
            value = loaded[name]
            before = old.get(name, committed)
            if value is before:
                continue
            if is_expression(value) or not compare[name](before, value):
                found.add(name)
    return found


def is_expression(value: Any) -> bool:
    """Whether an attribute holds a SQL expression for the database to resolve."""
    return isinstance(value, ClauseElement) or hasattr(value, "__clause_element__")


def was_rewritten(ledger: Ledger, obj: Any) -> bool:
    """Whether the flush under way updates the object's row although no plan of ours said so."""
    state = instance_state(obj)
    if state in ledger.written or ledger.is_own(state.dict.get("change_id")):
        return False
    return bool(changed_columns(state, {}))


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
    query = select(*mapper.primary_key, *columns).where(key.in_(list(by_key)))
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


def _settle_references(
    state: InstanceState[Any], targets: Mapping[InstanceState[Any], Any] | None = None
) -> None:
    """Carry a changed many-to-one reference over to its foreign key columns before the copy.

    The ORM does so later in the flush; a target that has no key yet is left to it. With `targets`,
    references to other objects are left alone.
    """
    for relation in references(state.mapper):
        if relation.key not in state.committed_state or relation.key not in state.dict:
            continue
        target = state.dict[relation.key]
        if targets is not None and (target is None or instance_state(target) not in targets):
            continue
        for local, remote in relation.local_remote_pairs or ():
            name = state.mapper.get_property_by_column(local).key
            value = _remote_value(relation.mapper, target, remote)
            if value is not NO_VALUE and name not in KEY:
                setattr(state.obj(), name, value)


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


def _refuse_read_only(state: InstanceState[Any], names: set[str], operation: str | None) -> None:
    loaded = state.dict
    deleted = loaded["version_op"] == "delete" and operation != "restore"
    by_hand = names & SET_BY_US
    if loaded["is_current_version"] and not deleted and not by_hand:
        return
    name = f"{state.mapper.class_.__name__} {loaded['id']}"
    if by_hand:
        raise ReadOnlyVersion(
            f"{name}: {', '.join(sorted(by_hand))} cannot be set by hand. Nothing was written:"
            " edit the data columns and the versioning sets these."
        )
    if not loaded["is_current_version"]:
        raise ReadOnlyVersion(
            f"{name} version {loaded['version_id']} is superseded and stays as it is. Nothing was"
            " written: edit the current version, or restore() this one."
        )
    raise ReadOnlyVersion(
        f"{name} was deleted by version {loaded['version_id']}. Nothing was written: restore() a"
        " version of it first."
    )


def make_clean(state: InstanceState[Any]) -> None:
    """Tell the ORM that equal values are no change, so that it writes nothing of its own."""
    obj = state.obj()
    columns = comparers(state.mapper)
    for name in [name for name in state.committed_state if name in columns]:
        if name in state.dict:
            set_committed_value(obj, name, state.dict[name])


def _discard_changes(session: Session, state: InstanceState[Any], old: Values) -> None:
    obj = state.obj()
    columns = state.mapper.column_attrs
    for name, committed in list(state.committed_state.items()):
        if name in columns:
            set_committed_value(obj, name, old.get(name, committed))
        else:
            session.expire(obj, [name])


def _amend(session: Session, state: InstanceState[Any], operation: str | None) -> None:
    allow_amending(session, state.mapper)
    ledger_of(session).amended.add(state)
    if operation:
        state.obj().version_op = operation  # type: ignore[union-attr]


def _plan(ledger: Ledger, state: InstanceState[Any], operation: str, old: Values) -> None:
    loaded = state.dict
    version = loaded["version_id"]
    key = loaded["id"], version, loaded["version_from"]
    obj = state.obj()
    ledger.steps[state] = Step(obj, state, state.mapper, *key, operation, old=old)
    set_committed_value(obj, "version_id", version + 1)
