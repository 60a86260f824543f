"""A record's versions, newest first, each with who made it and what it changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, inspect, select
from sqlalchemy.orm import Session

from .diff import FieldChange, diff, link_changes
from .errors import UnknownVersion
from .ledger import ledger_of
from .queries import is_newest, undeferred, whole


@dataclass(frozen=True)
class Entry:
    """One version: its place, its making, and the persisted flag beside the calculated one."""

    version_id: int
    at: datetime
    superseded_at: datetime | None
    operation: str
    actor: str | None
    reason: str | None
    origin: str | None
    change_id: int | None
    flag: bool
    calculated: bool
    changes: tuple[FieldChange, ...]
    row: Any

    @property
    def differs(self) -> bool:
        """Whether the flag and the calculation disagree, which they never should."""
        return self.flag != self.calculated


@dataclass(frozen=True)
class Timeline:
    """A page of a record's versions, newest first.

    `newest` is the largest version number, `total` the number of versions, `differing` the versions
    of the whole record, not of the page, whose flag and calculation disagree, and `older` the
    `before` of the next page, None on the last.
    """

    model: type[Any]
    id: Any
    entries: tuple[Entry, ...]
    total: int
    newest: int
    differing: tuple[int, ...]
    older: int | None


def timeline(
    session: Session,
    model: type[Any],
    id: Any,
    *,
    before: int | None = None,
    limit: int = 20,
) -> Timeline:
    """At most `limit` versions of a record below version `before`, in four statements at most.

    Each version's changes are against its true predecessor, also across a page's end; those of
    links take another statement for each kind. The cost does not grow with the record's history.
    Raises UnknownVersion when the record has no version.
    """
    rows: Any = whole(inspect(model))
    newest = session.scalar(select(func.max(rows.version_id)).where(rows.id == id))
    if newest is None:
        raise UnknownVersion(f"{model.__name__} {id} has no version. Look for it in the list.")
    query = select(rows).where(rows.id == id).order_by(rows.version_id.desc()).limit(limit + 1)
    query = query.options(*undeferred(rows, inspect(model)))
    if before is not None:
        query = query.where(rows.version_id < min(max(before, 0), newest + 1))
    found = list(session.scalars(query))
    shown = found[:limit]
    changes = _changes(session, shown)
    links = link_changes(session, model, shown)
    predecessors = [*found[1:], None]
    entries = tuple(
        _entry(row, older, row.version_id == newest, changes.get(row.change_id), links(row))
        for row, older in zip(shown, predecessors, strict=False)
    )
    more = len(found) > limit
    return Timeline(
        model,
        id,
        entries,
        total=newest,
        newest=newest,
        differing=differing(session, model, id, newest),
        older=shown[-1].version_id if more else None,
    )


def differing(session: Session, model: type[Any], id: Any, newest: int) -> tuple[int, ...]:
    """Versions of a record whose flag is not what it should be, by the index of flagged rows."""
    rows: Any = model
    flagged = set(session.scalars(select(rows.version_id).where(rows.id == id, is_newest(rows))))
    return tuple(sorted(flagged ^ {newest}))


def _changes(session: Session, rows: Sequence[Any]) -> dict[int, Any]:
    recorder = ledger_of(session).settings.change_model
    ids = {row.change_id for row in rows} - {None}
    if recorder is None or not ids:
        return {}
    key = inspect(recorder).columns["id"]
    return {found.id: found for found in session.scalars(select(recorder).where(key.in_(ids)))}


def _entry(
    row: Any,
    older: Any | None,
    calculated: bool,
    change: Any | None,
    links: Sequence[FieldChange],
) -> Entry:
    return Entry(
        version_id=row.version_id,
        at=row.version_from,
        superseded_at=row.version_to,
        operation=row.version_op,
        actor=change and change.actor,
        reason=change and change.reason,
        origin=change and change.origin,
        change_id=row.change_id,
        flag=row.is_current_version,
        calculated=calculated,
        changes=diff(older, row, links=links),
        row=row,
    )
