"""The changes, newest first, and how many records of which model each one touched."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    Table,
    bindparam,
    false,
    func,
    inspect,
    literal,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.orm import Session

from .recorded import change_model, recorded_models
from .shape import version_table
from .types import EPOCH, MICROSECOND, UtcDateTime


class Place(NamedTuple):
    """A place in the feed: just below the change with this time and number."""

    at: datetime
    id: int

    def __str__(self) -> str:
        return f"{(self.at - EPOCH) // MICROSECOND}.{self.id}"

    @classmethod
    def parse(cls, text: str) -> Place:
        """The place that `str` wrote, as for a URL. Raises ValueError for anything else."""
        at, _, id = text.partition(".")
        if not (at.lstrip("-").isdecimal() and id.isdecimal() and len(text) < 45):
            raise ValueError("That is no place in the feed: begin at its first page.")
        try:
            return cls(EPOCH + int(at) * MICROSECOND, min(int(id), 2**63 - 1))
        except (OverflowError, ValueError):
            raise ValueError("That is no place in the feed: begin at its first page.") from None


@dataclass(frozen=True)
class Tally:
    """How many records of a model a change touched in one way."""

    model: type[Any]
    operation: str
    records: int


@dataclass(frozen=True)
class ChangeEntry:
    """One change: who, when, why, from where; and what it did in numbers."""

    id: int
    at: datetime
    actor: str | None
    reason: str | None
    origin: str | None
    request_id: str | None
    tallies: tuple[Tally, ...]

    @property
    def records(self) -> int:
        """Records of all models."""
        return sum(tally.records for tally in self.tallies)


@dataclass(frozen=True)
class Feed:
    """A page of changes, newest first; `older` is the `before` of the next page, None on the
    last."""

    entries: tuple[ChangeEntry, ...]
    older: Place | None


def changes(
    session: Session,
    *,
    model: type[Any] | None = None,
    actor: str | None = None,
    operation: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    reason: str | None = None,
    before: Place | None = None,
    limit: int = 20,
) -> Feed:
    """At most `limit` changes that made versions, in two statements.

    `model` and `operation` ask for changes with such a version (both: with one that is both),
    `actor` for that actor's, `since` (inclusive) and `until` (exclusive), aware, for a period,
    `reason` for a text within the reason, small and capital letters alike. A change without
    versions, whose records were created and deleted in one transaction, is left out.
    """
    recorder = change_model(session)
    query = filtered(
        session,
        model=model,
        actor=actor,
        operation=operation,
        since=since,
        until=until,
        reason=reason,
    )
    found = list(session.scalars(_page(query, recorder, before, limit + 1)))
    tallies = tally(session, [row.id for row in found[:limit]])
    entries = tuple(entry_of(row, tallies[row.id]) for row in found[:limit])
    more = len(found) > limit
    return Feed(entries, Place(entries[-1].at, entries[-1].id) if more else None)


def filtered(
    session: Session,
    *,
    model: type[Any] | None = None,
    actor: str | None = None,
    operation: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    reason: str | None = None,
) -> Select[Any]:
    """The changes that `changes` pages through, all of them and in no order."""
    recorder = change_model(session)
    models = (model,) if model is not None else recorded_models(session)
    query = select(recorder).where(_made_any(recorder, models, operation))
    if actor is not None:
        query = query.where(recorder.actor == actor)
    if since is not None:
        query = query.where(recorder.at >= since)
    if until is not None:
        query = query.where(recorder.at < until)
    if reason:
        query = query.where(recorder.reason.icontains(reason, autoescape=True))
    return query


def tally(session: Session, ids: Sequence[int]) -> dict[int, list[Tally]]:
    """What each of the changes touched, by one statement that groups each model's versions."""
    found: dict[int, list[Tally]] = defaultdict(list)
    models = recorded_models(session)
    if not (ids and models):
        return found
    query = _tallying(tuple(version_table(inspect(model)) for model in models))
    where = {"mapper": inspect(change_model(session))}
    rows = session.execute(query, {"changes": list(ids)}, bind_arguments=where)
    for n, id, operation, records in sorted(rows):
        found[id].append(Tally(models[n], operation, records))
    return found


@lru_cache(maxsize=64)
def _tallying(tables: tuple[Table, ...]) -> CompoundSelect[Any]:
    """Made once: nearly every page about changes asks."""
    return union_all(*(_grouped(n, table.c) for n, table in enumerate(tables)))


def _grouped(place: int, rows: Any) -> Select[Any]:
    return (
        select(literal(place), rows.change_id, rows.version_op, func.count())
        .where(rows.change_id.in_(bindparam("changes", expanding=True)))
        .group_by(rows.change_id, rows.version_op)
    )


def entry_of(row: Any, tallies: Sequence[Tally]) -> ChangeEntry:
    """A change's row and its numbers as data."""
    return ChangeEntry(
        row.id, row.at, row.actor, row.reason, row.origin, row.request_id, tuple(tallies)
    )


def _made_any(
    recorder: Any, models: Sequence[type[Any]], operation: str | None
) -> ColumnElement[bool]:
    """Whether the change made a version, of one of the models, of that operation.

    Nearly every change did, so where nothing narrower is asked each is looked up as the page is
    read: PostgreSQL would hash whole tables to answer an OR of EXISTS.
    """
    made = [_made(recorder, model) for model in models]
    if operation is None and len(made) > 1:
        return func.coalesce(*(each.limit(1).scalar_subquery() for each in made)).is_not(None)
    tables = [version_table(inspect(model)).c for model in models]
    if operation is not None:
        pairs = zip(made, tables, strict=True)
        made = [each.where(rows.version_op == operation) for each, rows in pairs]
    return or_(false(), *(each.exists() for each in made))


def _made(recorder: Any, model: type[Any]) -> Select[Any]:
    rows = version_table(inspect(model)).c
    return select(literal(1)).where(rows.change_id == recorder.id).correlate(recorder)


def _page(query: Select[Any], recorder: Any, before: Place | None, limit: int) -> Select[Any]:
    if before is not None:
        place = tuple_(literal(before.at, UtcDateTime()), literal(before.id, recorder.id.type))
        query = query.where(tuple_(recorder.at, recorder.id) < place)
    return query.order_by(recorder.at.desc(), recorder.id.desc()).limit(limit)
