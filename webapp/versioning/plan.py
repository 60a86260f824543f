"""Decides, before a flush, which objects need a new version; refuses what must stay as it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import Any

from sqlalchemy.orm import InstanceState, Session
from sqlalchemy.orm.attributes import (
    flag_dirty,
    flag_modified,
    instance_state,
    set_committed_value,
)

from .change import allow_amending
from .edits import edits_of, make_clean
from .errors import ReadOnlyVersion
from .keys import fixed_names, refuse_change
from .ledger import NOTHING, Ledger, Step, ledger_of
from .settle import KEY, Values, load_missing, settle, settle_references
from .shape import VERSION_COLUMNS, is_json, unversioned_columns

SET_BY_US = KEY | VERSION_COLUMNS


def changed(session: Session, objects: Iterable[Any]) -> dict[InstanceState[Any], dict[str, Any]]:
    """Of the dirty objects, those whose next version must be made, with their edits so far.

    Left out are objects with equal values, with changes in `__unversioned__` columns alone, and
    those whose row this very transaction made: that row is amended.
    """
    ledger = ledger_of(session)
    states = list(map(instance_state, objects))
    settle(session, states)
    found = {}
    for state in states:
        if state in ledger.steps or state in ledger.amended:
            continue
        edits = edits_of(state, ledger.stored.get(state, NOTHING))
        if _needs_version(session, ledger, state, edits):
            found[state] = edits
    return found


def _needs_version(
    session: Session, ledger: Ledger, state: InstanceState[Any], edits: dict[str, Any]
) -> bool:
    operation = ledger.operations.get(state)
    if operation == "delete":
        return False
    loaded = state.dict
    if operation:
        edits.pop("version_op", None)  # ours, from a flush that was refused half-way
    revived = operation == "restore" and loaded["version_op"] == "delete"
    if not (edits or revived or state in ledger.awaiting or state in ledger.linked):
        ledger.operations.pop(state, None)
        make_clean(state)
        return False
    _refuse_read_only(state, loaded, edits.keys(), operation)
    if ledger.opened is not None and ledger.is_own(loaded["change_id"]):
        _amend(session, state, operation)
        _insist_on_json(state, edits)
        return False
    in_place = unversioned_columns(state.manager.mapper)
    only_in_place = edits and edits.keys() <= in_place and state not in ledger.linked
    if in_place and only_in_place and not operation:
        ledger.in_place[state] = state.mapper
        return False
    return True


def next_version(session: Session, obj: Any) -> None:
    """Plan the version after the object's present one; the object bears its number from now on."""
    state = instance_state(obj)
    ledger = ledger_of(session)
    if state not in ledger.steps:
        settle(session, [state])
        _plan(ledger, state, ledger.operations.get(state, "update"))


def next_versions(session: Session, edited: Mapping[InstanceState[Any], dict[str, Any]]) -> None:
    """Plan the next versions of objects whose edits are final: no hook is called for them."""
    ledger = ledger_of(session)
    for state, edits in edited.items():
        _plan(ledger, state, ledger.operations.get(state, "update"), edits)


def tombstone(session: Session, obj: Any) -> None:
    """Plan the version that says "deleted", in place of the row's deletion.

    A record that this transaction created is deleted for good: nothing of it was ever committed.
    One that it brought back keeps its row, as a second tombstone after the first: the first is
    closed, and nothing opens a closed row again.
    """
    state = instance_state(obj)
    ledger = ledger_of(session)
    load_missing(session, [state])
    own = ledger.is_own(state.dict["change_id"])
    if own and state.dict["version_id"] == 1:
        allow_amending(session, state.mapper)
        return
    _refuse_read_only(state, state.dict, frozenset(), None)
    session.add(obj)
    _discard_changes(session, state, ledger.stored.get(state, NOTHING))
    if own:
        _amend(session, state, "delete")
        ledger.operations[state] = "delete"
    else:
        _plan(ledger, state, "delete", {})
        flag_dirty(obj)


def finish(step: Step) -> dict[str, Any]:
    """What the next version changes, settled once: by now every hook has had its say."""
    if step.edits is None:
        step.edits = edits_of(step.state, step.old) if step.op != "delete" else {}
        if step.copy:  # a new object that goes on with a record's history bears its key
            refuse_change(step.mapper, step.id, step.edits)
    return step.edits


def follow(session: Session, dirty: Iterable[Any]) -> None:
    """References set, be it again, to an object that gets a version point to that version.

    The ORM sees no change in a reference that was set to the object it held already, as the
    recipe's parent does to follow its child.
    """
    steps = ledger_of(session).steps
    for obj in dirty:
        settle_references(instance_state(obj), steps)


def settle_new(session: Session) -> None:
    """References to new objects that have got their ids meanwhile are carried over."""
    ledger = ledger_of(session)
    ledger.awaiting = {state for state in ledger.awaiting if settle_references(state)}


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


def was_rewritten(ledger: Ledger, obj: Any) -> bool:
    """Whether the flush under way updates the object's row although no plan of ours said so."""
    state = instance_state(obj)
    if state in ledger.written or ledger.is_own(state.dict.get("change_id")):
        return False
    return bool(edits_of(state, {}))


def _refuse_read_only(
    state: InstanceState[Any], loaded: Values, names: Set[str], operation: str | None
) -> None:
    deleted = loaded["version_op"] == "delete" and operation != "restore"
    mapper = state.manager.mapper
    untouched = names.isdisjoint(SET_BY_US) and names.isdisjoint(fixed_names(mapper))
    if loaded["is_current_version"] and not deleted and untouched:
        return
    name = f"{state.mapper.class_.__name__} {loaded['id']}"
    by_hand = names & SET_BY_US
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
    if not deleted:
        refuse_change(mapper, loaded["id"], names)
    raise ReadOnlyVersion(
        f"{name} was deleted by version {loaded['version_id']}. Nothing was written: restore() a"
        " version of it first."
    )


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


def _insist_on_json(state: InstanceState[Any], names: Iterable[str]) -> None:
    """Have the ORM's own UPDATE write changed JSON, where Python takes ``True`` and 1 for equal."""
    for name in names:
        if is_json(state.mapper.columns[name].type):
            flag_modified(state.obj(), name)


def _plan(
    ledger: Ledger,
    state: InstanceState[Any],
    operation: str,
    edits: dict[str, Any] | None = None,
) -> None:
    obj: Any = state.obj()
    loaded = obj.__dict__
    version = loaded["version_id"]
    ledger.steps[state] = Step(
        obj,
        state,
        state.manager.mapper,
        loaded["id"],
        version,
        loaded["version_from"],
        operation,
        ledger.stored.get(state, NOTHING),
        edits=edits,
    )
    loaded["version_id"] = version + 1
