"""Create a record."""

from __future__ import annotations

from typing import Any

from tests.admin.conftest import Shop, form_of, save
from tests.admin.shop.models import Gadget, Maker, Oddity


def test_it_makes_version_1(client: Any, shop: Shop) -> None:
    page = save(client, "/admin/gadget/new/", name="Kettle", price="29.90")
    assert page.status_code == 302
    [kettle] = shop.versions(Gadget, 1)
    assert (kettle.name, kettle.version_id, kettle.version_op) == ("Kettle", 1, "create")
    assert "Kettle" in client.get(page.location).text


def test_an_empty_field_leaves_the_columns_default(client: Any, shop: Shop) -> None:
    save(client, "/admin/gadget/new/", name="Kettle", views="")
    assert shop.versions(Gadget, 1)[0].views == 0


def test_a_missing_value_is_a_422_with_the_rest_kept(client: Any, shop: Shop) -> None:
    """FIELD-NOTES: an invalid form answers 200."""
    page = save(client, "/admin/gadget/new/", sku="k1")
    assert page.status_code == 422 and form_of(page)["sku"] == "k1"
    assert shop.versions(Gadget, 1) == []


def test_get_writes_nothing(client: Any, statements: list[str]) -> None:
    client.get("/admin/gadget/new/?name=Kettle")
    assert all(statement.startswith("SELECT") for statement in statements)


def test_a_required_reason_is_demanded_and_kept(client: Any, shop: Shop) -> None:
    assert save(client, "/admin/maker/new/", name="Acme").status_code == 422
    assert save(client, "/admin/maker/new/", name="Acme", reason="They called").status_code == 302
    assert "They called" in client.get("/admin/maker/timeline/?id=1").text


def test_an_id_of_another_type_is_made(client: Any, shop: Shop) -> None:
    page = save(client, "/admin/parcel/new/", name="Books", _continue_editing="1")
    assert client.get(page.location).status_code == 200
    assert len(page.location.partition("id=")[2].partition("&")[0]) == 36


def test_columns_named_like_parts_of_a_form(client: Any, shop: Shop) -> None:
    """FIELD-NOTES: a column named `meta` breaks the form."""
    typed = {
        name + "_": name
        for name in ("meta", "data", "errors", "reason", "base_version", "validate_url")
    }
    page = save(client, "/admin/oddity/new/", url="http:x", attributes="a", reason="why", **typed)
    assert page.status_code == 302 and page.location == "/admin/oddity/"
    [odd] = shop.versions(Oddity, 1)
    assert (odd.meta, odd.data, odd.errors, odd.reason) == ("meta", "data", "errors", "reason")
    assert (odd.base_version, odd.validate_url, odd.url) == (
        "base_version",
        "validate_url",
        "http:x",
    )
    assert "why" in client.get("/admin/oddity/timeline/?id=1").text
    assert save(client, "/admin/oddity/edit/?id=1").status_code == 302
    assert len(shop.versions(Oddity, 1)) == 1


def test_a_value_unique_among_the_living_is_refused_at_its_field(client: Any, shop: Shop) -> None:
    shop.add(Gadget, name="Kettle", sku="k1")
    page = save(client, "/admin/gadget/new/", name="Other", sku="k1")
    assert page.status_code == 422
    assert "Another record has this already." in page.text
    assert "INSERT" not in page.text and form_of(page)["name"] == "Other"


def test_a_value_of_the_past_or_of_the_dead_is_free(client: Any, shop: Shop) -> None:
    """FIELD-NOTES: the stock `Unique` validator sees older versions."""
    old = shop.add(Gadget, name="Kettle", sku="k1")
    shop.edit(Gadget, old, sku="k2")
    shop.delete(Gadget, shop.add(Gadget, name="Toaster", sku="k3"))
    assert save(client, "/admin/gadget/new/", name="A", sku="k1").status_code == 302
    assert save(client, "/admin/gadget/new/", name="B", sku="k3").status_code == 302


def test_version_columns_are_no_fields(client: Any) -> None:
    fields = form_of(client.get("/admin/gadget/new/"))
    assert set(fields) - {"csrf_token"} == {
        "name", "sku", "price", "color", "notes", "views", "maker_id", "reason",
    }  # fmt: skip


def test_posting_version_columns_changes_nothing(client: Any, shop: Shop) -> None:
    forged = {"id": "77", "version_id": "9", "is_current_version": "", "version_op": "delete"}
    save(client, "/admin/gadget/new/", name="Kettle", change_id="5", **forged)
    [kettle] = shop.versions(Gadget, 1)
    assert (kettle.version_id, kettle.is_current_version, kettle.version_op) == (1, True, "create")
    assert kettle.change_id != 5 and shop.versions(Gadget, 77) == []


def test_a_reference_lists_the_living_alone(client: Any, shop: Shop) -> None:
    """FIELD-NOTES: relationship selects list every version of the target."""
    acme = shop.add(Maker, name="Acme")
    shop.edit(Maker, acme, name="Acme & Co")
    shop.delete(Maker, shop.add(Maker, name="Bolt"))
    page = client.get("/admin/gadget/new/").text
    assert page.count("Acme &amp; Co</option>") == 1
    assert "Acme</option>" not in page and "Bolt" not in page


def test_a_reference_to_nobody_is_refused(client: Any, shop: Shop) -> None:
    gone = shop.add(Maker, name="Acme")
    shop.delete(Maker, gone)
    for forged in (str(gone), "99", "x", "1,1", "9" * 5000, "-1"):
        page = save(client, "/admin/gadget/new/", name="Kettle", maker_id=forged)
        assert page.status_code == 422, forged


def test_save_and_add_another(client: Any) -> None:
    page = save(client, "/admin/gadget/new/", name="Kettle", _add_another="1")
    assert page.location.startswith("/admin/gadget/new/")
