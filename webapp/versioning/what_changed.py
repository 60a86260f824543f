"""All that one change did, across models."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from .diff import FieldChange, diff, link_changes
from .errors import UnknownChange
from .feed import ChangeEntry, entry_of, tally
from .queries import beside_before, follows
from .recorded import change_model


@dataclass(frozen=True)
class ChangedRecord:
    """One record's part in a change: its version, the row, and what it altered."""

    id: Any
    version_id: int
    operation: str
    changes: tuple[FieldChange, ...]
    row: Any


@dataclass(frozen=True)
class ModelChanges:
    """A page of a change's records of one model, by id. `total` counts all of them; `after` is the
    id to go on from, None on the last page."""

    model: type[Any]
    records: tuple[ChangedRecord, ...]
    total: int
    after: Any | None


@dataclass(frozen=True)
class WhatChanged:
    """A change and its records, by model."""

    change: ChangeEntry
    models: tuple[ModelChanges, ...]


def what_changed(
    session: Session, change_id: int, *, limit: int = 100, after: dict[type[Any], Any] | None = None
) -> WhatChanged:
    """What a change did: at most `limit` records of each model, from those `after` the given ids.

    Two statements and one for each model that it touched, whatever the number of records. Raises
    UnknownChange when there is no such change, or when it made no version.
    """
    recorder = change_model(session)
    row = session.scalar(select(recorder).where(recorder.id == change_id))
    tallies = tally(session, [change_id])[change_id] if row is not None else []
    if not tallies:
        raise UnknownChange(f"Change {change_id} made no version. Choose one from the changes.")
    totals: Counter[type[Any]] = Counter()
    for each in tallies:
        totals[each.model] += each.records
    pages = []
    for model, total in totals.items():
        start = (after or {}).get(model)
        found = _records(session, model, change_id, start, limit + 1)
        more = found[limit - 1].id if len(found) > limit else None
        pages.append(ModelChanges(model, tuple(found[:limit]), total, more))
    return WhatChanged(entry_of(row, tallies), tuple(pages))


def _records(
    session: Session, model: type[Any], change_id: int, after: Any | None, limit: int
) -> list[ChangedRecord]:
    """The change's versions of a model, each with its true predecessor, in one statement."""
    made, before, options = beside_before(inspect(model))
    query = (
        select(made, before)
        .outerjoin(before, follows(made, before))
        .where(made.change_id == change_id)
        .order_by(made.id)
        .limit(limit)
        .options(*options)
    )
    if after is not None:
        query = query.where(made.id > after)
    found = session.execute(query).all()
    links = link_changes(session, model, (row for row, _ in found))
    return [
        ChangedRecord(
            row.id, row.version_id, row.version_op, diff(older, row, links=links(row)), row
        )
        for row, older in found
    ]
