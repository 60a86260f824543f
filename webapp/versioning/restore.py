"""Brings an older version's values back, as a new version."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, TypeVar, cast

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_dirty

from .errors import UnknownVersion
from .ledger import ledger_of
from .shape import data_columns, unversioned_columns, values, version_table

T = TypeVar("T")


def restore(session: Session, model: type[T], id: Any, version_id: int) -> T:
    """The record's newest row with the values of an older version; the flush makes the version.

    A deleted record lives again. Restoring a living record to the values that it has makes no
    version. Counters and the like (`__unversioned__`) stay as they are.

    Raises UnknownVersion when there is no such version, or when it is a tombstone.
    """
    rows: Any = model
    source: Any = session.scalar(select(model).where(rows.id == id, rows.version_id == version_id))
    if source is None or source.version_op == "delete":
        raise UnknownVersion(
            f"{model.__name__} {id} has no version {version_id} with values to restore. Nothing"
            " was written: choose another one from its timeline."
        )
    newest: Any = session.scalar(
        select(model).where(rows.id == id).order_by(rows.version_id.desc()).limit(1)
    )
    if newest is source:
        return cast(T, newest)
    # all are read before the first is set: reading what was not loaded may flush
    restored = values(source, _restorable(model))
    for name, value in restored.items():
        setattr(newest, name, deepcopy(value))  # a mutable value belongs to one row only
    ledger_of(session).operations[inspect(newest)] = "restore"
    flag_dirty(newest)
    return cast(T, newest)


def _restorable(model: type[Any]) -> list[str]:
    mapper = inspect(model)
    computed = {column for column in version_table(mapper).c if column.computed is not None}
    return [
        name
        for name in data_columns(model)
        if name not in unversioned_columns(mapper) and mapper.columns[name] not in computed
    ]
