"""Floating: a reference to a record reads whatever version is current."""

from __future__ import annotations

from sqlalchemy.orm import Session

from tests.versioning.references.trade import Product, Supplier, add
from tests.versioning.world import World


def test_it_reads_the_current_version(trade: World, session: Session) -> None:
    product = add(session, Product(name="nail", supplier=Supplier(name="one")))
    product.supplier.name = "two"
    session.commit()
    assert product.supplier.name == "two"
    assert trade.rows(Product, "supplier_id") == [(1, 1, True, 1)]
    assert trade.rows(Supplier, "name") == [(1, 1, False, "one"), (1, 2, True, "two")]
