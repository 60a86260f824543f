"""Undo of one version: what nobody changed since goes back, the rest is offered in the form."""

from __future__ import annotations

from typing import Any

import pytest

from tests.admin.conftest import Shop, form_of
from tests.admin.shop.models import Gadget, Maker, Room, Shelf
from webapp.admin.view import VersionedModelView
from webapp.extensions import db


@pytest.fixture
def kettle(shop: Shop) -> int:
    """Version 2 set name and price; version 3 the price again, and the notes."""
    id: int = shop.add(Gadget, name="Kettle", price=29)
    shop.edit(Gadget, id, name="Wrong", price=31)
    shop.edit(Gadget, id, price=33, notes="New")
    return id


def address(id: Any, version: int = 2, model: str = "gadget") -> str:
    return f"/admin/{model}/undo/?id={id}&version={version}"


def undo(client: Any, url: str, **typed: str) -> Any:
    return client.post(url, data=form_of(client.get(url)) | typed)


def test_the_page_tells_what_goes_back_and_what_stays(client: Any, shop: Shop, kettle: int) -> None:
    page = client.get(address(kettle)).text
    back, stays = page.split("Changed since", 1)
    assert "Wrong" in back and "Kettle" in back
    assert "33.00" in stays and "29.00" in stays and "New" not in page
    assert len(shop.versions(Gadget, kettle)) == 3


def test_the_clean_part_is_a_version_and_the_rest_is_offered(
    client: Any, shop: Shop, kettle: int
) -> None:
    page = undo(client, address(kettle), reason="Wrong shelf")
    assert page.location == f"/admin/gadget/edit/?id={kettle}&undo=2"
    newest = shop.versions(Gadget, kettle)[-1]
    assert (newest.name, newest.price, newest.notes) == ("Kettle", 33, "New")
    edit = client.get(page.location)
    assert form_of(edit)["price"] == "29.00" and form_of(edit)["notes"] == "New"
    assert "Filled in to undo version 2, not saved yet. Now: 33.00" in edit.text
    assert "undo version 2 wholly" in edit.text and 'href="#price"' in edit.text
    assert client.post(page.location, data=form_of(edit)).status_code == 302
    newest = shop.versions(Gadget, kettle)[-1]
    assert (newest.version_id, newest.price, newest.name) == (5, 29, "Kettle")


def test_a_version_that_nobody_changed_since_goes_back_whole(
    client: Any, shop: Shop, kettle: int
) -> None:
    page = undo(client, address(kettle, 3))
    assert page.location == f"/admin/gadget/timeline/?id={kettle}"
    assert "Version 3 was undone as version 4" in client.get(page.location).text
    newest = shop.versions(Gadget, kettle)[-1]
    assert (newest.price, newest.notes) == (31, None)


def test_where_all_was_changed_since_the_form_is_all_there_is(client: Any, shop: Shop) -> None:
    id = shop.add(Gadget, name="A")
    shop.edit(Gadget, id, name="B")
    shop.edit(Gadget, id, name="C")
    page = client.get(address(id))
    assert "nothing goes back by itself" in page.text and "<form" not in page.text
    answer = client.post(address(id), data={"base_version": "3"})
    assert answer.location == f"/admin/gadget/edit/?id={id}&undo=2"
    assert form_of(client.get(answer.location))["name"] == "A"
    assert len(shop.versions(Gadget, id)) == 3


def test_twice_undoes_once_and_says_so(client: Any, shop: Shop, kettle: int) -> None:
    data = form_of(client.get(address(kettle, 3)))
    assert [client.post(address(kettle, 3), data=data).status_code for _ in range(2)] == [302, 302]
    page = client.get(f"/admin/gadget/timeline/?id={kettle}")
    assert "Nothing of version 3 is left to undo" in page.text
    assert "Nothing left to undo" in client.get(address(kettle, 3)).text
    assert len(shop.versions(Gadget, kettle)) == 4


def test_of_version_1_asks_and_deletes(client: Any, shop: Shop, kettle: int) -> None:
    assert "deletes the record" in client.get(address(kettle, 1)).text
    assert len(shop.versions(Gadget, kettle)) == 3
    page = undo(client, address(kettle, 1))
    assert "The record is deleted" in client.get(page.location).text
    assert shop.versions(Gadget, kettle)[-1].version_op == "delete"


def test_of_version_1_needs_the_right_to_delete(
    client: Any, kettle: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(VersionedModelView, "can_delete", False)
    assert client.get(address(kettle, 1)).status_code == 403
    assert client.post(address(kettle, 1), data={"base_version": "3"}).status_code == 403
    assert 'version=1">Undo' not in client.get(f"/admin/gadget/timeline/?id={kettle}").text


def test_of_a_tombstone_restores(client: Any, shop: Shop, kettle: int) -> None:
    shop.delete(Gadget, kettle)
    assert undo(client, address(kettle, 4)).status_code == 302
    newest = shop.versions(Gadget, kettle)[-1]
    assert (newest.version_op, newest.name, newest.version_id) == ("restore", "Wrong", 5)


def test_of_a_tombstone_into_a_taken_value_is_a_422(client: Any, shop: Shop) -> None:
    id = shop.add(Gadget, name="Kettle", sku="k1")
    shop.delete(Gadget, id)
    shop.add(Gadget, name="Rival", sku="k1")
    page = undo(client, address(id))
    assert page.status_code == 422 and "Rival" in page.text and "“k1”" in page.text
    assert len(shop.versions(Gadget, id)) == 2


def test_an_edit_of_a_deleted_record_says_to_restore_first(
    client: Any, shop: Shop, kettle: int
) -> None:
    shop.delete(Gadget, kettle)
    for answer in (client.get(address(kettle)), client.post(address(kettle))):
        assert answer.location == f"/admin/gadget/timeline/?id={kettle}"
    assert "restore it first" in client.get(f"/admin/gadget/timeline/?id={kettle}").text


def test_a_stale_page_is_a_409_with_the_new_state(client: Any, shop: Shop, kettle: int) -> None:
    data = form_of(client.get(address(kettle))) | {"reason": "Mine"}
    shop.edit(Gadget, kettle, actor="Bob", name="Bob's")
    page = client.post(address(kettle), data=data)
    assert page.status_code == 409 and "Bob saved version 4" in page.text
    assert "Bob&#39;s" in page.text and len(shop.versions(Gadget, kettle)) == 4


def test_a_required_reason_is_demanded(client: Any, shop: Shop) -> None:
    id = shop.add(Maker, name="Acme")
    shop.edit(Maker, id, name="Bolt")
    assert undo(client, address(id, model="maker")).status_code == 422
    assert undo(client, address(id, model="maker"), reason="Why").status_code == 302


def test_a_reference_is_offered_as_a_choice(client: Any, app: Any, shop: Shop) -> None:
    with app.app_context():
        db.session.add_all(Room(number=n, name=f"Room {n}") for n in (1, 2, 3))
        db.session.commit()
    maker = shop.add(Maker, name="Acme")
    id = shop.add(Shelf, name="S", room_number=1, maker_id=maker, maker_version_id=1)
    for number in (2, 3):
        shop.edit(Shelf, id, room_number=number)
    url = f"/admin/shelf/edit/?id={id}&undo=2"
    assert form_of(client.get(url))["room"] == "1"
    client.post(url, data=form_of(client.get(url)))
    assert shop.versions(Shelf, id)[-1].room_number == 1


def test_other_methods_are_a_405(client: Any, kettle: int) -> None:
    assert client.put(address(kettle)).status_code == 405


def test_without_the_right_to_edit_it_is_a_403(
    client: Any, kettle: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(VersionedModelView, "can_edit", False)
    assert client.get(address(kettle)).status_code == 403
    assert client.post(address(kettle), data={"base_version": "3"}).status_code == 403


@pytest.mark.parametrize("base", ["", "0", "x", "4", "9" * 30])
def test_a_form_without_a_true_base_version_is_a_400(
    client: Any, shop: Shop, kettle: int, base: str
) -> None:
    assert client.post(address(kettle), data={"base_version": base}).status_code == 400
    assert len(shop.versions(Gadget, kettle)) == 3


@pytest.mark.parametrize("undone", ["x", "0", "99", "-1", "1", "3", "9" * 40, "<b>"])
def test_an_edit_page_with_nothing_to_offer_is_the_plain_one(
    client: Any, kettle: int, undone: str
) -> None:
    page = client.get(f"/admin/gadget/edit/?id={kettle}&undo={undone}")
    assert page.status_code == 200 and "wholly" not in page.text


def test_its_statements_do_not_grow_with_the_history(
    client: Any, shop: Shop, statements: list[str]
) -> None:
    counts = []
    for versions in (3, 30):
        id = shop.add(Gadget, name="Kettle")
        for number in range(versions):
            shop.edit(Gadget, id, price=number, notes=str(number))
        statements.clear()
        assert client.get(f"/admin/gadget/undo/?id={id}&version=2").status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 8, counts
