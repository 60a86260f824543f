"""The list: live current records, two statements, an order that holds, and the deleted ones."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask

from tests.admin.conftest import Shop
from tests.admin.shop.models import ODD, Gadget, Maker, Parcel, Strict

ROW = re.compile(r'<th class="col-[\w-]+" role="rowheader".*?>([^<>]+)</a>', re.S)


def names(page: Any) -> list[str]:
    return [name.strip() for name in ROW.findall(page.text)]


def test_it_shows_live_current_records(client: Any, shop: Shop) -> None:
    kettle = shop.add(Gadget, name="Kettel")
    shop.edit(Gadget, kettle, name="Kettle")
    shop.delete(Gadget, shop.add(Gadget, name="Toaster"))
    assert names(client.get("/admin/gadget/")) == ["Kettle"]


def test_it_shows_versions_and_last_change(client: Any, shop: Shop) -> None:
    id = shop.add(Maker, name="Acme")
    shop.edit(Maker, id, actor="Bob", name="Acme & Co")
    page = client.get("/admin/maker/").text
    assert re.search(rf'href="/admin/maker/timeline/\?id={id}">2</a>', page)
    assert re.search(r"by (<[^>]+>)?Bob<", page) and "Last change" in page and "Versions" in page


def test_it_takes_two_statements_whatever_the_relations(
    client: Any, shop: Shop, statements: list[str]
) -> None:
    """FIELD-NOTES: dotted columns and second-level `__str__` are N+1."""
    for number in range(30):
        maker = shop.add(Maker, name=f"Maker {number}")
        shop.add(Gadget, name=f"Gadget {number:02}", maker_id=maker)
    statements.clear()
    page = client.get("/admin/gadget/")
    assert "Maker 19" in page.text
    assert len(statements) == 2, statements


def test_it_counts_all_records_in_their_indexes_and_found_ones_by_their_rows(
    client: Any, shop: Shop, statements: list[str]
) -> None:
    for name in ("Acme", "Bolt", "Cask"):
        shop.add(Maker, name=name)
    shop.delete(Maker, shop.add(Maker, name="Dent"))
    counts = []
    for search in ("", "?search=o"):
        statements.clear()
        assert ("3 records" if not search else "1 record found") in client.get(
            f"/admin/maker/{search}"
        ).text
        counts.append(statements[0].count("version_op = 'delete'"))
    assert counts == [1, 0], statements


def test_a_view_that_narrows_its_count_is_counted_by_itself(
    client: Any, shop: Shop, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("Acme", "Bolt"):
        shop.add(Maker, name=name)
    view = next(each for each in app.extensions["admin"][0]._views if each.endpoint == "maker")
    stock = type(view).get_count_query
    monkeypatch.setattr(
        type(view), "get_count_query", lambda self: stock(self).filter(Maker.name == "Acme")
    )
    assert "1 record<" in client.get("/admin/maker/").text


def test_without_a_declared_order_it_is_by_id(client: Any, shop: Shop) -> None:
    """FIELD-NOTES: no default order."""
    for name in ("C", "A", "B"):
        shop.add(Maker, name=name)
    assert names(client.get("/admin/maker/")) == ["C", "A", "B"]


def test_the_declared_order_ends_with_the_id(
    client: Any, shop: Shop, statements: list[str]
) -> None:
    shop.add(Gadget, name="Kettle")
    client.get("/admin/gadget/")
    assert re.search(r"ORDER BY shop_gadget.name, shop_gadget.id", statements[-1])


def test_it_sorts(client: Any, shop: Shop) -> None:
    for name in ("A", "C", "B"):
        shop.add(Maker, name=name)
    assert names(client.get("/admin/maker/?sort=0&desc=1")) == ["C", "B", "A"]


def test_a_reference_to_a_deleted_record_is_empty(client: Any, shop: Shop) -> None:
    maker = shop.add(Maker, name="Acme")
    shop.add(Gadget, name="Kettle", maker_id=maker)
    shop.delete(Maker, maker)
    page = client.get("/admin/gadget/")
    assert names(page) == ["Kettle"] and "Acme" not in page.text


def test_pages(client: Any, shop: Shop) -> None:
    for number in range(25):
        shop.add(Maker, name=f"Maker {number:02}")
    assert names(client.get("/admin/maker/?page=1")) == [f"Maker {n}" for n in range(20, 25)]


@pytest.mark.parametrize("page", ["2", "100", "9" * 20, "9" * 5000, "-1", "x", ""])
def test_an_absurd_page_is_the_nearest_one(client: Any, shop: Shop, page: str) -> None:
    """FIELD-NOTES: a page of -1 or of 10^20 is a 500."""
    shop.add(Maker, name="Acme")
    assert names(client.get(f"/admin/maker/?page={page}")) == ["Acme"]


@pytest.mark.parametrize("size", ["0", "-5", "100000000", "9" * 30, "x"])
def test_a_page_size_is_one_of_a_few(
    client: Any, shop: Shop, statements: list[str], size: str
) -> None:
    """FIELD-NOTES: page_size=10^8 is accepted."""
    for number in range(25):
        shop.add(Maker, name=f"Maker {number:02}")
    assert len(names(client.get(f"/admin/maker/?page_size={size}"))) == 20
    assert len(names(client.get("/admin/maker/?page_size=50"))) == 25


def test_deleted_records_are_a_list_of_their_own(client: Any, shop: Shop) -> None:
    shop.add(Gadget, name="Kettle")
    gone = shop.add(Gadget, name="Toaster")
    shop.delete(Gadget, gone)
    page = client.get("/admin/gadget/?deleted=1")
    assert names(page) == ["Toaster"]
    assert f"/admin/gadget/timeline/?id={gone}" in page.text
    assert f"/admin/gadget/edit/?id={gone}" not in page.text
    assert 'href="/admin/gadget/?deleted=1"' in client.get("/admin/gadget/").text


def test_the_deleted_list_is_paged(client: Any, shop: Shop) -> None:
    for number in range(21):
        shop.delete(Maker, shop.add(Maker, name=f"Maker {number:02}"))
    page = client.get("/admin/maker/?deleted=1")
    assert len(names(page)) == 20
    assert re.search(r'href="/admin/maker/\?[^"]*page=1[^"]*"', page.text)
    assert "deleted=1" in re.findall(r'href="/admin/maker/(\?[^"]*page=1[^"]*)"', page.text)[0]
    assert names(client.get("/admin/maker/?deleted=1&page=1")) == ["Maker 20"]


def test_text_is_shown_as_text(client: Any, shop: Shop) -> None:
    shop.add(Maker, name="<script>alert(1)</script>")
    assert "<script>alert(1)" not in client.get("/admin/maker/").text


def test_every_type_has_a_list_and_details(client: Any, shop: Shop) -> None:
    id = shop.add(Strict, **ODD)
    assert client.get("/admin/strict/").status_code == 200
    page = client.get(f"/admin/strict/details/?id={id}")
    assert "Dark blue" in page.text and "2 bytes" in page.text


def test_an_id_of_another_type(client: Any, shop: Shop) -> None:
    id = shop.add(Parcel, name="Books")
    assert f"/admin/parcel/timeline/?id={id}" in client.get("/admin/parcel/").text
    for page in ("edit", "details", "timeline"):
        assert client.get(f"/admin/parcel/{page}/?id={id}").status_code == 200


def test_registered_views_come_first_and_the_rest_get_a_default(app: Flask) -> None:
    views = app.extensions["admin"][0]._views[1:]
    assert [view.endpoint for view in views][:2] == ["maker", "gadget"]
    assert {"oddity", "parcel", "loose", "strict"} <= {view.endpoint for view in views}
