"""Floating: a reference to a record reads whatever version is current."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from tests.versioning.references.trade import Product, Supplier, add
from tests.versioning.world import World
from webapp.versioning import as_of, current, diff, load_as_of, versions_as_of


def test_it_reads_the_current_version(trade: World, session: Session) -> None:
    product = add(session, Product(name="nail", supplier=Supplier(name="one")))
    product.supplier.name = "two"
    session.commit()
    assert product.supplier.name == "two"
    assert trade.rows(Product, "supplier_id") == [(1, 1, True, 1)]
    assert trade.rows(Supplier, "name") == [(1, 1, False, "one"), (1, 2, True, "two")]


def test_setting_it_is_one_version(trade: World, session: Session) -> None:
    product = add(session, Product(name="nail", supplier=Supplier(name="one")))
    product.supplier = Supplier(name="two")
    session.commit()
    assert trade.rows(Product, "supplier_id") == [(1, 1, False, 1), (1, 2, True, 2)]
    product.supplier = session.get_one(Supplier, (2, 1))
    session.commit()
    assert product.version_id == 2
    old = session.get_one(Product, (1, 1))
    assert [(c.name, c.old, c.new) for c in diff(old, product)] == [("supplier_id", 1, 2)]


def test_many_are_loaded_by_one_statement(trade: World, session: Session) -> None:
    add(session, *(Product(name="nail", supplier=Supplier(name=str(n))) for n in range(5)))
    session.expunge_all()
    query = current(Product).options(selectinload(Product.supplier))
    with trade.executions() as seen:
        names = [product.supplier.name for product in session.scalars(query)]
    assert (names, seen.count("SELECT")) == (["0", "1", "2", "3", "4"], 2)


def test_as_of_a_moment_it_reads_the_version_of_then(trade: World, session: Session) -> None:
    suppliers = [Supplier(name="one"), Supplier(name="two")]
    add(session, *(Product(name=str(n), supplier=suppliers[n % 2]) for n in range(4)))
    then = suppliers[0].version_from
    for supplier in suppliers:
        supplier.name = supplier.name.upper()
    session.commit()
    products = list(session.scalars(as_of(Product, then).order_by(Product.name)))
    with trade.executions() as seen:
        load_as_of(session, products, then)
        assert [p.supplier and p.supplier.name for p in products] == ["one", "two", "one", "two"]
    assert seen.count("SELECT") == 1
    session.commit()
    assert products[0].supplier is suppliers[0]
    assert suppliers[0].version_id == 2


def test_as_of_a_moment_before_the_record_it_reads_none(trade: World, session: Session) -> None:
    product = add(session, Product(name="nail"))
    then = product.version_from
    product.supplier = Supplier(name="one")
    session.commit()
    assert versions_as_of(session, Supplier, [1, 7], then) == {}
    load_as_of(session, [product], then, "supplier")
    assert product.supplier is None
    with pytest.raises(ValueError, match="time zone"):
        load_as_of(session, [product], datetime(2030, 1, 1))


def test_the_other_side_collects_the_living(trade: World, session: Session) -> None:
    supplier = Supplier(name="one", products=[Product(name="a"), Product(name="b")])
    add(session, supplier)
    supplier.name = "two"
    supplier.products[0].name = "A"
    session.commit()
    assert sorted(p.name for p in supplier.products) == ["A", "b"]
    supplier.products.remove(next(p for p in supplier.products if p.name == "b"))
    supplier.products.append(Product(name="c"))
    session.commit()
    assert {(p.name, p.version_id) for p in supplier.products} == {("A", 2), ("c", 1)}
    assert supplier.version_id == 2
    session.delete(next(p for p in supplier.products if p.name == "A"))
    session.commit()
    session.expire(supplier)
    assert [p.name for p in supplier.products] == ["c"]


def test_a_rollback_takes_it_back(trade: World, session: Session) -> None:
    product = add(session, Product(name="nail", supplier=Supplier(name="one")))
    product.supplier = Supplier(name="two")
    session.flush()
    session.rollback()
    assert product.supplier.name == "one"
    assert trade.sql("SELECT id FROM supplier_record") == [(1,)]


def test_an_edit_of_the_record_costs_nothing_more(trade: World, session: Session) -> None:
    supplier = Supplier(name="one")
    add(session, *(Product(name="nail", supplier=supplier) for _ in range(20)))
    session.refresh(supplier)
    with trade.executions() as seen:
        supplier.name = "two"
        session.flush()
    # the change, the closed row and the next one, by one statement on PostgreSQL
    assert seen == (["INSERT", "UPDATE", "INSERT"] if trade.is_sqlite else ["WITH"])


def test_the_index_finds_the_living_that_refer(trade: World, session: Session) -> None:
    query = select(Product.id).where(Product.supplier_id == 1)
    indexes = {index.name for index in Product.__table__.indexes}  # type: ignore[attr-defined]
    assert "ix_product_supplier_id_living" in indexes
    if trade.is_sqlite:
        check = f"{query.compile(compile_kwargs={'literal_binds': True})} AND version_living = 1"
        plan = trade.sql(f"EXPLAIN QUERY PLAN {check}")
        assert "ix_product_supplier_id_living" in plan[0][3]
