"""Fields that a role never sees, and fields that it never writes: the same on every page."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests import accounts
from tests.admin.conftest import form_of
from webapp.admin.view import VersionedModelView
from webapp.auth import accounts as ours
from webapp.auth.policy import Rules
from webapp.catalog.models import Product
from webapp.extensions import db
from webapp.versioning import change, current

SECRET = "4711"  # the price that is hidden, on every version but the first
FIRST = "3199"


@pytest.fixture
def view(app: Flask) -> Any:
    """The products' view: their price is hidden from editors and auditors; their stock is not for
    editors to write."""
    views = app.extensions["admin"][0]._views
    view = next(each for each in views if getattr(each, "model", None) is Product)
    hidden = {role: ["price"] for role in ("editor", "auditor", "viewer")}
    view.rules = Rules(hidden=hidden, read_only={"editor": ["stock"]})
    view.can_export = True
    return view


@pytest.fixture
def stocked(app: Flask, view: Any) -> Flask:
    with app.app_context(), change(db.session, actor="Carol"):
        db.session.add(Product(id=1, name="Kettle", sku="K-1", price=Decimal(FIRST), stock=55))
        db.session.commit()
    with app.app_context(), change(db.session, actor="Carol"):
        row = kettle()
        row.price, row.stock, row.description = Decimal(SECRET), 66, "Dented"
        db.session.commit()
    return app


def kettle() -> Any:
    return db.session.scalars(current(Product).where(Product.id == 1)).one()


@pytest.fixture
def alice(stocked: Flask) -> FlaskClient:
    return accounts.as_(stocked, "Alice")


PAGES = [
    "/admin/product/",
    "/admin/product/?deleted=1",
    "/admin/product/details/?id=1",
    "/admin/product/edit/?id=1",
    "/admin/product/new/",
    "/admin/product/timeline/?id=1",
    "/admin/product/compare/?id=1&a=1&b=2&all=1",
    "/admin/product/restore/?id=1&version=1",
    "/admin/changes/",
    "/admin/changes/2/",
    "/admin/search/?q=kettle",
    "/admin/integrity/product/",
    "/admin/",
    "/admin/product/export/csv/",
]


@pytest.mark.parametrize("address", PAGES)
def test_a_hidden_field_is_on_no_page(alice: FlaskClient, address: str) -> None:
    page = alice.get(address)
    assert page.status_code == 200
    for trace in (SECRET, "4,711", FIRST, "Price", 'name="price"'):
        assert trace not in page.text


@pytest.mark.parametrize("address", PAGES[2:3] + PAGES[5:6])
def test_whose_field_it_is_sees_it(stocked: Flask, address: str) -> None:
    assert SECRET in accounts.as_(stocked, "Carol").get(address).text


def test_a_hidden_field_cannot_be_filtered_by(alice: FlaskClient) -> None:
    page = alice.get("/admin/product/?flt0_price_greater_than=4000")
    assert "This list has no filter" in page.text


def test_a_hidden_field_cannot_be_searched(alice: FlaskClient, view: Any) -> None:
    view.rules = Rules(hidden={"editor": ["sku"]})
    assert "Kettle" in alice.get("/admin/product/?search=kettle").text
    assert "Kettle" not in alice.get("/admin/product/?search=K-1").text


def test_a_hidden_field_cannot_be_sorted_by(alice: FlaskClient) -> None:
    page = alice.get("/admin/product/").text
    assert "col-price" not in page and "col-stock" in page


def test_mass_assignment_a_hidden_field_is_not_written_by_whatever_is_sent(
    stocked: Flask, alice: FlaskClient
) -> None:
    sent = form_of(alice.get("/admin/product/edit/?id=1"))
    extra = {"price": "1", "stock": "1", "id": "9", "version_id": "1", "is_current_version": "0",
             "change_id": "1", "version_op": "delete"}  # fmt: skip
    answer = alice.post("/admin/product/edit/?id=1", data=sent | {"name": "Pot"} | extra)
    assert answer.status_code == 302
    with stocked.app_context():
        row = kettle()
        assert (row.name, row.price, row.stock) == ("Pot", Decimal(SECRET), 66)
        assert (row.version_id, row.version_op) == (3, "update")


def test_a_read_only_field_is_shown_and_not_asked_for(alice: FlaskClient) -> None:
    page = alice.get("/admin/product/edit/?id=1").text
    assert "not yours to change" in page and ">66<" in page
    assert 'name="stock"' not in page
    assert ">66<" in alice.get("/admin/product/details/?id=1").text.replace(" ", "").replace(
        "\n", ""
    )


def test_a_bulk_action_offers_and_sets_only_what_one_may_write(
    stocked: Flask, alice: FlaskClient
) -> None:
    chosen = {"action": "set", "rowid": "1", "rowversion": "1:2"}
    for client, offered in ((accounts.as_(stocked, "Carol"), True), (alice, False)):
        page = client.post("/admin/product/action/", data=chosen)
        assert page.status_code == 200 and 'value="name"' in page.text
        assert ('value="stock"' in page.text) == ('value="price"' in page.text) == offered
    sent = {**chosen, "field": "price", "typed": "1", "set-price": "1", "digest": "x"}
    assert alice.post("/admin/product/action/", data=sent).status_code == 422
    with stocked.app_context():
        assert kettle().price == Decimal(SECRET)


def test_a_restore_leaves_what_one_may_not_write(stocked: Flask, alice: FlaskClient) -> None:
    asked = form_of(alice.get("/admin/product/restore/?id=1&version=1"))
    data = asked | {"base_version": "2"}
    answer = alice.post(
        "/admin/product/restore/?id=1&version=1",
        data={**data, "field": ["description", "stock", "price"]},
    )
    assert answer.status_code == 302
    with stocked.app_context():
        row = kettle()
        assert (row.description, row.stock, row.price) == ("", 66, Decimal(SECRET))


def test_an_undo_of_what_one_may_not_write_is_refused(stocked: Flask, alice: FlaskClient) -> None:
    assert alice.get("/admin/product/undo/?id=1&version=2").status_code == 403
    data = {"base_version": "2"}
    assert alice.post("/admin/product/undo/?id=1&version=2", data=data).status_code == 403
    with stocked.app_context():
        assert kettle().version_id == 2


def test_an_undo_of_a_whole_change_is_refused_alike(stocked: Flask, alice: FlaskClient) -> None:
    assert alice.get("/admin/changes/2/undo/").status_code == 403
    assert alice.post("/admin/changes/2/undo/").status_code == 403
    with stocked.app_context():
        assert kettle().version_id == 2


def test_what_is_in_the_way_of_a_restore_is_told_without_a_hidden_value(
    stocked: Flask, alice: FlaskClient, view: Any
) -> None:
    view.rules = Rules(hidden={"editor": ["sku"]})
    with stocked.app_context(), change(db.session, actor="Carol"):
        db.session.delete(kettle())
        db.session.commit()
    with stocked.app_context(), change(db.session, actor="Carol"):
        db.session.add(Product(id=2, name="Pan", sku="K-1", price=Decimal(1)))
        db.session.commit()
    page = alice.get("/admin/product/restore/?id=1&version=2")
    assert "(not shown)" in page.text and "K-1" not in page.text


def test_a_merge_shows_and_takes_nothing_hidden(stocked: Flask, alice: FlaskClient) -> None:
    typed = form_of(alice.get("/admin/product/edit/?id=1")) | {"description": "Mended"}
    with stocked.app_context(), change(db.session, actor="Carol"):
        kettle().price = Decimal("4712")
        kettle().description = "Sold"
        db.session.commit()
    page = alice.post("/admin/product/edit/?id=1", data=typed | {"price": "1"})
    assert page.status_code == 409
    assert "4712" not in page.text and "4711" not in page.text and "Price" not in page.text


def test_several_roles_see_what_one_of_them_may(stocked: Flask, view: Any) -> None:
    view.rules = Rules(hidden={"auditor": ["price"]})
    assert SECRET not in accounts.as_(stocked, "Bob").get("/admin/product/timeline/?id=1").text
    with stocked.app_context():
        ours.set_roles(ours.named("Bob"), ["auditor", "viewer"])
    assert SECRET in accounts.as_(stocked, "Bob").get("/admin/product/timeline/?id=1").text


def test_a_model_may_be_closed_to_a_role(stocked: Flask, view: Any) -> None:
    view.rules = Rules(permissions={"viewer": []})
    dave = accounts.as_(stocked, "Dave")
    assert dave.get("/admin/product/").status_code == 403
    assert "Products" not in dave.get("/admin/").text
    change_page = dave.get("/admin/changes/2/")
    assert "Kettle" not in change_page.text and "Dented" not in change_page.text


def test_a_model_may_be_opened_to_a_role(stocked: Flask, view: Any) -> None:
    view.rules = Rules(permissions={"viewer": ["see", "edit"]})
    dave = accounts.as_(stocked, "Dave")
    assert dave.get("/admin/product/edit/?id=1").status_code == 200
    assert dave.get("/admin/product/new/").status_code == 403


def test_buttons_are_offered_to_whom_they_work_for(stocked: Flask) -> None:
    dave, alice = (accounts.as_(stocked, name) for name in ("Dave", "Alice"))
    for word in ("New product", "data-delete=", ">Edit<", 'name="rowid"'):
        assert word in alice.get("/admin/product/").text.replace(">Edit<span", ">Edit<")
        assert word not in dave.get("/admin/product/").text.replace(">Edit<span", ">Edit<")
    for word in ("Restore", "Undo"):
        assert word in alice.get("/admin/product/timeline/?id=1").text
        assert word not in dave.get("/admin/product/timeline/?id=1").text


@pytest.mark.parametrize(
    "given", [{"hidden_fields": {"editor": ["prize"]}}, {"permissions": {"edtior": ["see"]}},
              {"permissions": {"editor": ["sea"]}}, {"hidden_fields": {"editor": "price"}}],
)  # fmt: skip
def test_a_rule_that_names_nothing_is_told_at_the_start(given: dict[str, Any]) -> None:
    view = type("View", (VersionedModelView,), given)
    with pytest.raises(ValueError):
        view(Product, db)


def test_versions_of_a_hidden_record_are_all_still_there(stocked: Flask) -> None:
    with stocked.app_context():
        numbers = select(Product.version_id).where(Product.id == 1).order_by(Product.version_id)
        assert list(db.session.scalars(numbers)) == [1, 2]
