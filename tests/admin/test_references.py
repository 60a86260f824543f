"""A reference to one of very many records: the form stays small and fast."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.admin.conftest import Shop, form_of, save
from tests.admin.shop.models import Gadget, Maker
from webapp.admin.references import FOUND, MOST
from webapp.extensions import db

MANY = 2_000


@pytest.fixture
def makers(app: Flask) -> None:
    """Makers 00001 to 02000, entered in the reverse of their order by name."""
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
    assert "Now: <b>Maker 01994</b>" in page.text and "type the number" in page.text
    assert f'<option value="{MANY}">Maker 00001</option>' in page.text
    assert f"Maker {MOST:05}<" in page.text and f"Maker {MOST + 1:05}<" not in page.text


@pytest.mark.parametrize("typed", ["1234", "#1234", " 1234 "])
def test_any_number_may_be_typed(client: Any, shop: Shop, kettle: int, typed: str) -> None:
    assert save(client, f"/admin/gadget/edit/?id={kettle}", maker_id=typed).status_code == 302
    assert shop.versions(Gadget, kettle)[-1].maker_id == 1234


@pytest.mark.parametrize("typed", [str(MANY + 1), "Maker 00001", "-1", "9" * 5000, "#", "0x7"])
def test_a_number_of_no_record_is_refused(client: Any, shop: Shop, kettle: int, typed: str) -> None:
    page = save(client, f"/admin/gadget/edit/?id={kettle}", maker_id=typed)
    assert page.status_code == 422 and "There is no record of this number" in page.text
    assert len(shop.versions(Gadget, kettle)) == 1


def test_one_query_checks_the_number(client: Any, kettle: int, statements: list[str]) -> None:
    typed = form_of(client.get(f"/admin/gadget/edit/?id={kettle}")) | {"maker_id": "1234"}
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
    assert "Now: <b>Maker 01994 (deleted)</b>" in page.text
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


def found(client: Any, typed: str, field: str = "maker_id") -> Any:
    return client.get("/admin/gadget/lookup/", query_string={"field": field, "q": typed})


def test_a_look_up_finds_the_living_by_words_of_their_name(client: Any, shop: Shop) -> None:
    ids = [shop.add(Maker, name=name) for name in ("Anna Bell", "Bell & Sons", "Gone Bell", "Zoe")]
    shop.delete(Maker, ids[2])
    pairs = [[str(ids[0]), "Anna Bell"], [str(ids[1]), "Bell & Sons"]]
    assert found(client, "bell").json == pairs
    assert found(client, "bell anna").json == pairs[:1]


def test_a_look_up_finds_by_number_too(client: Any, shop: Shop) -> None:
    ids = [shop.add(Maker, name=name) for name in ("One", "Two")]
    assert found(client, f"#{ids[1]}").json == [[str(ids[1]), "Two"]]


@pytest.mark.parametrize(("typed", "names"), [("%", ["5 % off"]), ("_", ["a_b"]), ("\\", [])])
def test_a_look_up_takes_its_text_literally(
    client: Any, shop: Shop, typed: str, names: list[str]
) -> None:
    for name in ("5 % off", "a_b", "plain"):
        shop.add(Maker, name=name)
    assert [name for _, name in found(client, typed).json] == names


def test_a_look_up_is_capped(client: Any, makers: None) -> None:
    names = [name for _, name in found(client, "maker").json]
    assert names == [f"Maker {number:05}" for number in range(1, FOUND + 1)]


@pytest.mark.parametrize("field", ["name", "reason", "base_version", "__init__", "", "other"])
def test_a_look_up_for_no_reference_of_the_form_is_a_404(
    client: Any, shop: Shop, field: str
) -> None:
    assert found(client, "x", field).status_code == 404


def test_a_look_up_for_who_may_not_edit_is_a_403(
    app: Flask, client: Any, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = app.view_functions["gadget.lookup_view"].__self__  # type: ignore[attr-defined]
    for right in ("can_edit", "can_create"):
        monkeypatch.setattr(view, right, False)
    assert found(client, "x").status_code == 403


@pytest.mark.parametrize("typed", ["x" * 201, "\ud7ff" * 300])
def test_a_look_up_for_too_much_is_a_400(client: Any, shop: Shop, typed: str) -> None:
    assert found(client, typed).status_code == 400
