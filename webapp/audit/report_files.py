"""The report of a period as files: each of its changes with all that was said about it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import literal, select, tuple_

from webapp.admin import presentation, times
from webapp.admin.subjects import Subjects
from webapp.extensions import db
from webapp.versioning import UtcDateTime, tally

from .acting import threads
from .models import Act, Review
from .report import OPEN, Period, Report
from .words import LISTED, STATES

#: Changes that are read by one set of statements.
BATCH = 500
HEAD = (
    "Change", "Made", "Made by", "Models", "State", "Days open",
    "Step", "Act", "By", "At", "Comment",
)  # fmt: skip
UNSEEN = "another model"


@dataclass(frozen=True)
class Reviewed:
    """A change, its review's last row, and all rows; the names of the models that it touched."""

    last: Review
    thread: list[Review]
    models: list[str]
    is_seen: bool

    @property
    def said(self) -> list[Review]:
        """The rows that are about a review: a draw that passed the change by is none."""
        return [row for row in self.thread if row.act in LISTED]

    def comment(self, row: Review) -> str | None:
        """What was written; not where the change touched what the person may not see."""
        return row.comment if self.is_seen else None


def reviewed(period: Period, subjects: Subjects) -> Iterator[Reviewed]:
    """The changes of the period by their time, in batches of three statements each.

    The session is asked for when the first is: a file is written after the request's own is closed.
    """
    session = db.session()
    place: tuple[Any, int] | None = None
    while True:
        query = select(Review).where(
            Review.followed_by.is_(None), Review.act.in_(LISTED), period.holds(Review.change_at)
        )
        if place is not None:
            after = tuple_(literal(place[0], UtcDateTime()), literal(place[1]))
            query = query.where(tuple_(Review.change_at, Review.change_id) > after)
        query = query.order_by(Review.change_at, Review.change_id).limit(BATCH)
        rows = list(session.scalars(query))
        ids = [row.change_id for row in rows]
        said, touched = threads(session, ids), tally(session, ids)
        for row in rows:
            found = [
                subjects[model] for model in dict.fromkeys(t.model for t in touched[row.change_id])
            ]
            seen = [each.name for each in found if each.view is not None]
            is_seen = len(seen) == len(found)
            names = seen if is_seen else [*seen, UNSEEN]
            yield Reviewed(row, said[row.change_id], names, is_seen)
        if len(rows) < BATCH:
            return
        place = rows[-1].change_at, rows[-1].change_id


def as_csv(found: Report, changes: Iterator[Reviewed]) -> Iterator[str]:
    """A line for each thing that was said; of each change the first says why it was due. Moments
    are in the display zone. Text that a spreadsheet would run is made text."""
    yield _line(HEAD)
    for each in changes:
        for row in each.said:
            yield _line(_cells(found, each, row))


def _cells(found: Report, each: Reviewed, row: Review) -> list[Any]:
    is_open = row.n == each.last.n and row.act in OPEN
    return [
        row.change_id,
        _local(row.change_at),
        row.actor,
        ", ".join(each.models),
        STATES[Act(each.last.act)].name,
        (found.at - row.change_at).days if is_open else None,
        row.n,
        row.act,
        row.person,
        _local(row.at),
        each.comment(row),
    ]


def _line(cells: Any) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(
        ["" if each is None else presentation.exported(each) for each in cells]
    )
    return text.getvalue()


def _local(moment: Any) -> str:
    return times.local(moment).isoformat(sep=" ", timespec="seconds")


def as_json(head: dict[str, Any], changes: Iterator[Reviewed]) -> Iterator[str]:
    """The numbers, and below `reviews` the changes one by one. Moments are in UTC."""
    yield json.dumps(head, ensure_ascii=False)[:-1] + ', "reviews": ['
    for n, each in enumerate(changes):
        yield (",\n" if n else "\n") + json.dumps(_plain(each), ensure_ascii=False)
    yield "\n]}\n"


def _plain(each: Reviewed) -> dict[str, Any]:
    last = each.last
    return {
        "change": last.change_id,
        "made": last.change_at.isoformat(),
        "maker": last.actor,
        "models": each.models,
        "state": last.act,
        "said": [
            {
                "step": row.n,
                "act": row.act,
                "by": row.person,
                "at": row.at.isoformat(),
                "comment": each.comment(row),
            }
            for row in each.said
        ],
    }
