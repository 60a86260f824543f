"""The search across models: by number, by words, within what one may see."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask

from tests.admin.conftest import Shop
from tests.admin.shop.models import Gadget, Maker

PAGE = "/admin/search/"
HIT = re.compile(r'<li><a href="([^"]+)">([^<]*)</a> <small>#([^<]+)</small>')


def hits(client: Any, q: str) -> list[tuple[str, str, str]]:
    page = client.get(PAGE, query_string={"q": q})
    assert page.status_code == 200
    return [(url, name, id) for url, name, id in HIT.findall(page.text)]


def test_words_are_found_in_every_model(client: Any, shop: Shop) -> None:
    kettle = shop.add(Gadget, name="Acme kettle", sku="K")
    shop.add(Gadget, name="Pan", sku="P")
    maker = shop.add(Maker, name="Acme")
    assert hits(client, "acme") == [
        (f"/admin/gadget/details/?id={kettle}", "Acme kettle", str(kettle)),
        (f"/admin/maker/details/?id={maker}", "Acme", str(maker)),
    ]
    assert [name for _, name, _ in hits(client, "kettle acme")] == ["Acme kettle"]


def test_a_number_finds_the_record_of_each_model_that_has_it(client: Any, shop: Shop) -> None:
    shop.add(Gadget, id=7, name="Kettle", sku="K")
    shop.add(Maker, id=7, name="Acme")
    assert {(name, id) for _, name, id in hits(client, "7")} == {("Kettle", "7"), ("Acme", "7")}


def test_a_deleted_record_is_found_by_its_number_and_marked(client: Any, shop: Shop) -> None:
    id = shop.add(Gadget, name="Kettle", sku="K")
    shop.delete(Gadget, id)
    assert hits(client, "kettle") == []
    assert hits(client, str(id)) == [(f"/admin/gadget/timeline/?id={id}", "Kettle", str(id))]
    assert "deleted" in client.get(PAGE, query_string={"q": str(id)}).text


def test_of_many_the_first_are_shown_and_the_list_has_the_rest(client: Any, shop: Shop) -> None:
    for number in range(7):
        shop.add(Gadget, name=f"Pan {number}", sku=f"P{number}")
    page = client.get(PAGE, query_string={"q": "pan"})
    assert len(HIT.findall(page.text)) == 5
    assert '<a href="/admin/gadget/?search=pan">All 7 in the list</a>' in page.text


def test_a_model_that_may_not_be_seen_is_not_searched(
    app: Flask, client: Any, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.add(Gadget, name="Acme kettle", sku="K")
    view = next(each for each in app.extensions["admin"][0]._views if each.endpoint == "gadget")
    monkeypatch.setattr(type(view), "is_accessible", lambda self: False)
    assert hits(client, "acme") == []
    assert hits(client, "1") == []


@pytest.mark.parametrize(
    "q",
    ["", " ", "%", "_", "<b>x</b>", "9" * 5000, "a " * 300, "\ud800", "'; DROP TABLE", "^", "="],
)
def test_odd_words_find_nothing_and_break_nothing(client: Any, shop: Shop, q: str) -> None:
    shop.add(Gadget, name="Kettle", sku="K")
    page = client.get(PAGE, query_string={"q": q.encode("utf-8", "surrogatepass")})
    assert page.status_code in (200, 400)
    assert HIT.findall(page.text) == []
    assert "<b>x" not in page.text


def test_the_number_of_statements_does_not_grow(
    client: Any, shop: Shop, statements: list[str]
) -> None:
    shop.add(Gadget, name="Pan", sku="P")
    statements.clear()
    hits(client, "pan")
    few = len(statements)
    for number in range(5):
        shop.add(Gadget, name=f"Pan {number}", sku=f"P{number}")
    statements.clear()
    hits(client, "pan")
    assert len(statements) == few


def test_the_home_page_has_the_form(client: Any) -> None:
    assert 'action="/admin/search/"' in client.get("/admin/").text
