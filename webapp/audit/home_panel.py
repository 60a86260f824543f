"""The home page's part on changes: the latest of them, and how many there were week by week."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from flask import url_for

from webapp.admin import times
from webapp.admin.home import Panel
from webapp.extensions import db
from webapp.versioning import changes, count_between, utcnow

from .feed_page import FeedView
from .words import OPERATIONS

LATEST = 5
WEEKS = 12
#: Of the drawing's 50 units, so that a week with one change among thousands is still seen.
LOWEST, HIGHEST = 1.0, 45.0


@dataclass(frozen=True)
class Week:
    """The changes of seven days; `height` is that of its bar."""

    begins: datetime
    changes: int
    height: float


def activity_panel(view: FeedView) -> Panel | None:
    """Three statements, whatever was changed. None where the changes may not be seen."""
    if not view.is_accessible():
        return None
    weeks = last_weeks(utcnow())
    return Panel(
        "audit/_activity.html",
        {
            "entries": changes(db.session(), limit=LATEST).entries,
            "touched": view.subjects.touched,
            "operations": OPERATIONS,
            "weeks": weeks,
            "total": sum(week.changes for week in weeks),
            "feed_url": url_for(f"{view.endpoint}.index_view"),
        },
    )


def last_weeks(now: datetime) -> list[Week]:
    """The weeks up to the one of `now`, which begin on Mondays in the display time zone."""
    zone = times.display_zone()
    today = now.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    days = [monday + timedelta(weeks=n) for n in range(1 - WEEKS, 2)]
    edges = [datetime.combine(day, time(), zone).astimezone(UTC) for day in days]
    counts = count_between(db.session(), edges)
    most = max(counts)
    return [
        Week(begins, count, max(LOWEST, HIGHEST * count / most) if count else LOWEST)
        for begins, count in zip(edges, counts, strict=False)
    ]
