"""Pages as a server makes them: the list beside Flask-Admin's own, a timeline long and short.

Each page is asked of the WSGI application itself: a network would add the same to both sides.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from flask_admin.theme import Bootstrap4Theme
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine, Index
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from tests.benchmarks.databases import connect, empty_database, settle
from tests.benchmarks.fill import fill
from tests.benchmarks.models import Contender, ProductColumns
from tests.benchmarks.report import Line, ms, times
from tests.benchmarks.timing import Seconds, in_turns, seconds_of
from webapp import create_app, database
from webapp.extensions import db as our_db
from webapp.versioning import prepare_sqlite

VERSIONS, LONG = 10, 10_000
MOMENT = "2020-01-01T05:30:00Z"  # between the fifth version of each record and the sixth


def measure(server: str, quick: bool) -> Iterator[Line]:
    records = 10_000 if quick else 100_000
    rounds = 15 if quick else 60
    with _stock(server, records) as stock, _ours(server, records) as ours:
        lists = in_turns(
            {
                "stock": lambda: _get(stock, "/admin/plainproduct/"),
                "ours": lambda: _get(ours, "/admin/product/"),
                "then": lambda: _get(ours, f"/admin/product/?as_of={MOMENT}"),
            },
            rounds,
            warm_up=5,
        )
        timelines = in_turns(
            {
                "short": lambda: _get(ours, f"/admin/product/timeline/?id={records // 2}"),
                "long": lambda: _get(ours, f"/admin/product/timeline/?id={records + 1}"),
            },
            rounds,
            warm_up=5,
        )
    ratio = lists["ours"] / lists["stock"]
    yield Line(
        f"list page over HTTP, {records:,} records (plain: Flask-Admin's own view)",
        ms(lists["stock"]),
        ms(lists["ours"]),
        times(ratio),
        "≤ 1.3 ×",
        ratio <= 1.3,
    )
    ratio = lists["then"] / lists["ours"]
    yield Line(
        f"list page as of a moment over HTTP, {records:,} records × {VERSIONS} versions",
        "",
        ms(lists["then"]),
        f"{times(ratio)} that of now, {ms(lists['ours'])}",
        "≤ 2 ×",
        ratio <= 2,
    )
    ratio = timelines["long"] / timelines["short"]
    yield Line(
        f"timeline's first page over HTTP, {LONG:,} versions",
        "",
        ms(timelines["long"]),
        f"{times(ratio)} that of {VERSIONS} versions, {ms(timelines['short'])}",
        "≤ 1.5 ×",
        ratio <= 1.5,
    )


def _get(app: Flask, path: str) -> Seconds:
    client = app.test_client()

    def work() -> None:
        answer = client.get(path)
        assert answer.status_code == 200, (path, answer.status)

    return seconds_of(work)


@contextmanager
def _ours(server: str, records: int) -> Iterator[Flask]:
    """The application, its shop filled, and one record more with a long history."""
    with empty_database(server) as url, tempfile.TemporaryDirectory() as folder:
        app = create_app(
            {
                "DATABASE_URL": url,
                "INSTANCE_PATH": folder,
                "APPS": ("tests.benchmarks.shop",),
                "SECRET_KEY": "of no use to anyone",
            }
        )
        from tests.benchmarks.shop.models import Product

        with app.app_context():
            database.create_tables()
        shop = Contender("web", "versioned", our_db.Model, Product, lambda sessions: None)
        with _filling(url) as engine, engine.begin() as connection:
            fill(connection, shop, 1, records, VERSIONS)
            fill(connection, shop, records + 1, records + 1, LONG)
        yield app
        with app.app_context():
            database.close()


@contextmanager
def _stock(server: str, records: int) -> Iterator[Flask]:
    """Flask-Admin as it comes, over the same records without versions."""

    class Base(DeclarativeBase):
        pass

    db = SQLAlchemy(model_class=Base)

    class PlainProduct(ProductColumns, db.Model):
        __tablename__ = "stock_product"
        __table_args__ = (Index(None, "name", "id"), Index(None, "sku", unique=True))
        id: Mapped[int] = mapped_column(primary_key=True)

    class PlainProductAdmin(ModelView):
        column_list = ["name", "sku", "price", "stock", "active"]
        column_default_sort = "name"
        column_searchable_list = ["name", "sku"]
        can_view_details = True

    with empty_database(server) as url:
        app = Flask("stock")
        app.config.from_mapping(SECRET_KEY="of no use to anyone", SQLALCHEMY_DATABASE_URI=url)
        db.init_app(app)
        admin = Admin(app, name="Stock", theme=Bootstrap4Theme())
        admin.add_view(PlainProductAdmin(PlainProduct, db))
        with app.app_context():
            if db.engine.dialect.name == "sqlite":
                prepare_sqlite(db.engine, begin="DEFERRED")
            db.create_all()
        shelf = Contender("web", "plain", db.Model, PlainProduct, lambda sessions: None)
        with _filling(url) as engine, engine.begin() as connection:
            fill(connection, shelf, 1, records)
        yield app
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


@contextmanager
def _filling(url: str) -> Iterator[Engine]:
    engine: Any = connect(url)
    yield engine
    settle(engine)
    engine.dispose()
