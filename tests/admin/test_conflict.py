"""Two people edit one record: neither loses anything."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.admin.conftest import Shop, form_of
from tests.admin.shop.models import Gadget, Maker
from webapp.admin.view import VersionedModelView
from webapp.extensions import db
from webapp.versioning import current, enable_versioning


@pytest.fixture
def kettle(shop: Shop) -> int:
    id: int = shop.add(Gadget, name="Kettle", sku="k1", notes="Old")
    return id


@pytest.fixture
def url(kettle: int) -> str:
    return f"/admin/gadget/edit/?id={kettle}"


def test_a_save_over_a_newer_version_is_a_409_with_both_sides(
    client: Any, shop: Shop, kettle: int, url: str
) -> None:
    form = form_of(client.get(url))
    shop.edit(Gadget, kettle, actor="Bob", name="Bob's kettle")
    page = client.post(url, data=form | {"name": "Alice's kettle"})
    assert page.status_code == 409
    assert "Bob&#39;s kettle" in page.text and "Alice&#39;s kettle" in page.text
    assert "Bob" in page.text and len(shop.versions(Gadget, kettle)) == 2


def test_the_typed_values_are_kept_and_save_over_the_new_base(
    client: Any, shop: Shop, kettle: int, url: str
) -> None:
    form = form_of(client.get(url))
    shop.edit(Gadget, kettle, name="Bob's kettle")
    again = form_of(client.post(url, data=form | {"name": "Alice's kettle", "reason": "Mine"}))
    assert (again["name"], again["reason"], again["base_version"]) == (
        "Alice's kettle",
        "Mine",
        "2",
    )
    assert client.post(url, data=again | {"merge-choice-name": "yours"}).status_code == 302
    assert [row.name for row in shop.versions(Gadget, kettle)][1:] == [
        "Bob's kettle",
        "Alice's kettle",
    ]


def test_saving_again_undoes_nothing_of_theirs(
    client: Any, shop: Shop, kettle: int, url: str
) -> None:
    form = form_of(client.get(url))
    shop.edit(Gadget, kettle, notes="Bob's notes")
    again = form_of(client.post(url, data=form | {"name": "Alice's kettle"}))
    client.post(url, data=again)
    newest = shop.versions(Gadget, kettle)[-1]
    assert (newest.version_id, newest.name, newest.notes) == (3, "Alice's kettle", "Bob's notes")


def test_a_third_save_in_between_is_a_conflict_again(
    client: Any, shop: Shop, kettle: int, url: str
) -> None:
    form = form_of(client.get(url))
    shop.edit(Gadget, kettle, name="Bob's")
    again = form_of(client.post(url, data=form | {"name": "Alice's"}))
    shop.edit(Gadget, kettle, name="Carol's")
    page = client.post(url, data=again)
    assert page.status_code == 409 and "Carol&#39;s" in page.text
    assert form_of(page)["base_version"] == "3"


def test_a_text_that_cannot_be_read_is_kept_as_well(
    client: Any, shop: Shop, kettle: int, url: str
) -> None:
    form = form_of(client.get(url))
    shop.edit(Gadget, kettle, name="Bob's")
    page = client.post(url, data=form | {"price": "twelve"})
    assert page.status_code == 409 and form_of(page)["price"] == "twelve"


def test_a_form_sent_twice_is_saved_once(client: Any, shop: Shop, kettle: int, url: str) -> None:
    form = form_of(client.get(url)) | {"name": "Alice's kettle"}
    assert [client.post(url, data=form).status_code for _ in range(2)] == [302, 302]
    assert "saved already, as version 2" in client.get("/admin/gadget/").text
    assert len(shop.versions(Gadget, kettle)) == 2


def test_a_race_found_at_the_flush_gives_the_same_page(
    client: Any, shop: Shop, kettle: int, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bob saves between Alice's look at the record and her write."""
    form = form_of(client.get(url))
    look = VersionedModelView.base_version

    def look_and_wait(posted: Any, model: Any) -> int:
        found = look(posted, model)
        if model.version_id == 1:
            if db.engine.dialect.name == "sqlite":
                db.session.rollback()  # lets go of the lock, under which nobody else can save
            other(kettle)
        return found

    monkeypatch.setattr(VersionedModelView, "base_version", staticmethod(look_and_wait))
    page = client.post(url, data=form | {"name": "Alice's"})
    assert page.status_code == 409 and "Bob&#39;s" in page.text
    assert form_of(page)["name"] == "Alice's" and form_of(page)["base_version"] == "2"
    assert [row.name for row in shop.versions(Gadget, kettle)] == ["Kettle", "Bob's"]


def test_a_save_of_a_record_deleted_meanwhile_is_a_410_with_the_typed_values(
    client: Any, shop: Shop, kettle: int, url: str
) -> None:
    form = form_of(client.get(url))
    shop.delete(Gadget, kettle, actor="Bob")
    page = client.post(url, data=form | {"name": "Alice's kettle"})
    assert page.status_code == 410
    assert "Alice&#39;s kettle" in page.text and "Bob deleted" in page.text
    assert f"/admin/gadget/timeline/?id={kettle}" in page.text
    assert [row.version_op for row in shop.versions(Gadget, kettle)] == ["create", "delete"]


def test_a_required_reason_does_not_hide_the_conflict(client: Any, shop: Shop) -> None:
    id = shop.add(Maker, name="Acme")
    form = form_of(client.get(f"/admin/maker/edit/?id={id}"))
    shop.edit(Maker, id, name="Bolt")
    assert client.post(f"/admin/maker/edit/?id={id}", data=form).status_code == 409


def other(id: int) -> None:
    """Bob's own session and transaction."""
    with Session(db.engine) as session:
        enable_versioning(session)
        row = session.scalars(current(Gadget).where(Gadget.id == id)).one()
        row.name = "Bob's"
        session.commit()
