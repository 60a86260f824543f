"""The demo data: believable, the same each time, made once."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp import create_app, database
from webapp.catalog import demo
from webapp.catalog.models import Product, Supplier
from webapp.changes import Change
from webapp.extensions import db
from webapp.transfer import export_history, import_history
from webapp.versioning import current, enable_versioning, timeline

NOW = dt.datetime(2025, 6, 30, 9, 30, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An application with the demo data, for tests that only read."""
    folder = tmp_path_factory.mktemp("demo")
    url = f"sqlite:///{folder / 'demo.sqlite'}"
    app = create_app({"TESTING": True, "DATABASE_URL": url, "INSTANCE_PATH": str(folder)})
    with app.app_context():
        database.create_tables()
        assert demo.load(db.session, now=NOW) == 200
        yield app
        database.close()


def versions(model: type[Any]) -> list[tuple[Any, ...]]:
    """The rows but for their times and changes, which hang on the clock."""
    columns = [model.id, model.version_id, model.version_op]
    columns += [getattr(model, name) for name in ("name", "price", "stock") if hasattr(model, name)]
    return [tuple(row) for row in db.session.execute(select(*columns).order_by(*columns[:2]))]


def count(model: type[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_a_second_load_does_nothing(app: Flask) -> None:
    with app.app_context():
        assert demo.load(db.session, now=NOW) == 200
        before = versions(Product), versions(Supplier), count(Change)
        assert demo.load(db.session, now=NOW) == 0
        assert (versions(Product), versions(Supplier), count(Change)) == before


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_it_is_quick_and_the_same_each_time(app: Flask, filled: Flask) -> None:
    told = versions(Product)
    with app.app_context():
        start = time.process_time()
        demo.load(db.session)
        assert time.process_time() - start < 5
        assert versions(Product) == told


def test_the_past_takes_two_years_and_ends_now(filled: Flask) -> None:
    first, last = db.session.execute(select(func.min(Change.at), func.max(Change.at))).one()
    assert dt.timedelta(days=729) < NOW - first < dt.timedelta(days=731)
    assert dt.timedelta(0) < NOW - last < dt.timedelta(days=3)


def test_one_record_has_pages_of_versions(filled: Flask) -> None:
    lantern = db.session.scalars(current(Product).where(Product.sku == demo.LANTERN)).one()
    found = timeline(db.session, Product, lantern.id)
    assert 55 <= found.total <= 80
    assert found.older is not None
    assert {entry.actor for entry in found.entries} >= {"Alice", "till"}


def test_every_kind_of_edit_occurs(filled: Flask) -> None:
    counted = select(Product.version_op, func.count()).group_by(Product.version_op)
    ops: dict[str, int] = dict(map(tuple, db.session.execute(counted)))
    assert ops["create"] == 180
    assert ops["update"] > 1_000
    assert ops["delete"] > 3
    assert ops["restore"] > 1


def test_several_people_and_programs_worked_on_it(filled: Flask) -> None:
    actors = set(db.session.scalars(select(Change.actor).distinct()))
    assert actors == {"Alice", "Bob", "Carol", "clean-up", "goods in", "price import", "till"}


def test_names_are_of_many_scripts_and_texts_of_all_lengths(filled: Flask) -> None:
    names = " ".join(db.session.scalars(select(Product.name)))
    assert all(word in names for word in ("三徳包丁", "Самовар", "Μπρίκι", "पीतल", "دلة"))
    assert (db.session.scalar(select(func.max(func.length(Product.description)))) or 0) > 400


def test_a_product_knows_its_supplier_as_it_is_now(filled: Flask) -> None:
    hammer = db.session.scalars(current(Product).where(Product.sku == "HAM-450")).one()
    assert str(hammer.supplier) == "Kettler Werkzeuge GmbH"


@pytest.mark.parametrize(("model", "key"), [(Product, "sku"), (Supplier, "name"), (Product, None)])
def test_its_history_travels(
    filled: Flask, sqlite_url: str, tmp_path: Path, model: type[Any], key: str | None
) -> None:
    told = "".join(export_history(db.session(), model, change_model=Change, key=key))
    db.session.rollback()
    file = tmp_path / "history.jsonl"
    file.write_text(told)
    other = create_app({"DATABASE_URL": sqlite_url, "INSTANCE_PATH": str(tmp_path)})
    with other.app_context(), Session(db.engine) as session:
        database.create_tables()
        enable_versioning(session, change_model=Change)
        import_history(session, model, file, change_model=Change, key=key)
        assert "".join(export_history(session, model, change_model=Change, key=key)) == told
