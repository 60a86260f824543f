"""Decides, before a flush, which objects need a new version; refuses what must stay as it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import JSON, ClauseElement, inspect, select, tuple_
from sqlalchemy.orm import InstanceState, Mapper, Session
from sqlalchemy.orm.attributes import flag_dirty, flag_modified, set_committed_value
from sqlalchemy.orm.base import NO_VALUE

from .change import allow_amending
from .errors import ReadOnlyVersion, UnknownVersion
from .ledger import Ledger, Step, ledger_of
from .settle import settle_deletions, settle_references
from .shape import KEY, VERSION_COLUMNS, chunks, same, unversioned_columns

#: What must be known of a row before a version can follow it.
NEEDED = KEY | {"is_current_version", "version_from", "version_op", "change_id"}
CHUNK = 500
Values = Mapping[str, Any]


def changed(session: Session, objects: Sequence[Any]) -> list[Any]:
    """Of the dirty objects, those whose next version must be made.

    Left out are objects with equal values, with changes in `__unversioned__` columns alone, and
    those whose row this very transaction made: that row is amended.
    """
    ledger = ledger_of(session)
    states = [inspect(obj) for obj in objects]
    for state in states:
        settle_deletions(state)
        if settle_references(state):
            ledger.awaiting.add(state)
    stored = load_missing(session, states)
    found = []
    for obj, state in zip(objects, states, strict=True):
        operation = ledger.operations.get(state)
        if state in ledger.steps or state in ledger.amended or operation == "delete":
            continue
        names = changed_columns(state, stored.get(state, {}))
        if operation:
            names.discard("version_op")  # ours, from a flush that was refused half-way
        revived = operation == "restore" and state.dict["version_op"] == "delete"
        if not (names or revived or state in ledger.awaiting):
            ledger.operations.pop(state, None)
            _make_clean(state)
            continue
        _refuse_read_only(state, names, operation)
        if ledger.is_own(state.dict["change_id"]):
            _amend(session, state, operation)
            _insist_on_json(state, names)
        elif names and not operation and names <= unversioned_columns(state.mapper):
            ledger.in_place[state] = state.mapper
        else:
            found.append(obj)
    return found


def next_version(session: Session, obj: Any) -> None:
    """Plan the version after the object's present one; the object bears its number from now on."""
    state = inspect(obj)
    ledger = ledger_of(session)
    if state not in ledger.steps:
        old = load_missing(session, [state]).get(state, {})
        _plan(ledger, state, ledger.operations.get(state, "update"), old)


def tombstone(session: Session, obj: Any) -> None:
    """Plan the version that says "deleted", in place of the row's deletion.

    A record that this transaction created is deleted for good: nothing of it was ever committed.
    """
    state = inspect(obj)
    ledger = ledger_of(session)
    old = load_missing(session, [state]).get(state, {})
    own = ledger.is_own(state.dict["change_id"])
    if own and state.dict["version_id"] == 1:
        allow_amending(session, state.mapper)
        return
    _refuse_read_only(state, set(), None)
    session.add(obj)
    _discard_changes(session, state, old)
    if own:
        _amend(session, state, "delete")
        ledger.operations[state] = "delete"
    else:
        _plan(ledger, state, "delete", {})
        flag_dirty(obj)


def undo(session: Session) -> None:
    """Take back the plans of a flush that was refused before it began; the edits remain."""
    ledger = ledger_of(session)
    for step in ledger.steps.values():
        if step.copy:
            set_committed_value(step.state.obj(), "version_id", step.old_version)
        if step.op == "delete":
            session.delete(step.state.obj())
    ledger.steps.clear()
    ledger.in_place.clear()
    ledger.stored.clear()


def changed_columns(state: InstanceState[Any], old: Values) -> set[str]:
    """Names of the column attributes whose value differs from the row's.

    `old` gives the row's values where the object had not loaded them.
    """
    columns = state.mapper.column_attrs
    found = set()
    for name, committed in state.committed_state.items():
        if name in columns and name in state.dict:
            value = state.dict[name]
            before = old.get(name, committed)
            if is_expression(value) or not same(state.mapper, name, before, value):
                found.add(name)
    return found


def is_expression(value: Any) -> bool:
    """Whether an attribute holds a SQL expression for the database to resolve."""
    return isinstance(value, ClauseElement) or hasattr(value, "__clause_element__")


def was_rewritten(ledger: Ledger, obj: Any) -> bool:
    """Whether the flush under way updates the object's row although no plan of ours said so."""
    state = inspect(obj)
    if state in ledger.written or ledger.is_own(state.dict.get("change_id")):
        return False
    return bool(changed_columns(state, {}))


def load_missing(
    session: Session, states: Iterable[InstanceState[Any]]
) -> dict[InstanceState[Any], Values]:
    """What the objects have not loaded but their next version depends on, in one SELECT a model.

    Version columns are filled in on the object. Returned are, for attributes that were set before
    their value was loaded, the row's values; they are read once in a flush.
    """
    known = ledger_of(session).stored
    lacking: dict[Mapper[Any], dict[InstanceState[Any], set[str]]] = defaultdict(dict)
    for state in states:
        if names := _missing(state) - known.get(state, {}).keys():
            lacking[state.mapper][state] = names
    for mapper, group in lacking.items():
        for part in chunks(list(group.items()), CHUNK):
            _load_rows(session, mapper, dict(part), known)
    return known


def _missing(state: InstanceState[Any]) -> set[str]:
    columns = state.mapper.column_attrs
    unknown = {
        name
        for name, committed in state.committed_state.items()
        if committed is NO_VALUE and name in columns
    }
    return unknown | NEEDED.difference(state.dict)


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


def _refuse_read_only(state: InstanceState[Any], names: set[str], operation: str | None) -> None:
    name = f"{state.mapper.class_.__name__} {state.dict['id']}"
    version = state.dict["version_id"]
    by_hand = names & (KEY | VERSION_COLUMNS)
    if by_hand:
        raise ReadOnlyVersion(
            f"{name}: {', '.join(sorted(by_hand))} cannot be set by hand. Nothing was written:"
            " edit the data columns and the versioning sets these."
        )
    if not state.dict["is_current_version"]:
        raise ReadOnlyVersion(
            f"{name} version {version} is superseded and stays as it is. Nothing was written:"
            " edit the current version, or restore() this one."
        )
    if state.dict["version_op"] == "delete" and operation != "restore":
        raise ReadOnlyVersion(
            f"{name} was deleted by version {version}. Nothing was written: restore() a version"
            " of it first."
        )


def _make_clean(state: InstanceState[Any]) -> None:
    """Tell the ORM that equal values are no change, so that it writes nothing of its own."""
    obj = state.obj()
    for name in [name for name in state.committed_state if name in state.mapper.column_attrs]:
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


def _insist_on_json(state: InstanceState[Any], names: set[str]) -> None:
    """Have the ORM's own UPDATE write changed JSON, where Python takes ``True`` and 1 for equal."""
    for name in names:
        if isinstance(state.mapper.columns[name].type, JSON):
            flag_modified(state.obj(), name)


def _plan(ledger: Ledger, state: InstanceState[Any], operation: str, old: Values) -> None:
    version = state.dict["version_id"]
    ledger.steps[state] = Step(
        state,
        state.mapper,
        state.dict["id"],
        version,
        state.dict["version_from"],
        operation,
        old=old,
    )
    set_committed_value(state.obj(), "version_id", version + 1)
