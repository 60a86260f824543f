"""The lists of reviews: by state, oldest first, with filters; and how many there are of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, false, func, inspect, literal, or_, select, tuple_
from sqlalchemy.orm import Session

from webapp.changes import Change
from webapp.versioning import Place, UtcDateTime, made, recorded_models

from .models import Act, Review

#: How far the changes of a state are counted.
MOST_COUNTED = 10_000


@dataclass(frozen=True)
class Row:
    """The last row about a change, and the change."""

    last: Review
    change: Change


@dataclass(frozen=True)
class Page:
    """Some of the changes in a state, oldest first; `next` is the `after` of the next page."""

    rows: tuple[Row, ...]
    next: Place | None


def page(
    session: Session,
    state: Act,
    filters: Mapping[str, Any],
    *,
    after: Place | None = None,
    limit: int = 20,
) -> Page:
    """At most `limit` changes in a state, in one statement, from the place on."""
    both: Any = select(Review, Change)
    query = _filtered(session, both, state, filters)
    if after is not None:
        place = tuple_(literal(after.at, UtcDateTime()), literal(after.id, Change.id.type))
        query = query.where(tuple_(Review.change_at, Review.change_id) > place)
    query = query.order_by(Review.change_at, Review.change_id).limit(limit + 1)
    found = session.execute(query.execution_options(populate_existing=True)).all()
    rows = tuple(Row(*each) for each in found[:limit])
    more = len(found) > limit
    return Page(rows, Place(rows[-1].change.at, rows[-1].change.id) if more else None)


def counts(session: Session, states: Sequence[Act], filters: Mapping[str, Any]) -> dict[Act, int]:
    """How many changes are in each state, counted up to one beyond `MOST_COUNTED`; one
    statement."""
    queries = [
        select(func.count()).select_from(
            _filtered(session, select(literal(1)), state, filters)
            .limit(MOST_COUNTED + 1)
            .subquery()
        )
        for state in states
    ]
    row = session.execute(select(*(query.scalar_subquery() for query in queries))).one()
    return dict(zip(states, row, strict=True))


def last_of(session: Session, ids: Sequence[int]) -> dict[int, Act]:
    """The state of each change that has one, in one statement."""
    query = select(Review.change_id, Review.act).where(
        Review.change_id.in_(ids), Review.followed_by.is_(None)
    )
    return {id: Act(act) for id, act in session.execute(query)}


def _filtered(
    session: Session, query: Select[Any], state: Act, filters: Mapping[str, Any]
) -> Select[Any]:
    query = query.select_from(Review).where(Review.followed_by.is_(None), Review.act == state)
    if _needs_change(query, filters):
        query = query.join(Change, Change.id == Review.change_id)
    if "actor" in filters:
        query = query.where(Review.actor == filters["actor"])
    if "since" in filters:
        query = query.where(Review.change_at >= filters["since"])
    if "until" in filters:
        query = query.where(Review.change_at < filters["until"])
    if "reason" in filters:
        query = query.where(Change.reason.icontains(filters["reason"], autoescape=True))
    if "model" in filters or "operation" in filters:
        query = query.where(_touched(session, filters.get("model"), filters.get("operation")))
    if "field" in filters:
        query = query.where(_altered(*filters["field"]))
    return query


def _needs_change(query: Select[Any], filters: Mapping[str, Any]) -> bool:
    return "reason" in filters or len(query.selected_columns) > 1


def _touched(session: Session, model: Any, operation: str | None) -> ColumnElement[bool]:
    """Whether the change made a version of that model, by that operation."""
    models = recorded_models(session) if model is None else (inspect(model).base_mapper.class_,)
    found = []
    for each in models:
        version: Any = made(each).version
        query = select(literal(1)).where(version.change_id == Review.change_id)
        if operation is not None:
            query = query.where(version.version_op == operation)
        found.append(_is_there(query))
    return or_(false(), *found)


def _altered(model: type[Any], name: str) -> ColumnElement[bool]:
    rows = made(model)
    query = rows.select(literal(1)).where(rows.version.change_id == Review.change_id)
    return _is_there(query.where(rows.altered(name)))


def _is_there(query: Select[Any]) -> ColumnElement[bool]:
    """Whether there is such a version of the change: looked up for each row as the page is read.

    For an EXISTS, PostgreSQL would join all versions of the table to their predecessors first.
    """
    return query.correlate(Review).limit(1).scalar_subquery().is_not(None)
