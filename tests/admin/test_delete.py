"""Delete a record: a tombstone."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.admin.conftest import Shop
from tests.admin.shop.models import Gadget, Maker
from webapp.admin import VersionedModelView


def test_it_makes_a_tombstone(client: Any, shop: Shop) -> None:
    id = shop.add(Gadget, name="Kettle")
    page = client.post("/admin/gadget/delete/", data={"id": str(id), "reason": "Sold out"})
    assert page.status_code == 302 and "was deleted" in client.get(page.location).text
    assert [row.version_op for row in shop.versions(Gadget, id)] == ["create", "delete"]
    assert "Sold out" in client.get(f"/admin/gadget/timeline/?id={id}").text


def test_get_is_a_405(client: Any, shop: Shop) -> None:
    id = shop.add(Gadget, name="Kettle")
    assert client.get(f"/admin/gadget/delete/?id={id}").status_code == 405
    assert client.get("/admin/gadget/action/").status_code == 405


def test_twice_is_a_word_and_no_second_tombstone(client: Any, shop: Shop) -> None:
    id = shop.add(Gadget, name="Kettle")
    client.post("/admin/gadget/delete/", data={"id": str(id)})
    page = client.post("/admin/gadget/delete/", data={"id": str(id)})
    assert "deleted already" in client.get(page.location).text
    assert len(shop.versions(Gadget, id)) == 2


def test_a_required_reason_is_demanded(client: Any, shop: Shop) -> None:
    id = shop.add(Maker, name="Acme")
    page = client.post("/admin/maker/delete/", data={"id": str(id)})
    assert page.status_code == 422 and len(shop.versions(Maker, id)) == 1
    page = client.post("/admin/maker/delete/", data={"id": str(id), "reason": "Closed"})
    assert page.status_code == 302 and len(shop.versions(Maker, id)) == 2


def test_a_required_reason_is_not_called_optional(client: Any, shop: Shop) -> None:
    """In the list's dialog and at the foot of the record's page."""
    id = shop.add(Maker, name="Acme")
    for page, fields in ((f"details/?id={id}", 1), ("", 1)):
        text = client.get(f"/admin/maker/{page}").text
        assert len(re.findall(r'<input[^>]* name="reason" required', text)) == fields, page
        assert not re.search(r"Reason[^<]*<span", text)
    id = shop.add(Gadget, name="Kettle")
    page = client.get(f"/admin/gadget/details/?id={id}").text
    assert re.search(r'Reason <span class="optional">optional', page)


def test_edit_and_details_of_a_deleted_record_lead_to_its_timeline(client: Any, shop: Shop) -> None:
    id = shop.add(Gadget, name="Kettle")
    shop.delete(Gadget, id)
    for page in ("edit", "details"):
        answer = client.get(f"/admin/gadget/{page}/?id={id}")
        assert answer.location == f"/admin/gadget/timeline/?id={id}"


@pytest.mark.parametrize("right", ["can_delete", "can_edit", "can_create", "can_view_details"])
def test_without_the_right_it_is_a_403(
    client: Any, shop: Shop, right: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FIELD-NOTES: custom actions ignore `can_edit` and `can_delete`."""
    id = shop.add(Gadget, name="Kettle")
    monkeypatch.setattr(VersionedModelView, right, False)
    answers = {
        "can_delete": lambda: [
            client.post("/admin/gadget/delete/", data={"id": id}),
            client.post("/admin/gadget/action/", data={"action": "delete", "rowid": id}),
        ],
        "can_edit": lambda: [client.get(f"/admin/gadget/edit/?id={id}")],
        "can_create": lambda: [client.get("/admin/gadget/new/")],
        "can_view_details": lambda: [client.get(f"/admin/gadget/details/?id={id}")],
    }
    assert {answer.status_code for answer in answers[right]()} == {403}
    assert len(shop.versions(Gadget, id)) == 1
