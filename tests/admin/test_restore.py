"""Restore: an older version's values as a new version, asked for on a page of its own."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.admin.conftest import Shop, form_of
from tests.admin.shop.models import Gadget, Maker
from webapp.admin.view import VersionedModelView


@pytest.fixture
def kettle(shop: Shop) -> int:
    id: int = shop.add(Gadget, name="Kettle", price=29, notes="Old")
    shop.edit(Gadget, id, name="Kettle 2", price=31)
    shop.edit(Gadget, id, notes="New")
    return id


def address(id: Any, version: Any = 1, model: str = "gadget") -> str:
    return f"/admin/{model}/restore/?id={id}&version={version}"


def restore(client: Any, url: str, **typed: Any) -> Any:
    """Open the page and press its button, with every box as it stands unless told otherwise."""
    page = client.get(url)
    return client.post(url, data=form_of(page) | {"field": boxes(page)} | typed)


def boxes(page: Any) -> list[str]:
    return re.findall(r'name="field" value="(\w+)" checked', page.text)


def test_the_page_shows_what_will_change_and_writes_nothing(
    client: Any, shop: Shop, kettle: int
) -> None:
    page = client.get(address(kettle))
    assert page.status_code == 200 and boxes(page) == ["name", "price", "notes"]
    assert "Kettle 2" in page.text and "29.00" in page.text and "as version 4" in page.text
    assert len(shop.versions(Gadget, kettle)) == 3


def test_it_makes_a_version_with_the_old_values(client: Any, shop: Shop, kettle: int) -> None:
    page = restore(client, address(kettle), reason="Typing error")
    assert page.status_code == 302
    text = client.get(page.location).text
    assert "Version 1 was restored as version 4" in text and "Typing error" in text
    newest = shop.versions(Gadget, kettle)[-1]
    assert (newest.name, newest.price, newest.notes) == ("Kettle", 29, "Old")
    assert newest.version_op == "restore"


def test_of_selected_fields_only(client: Any, shop: Shop, kettle: int) -> None:
    assert restore(client, address(kettle), field=["price"]).status_code == 302
    newest = shop.versions(Gadget, kettle)[-1]
    assert (newest.name, newest.price, newest.notes) == ("Kettle 2", 29, "New")


def test_without_a_field_it_asks_again(client: Any, shop: Shop, kettle: int) -> None:
    page = restore(client, address(kettle), field=[], reason="Because")
    assert page.status_code == 422 and "No field is chosen" in page.text
    assert boxes(page) == [] and form_of(page)["reason"] == "Because"
    assert len(shop.versions(Gadget, kettle)) == 3


def test_to_an_identical_state_makes_none_and_says_so(client: Any, shop: Shop, kettle: int) -> None:
    assert "holds the values of version 3 already" in client.get(address(kettle, 3)).text
    page = client.post(address(kettle, 3), data={"base_version": "3"})
    assert "no new version was made" in client.get(page.location).text
    assert len(shop.versions(Gadget, kettle)) == 3


def test_of_a_deleted_record(client: Any, shop: Shop, kettle: int) -> None:
    shop.delete(Gadget, kettle)
    listed = client.get("/admin/gadget/?deleted=1").text
    assert f'href="/admin/gadget/restore/?id={kettle}&amp;version=3' in listed
    page = client.get(address(kettle, 3))
    assert "lives again as version 5" in page.text
    assert client.post(address(kettle, 3), data=form_of(page)).status_code == 302
    newest = shop.versions(Gadget, kettle)[-1]
    assert (newest.version_op, newest.name, newest.version_id) == ("restore", "Kettle 2", 5)


def test_sent_twice_it_restores_once(client: Any, shop: Shop, kettle: int) -> None:
    data = form_of(client.get(address(kettle))) | {"field": ["name", "price", "notes"]}
    assert [client.post(address(kettle), data=data).status_code for _ in range(2)] == [302, 302]
    assert len(shop.versions(Gadget, kettle)) == 4


def test_a_stale_page_is_a_409_with_the_new_state(client: Any, shop: Shop, kettle: int) -> None:
    data = form_of(client.get(address(kettle))) | {"field": ["price"], "reason": "Mine"}
    shop.edit(Gadget, kettle, actor="Bob", price=99)
    page = client.post(address(kettle), data=data)
    assert page.status_code == 409 and "Bob saved version 4" in page.text
    assert "99.00" in page.text and boxes(page) == ["price"]
    again = form_of(page)
    assert (again["base_version"], again["reason"]) == ("4", "Mine")
    assert client.post(address(kettle), data=again | {"field": ["price"]}).status_code == 302


def test_a_save_between_look_and_write_is_the_same_409(
    client: Any, shop: Shop, kettle: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rewind = VersionedModelView.rewind
    data = form_of(client.get(address(kettle))) | {"field": ["price"]}

    def late(self: Any, *args: Any) -> Any:
        self.session.session.rollback()
        shop.edit(Gadget, kettle, actor="Bob", price=99)
        return rewind(self, *args)

    monkeypatch.setattr(VersionedModelView, "rewind", late)
    page = client.post(address(kettle), data=data)
    assert page.status_code == 409 and "Bob saved version 4" in page.text
    assert [row.price for row in shop.versions(Gadget, kettle)] == [29, 31, 31, 99]


def test_into_a_value_that_is_taken_is_a_422_that_names_all(client: Any, shop: Shop) -> None:
    id = shop.add(Gadget, name="Kettle", sku="k1", price=1)
    shop.edit(Gadget, id, sku="k2", price=2)
    shop.add(Gadget, name="Rival", sku="k1")
    page = restore(client, address(id), reason="Back")
    assert page.status_code == 422
    assert all(word in page.text for word in ("Артикул", "“k1”", "Rival", "taken"))
    assert form_of(page)["reason"] == "Back" and len(shop.versions(Gadget, id)) == 2
    assert restore(client, address(id), field=["price"]).status_code == 302
    newest = shop.versions(Gadget, id)[-1]
    assert (newest.sku, newest.price) == ("k2", 1)


def test_to_a_deleted_reference_is_a_422_that_names_it(client: Any, shop: Shop) -> None:
    maker = shop.add(Maker, name="Acme")
    id = shop.add(Gadget, name="Kettle", maker_id=maker)
    shop.edit(Gadget, id, maker_id=None)
    shop.delete(Maker, maker)
    page = restore(client, address(id))
    assert page.status_code == 422 and "Acme" in page.text and "is deleted" in page.text
    assert len(shop.versions(Gadget, id)) == 2


def test_a_required_reason_is_demanded(client: Any, shop: Shop) -> None:
    id = shop.add(Maker, name="Acme")
    shop.edit(Maker, id, name="Bolt")
    page = restore(client, address(id, model="maker"))
    assert page.status_code == 422 and "Say why" in page.text
    assert restore(client, address(id, model="maker"), reason="Why").status_code == 302


def test_other_methods_are_a_405(client: Any, kettle: int) -> None:
    assert client.put(address(kettle)).status_code == 405
    assert client.delete(address(kettle)).status_code == 405


def test_without_the_right_to_edit_it_is_a_403(
    client: Any, kettle: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(VersionedModelView, "can_edit", False)
    assert client.get(address(kettle)).status_code == 403
    assert client.post(address(kettle), data={"base_version": "3"}).status_code == 403
    assert "restore" not in client.get(f"/admin/gadget/timeline/?id={kettle}").text


@pytest.mark.parametrize(
    ("version", "status"),
    [("", 400), ("x", 400), ("-1", 400), ("1,1", 400), ("0", 404), ("4", 404), ("9" * 18, 404)],
)
@pytest.mark.parametrize("page", ["restore", "undo"])
def test_a_version_that_is_none(
    client: Any, kettle: int, page: str, version: str, status: int
) -> None:
    url = f"/admin/gadget/{page}/?id={kettle}&version={version}"
    assert client.get(url).status_code == status
    assert client.post(url, data={"base_version": "3"}).status_code == status


def test_a_tombstone_has_no_values_to_restore(client: Any, shop: Shop, kettle: int) -> None:
    shop.delete(Gadget, kettle)
    assert client.get(address(kettle, 4)).status_code == 404


@pytest.mark.parametrize("base", ["", "0", "-1", "x", "4", "9" * 30])
def test_a_form_without_a_true_base_version_is_a_400(
    client: Any, shop: Shop, kettle: int, base: str
) -> None:
    data = {"base_version": base, "field": ["name"]}
    assert client.post(address(kettle), data=data).status_code == 400
    assert len(shop.versions(Gadget, kettle)) == 3


def test_fields_of_other_names_are_ignored(client: Any, shop: Shop, kettle: int) -> None:
    names = ["price", "id", "version_id", "views", "nothing", "<b>"]
    assert restore(client, address(kettle), field=names).status_code == 302
    newest = shop.versions(Gadget, kettle)[-1]
    assert (newest.price, newest.name, newest.version_id) == (29, "Kettle 2", 4)


def test_values_are_text(client: Any, shop: Shop) -> None:
    id = shop.add(Gadget, name="<b>x</b>")
    shop.edit(Gadget, id, name="<i>y</i>")
    page = client.get(address(id)).text
    assert "<b>x" not in page and "<i>y" not in page and "&lt;b&gt;x" in page


def test_its_statements_do_not_grow_with_the_history(
    client: Any, shop: Shop, statements: list[str]
) -> None:
    counts = []
    for versions in (3, 30):
        id = shop.add(Gadget, name="Kettle")
        for number in range(versions):
            shop.edit(Gadget, id, price=number, notes=str(number))
        statements.clear()
        assert client.get(f"/admin/gadget/restore/?id={id}&version=2").status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 8, counts
