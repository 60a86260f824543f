"""What a view of one's own may say, and what it may not."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, get_flashed_messages
from flask_admin.actions import action
from sqlalchemy.exc import IntegrityError

from tests.admin.conftest import Shop
from tests.admin.shop.models import Gadget, Maker
from webapp.admin import VersionedModelView, refusals, register
from webapp.admin.registry import registrations
from webapp.extensions import db


def view_of(app: Flask, **settings: Any) -> Any:
    cls = type("Own", (VersionedModelView,), settings)
    with app.app_context():
        return cls(Gadget, db, endpoint="own")


def test_column_editable_list_is_refused(app: Flask) -> None:
    """FIELD-NOTES: x-editable runs a cell shaped `[...]` as JavaScript: stored XSS."""
    with pytest.raises(ValueError, match="column_editable_list"):
        view_of(app, column_editable_list=["name"])


def test_form_rules_keep_reason_and_base_version(app: Flask) -> None:
    """FIELD-NOTES: `form_rules` and `form_columns` strip extra fields that they don't list."""
    view = view_of(app, form_rules=["name"], form_columns=["name"])
    with app.test_request_context():
        form = view.edit_form()
        view._validate_form_instance(view._form_edit_rules, form)
    assert set(form._fields) == {"name", "reason", "base_version"}


def test_form_columns_cannot_name_a_version_column(app: Flask) -> None:
    view = view_of(app, form_columns=["name", "version_id", "is_current_version", "id"])
    with app.test_request_context():
        assert set(view.create_form()._fields) == {"name", "reason"}


def test_form_choices_make_a_choice(app: Flask) -> None:
    view = view_of(app, form_choices={"sku": [("a", "First"), ("b", "Second")]})
    with app.test_request_context():
        assert ">First</option>" in view.create_form().sku()


def test_an_action_of_ones_own_needs_can_edit(app: Flask) -> None:
    """FIELD-NOTES: custom `@action`s ignore `can_edit`."""

    def explode(self: Any, ids: list[str]) -> None: ...

    view = view_of(app, can_edit=False, explode=action("explode", "Explode")(explode))
    assert not view.is_action_allowed("explode") and view.is_action_allowed("delete")


def test_an_action_that_asks_about_an_error_tells_no_sql(app: Flask) -> None:
    """FIELD-NOTES: an IntegrityError's flash shows SQL and parameters."""
    view = view_of(app)
    error = IntegrityError("INSERT INTO secret", {"price": 7}, Exception("UNIQUE"))
    with app.test_request_context():
        assert view.handle_view_exception(error)
        assert get_flashed_messages() == [refusals.GENERAL]


def test_an_export_is_no_formula(app: Flask) -> None:
    """FIELD-NOTES: CSV export writes formulas raw and loads every row."""
    view = view_of(app, can_export=True)
    with app.test_request_context():
        values = [
            view.get_export_value(Gadget(name=text), "name") for text in ("=1+1", "@x", "-1", "a")
        ]
    assert values == ["'=1+1", "'@x", "'-1", "a"]
    assert 0 < view.export_max_rows <= 10_000


def test_an_export_holds_the_live_records_as_text(
    client: Any, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.add(Gadget, name="=1+1")
    shop.delete(Gadget, shop.add(Gadget, name="Toaster"))
    monkeypatch.setattr(VersionedModelView, "can_export", True)
    text = client.get("/admin/gadget/export/csv/").text
    assert "'=1+1" in text and "Toaster" not in text


def test_details_are_on_from_the_start(app: Flask) -> None:
    """FIELD-NOTES: `can_view_details` must be true at start-up or its pages are 500."""
    assert view_of(app).can_view_details


def test_two_filters_of_one_name_are_refused(app: Flask) -> None:
    with pytest.raises(ValueError, match="told apart"):
        view_of(app, column_filters=["name", "name"])


def test_registering_again_replaces_the_view_and_keeps_its_place() -> None:
    before = registrations()
    place, old = next((i, each) for i, each in enumerate(before) if each.model is Maker)
    try:
        register(Maker)(VersionedModelView)
        assert registrations()[place].view is VersionedModelView
    finally:
        register(Maker, **old.options)(old.view)
    assert registrations() == before


def test_the_order_of_registration_is_the_menus(app: Flask) -> None:
    names = [item.name for item in app.extensions["admin"][0].menu()]
    assert names[:2] == ["Home", "Shop"]
