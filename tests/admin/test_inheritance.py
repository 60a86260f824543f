"""A model whose rows lie in two tables has all pages, and its base's pages show its records."""

from __future__ import annotations

from typing import Any

from tests.admin.conftest import Shop, save
from tests.admin.shop.models import Truck, Vehicle


def test_it_is_created_edited_and_restored(client: Any, shop: Shop) -> None:
    assert save(client, "/admin/truck/new/", name="Big", load="7").status_code == 302
    assert save(client, "/admin/truck/edit/?id=1", load="9").status_code == 302
    assert save(client, "/admin/truck/edit/?id=1").status_code == 302
    assert save(client, "/admin/truck/restore/?id=1&version=1").status_code == 302
    found = [(row.version_op, row.kind, row.name, row.load) for row in shop.versions(Truck, 1)]
    assert found == [
        ("create", "truck", "Big", 7),
        ("update", "truck", "Big", 9),
        ("restore", "truck", "Big", 7),
    ]


def test_every_page_shows_it(client: Any, shop: Shop) -> None:
    shop.add(Vehicle, name="Small")
    id = shop.add(Truck, name="Big", load=7)
    shop.edit(Truck, id, load=9)
    for name in ("truck", "vehicle"):
        for page in ("", f"details/?id={id}", f"edit/?id={id}", f"timeline/?id={id}"):
            answer = client.get(f"/admin/{name}/{page}")
            assert answer.status_code == 200 and "Big" in answer.text, (name, page)
        assert ("Small" in client.get(f"/admin/{name}/").text) == (name == "vehicle")
    compared = client.get(f"/admin/truck/compare/?id={id}&a=1&b=2").text
    assert "7" in compared and "9" in compared
    assert "9" in client.get("/admin/changes/3/").text


def test_its_change_is_undone(client: Any, shop: Shop) -> None:
    id = shop.add(Truck, name="Big", load=7)
    shop.edit(Truck, id, load=9)
    assert save(client, "/admin/changes/2/undo/").status_code == 302
    assert [row.load for row in shop.versions(Truck, id)] == [7, 9, 7]


def test_it_is_deleted_on_either_page(client: Any, shop: Shop) -> None:
    for name in ("truck", "vehicle"):
        id = shop.add(Truck, name="Big", load=7)
        assert client.post(f"/admin/{name}/delete/", data={"id": str(id)}).status_code == 302
        assert [(row.version_op, row.load) for row in shop.versions(Truck, id)] == [
            ("create", 7),
            ("delete", 7),
        ]


def test_a_value_that_its_own_table_lacks_is_said_at_the_field(client: Any, shop: Shop) -> None:
    page = save(client, "/admin/truck/new/", name="Big")
    assert page.status_code == 422 and "This field is required." in page.text


def test_what_is_unique_in_the_base_is_said_at_the_field(client: Any, shop: Shop) -> None:
    shop.add(Vehicle, name="Small", plate="B 1")
    page = save(client, "/admin/truck/new/", name="Big", load="7", plate="B 1")
    assert page.status_code == 422 and "Another record has this already." in page.text
    assert [row.name for row in shop.versions(Vehicle, 1)] == ["Small"]
