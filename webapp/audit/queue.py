"""The lists of reviews: by state, oldest first, with filters; and how many there are of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    false,
    func,
    inspect,
    literal,
    or_,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from webapp.changes import Change
from webapp.versioning import Place, UtcDateTime, made, recorded_models

from .models import Act, Review

#: How far the changes of a state are counted, and how many of them are looked through at a time.
MOST_COUNTED = 10_000
#: What the index of the last rows does not tell: the versions of each change are asked.
LOOKED_UP = frozenset({"model", "operation", "field"})


@dataclass(frozen=True)
class Row:
    """The last row about a change, and the change."""

    last: Review
    change: Change


@dataclass(frozen=True)
class Page:
    """Some of the changes in a state, oldest first; `next` is the `after` of the next page.

    `cut` tells that there are fewer than fit on the page since no more than `MOST_COUNTED` were
    looked through: `next` goes on from there.
    """

    rows: tuple[Row, ...]
    next: Place | None
    cut: bool = False


class Number(NamedTuple):
    """How many changes were found; not `is_all` where others were not looked at."""

    found: int
    is_all: bool


def page(
    session: Session,
    state: Act,
    filters: Mapping[str, Any],
    *,
    after: Place | None = None,
    limit: int = 20,
    whole: bool = False,
) -> Page:
    """At most `limit` changes in a state, from the place on.

    One statement; with filters that are looked up two, and at most `MOST_COUNTED` changes are
    looked through, or all of them for a `whole` page.
    """
    looks_up = bool(LOOKED_UP & filters.keys())
    rows = _in_order(_in_state(select(Review), state, filters), Review)
    if after is not None:
        place = tuple_(literal(after.at, UtcDateTime()), literal(after.id, Change.id.type))
        rows = rows.where(tuple_(Review.change_at, Review.change_id) > place)
    looked_at = rows.limit(MOST_COUNTED) if looks_up and not whole else rows
    last: Any = aliased(Review, looked_at.subquery()) if looks_up else Review
    query: Any = _in_order(select(last, Change), last) if looks_up else rows.add_columns(Change)
    query = query.join(Change, Change.id == last.change_id)
    query = query.where(*_looked_up(session, last.change_id, filters)).limit(limit + 1)
    found = session.execute(query.execution_options(populate_existing=True)).all()
    end = _end(session, rows) if looks_up and not whole else None
    shown = tuple(Row(*each) for each in found[:limit])
    if len(found) > limit:
        return Page(shown, Place(shown[-1].change.at, shown[-1].change.id))
    return Page(shown, end, cut=end is not None)


def counts(
    session: Session, states: Sequence[Act], filters: Mapping[str, Any]
) -> dict[Act, Number]:
    """How many of the oldest `MOST_COUNTED` changes in each state fit; one statement."""
    parts = []
    for n, state in enumerate(states):
        rows = _in_order(_in_state(select(Review.change_id), state, filters), Review)
        looked_at = rows.limit(MOST_COUNTED + 1).subquery()
        fits = and_(true(), *_looked_up(session, looked_at.c.change_id, filters))
        numbers = select(literal(n), func.count(case((fits, 1))), func.count())
        parts.append(numbers.select_from(looked_at))
    return {
        states[n]: Number(min(fit, MOST_COUNTED), looked_at <= MOST_COUNTED)
        for n, fit, looked_at in session.execute(union_all(*parts))
    }


def last_of(session: Session, ids: Sequence[int]) -> dict[int, Act]:
    """The state of each change that has one, in one statement."""
    query = select(Review.change_id, Review.act).where(
        Review.change_id.in_(ids), Review.followed_by.is_(None)
    )
    return {id: Act(act) for id, act in session.execute(query)}


def _in_state(query: Select[Any], state: Act, filters: Mapping[str, Any]) -> Select[Any]:
    """The last rows in a state, by all filters but those that are looked up."""
    query = query.where(Review.followed_by.is_(None), Review.act == state)
    if "actor" in filters:
        query = query.where(Review.actor == filters["actor"])
    if "since" in filters:
        query = query.where(Review.change_at >= filters["since"])
    if "until" in filters:
        query = query.where(Review.change_at < filters["until"])
    if "reason" in filters:
        change = aliased(Change)
        query = query.join(change, change.id == Review.change_id)
        query = query.where(change.reason.icontains(filters["reason"], autoescape=True))
    return query


def _in_order(query: Select[Any], last: Any) -> Select[Any]:
    return query.order_by(last.change_at, last.change_id)


def _end(session: Session, rows: Select[Any]) -> Place | None:
    """Where a search through so many rows ends; None where it comes to the end of them."""
    place = rows.with_only_columns(Review.change_at, Review.change_id)
    ends = session.execute(place.offset(MOST_COUNTED - 1).limit(2)).all()
    return Place(*ends[0]) if len(ends) > 1 else None


def _looked_up(
    session: Session, number: Any, filters: Mapping[str, Any]
) -> Iterator[ColumnElement[bool]]:
    """What the versions of the change with that number are asked."""
    if "model" in filters or "operation" in filters:
        yield _touched(session, number, filters.get("model"), filters.get("operation"))
    if "field" in filters:
        yield _altered(number, *filters["field"])


def _touched(
    session: Session, number: Any, model: Any, operation: str | None
) -> ColumnElement[bool]:
    """Whether the change made a version of that model, by that operation."""
    models = recorded_models(session) if model is None else (inspect(model).base_mapper.class_,)
    found = []
    for each in models:
        version: Any = made(each).version
        query = select(literal(1)).where(version.change_id == number)
        if operation is not None:
            query = query.where(version.version_op == operation)
        found.append(_is_there(query))
    return or_(false(), *found)


def _altered(number: Any, model: type[Any], name: str) -> ColumnElement[bool]:
    rows = made(model)
    query = rows.select(literal(1)).where(rows.version.change_id == number)
    return _is_there(query.where(rows.altered(name)))


def _is_there(query: Select[Any]) -> ColumnElement[bool]:
    """Whether there is such a version of the change: looked up for each row as the page is read.

    For an EXISTS, PostgreSQL would join all versions of the table to their predecessors first.
    """
    return query.limit(1).scalar_subquery().is_not(None)
