"""Which version of an owner gave its links the members that they have."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session

from .anchors import record_key
from .links import LinkProperty
from .repoint import among
from .shape import version_table


def links_given(session: Session, property: LinkProperty, id: Any, last: int) -> int | None:
    """The last version, up to `last`, that put a record in or took one out; None if none ever did.

    One statement. What a version takes out and puts back is nothing, and neither is what a deletion
    ended and the restore began again.
    """
    connection = session.connection(bind_arguments={"mapper": property.parent})
    found: int | None = connection.scalar(_given(property, id, last))
    return found


def _given(property: LinkProperty, id: Any, last: int) -> Select[Any]:
    links = property.links.c
    by_target: dict[str, Any] = {
        "partition_by": property.target_columns,
        "order_by": (links.added_in, links.id),
    }
    ended = case((links.removed_in <= last, links.removed_in))
    spans = (
        select(
            links.added_in.label("begin"),
            ended.label("end"),
            func.lag(ended).over(**by_target).label("ended_before"),
            func.lead(links.added_in).over(**by_target).label("begins_again"),
        )
        .where(
            among(property.owner_columns, [id]),
            links.added_in <= last,
            or_(links.removed_in.is_(None), links.removed_in != links.added_in),
        )
        .subquery()
    )
    table = version_table(property.parent)
    deletions = select(table.c.version_id).where(
        among(record_key(table), [id]), table.c.version_op == "delete"
    )
    rows = spans.c
    added = case((~_goes_on(rows.ended_before, rows.begin, deletions), rows.begin))
    removed = case(
        (rows.end.is_(None), None),
        (_goes_on(rows.end, rows.begins_again, deletions), None),
        (rows.end.not_in(deletions), rows.end),
        (rows.end < last, rows.end + 1),  # the restore left it out
    )
    latest = func.coalesce(func.max(added), 0), func.coalesce(func.max(removed), 0)
    newer = case((latest[0] > latest[1], latest[0]), else_=latest[1])
    return select(func.nullif(newer, 0)).select_from(spans)


def _goes_on(end: Any, begin: Any, deletions: Select[Any]) -> ColumnElement[bool]:
    """Whether a link that ended goes on with the next: at once, or after a deletion."""
    resumed = and_(end == begin - 1, end.in_(deletions))
    return func.coalesce(or_(end == begin, resumed), False)
