"""Delete one record or many: a tombstone each, one change."""

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
    """In the list's dialog, for many at once, and at the foot of the record's page."""
    id = shop.add(Maker, name="Acme")
    for page, fields in ((f"details/?id={id}", 1), ("", 2)):
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


def test_many_at_once_are_one_change(client: Any, shop: Shop) -> None:
    ids = [shop.add(Gadget, name=name) for name in "ABC"]
    data = {"action": "delete", "rowid": [str(id) for id in ids[:2]], "reason": "Season's end"}
    page = client.post("/admin/gadget/action/", data=data)
    assert "2 records were deleted" in client.get(page.location).text
    gone = [shop.versions(Gadget, id)[-1] for id in ids]
    assert [row.version_op for row in gone] == ["delete", "delete", "create"]
    assert gone[0].change_id == gone[1].change_id


def test_many_take_the_same_number_of_statements_to_find(
    client: Any, shop: Shop, statements: list[str]
) -> None:
    """FIELD-NOTES: `get_query_for_ids` decodes tuples."""
    ids = [shop.add(Gadget, name=str(number)) for number in range(20)]
    statements.clear()
    client.post("/admin/gadget/action/", data={"action": "delete", "rowid": ids})
    selects = [each for each in statements if each.startswith("SELECT")]
    assert len(selects) <= 4, selects


JUNK = ["x", "-1", "1,1", "1,1,1", "9" * 20, "9" * 5000, "", "01", " 1"]


def test_junk_among_the_chosen_is_named(client: Any, shop: Shop) -> None:
    id = shop.add(Gadget, name="Kettle")
    page = client.post(
        "/admin/gadget/action/", data={"action": "delete", "rowid": [str(id), *JUNK]}
    )
    text = client.get(page.location).text
    assert "1 record was deleted" in text and "are not there any more" in text


def test_nothing_chosen_is_a_word(client: Any) -> None:
    page = client.post("/admin/gadget/action/", data={"action": "delete"})
    assert "Nothing was chosen" in client.get(page.location).text


def test_an_unknown_action_is_a_400(client: Any) -> None:
    assert client.post("/admin/gadget/action/", data={"action": "explode"}).status_code == 400


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
