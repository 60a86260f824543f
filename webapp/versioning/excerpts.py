"""The first records of many changes at once, for pages that show what each of them did."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import and_, inspect, select, union_all
from sqlalchemy.orm import Session

from .diff import diff, link_changes
from .feed import Tally
from .queries import beside_before, follows
from .shape import version_table
from .what_changed import ChangedRecord, ModelChanges


def excerpts(
    session: Session, tallies: Mapping[int, Sequence[Tally]], *, limit: int = 5
) -> dict[int, list[ModelChanges]]:
    """Of each change, by number, at most `limit` records of each model that it touched.

    `tallies` say what that is, as `changes` does. One statement a model, and one for each kind of
    its links, whatever the number of changes and of their records. Which records of a larger change
    are shown is left to the database; `total` counts all.
    """
    found: dict[int, list[ModelChanges]] = {id: [] for id in tallies}
    totals: dict[type[Any], dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for id, parts in tallies.items():
        for each in parts:
            totals[each.model][id] += each.records
    for model, counts in totals.items():
        records = _records(session, model, list(counts), limit)
        for id, total in counts.items():
            found[id].append(ModelChanges(model, tuple(records[id]), total, None))
    return found


def _records(
    session: Session, model: type[Any], ids: Sequence[int], limit: int
) -> dict[int, list[ChangedRecord]]:
    mapper = inspect(model)
    made, before, options = beside_before(mapper)
    rows = version_table(mapper).c
    few = [
        select(rows.id, rows.version_id).where(rows.change_id == id).limit(limit).subquery()
        for id in ids
    ]
    keys = union_all(*(select(each) for each in few)).subquery()
    query = (
        select(made, before)
        .join(keys, and_(keys.c.id == made.id, keys.c.version_id == made.version_id))
        .outerjoin(before, follows(made, before))
        .order_by(made.change_id, made.id)
        .options(*options)
    )
    pairs = session.execute(query).all()
    links = link_changes(session, model, (row for row, _ in pairs))
    found: dict[int, list[ChangedRecord]] = defaultdict(list)
    for row, older in pairs:
        changes = diff(older, row, links=links(row))
        found[row.change_id].append(
            ChangedRecord(row.id, row.version_id, row.version_op, changes, row)
        )
    return found
