"""The shop's references on its pages: refused deletions, pinned and followed versions, by name."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Flask
from sqlalchemy import select

from webapp.catalog.models import Contract, Order, OrderLine, Product, Supplier, Terms
from webapp.extensions import db
from webapp.versioning import current


def add(app: Flask, *rows: Any) -> None:
    with app.app_context():
        db.session.add_all(rows)
        db.session.commit()


def stock(app: Flask) -> None:
    supplier, terms = Supplier(name="Acme", country="Norway"), Terms(name="Standard", text="Pay.")
    pan = Product(name="Pan", sku="P", price=3, supplier=supplier)
    order = Order(number="B-1", customer="Eve", ordered_on=dt.date(2030, 1, 1))
    signed = {"signed_on": dt.date(2030, 1, 1), "supplier": supplier, "terms": terms}
    add(app, supplier, terms, pan, order, Contract(number="V-1", **signed))
    with app.app_context():
        sold = {"order": db.session.scalars(current(Order)).one(), "quantity": 2, "price": 3}
        db.session.add(OrderLine(product=db.session.scalars(current(Product)).one(), **sold))
        db.session.commit()


def test_a_deletion_names_the_records_that_stand_in_its_way(app: Flask, client: Any) -> None:
    stock(app)
    page = client.post("/admin/supplier/delete/", data={"id": "1"}, follow_redirects=True)
    assert "Still in use by " in page.text
    assert "Product “Pan”" in page.text and "Contract “V-1”" in page.text
    with app.app_context():
        assert db.session.scalars(current(Supplier)).one().version_id == 1


def test_new_terms_show_on_the_timeline_of_the_contract(app: Flask, client: Any) -> None:
    stock(app)
    with app.app_context():
        db.session.scalars(current(Terms)).one().payment_days = 14
        db.session.commit()
    page = client.get("/admin/contract/timeline/?id=1").text
    assert "Terms version" in page and 'id="v2"' in page


def test_a_line_names_and_links_the_version_that_was_sold(app: Flask, client: Any) -> None:
    stock(app)
    with app.app_context():
        db.session.scalars(current(Product)).one().name = "Frying pan"
        db.session.commit()
        assert len(list(db.session.scalars(select(OrderLine)))) == 1
    page = client.get("/admin/orderline/details/?id=1").text
    assert "/admin/product/timeline/?id=1&amp;before=2#v1" in page
    assert "version 1</small>" in page and "Frying pan" not in page
