"""The home page's part on reviews: what waits for whoever looks, by what they may do."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from flask import url_for
from sqlalchemy import Select, func, or_, select

from webapp.admin.home import Panel
from webapp.auth import who
from webapp.extensions import db

from .models import Act, Review
from .queue import MOST_COUNTED
from .queue_page import QueuePage


@dataclass(frozen=True)
class Waiting:
    """How many changes wait (counted up to one beyond `MOST_COUNTED`), and since when the oldest
    does."""

    count: int
    oldest: dt.datetime | None


def waiting_panel(view: QueuePage) -> Panel | None:
    """One statement, whatever waits. None for who neither reviews nor edits.

    A reviewer's own changes wait for somebody else.
    """
    edits = any(each.may_edit() for each in view.subjects.shown.values())
    asked: dict[str, Select[Any]] = {}
    name = who.person().name
    others = or_(Review.actor.is_(None), Review.actor != name)
    if view.is_reviewer:
        asked["due"] = _last(Act.DUE).where(others)
        asked["answered"] = _last(Act.ANSWER).where(others)
    if edits:
        asked["queries"] = _last(Act.QUERY).where(Review.actor == name)
    if not asked:
        return None
    columns = []
    for query in asked.values():
        found = query.limit(MOST_COUNTED + 1).subquery()
        columns.append(select(func.count()).select_from(found).scalar_subquery())
        columns.append(query.limit(1).scalar_subquery())
    row = db.session.execute(select(*columns)).one()
    pairs = zip(row[::2], row[1::2], strict=True)
    return Panel(
        "audit/_waiting.html",
        {
            "waiting": {
                key: Waiting(count, oldest)
                for key, (count, oldest) in zip(asked, pairs, strict=True)
            },
            "most": MOST_COUNTED,
            "due_url": url_for(f"{view.endpoint}.index_view"),
            "answered_url": url_for(f"{view.endpoint}.index_view", state=Act.ANSWER.value),
            "mine_url": url_for("mine.index_view"),
        },
        first=True,
    )


def _last(state: Act) -> Select[Any]:
    """When the changes in a state were made, oldest first."""
    query = select(Review.change_at).where(Review.followed_by.is_(None), Review.act == state)
    return query.order_by(Review.change_at, Review.change_id)
