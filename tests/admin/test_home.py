"""The home page: what there is, how much of it, and the way to it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from tests.admin.conftest import Shop
from tests.admin.shop.models import Gadget, Maker
from webapp.extensions import db

CARD = re.compile(
    r'<a href="(/admin/[^"]+)">([^<]+)</a>\s*<p class="figure">([\d,]+)</p>\s*<p>([^<]+)</p>'
)


def cards(page: Any) -> dict[str, tuple[str, str, str]]:
    """Name of each card -> its address, number and words."""
    return {name: (url, figure, words) for url, name, figure, words in CARD.findall(page.text)}


def test_it_tells_live_and_deleted_records(client: Any, shop: Shop) -> None:
    for name in ("Kettle", "Pot"):
        shop.edit(Gadget, shop.add(Gadget, name=name), name=f"{name} 2")
    shop.delete(Gadget, shop.add(Gadget, name="Toaster"))
    shop.add(Maker, name="Acme")
    found = cards(client.get("/admin/"))
    assert found["Gadget"] == ("/admin/gadget/", "2", "records · 1 deleted, history kept")
    assert found["Maker"] == ("/admin/maker/", "1", "record")
    assert found["Parcel"] == ("/admin/parcel/", "0", "records")


def test_views_stand_in_their_categories(client: Any) -> None:
    page = client.get("/admin/").text
    assert re.findall(r'<section aria-label="([^"]+)">', page) == ["Shop", "Records"]
    assert page.index("Shop") < page.index(">Gadget<") < page.index(">Oddity<")


def test_one_statement_counts_them_all(client: Any, shop: Shop, statements: list[str]) -> None:
    shop.add(Maker, name="Acme")
    statements.clear()
    client.get("/admin/")
    counts = [each for each in statements if "count(*)" in each and "shop_maker" in each]
    assert len([each for each in counts if "GROUP BY" not in each]) == 1, statements
    assert len(statements) == 5, statements  # three of changes, one of what waits


def test_the_partial_indexes_count(app: Flask) -> None:
    """FIELD-NOTES: the count over all versions takes 100 ms on 1M rows, 3 ms by a partial index."""
    with app.app_context():
        explain = "EXPLAIN QUERY PLAN"
        if db.engine.dialect.name == "postgresql":
            explain = "EXPLAIN"
            db.session.execute(text("SET LOCAL enable_seqscan = off"))  # the table is empty
        view = next(each for each in app.extensions["admin"][0]._views if each.endpoint == "maker")
        live, deleted = (
            query.compile(db.engine, compile_kwargs={"literal_binds": True})
            for query in view.count_queries()
        )
        plans = [
            str(db.session.execute(text(f"{explain} SELECT {query}")).all())
            for query in (live, deleted)
        ]
        assert "uq_shop_maker_one_current" in plans[0], plans
        assert all("ix_shop_maker_tombstones" in plan for plan in plans), plans


def test_a_view_that_may_not_be_seen_is_neither_shown_nor_counted(
    app: Flask, client: Any, monkeypatch: pytest.MonkeyPatch, statements: list[str]
) -> None:
    view = next(each for each in app.extensions["admin"][0]._views if each.endpoint == "gadget")
    monkeypatch.setattr(type(view), "is_accessible", lambda self: False)
    page = client.get("/admin/")
    assert "Gadget" not in page.text and "Maker" in cards(page)
    counts = [each for each in statements if "count(*)" in each and "shop_maker" in each]
    assert "shop_gadget" not in counts[0]
