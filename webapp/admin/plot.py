"""A number over time, as the points of a small drawing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.versioning import masked_columns, shown_columns

#: Versions that the drawing reaches back, so that its cost does not grow with the history.
MOST = 200
#: Beyond it a difference may be more than a float holds.
FARTHEST = 1e300
LEFT, RIGHT, TOP, BOTTOM = 8.0, 392.0, 8.0, 64.0


@dataclass(frozen=True)
class Plot:
    """A step line in a box of 400 × 72; `low`, `high` and `last` are texts of the column."""

    label: str
    points: str
    low: str
    high: str
    last: str
    since: dt.datetime
    until: dt.datetime


def plot(
    session: Session, model: Any, id: Any, name: str, label: str, write: Callable[[Any], str]
) -> Plot | None:
    """The column's values of the newest versions; None where there are no two different ones."""
    if name in masked_columns(model) or name not in shown_columns(model):
        return None
    query = (
        select(model.version_from, getattr(model, name))
        .where(model.id == id)
        .order_by(model.version_id.desc())
        .limit(MOST)
    )
    found = [(at, value) for at, value in session.execute(query) if _is_drawable(value)][::-1]
    values = [value for _, value in found]
    if len(set(values)) < 2:
        return None
    low, high = min(values), max(values)
    since, until = found[0][0], found[-1][0]
    return Plot(label, _points(found), write(low), write(high), write(values[-1]), since, until)


def _is_drawable(value: Any) -> bool:
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return is_number and bool(abs(value) < FARTHEST)  # which NaN is not


def _points(found: Sequence[tuple[dt.datetime, Any]]) -> str:
    """Each value holds until the next one comes."""
    since, until = found[0][0], found[-1][0]
    length = (until - since).total_seconds() or 1.0
    numbers = [float(value) for _, value in found]
    low, high = min(numbers), max(numbers)
    steps: list[str] = []
    before = None
    for (at, _), number in zip(found, numbers, strict=True):
        x = LEFT + (RIGHT - LEFT) * (at - since).total_seconds() / length
        y = BOTTOM - (BOTTOM - TOP) * ((number - low) / (high - low) if high > low else 0.5)
        if before is not None:
            steps.append(f"{x:.1f},{before:.1f}")
        steps.append(f"{x:.1f},{y:.1f}")
        before = y
    return " ".join(steps)
