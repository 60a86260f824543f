"""A reference to one of very many records: the form stays small and fast."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.admin.conftest import Shop, form_of, save
from tests.admin.shop.models import Gadget, Maker
from webapp.admin.references import MOST
from webapp.extensions import db

MANY = 10_000


@pytest.fixture
def makers(app: Flask) -> None:
    """Makers 00001 to 10000, entered in the reverse of their order by name."""
    with app.app_context():
        db.session.add_all([Maker(name=f"Maker {number:05}") for number in range(MANY, 0, -1)])
        db.session.commit()


@pytest.fixture
def kettle(shop: Shop, makers: None) -> int:
    """A gadget of maker 7, the last but six by name."""
    id: int = shop.add(Gadget, name="Kettle", maker_id=7)
    return id


def test_the_page_is_small_and_its_statements_few(
    client: Any, kettle: int, statements: list[str]
) -> None:
    statements.clear()
    page = client.get(f"/admin/gadget/edit/?id={kettle}")
    assert page.text.count("<option value=") <= MOST + 10
    assert len(page.data) < 60_000
    assert len(statements) == 3, statements


def test_it_offers_the_first_by_name_and_says_which_one_is_there(client: Any, kettle: int) -> None:
    page = client.get(f"/admin/gadget/edit/?id={kettle}")
    assert form_of(page)["maker_id"] == "7"
    assert "Now: <b>Maker 09994</b>" in page.text and "type the number" in page.text
    assert f'<option value="{MANY}">Maker 00001</option>' in page.text
    assert f"Maker {MOST:05}<" in page.text and f"Maker {MOST + 1:05}<" not in page.text


@pytest.mark.parametrize("typed", ["4321", "#4321", " 4321 "])
def test_any_number_may_be_typed(client: Any, shop: Shop, kettle: int, typed: str) -> None:
    assert save(client, f"/admin/gadget/edit/?id={kettle}", maker_id=typed).status_code == 302
    assert shop.versions(Gadget, kettle)[-1].maker_id == 4321


@pytest.mark.parametrize("typed", [str(MANY + 1), "Maker 00001", "-1", "9" * 5000, "#", "0x7"])
def test_a_number_of_no_record_is_refused(client: Any, shop: Shop, kettle: int, typed: str) -> None:
    page = save(client, f"/admin/gadget/edit/?id={kettle}", maker_id=typed)
    assert page.status_code == 422 and "There is no record of this number" in page.text
    assert len(shop.versions(Gadget, kettle)) == 1


def test_one_query_checks_the_number(client: Any, kettle: int, statements: list[str]) -> None:
    typed = form_of(client.get(f"/admin/gadget/edit/?id={kettle}")) | {"maker_id": "4321"}
    statements.clear()
    client.post(f"/admin/gadget/edit/?id={kettle}", data=typed)
    assert sum("shop_maker" in each for each in statements) == 1, statements


def test_an_untouched_one_makes_no_version(client: Any, shop: Shop, kettle: int) -> None:
    page = save(client, f"/admin/gadget/edit/?id={kettle}")
    assert "Nothing changed" in client.get(page.location).text
    assert len(shop.versions(Gadget, kettle)) == 1


def test_it_may_be_emptied(client: Any, shop: Shop, kettle: int) -> None:
    assert save(client, f"/admin/gadget/edit/?id={kettle}", maker_id="").status_code == 302
    assert shop.versions(Gadget, kettle)[-1].maker_id is None


def test_a_deleted_one_stays_and_is_named(client: Any, shop: Shop, kettle: int) -> None:
    shop.delete(Maker, 7)
    page = client.get(f"/admin/gadget/edit/?id={kettle}")
    assert "Now: <b>Maker 09994 (deleted)</b>" in page.text
    assert save(client, f"/admin/gadget/edit/?id={kettle}", name="Pot").status_code == 302
    assert shop.versions(Gadget, kettle)[-1].maker_id == 7


def test_as_many_as_fit_are_a_select(app: Flask, client: Any) -> None:
    with app.app_context():
        db.session.add_all([Maker(name=f"Maker {number:05}") for number in range(MOST)])
        db.session.commit()
        assert db.session.scalar(select(func.count()).select_from(Maker)) == MOST
    page = client.get("/admin/gadget/new/").text
    assert "<select" in page and f"Maker {MOST - 1:05}</option>" in page
    assert "<datalist" not in page
