"""Finds out, when a row could not be closed, who was there first and with what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

from sqlalchemy import Connection, func, select, true
from sqlalchemy.orm import Mapper

from .errors import VersionConflict, VersioningError
from .ledger import Step
from .shape import chunks, data_columns, version_table

CHUNK = 500


def raise_conflict(
    connection: Connection, mapper: Mapper[Any], steps: Sequence[Step], own: int | None = None
) -> NoReturn:
    """Raise VersionConflict for the first of the records that has a newer version or none.

    Versions that the change `own` has written are not looked at.
    """
    newest = _newest_versions(connection, mapper, [step.id for step in steps], own)
    for step in steps:
        current = newest.get(step.id)
        if current != step.old_version:
            raise VersionConflict(
                mapper.class_,
                step.id,
                step.old_version,
                current,
                base=values_of(connection, mapper, step.id, step.old_version),
                theirs=values_of(connection, mapper, step.id, current),
                yours=dict(step.edits or {}),
            )
    raise VersioningError(
        f"A newest version of {mapper.class_.__name__} does not bear the current flag, so it was"
        " not superseded. Nothing was written: look at the record's timeline, where flag and"
        " calculated current differ."
    )


def _newest_versions(
    connection: Connection, mapper: Mapper[Any], ids: Sequence[Any], own: int | None
) -> dict[Any, int]:
    table = version_table(mapper)
    others = table.c.change_id.is_distinct_from(own) if own is not None else true()
    found: dict[Any, int] = {}
    for part in chunks(ids, CHUNK):
        newest = func.max(table.c.version_id)
        query = select(table.c.id, newest).where(table.c.id.in_(part), others).group_by(table.c.id)
        found.update((id, version) for id, version in connection.execute(query))
    return found


def values_of(
    connection: Connection, mapper: Mapper[Any], id: Any, version: int | None
) -> dict[str, Any]:
    table = version_table(mapper)
    names = data_columns(mapper.class_)
    query = select(*(mapper.columns[name] for name in names))
    query = query.select_from(mapper.persist_selectable)
    query = query.where(table.c.id == id, table.c.version_id == version)
    row = connection.execute(query).first()
    return {} if row is None else dict(zip(names, row, strict=True))
