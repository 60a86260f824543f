"""The demo data: believable, the same each time, made once."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp import create_app, database
from webapp.catalog import demo
from webapp.catalog.models import Contract, Order, OrderLine, Product, Supplier, Tag, Terms
from webapp.changes import Change
from webapp.extensions import db
from webapp.transfer import TransferError, export_history, import_history
from webapp.versioning import (
    check_model,
    current,
    diff,
    enable_versioning,
    recorded_models,
    timeline,
)

NOW = dt.datetime(2025, 6, 30, 9, 30, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An application with the demo data, for tests that only read."""
    folder = tmp_path_factory.mktemp("demo")
    url = f"sqlite:///{folder / 'demo.sqlite'}"
    app = create_app({"TESTING": True, "DATABASE_URL": url, "INSTANCE_PATH": str(folder)})
    with app.app_context():
        database.create_tables()
        assert demo.load(db.session, now=NOW) == 311
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
        assert demo.load(db.session, now=NOW) == 311
        before = versions(Product), versions(Supplier), count(Change)
        assert demo.load(db.session, now=NOW) == 0
        assert (versions(Product), versions(Supplier), count(Change)) == before


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_it_is_the_same_each_time(app: Flask, filled: Flask) -> None:
    told = versions(Product)
    with app.app_context():
        demo.load(db.session)
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


@pytest.mark.parametrize(("model", "key"), [(Supplier, "name"), (Supplier, None), (Terms, "name")])
def test_its_history_travels(
    filled: Flask, sqlite_url: str, tmp_path: Path, model: type[Any], key: str | None
) -> None:
    told = "".join(export_history(db.session(), model, change_model=Change, key=key))
    db.session.rollback()
    file = tmp_path / "history.jsonl"
    file.write_text(told)
    with elsewhere(sqlite_url, tmp_path) as session:
        import_history(session, model, file, change_model=Change, key=key)
        assert "".join(export_history(session, model, change_model=Change, key=key)) == told


def test_a_history_whose_references_are_not_there_is_refused(
    filled: Flask, sqlite_url: str, tmp_path: Path
) -> None:
    file, tags = tmp_path / "history.jsonl", tmp_path / "tags.jsonl"
    file.write_text("".join(export_history(db.session(), Product, change_model=Change, key="sku")))
    tags.write_text("".join(export_history(db.session(), Tag, change_model=Change)))
    db.session.rollback()
    with elsewhere(sqlite_url, tmp_path) as session:
        with pytest.raises(
            TransferError, match=r"line \d+: tags links to Tag \d, which is deleted"
        ):
            import_history(session, Product, file, change_model=Change, key="sku")
        import_history(session, Tag, tags, change_model=Change)
        with pytest.raises(TransferError, match="tags links to Tag 8, which is deleted"):
            import_history(session, Product, file, change_model=Change, key="sku")
        file.write_text(re.sub(r'"tags":\[(?:\d,)*8\]', '"tags":[]', file.read_text()))
        with pytest.raises(TransferError, match="supplier: Supplier 1"):
            import_history(session, Product, file, change_model=Change, key="sku")
        assert session.scalar(select(func.count()).select_from(Product)) == 0


@contextmanager
def elsewhere(url: str, folder: Path) -> Iterator[Session]:
    """A session on the empty database of another shop."""
    other = create_app({"DATABASE_URL": url, "INSTANCE_PATH": str(folder)})
    with other.app_context(), Session(db.engine) as session:
        database.create_tables()
        enable_versioning(session, change_model=Change)
        yield session


def test_terms_that_change_make_versions_of_the_contracts_that_follow_them(filled: Flask) -> None:
    standard = db.session.scalars(current(Terms).where(Terms.name == "Standard terms")).one()
    contracts = list(db.session.scalars(current(Contract).where(Contract.terms_id == standard.id)))
    assert standard.version_id == 3
    assert {each.terms_version_id for each in contracts} == {3}
    assert {each.change_id for each in contracts} == {standard.change_id}


def test_an_order_keeps_the_product_as_it_was_sold(filled: Flask) -> None:
    lines = list(db.session.scalars(current(OrderLine)))
    newest = {row.id: row.version_id for row in db.session.scalars(current(Product))}
    assert any(line.product_version_id < newest.get(line.product_id, 0) for line in lines)
    for line in lines:
        assert line.product.version_id == line.product_version_id


def test_an_order_that_was_cancelled_took_its_lines_along(filled: Flask) -> None:
    (gone,) = db.session.scalars(select(Order).where(Order.version_op == "delete"))
    lines = select(OrderLine).where(OrderLine.order_id == gone.id, OrderLine.is_current_version)
    found = list(db.session.scalars(lines))
    assert found and {line.version_op for line in found} == {"delete"}
    assert {line.change_id for line in found} == {gone.change_id}


def test_a_tag_that_was_deleted_was_taken_off_its_goods_in_the_same_change(filled: Flask) -> None:
    (gone,) = db.session.scalars(select(Tag).where(Tag.version_op == "delete"))
    freed = list(db.session.scalars(select(Product).where(Product.change_id == gone.change_id)))
    assert len(freed) == 5
    before = [db.session.get_one(Product, (each.id, each.version_id - 1)) for each in freed]
    changes = [diff(*pair) for pair in zip(before, freed, strict=True)]
    assert {(change.name, change.old) for (change,) in changes} == {("tags", (gone.id,))}


def test_goods_bear_tags_that_are_found_by_their_name_of_today(filled: Flask) -> None:
    slippers = db.session.scalars(current(Product).where(Product.sku == "SLI-41")).one()
    assert [str(tag) for tag in slippers.tags] == ["Winter"]
    tagged = [each for each in db.session.scalars(current(Product)) if each.tags]
    assert 50 <= len(tagged) <= 90


def test_its_history_is_sound(filled: Flask) -> None:
    for model in recorded_models(db.session()):
        assert check_model(db.session(), model).counts == {}, model
