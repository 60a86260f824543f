"""New objects: their ids, their place in the history, and what a rollback takes back from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, inspect, select
from sqlalchemy.orm import InstanceState, Mapper, Session

from .allot import allot_ids, allots_ids
from .change import allow_amending, open_change
from .errors import ReadOnlyVersion, RecordExists
from .keys import key_names, name_new, refuse_waiting
from .ledger import Ledger, OpenChange, Step, ledger_of
from .queries import is_newest
from .shape import VERSION_COLUMNS, chunks, parts_below, version_table

CHUNK = 500


def prepare_new(session: Session, objects: Sequence[Any]) -> None:
    """Give new objects their ids and version columns before the ORM inserts them.

    An object with the id of a deleted record becomes that record's next version.
    Raises RecordExists when a record with the id is alive.
    """
    ledger = ledger_of(session)
    states = [inspect(obj) for obj in objects]
    groups: dict[Mapper[Any], list[Any]] = {}
    for state in states:
        groups.setdefault(state.mapper.base_mapper, []).append(state)
    _name_by_key(session, ledger, groups)
    known = {mapper: _known(session, ledger, mapper, group) for mapper, group in groups.items()}
    for mapper, group in groups.items():  # refused is before the change is recorded
        last, leaving = known[mapper]
        opened = open_change(session, mapper)
        _allot(session, ledger, mapper, group)
        for state in group:
            id = state.dict.get("id")
            _place(session, ledger, opened, state, last.get(id), leaving.get(id))


def _allot(
    session: Session, ledger: Ledger, mapper: Mapper[Any], group: Sequence[InstanceState[Any]]
) -> None:
    """Give ids to those objects that have none, where ids are ours to give."""
    nameless = [state for state in group if state.dict.get("id") is None]
    if not nameless or not allots_ids(mapper):
        return
    taken = (state.dict["id"] for state in group if state.dict.get("id") is not None)
    ids = allot_ids(session, mapper, len(nameless), taken)
    for state, id in zip(nameless, ids, strict=True):
        ledger.allotted[state] = True
        obj: Any = state.obj()
        obj.id = id


def _name_by_key(
    session: Session, ledger: Ledger, groups: Mapping[Mapper[Any], Sequence[InstanceState[Any]]]
) -> None:
    """Give the objects of models whose ids are made of columns (`key_of`) their ids.

    One that refers to new objects by its key waits for theirs, which are then allotted first.
    """
    keyed = [state for mapper, group in groups.items() if key_names(mapper) for state in group]
    for state in keyed:  # made by a flush that was refused: the columns may be others by now
        if ledger.allotted.get(state):
            state.dict.pop("id", None)
    named, waiting = name_new(keyed)
    if waiting:
        for mapper, group in groups.items():
            _allot(session, ledger, mapper, group)
        more, waiting = name_new(waiting)
        named |= more
    ledger.allotted.update(dict.fromkeys(named, True))
    refuse_waiting(waiting)


def take_back(ledger: Ledger) -> None:
    """After a rollback: objects that are new again lose the ids and numbers given to them."""
    for state, id_allotted in list(ledger.allotted.items()) if ledger.allotted else ():
        if state.key is None:
            names = VERSION_COLUMNS | {"id"} if id_allotted else VERSION_COLUMNS
            for name in names:
                state.dict.pop(name, None)
                state.committed_state.pop(name, None)
            del ledger.allotted[state]


def _place(
    session: Session,
    ledger: Ledger,
    opened: OpenChange,
    state: InstanceState[Any],
    last: Any,
    leaving: InstanceState[Any] | None,
) -> None:
    version, at, operation = 1, opened.at, "create"
    if last is not None:
        version, at, operation = _after(session, ledger, opened, state, last, leaving)
    if state.dict.get("version_id") not in (None, version):
        raise ReadOnlyVersion(
            f"{state.mapper.class_.__name__}: version_id cannot be set by hand. Nothing was"
            f" written: leave it out, and the new row is version {version}."
        )
    ledger.allotted.setdefault(state, False)
    obj: Any = state.obj()
    obj.version_id = version
    obj.is_current_version = True
    obj.version_from = at
    obj.version_to = None
    obj.version_op = operation
    obj.change_id = opened.id


def _after(
    session: Session,
    ledger: Ledger,
    opened: OpenChange,
    state: InstanceState[Any],
    last: Any,
    leaving: InstanceState[Any] | None,
) -> tuple[int, datetime, str]:
    """The number, time and operation of a new object that comes after a record's `last` row."""
    # the version that was deleted, which may no longer be the last
    deleted = ledger.steps.get(leaving) if leaving is not None else None
    base = last.version_id if deleted is None else deleted.old_version
    version, at = base + 1, max(opened.at, last.version_from)
    is_own = ledger.is_own(last.change_id)
    if is_own:
        _remove_own(session, state.mapper, last)
        version = last.version_id
    else:
        ledger.steps[state] = Step(
            state.obj(), state, state.mapper, last.id, base, at, "create", copy=False
        )
    if leaving is not None:
        ledger.steps.pop(leaving, None)
        take_out(session, leaving)
    # in place of a row that is alive until this transaction, it is that record's next version
    continues = version > 1 and (leaving is not None or is_own)
    return version, at, "update" if continues else "create"


def _known(
    session: Session, ledger: Ledger, mapper: Mapper[Any], group: Sequence[InstanceState[Any]]
) -> tuple[dict[Any, Any], dict[Any, InstanceState[Any]]]:
    """Of the records whose ids new objects bear, the newest rows, and the objects that leave.

    Refuses new objects of living records, before anything is written.
    """
    given = [state for state in group if state.dict.get("id") is not None]
    found = _last_versions(session, mapper, given)
    leaving = _leaving(session, ledger, mapper) if found else {}
    for state in given:
        last = found.get(state.dict["id"])
        if last is not None and last.version_op != "delete" and last.id not in leaving:
            error = RecordExists(
                f"{state.mapper.class_.__name__} {last.id} already exists, as version"
                f" {last.version_id}. Nothing was written: load it and edit it, or"
                f" {_otherwise(mapper)} to create another record."
            )
            error.model, error.id = state.mapper.class_, last.id
            raise error
    return found, leaving


def _otherwise(mapper: Mapper[Any]) -> str:
    names = key_names(mapper)
    return f"set another {' or '.join(names)}" if names else "leave the id out"


def _last_versions(
    session: Session, mapper: Mapper[Any], states: Sequence[InstanceState[Any]]
) -> dict[Any, Any]:
    """The newest rows of the records whose ids the new objects bear, by id."""
    table = version_table(mapper)
    connection = session.connection(bind_arguments={"mapper": mapper})
    found = {}
    for part in chunks([state.dict["id"] for state in states], CHUNK):
        query = select(
            table.c.id,
            table.c.version_id,
            table.c.version_op,
            table.c.version_from,
            table.c.change_id,
        ).where(table.c.id.in_(part), is_newest(table.c))
        found.update({row.id: row for row in connection.execute(query)})
    return found


def _leaving(
    session: Session, ledger: Ledger, mapper: Mapper[Any]
) -> dict[Any, InstanceState[Any]]:
    """Objects of the mapper's records that the flush under way deletes, by id."""
    deleted = [inspect(obj) for obj in session.deleted]
    deleted += [step.state for step in ledger.steps.values() if step.op == "delete"]
    deleted += [state for state in ledger.amended if state.dict["version_op"] == "delete"]
    base = mapper.base_mapper
    return {state.dict["id"]: state for state in deleted if state.mapper.base_mapper is base}


def _remove_own(session: Session, mapper: Mapper[Any], last: Any) -> None:
    """Deleted and added again in one transaction: one version of it, not two."""
    allow_amending(session, mapper)
    key = {"id": last.id, "version_id": last.version_id}
    identity = tuple(key[mapper.get_property_by_column(c).key] for c in mapper.primary_key)
    deleted = session.identity_map.get(mapper.identity_key_from_primary_key(identity))
    if deleted is not None:
        take_out(session, inspect(deleted))
    connection = session.connection(bind_arguments={"mapper": mapper})
    for table in (*parts_below(mapper.base_mapper), version_table(mapper)):
        key_of = table.c.id == last.id, table.c.version_id == last.version_id
        connection.execute(delete(table).where(*key_of))


def take_out(session: Session, state: InstanceState[Any]) -> None:
    """Let go of a deleted object, as a flush does: a rollback makes it persistent again."""
    session._remove_newly_deleted([state])
