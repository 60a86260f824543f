"""Carries what was set on an object over to its columns, before its next version is planned.

The ORM does so later in a flush, when the new row is written already.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import InstanceState, Mapper, Session
from sqlalchemy.orm.base import NO_VALUE
from sqlalchemy.orm.interfaces import MANYTOONE

from .ledger import ledger_of
from .shape import KEY


def follow(session: Session) -> None:
    """References set, be it again, to an object that gets a version point to that version.

    The ORM sees no change in a reference that was set to the object it held already, as the
    recipe's parent does to follow its child.
    """
    steps = ledger_of(session).steps
    for obj in session.dirty:
        settle_references(inspect(obj), steps)


def settle_new(session: Session) -> None:
    """References to new objects that have got their ids meanwhile are carried over."""
    ledger = ledger_of(session)
    ledger.awaiting = {state for state in ledger.awaiting if settle_references(state)}


def settle_deletions(state: InstanceState[Any]) -> None:
    """``del obj.name`` means NULL to the ORM, and so it does here."""
    for name in state.committed_state:
        if name not in state.dict and name in state.mapper.column_attrs:
            state.dict[name] = None


def settle_references(
    state: InstanceState[Any], targets: Mapping[InstanceState[Any], Any] | None = None
) -> bool:
    """Carry a changed many-to-one reference over to its foreign key columns before the copy.

    The ORM does so later in the flush; a target that has no key yet is left to it. With `targets`,
    references to other objects are left alone. Returns whether one is left to the ORM.
    """
    awaits = False
    for relation in state.mapper.relationships:
        if relation.direction is not MANYTOONE or relation.viewonly:
            continue
        if relation.key not in state.committed_state or relation.key not in state.dict:
            continue
        target = state.dict[relation.key]
        if targets is not None and (target is None or inspect(target) not in targets):
            continue
        for local, remote in relation.local_remote_pairs or ():
            name = state.mapper.get_property_by_column(local).key
            value = _remote_value(relation.mapper, target, remote)
            if value is NO_VALUE:
                awaits = True
            elif name not in KEY:
                setattr(state.obj(), name, value)
    return awaits


def _remote_value(mapper: Mapper[Any], target: Any, column: Any) -> Any:
    if target is None:
        return None
    value = getattr(target, mapper.get_property_by_column(column).key)
    return NO_VALUE if value is None else value
