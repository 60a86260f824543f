"""How much was changed, in numbers: by a person, in a period, to a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import Select, Subquery, func, inspect, literal, select, union_all
from sqlalchemy.orm import Session

from .feed import Tally, filtered
from .recorded import change_model, recorded_models
from .shape import version_table


@dataclass(frozen=True)
class Activity:
    """The newest changes that pass some filters, counted: how many, since when, and what they did.

    With `more` there are older ones, which are not counted. `first` and `last` are the times, in
    UTC, of the oldest and the newest that is; None where there is none. A record counts once for
    each change that touched it.
    """

    changes: int
    more: bool
    first: datetime | None
    last: datetime | None
    tallies: tuple[Tally, ...]


def activity(session: Session, *, most: int = 1000, **filters: Any) -> Activity:
    """Count the newest `most` changes that pass the filters of `changes`, in two statements."""
    recorder = change_model(session)
    query = filtered(session, **filters).with_only_columns(recorder.id, recorder.at)
    query = query.order_by(recorder.at.desc(), recorder.id.desc())
    looked_at, counted = query.limit(most + 1).subquery(), query.limit(most).subquery()
    where = {"mapper": inspect(recorder)}
    at = looked_at.c.at
    numbers = select(func.count(), func.min(at, type_=at.type), func.max(at, type_=at.type))
    count, first, last = session.execute(numbers.select_from(looked_at), bind_arguments=where).one()
    return Activity(min(count, most), count > most, first, last, _tallies(session, counted))


def _tallies(session: Session, counted: Subquery) -> tuple[Tally, ...]:
    models = recorded_models(session)
    if not models:
        return ()
    query = union_all(*(_grouped(n, model, counted) for n, model in enumerate(models)))
    where = {"mapper": inspect(change_model(session))}
    found = sorted(session.execute(query, bind_arguments=where))
    return tuple(Tally(models[n], operation, records) for n, operation, records in found)


def _grouped(place: int, model: type[Any], counted: Subquery) -> Select[Any]:
    rows = version_table(inspect(model)).c
    return (
        select(literal(place), rows.version_op, func.count())
        .where(rows.change_id.in_(select(counted.c.id)))
        .group_by(rows.version_op)
    )


def count_between(session: Session, moments: Sequence[datetime]) -> tuple[int, ...]:
    """How many changes were recorded between each of the moments and the next, in one statement.

    `moments` are aware and ascend; a change at a moment counts from it on. Each count is answered
    by the index of the changes' times.
    """
    recorder = change_model(session)
    counts = [
        select(func.count()).where(recorder.at >= since, recorder.at < until).scalar_subquery()
        for since, until in pairwise(moments)
    ]
    row = session.execute(select(*counts), bind_arguments={"mapper": inspect(recorder)}).one()
    return tuple(row)
