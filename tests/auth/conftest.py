"""The example application with one record of each model, on SQLite alone: what is tested here are
decisions, which no database makes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests import accounts
from webapp.auth import accounts as ours
from webapp.auth.models import Account, AccountEvent
from webapp.catalog.models import Product, Supplier
from webapp.extensions import db
from webapp.versioning import change


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def stocked(app: Flask) -> Flask:
    with app.app_context(), change(db.session, actor="Alice", reason="First stock"):
        db.session.add(Supplier(id=1, name="Acme", country="Spain"))
        db.session.add(Product(id=1, name="Kettle", sku="K-1", price=Decimal("29.00")))
        db.session.commit()
    with app.app_context(), change(db.session, actor="Alice", reason="Dearer"):
        db.session.get(Product, (1, 1)).price = Decimal("31.00")
        db.session.commit()
    return app


def versions(app: Flask) -> int:
    with app.app_context():
        return sum(
            db.session.scalar(select(func.count()).select_from(model)) or 0
            for model in (Product, Supplier)
        )


def events(app: Flask) -> list[tuple[str, str | None, str | None]]:
    """Kind, account and actor of each event, oldest first."""
    with app.app_context():
        query = select(AccountEvent.kind, AccountEvent.account, AccountEvent.actor)
        found = db.session.execute(query.order_by(AccountEvent.id)).all()
        return [tuple(row) for row in found]


def with_password(app: Flask, name: str = "Alice", **values: Any) -> None:
    """Give one of the cast the password of these tests, and take away what is signed in."""
    with app.app_context():
        account = ours.named(name)
        assert account
        ours.set_password(account, accounts.PASSWORD)


def account_id(app: Flask, name: str) -> int:
    with app.app_context():
        return db.session.scalars(select(Account.id).where(Account.name == name)).one()
