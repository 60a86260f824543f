"""What the tests of the report of a period share: three months of changes, and their reviews."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests import accounts
from tests.admin.conftest import Shop
from tests.admin.shop.models import Gadget, Maker
from tests.audit.builders import last_change, stock
from tests.audit.reviews import review, say
from webapp.audit.models import Review
from webapp.audit.report import Period, Report, report
from webapp.extensions import db
from webapp.versioning import change, current

PAGE = "/admin/review/report/"
CSV, JSON = f"{PAGE}export/csv/", f"{PAGE}export/json/"
NOW = datetime(2030, 6, 15, 12, tzinfo=UTC)
DAY = timedelta(days=1)
EVER = "?from=2020-01-01"


@pytest.fixture
def bob(app: Flask) -> FlaskClient:
    """The auditor's browser."""
    return accounts.as_(app, "Bob")


@pytest.fixture
def stocked(shop: Shop) -> Shop:
    stock(shop)
    review(shop.app, Gadget)
    review(shop.app, Maker)
    return shop


def at(shop: Shop, moment: datetime, actor: str | None, model: type[Any] = Gadget) -> int:
    """A change of a record of the model, made at that moment."""
    with shop.app.app_context(), change(db.session, actor=actor, at=moment):
        row = db.session.scalars(current(model).limit(1)).one()
        row.name = f"At {moment}"
        db.session.commit()
    return last_change(shop)


@pytest.fixture
def busy(stocked: Shop) -> Shop:
    """Changes of three months by three people, some of them reviewed by two."""
    bob, carol = (accounts.as_(stocked.app, name) for name in ("Bob", "Carol"))
    made = [
        at(stocked, NOW - age * DAY, actor, model)
        for age, actor, model in (
            (80, "Alice", Gadget),
            (70, "Zoe", Maker),
            (40, "Alice", Gadget),
            (20, "Alice", Maker),
            (12, "Zoe", Gadget),
            (9, None, Gadget),
            (5, "Alice", Gadget),
            (3, "Zoe", Maker),
            (0.5, "Alice", Gadget),
        )
    ]
    say(bob, made[2], "sign-off", "Fine")
    say(bob, made[3], "query", "Why so?")
    say(carol, made[3], "sign-off", "I know why")
    say(carol, made[4], "reject", "No")
    say(bob, made[6], "query", "And this?")
    say(bob, made[6], "query", "Please")
    return stocked


def reported(shop: Shop, since: datetime | None, until: datetime | None) -> Report:
    with shop.app.app_context():
        return report(db.session(), Period(since, until), (Gadget, Maker), NOW)


def everything(shop: Shop) -> list[tuple[Review, list[Review], set[type[Any]]]]:
    """Of each change with a review the last row, all rows, and the models that it touched."""
    with shop.app.app_context():
        rows = list(db.session.scalars(select(Review).order_by(Review.change_id, Review.n)))
        touched = {
            model: set(db.session.scalars(select(model.change_id))) for model in (Gadget, Maker)
        }
        db.session.expunge_all()
    found = []
    for id in dict.fromkeys(row.change_id for row in rows):
        thread = [row for row in rows if row.change_id == id]
        found.append((thread[-1], thread, {m for m, ids in touched.items() if id in ids}))
    return found
