"""Pages as a server makes them: the list beside Flask-Admin's own, a long history beside a short.

Each page is asked of the WSGI application itself: a network would add the same to both sides. The
list and the save take turns with Flask-Admin's alone, the other pages with one another.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from typing import Any

from flask import Flask
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from flask_admin.theme import Bootstrap4Theme
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine, Index
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from werkzeug.test import TestResponse

from tests import accounts
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
EARLY = "2020-01-01T01:00:00.000050Z"  # when fifty records had a version
MERGE = "merge page"


#: Pages of one record: the address on a record of so many versions, and how many times as long as
#: on one of few versions it may take.
PAGES = {
    "timeline's first page": ("timeline/?id={id}", 1.5),
    "record page with its blame": ("details/?id={id}", 3),
    "edit page": ("edit/?id={id}", 3),
    "comparison of the first with the newest version": ("compare/?id={id}&a=1&b={newest}", 3),
    "restore's question, of version 2": ("restore/?id={id}&version=2", 3),
    "undo's question, of version 2": ("undo/?id={id}&version=2", 3),
    "poll for a newer version": ("newest/?id={id}", 3),
}
#: What Alice typed into the form that she opened one version ago.
TYPED = {
    "name": "Alice's",
    "sku": "A-1",
    "description": "Alice's",
    "price": "1.00",
    "stock": "1",
    "attributes": "{}",
    "released": "2024-05-18",
}


def measure(server: str, quick: bool) -> Iterator[Line]:
    records = 10_000 if quick else 100_000
    rounds = 15 if quick else 60
    with _stock(server, records) as stock, _ours(server, records) as ours:
        yield from _beside_stock(stock, ours, records, rounds)
        yield from _beside_now(ours, records, rounds)


def _beside_stock(stock: Flask, ours: Flask, records: int, rounds: int) -> Iterator[Line]:
    lists = {
        "stock": lambda: _get(stock, "/admin/plainproduct/"),
        "ours": lambda: _get(ours, "/admin/product/"),
    }
    found = in_turns(lists, rounds, warm_up=5)
    ratio = found["ours"] / found["stock"]
    yield Line(
        f"list page over HTTP, {records:,} records (plain: Flask-Admin's own view)",
        ms(found["stock"]),
        ms(found["ours"]),
        times(ratio),
        "≤ 1.3 ×",
        ratio <= 1.3,
    )
    ids = count(1)  # each record is saved once, on its newest version
    saves = {
        "stock": lambda: _save(stock, "/admin/plainproduct/edit/", next(ids)),
        "ours": lambda: _save(ours, "/admin/product/edit/", next(ids)),
    }
    found = in_turns(saves, rounds, warm_up=5)
    yield Line(
        "save of an edit over HTTP, with a change, guards, a digest and a review policy",
        ms(found["stock"]),
        ms(found["ours"]),
        times(found["ours"] / found["stock"]),
    )


def _beside_now(ours: Flask, records: int, rounds: int) -> Iterator[Line]:
    """Lists of then beside that of now, and long histories beside short ones."""
    work = {
        "now": lambda: _get(ours, "/admin/product/"),
        "then": lambda: _get(ours, f"/admin/product/?as_of={MOMENT}"),
        "early": lambda: _get(ours, f"/admin/product/?as_of={EARLY}"),
    }
    for versions, id in ((VERSIONS, records // 2), (LONG, records + 1)):
        for page, (path, _) in PAGES.items():
            address = "/admin/product/" + path.format(id=id, newest=versions)
            work[f"{page}, {versions}"] = partial(_get, ours, address)
        work[f"{MERGE}, {versions}"] = partial(_conflict, ours, id, versions - 1)
    found = in_turns(work, rounds, warm_up=5)
    for name, what in (("then", ""), ("early", ", before nearly all existed")):
        ratio = found[name] / found["now"]
        yield Line(
            f"list page as of a moment{what}, over HTTP, {records:,} records × {VERSIONS} versions",
            "",
            ms(found[name]),
            f"{times(ratio)} that of now, {ms(found['now'])}",
            "≤ 2 ×",
            ratio <= 2,
        )
    for page, limit in {**{page: limit for page, (_, limit) in PAGES.items()}, MERGE: 3}.items():
        short, long = found[f"{page}, {VERSIONS}"], found[f"{page}, {LONG}"]
        yield Line(
            f"{page} over HTTP, {LONG:,} versions",
            "",
            ms(long),
            f"{times(long / short)} that of {VERSIONS} versions, {ms(short)}",
            f"≤ {limit} ×",
            long / short <= limit,
        )


def _get(app: Flask, path: str) -> Seconds:
    client = app.test_client()
    return seconds_of(lambda: _expect(200, client.get(path)))


def _save(app: Flask, path: str, id: int) -> Seconds:
    """Save a record whose newest version is its tenth."""
    client = app.test_client()
    data = {**TYPED, "sku": f"A-{id}", "base_version": str(VERSIONS)}
    return seconds_of(lambda: _expect(302, client.post(f"{path}?id={id}", data=data)))


def _conflict(app: Flask, id: int, base: int) -> Seconds:
    """Save what began with an older version: the answer is the merge page, and nothing is saved."""
    client = app.test_client()
    path, data = f"/admin/product/edit/?id={id}", {**TYPED, "base_version": str(base)}
    return seconds_of(lambda: _expect(409, client.post(path, data=data)))


def _expect(status: int, answer: TestResponse) -> None:
    assert answer.status_code == status, (answer.request.path, answer.status)


@contextmanager
def _ours(server: str, records: int) -> Iterator[Flask]:
    """The application, its shop filled, and one record more with a long history."""
    with empty_database(server) as url, tempfile.TemporaryDirectory() as folder:
        app = create_app(
            {
                **accounts.SETTINGS,
                "DATABASE_URL": url,
                "INSTANCE_PATH": folder,
                "APPS": ("tests.benchmarks.shop",),
                "WTF_CSRF_ENABLED": False,  # else each form has to be opened before it is sent
            }
        )
        from tests.benchmarks.shop.models import Product

        with app.app_context():
            database.create_tables()
        accounts.welcome(app)
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
        # without a template folder of its own: the checkout's would give it our pages
        app = Flask("stock", template_folder=None, static_folder=None)
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
