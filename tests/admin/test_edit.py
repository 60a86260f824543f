"""Edit a record: a new version, the old one kept."""

from __future__ import annotations

from typing import Any

import pytest
from wtforms import ValidationError

from tests.admin.conftest import Shop, form_of, save
from tests.admin.shop.models import Gadget, Maker
from webapp.admin import VersionedModelView


@pytest.fixture
def kettle(shop: Shop) -> int:
    id: int = shop.add(Gadget, name="Kettle", sku="k1", notes="Old")
    return id


def test_it_makes_version_2_and_keeps_version_1(client: Any, shop: Shop, kettle: int) -> None:
    page = save(client, f"/admin/gadget/edit/?id={kettle}", name="Kettle 1.7 l", reason="Bigger")
    assert page.status_code == 302 and "Saved as version 2." in client.get(page.location).text
    one, two = shop.versions(Gadget, kettle)
    assert (one.name, one.is_current_version) == ("Kettle", False)
    assert (two.name, two.is_current_version, two.notes) == ("Kettle 1.7 l", True, "Old")


def test_the_reason_and_the_actor_are_on_the_timeline(client: Any, kettle: int) -> None:
    save(client, f"/admin/gadget/edit/?id={kettle}", name="Kettle 1.7 l", reason="It is bigger")
    page = client.get(f"/admin/gadget/timeline/?id={kettle}").text
    assert "It is bigger" in page and "Carol" in page and "Alice" in page


def test_an_overlong_reason_is_refused(client: Any, kettle: int) -> None:
    page = save(client, f"/admin/gadget/edit/?id={kettle}", name="K", reason="x" * 501)
    assert page.status_code == 422


def test_posting_version_columns_changes_nothing(client: Any, shop: Shop, kettle: int) -> None:
    forged = {"id": "77", "version_id": "9", "is_current_version": "", "version_from": "x"}
    save(client, f"/admin/gadget/edit/?id={kettle}", change_id="5", **forged)
    assert len(shop.versions(Gadget, kettle)) == 1 and shop.versions(Gadget, 77) == []


@pytest.mark.parametrize("base", [None, "", "0", "-1", "2", "x", "1.0", "9" * 20, "9" * 5000])
def test_a_missing_or_garbled_base_version_is_a_400(
    client: Any, shop: Shop, kettle: int, base: str | None
) -> None:
    url = f"/admin/gadget/edit/?id={kettle}"
    form = form_of(client.get(url)) | {"name": "Mine", "base_version": base or ""}
    if base is None:
        del form["base_version"]
    assert client.post(url, data=form).status_code == 400
    assert len(shop.versions(Gadget, kettle)) == 1


def test_an_invalid_post_keeps_the_base_version_it_came_with(client: Any, kettle: int) -> None:
    """FIELD-NOTES: `on_form_prefill` also runs on invalid POSTs."""
    page = save(client, f"/admin/gadget/edit/?id={kettle}", name="")
    assert page.status_code == 422 and form_of(page)["base_version"] == "1"


def test_what_the_model_refuses_is_an_error_at_its_field(
    client: Any, shop: Shop, kettle: int
) -> None:
    page = save(client, f"/admin/gadget/edit/?id={kettle}", name="forbidden")
    assert page.status_code == 422 and "This name is not for sale." in page.text
    assert len(shop.versions(Gadget, kettle)) == 1


def test_a_clash_that_only_the_database_sees_is_an_error_at_its_field(
    client: Any, shop: Shop, kettle: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FIELD-NOTES: an IntegrityError's flash shows SQL and parameters."""
    shop.add(Gadget, name="Toaster", sku="t1")
    monkeypatch.setattr("webapp.admin.unique.clashing", lambda session, obj: ())
    page = save(client, f"/admin/gadget/edit/?id={kettle}", sku="t1", notes="secret")
    assert page.status_code == 422
    assert "Another record has this already." in page.text
    assert "UPDATE" not in page.text and "INSERT" not in page.text and "constraint" not in page.text
    assert len(shop.versions(Gadget, kettle)) == 1
    assert save(client, f"/admin/gadget/edit/?id={kettle}", sku="t2").status_code == 302


def test_the_record_does_not_clash_with_its_own_past(client: Any, shop: Shop, kettle: int) -> None:
    shop.edit(Gadget, kettle, sku="k2")
    assert save(client, f"/admin/gadget/edit/?id={kettle}", sku="k1").status_code == 302


def test_a_hook_that_queries_does_not_split_the_edit(
    client: Any, shop: Shop, kettle: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FIELD-NOTES: a query between two attribute sets splits one edit into two versions."""

    def look_around(view: Any, form: Any, model: Any, is_created: bool) -> None:
        view.session.session.query(Maker).all()
        model.notes = "by the hook"

    monkeypatch.setattr(VersionedModelView, "on_model_change", look_around)
    save(client, f"/admin/gadget/edit/?id={kettle}", name="Mine")
    assert [(row.name, row.notes) for row in shop.versions(Gadget, kettle)] == [
        ("Kettle", "Old"),
        ("Mine", "by the hook"),
    ]


def test_a_type_error_in_a_hook_is_itself(
    app: Any, client: Any, kettle: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FIELD-NOTES: `_run_view` reports any TypeError as an unexpected argument `cls`."""

    def fail(*args: Any) -> None:
        raise TypeError("mine")

    monkeypatch.setattr(VersionedModelView, "on_model_change", fail)
    app.config["PROPAGATE_EXCEPTIONS"] = True
    with pytest.raises(TypeError, match="mine"):
        save(client, f"/admin/gadget/edit/?id={kettle}", name="Mine")


def test_a_deleted_reference_in_use_stays_and_is_marked(
    client: Any, shop: Shop, kettle: int
) -> None:
    maker = shop.add(Maker, name="Acme")
    shop.edit(Gadget, kettle, maker_id=maker)
    shop.delete(Maker, maker)
    page = client.get(f"/admin/gadget/edit/?id={kettle}")
    assert "Acme (deleted)" in page.text
    save(client, f"/admin/gadget/edit/?id={kettle}", name="Mine")
    assert shop.versions(Gadget, kettle)[-1].maker_id == maker


def test_a_description_is_text(client: Any, kettle: int, app: Any) -> None:
    """FIELD-NOTES: `description` and `column_descriptions` are rendered `|safe`."""

    class Described(VersionedModelView):
        column_descriptions = {"name": "<b>bold</b>"}
        form_args = {"sku": {"description": "<i>slanted</i>"}}

    from webapp.extensions import db

    with app.app_context():
        view = Described(Gadget, db, endpoint="described")
    with app.test_request_context():
        form = view.create_form()
    assert "<b>" not in form.name.description and "<i>" not in form.sku.description
    assert "<b>" not in view.column_descriptions["name"]


def test_save_and_continue_editing(client: Any, kettle: int) -> None:
    page = save(client, f"/admin/gadget/edit/?id={kettle}", name="K2", _continue_editing="1")
    assert page.location.startswith(f"/admin/gadget/edit/?id={kettle}")


def test_get_writes_nothing(client: Any, kettle: int, statements: list[str]) -> None:
    statements.clear()
    client.get(f"/admin/gadget/edit/?id={kettle}&name=Mine")
    assert all(statement.startswith("SELECT") for statement in statements)


def test_an_error_of_the_whole_form_is_told_once(
    client: Any, kettle: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any) -> None:
        raise ValidationError("Not on a Sunday.")

    monkeypatch.setattr(VersionedModelView, "on_model_change", refuse)
    page = save(client, f"/admin/gadget/edit/?id={kettle}", name="Pot")
    assert page.status_code == 422 and page.text.count("Not on a Sunday.") == 1
    assert "Not on a Sunday." not in client.get("/admin/gadget/").text
