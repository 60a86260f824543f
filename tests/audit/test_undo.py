"""Undo of a whole change: asked first, then one new change, or a list of what is in the way."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.admin.conftest import Shop
from tests.admin.shop.admin import GadgetAdmin
from tests.admin.shop.models import Gadget, Maker
from tests.audit.builders import FEED, edit_all, last_change, mixed, stock, transaction
from webapp.changes import Change
from webapp.extensions import db

WHY = {"reason": "a mistake"}


def state(shop: Shop, id: int) -> tuple[str, str, Any]:
    row = shop.versions(Gadget, id)[-1]
    return row.version_op, row.name, row.price


def test_it_asks_and_shows_what_it_will_do(client: Any, shop: Shop) -> None:
    stock(shop)
    number, before = mixed(shop), last_change(shop)
    assert f'href="/admin/changes/{number}/undo/"' in client.get(f"{FEED}{number}/").text
    page = client.get(f"{FEED}{number}/undo/")
    assert page.status_code == 200 and f"Undo change #{number}?" in page.text
    for word in ("Kettle", "31.00", "29.00", "Pan", "Lid", "Acme"):
        assert word in page.text
    assert last_change(shop) == before


def test_it_takes_all_back_as_one_change(client: Any, shop: Shop) -> None:
    stock(shop)
    number = mixed(shop)
    answer = client.post(f"{FEED}{number}/undo/", data=WHY)
    new = last_change(shop)
    assert (answer.status_code, new) == (302, number + 1)
    assert answer.location == f"{FEED}{new}/"
    assert [state(shop, id)[0] for id in (1, 2, 3)] == ["update", "restore", "delete"]
    assert state(shop, 1)[2] == 29
    assert shop.versions(Maker, 1)[-1].version_op == "restore"
    with shop.app.app_context():
        made = db.session.scalars(select(Change).order_by(Change.id.desc())).first()
        assert made and (made.origin, made.actor) == ("web", "Carol")
        assert made.reason == f"Undo of change {number}: a mistake"
    assert f"Change {number} was undone, 4 records" in client.get(answer.location).text


def test_repeated_it_says_that_nothing_is_left(client: Any, shop: Shop) -> None:
    stock(shop)
    url = f"{FEED}{mixed(shop)}/undo/"
    client.post(url, data=WHY)
    before = last_change(shop)
    answer = client.post(url, data=WHY, follow_redirects=True)
    assert "was left to undo" in answer.text and last_change(shop) == before
    assert "is left to undo" in client.get(url).text


def test_an_undo_can_be_undone(client: Any, shop: Shop) -> None:
    stock(shop)
    client.post(f"{FEED}{mixed(shop)}/undo/", data=WHY)
    client.post(f"{FEED}{last_change(shop)}/undo/", data=WHY)
    assert state(shop, 1)[2] == 31 and state(shop, 3)[0] == "restore"


def test_what_came_later_is_in_the_way_and_nothing_is_written(client: Any, shop: Shop) -> None:
    stock(shop)
    number = mixed(shop)
    shop.edit(Gadget, 1, price=35)
    shop.add(Gadget, name="Other pan", sku="P")
    before = last_change(shop)
    for page, status in (
        (client.get(f"{FEED}{number}/undo/"), 200),
        (client.post(f"{FEED}{number}/undo/", data=WHY), 409),
    ):
        assert page.status_code == status and "cannot be undone as a whole" in page.text
        assert "価格</b> was changed since, and is now 35.00" in page.text
        assert "is taken now by" in page.text and "timeline/?id=4" in page.text
        assert 'href="/admin/gadget/timeline/?id=1"' in page.text
        assert "Undo the change</button>" not in page.text
    assert last_change(shop) == before


def test_stale_someone_saved_while_the_page_was_open(client: Any, shop: Shop) -> None:
    stock(shop)
    url = f"{FEED}{edit_all(shop, price=50)}/undo/"
    assert "Undo the change</button>" in client.get(url).text
    shop.edit(Gadget, 2, price=60)
    assert client.post(url, data=WHY).status_code == 409
    assert (state(shop, 1)[2], state(shop, 2)[2]) == (50, 60)


def test_later_edits_of_other_fields_are_kept(client: Any, shop: Shop) -> None:
    stock(shop)
    number = edit_all(shop, price=50)
    shop.edit(Gadget, 1, name="Big kettle")
    assert client.post(f"{FEED}{number}/undo/").status_code == 302
    assert state(shop, 1) == ("update", "Big kettle", 29)


def test_a_reference_to_the_deleted_is_in_the_way(client: Any, shop: Shop) -> None:
    stock(shop)
    edit_all(shop, maker_id=1)
    number = edit_all(shop, maker_id=None)
    shop.delete(Maker, 1)
    page = client.get(f"{FEED}{number}/undo/").text
    assert "refers to" in page and "/admin/maker/timeline/?id=1" in page


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_another_method_is_refused(client: Any, shop: Shop, method: str) -> None:
    assert getattr(client, method)(f"{FEED}{stock(shop)}/undo/").status_code == 405


def test_hostile_reasons(client: Any, shop: Shop) -> None:
    stock(shop)
    url, before = f"{FEED}{mixed(shop)}/undo/", last_change(shop)
    assert client.post(url, data={"reason": "x" * 10_000}).status_code == 422
    assert client.post(url, data={"reason": "a\0b"}).status_code == 400
    assert last_change(shop) == before
    script = client.post(url, data={"reason": "<script>alert(1)</script>"}, follow_redirects=True)
    assert script.status_code == 200 and "<script>alert" not in script.text


class TestWithTokens:
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"WTF_CSRF_ENABLED": True}

    def test_a_post_without_the_token_is_refused(self, client: Any, shop: Shop) -> None:
        stock(shop)
        url, before = f"{FEED}{mixed(shop)}/undo/", last_change(shop)
        assert client.post(url, data=WHY).status_code == 400
        assert last_change(shop) == before
        assert 'name="csrf_token"' in client.get(url).text


def test_a_view_that_forbids_edits_forbids_the_undo(
    client: Any, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    stock(shop)
    number = edit_all(shop, price=50)
    monkeypatch.setattr(view_of(shop.app, Gadget), "can_edit", False)
    assert "Undo this change" not in client.get(f"{FEED}{number}/").text
    assert client.get(f"{FEED}{number}/undo/").status_code == 403
    assert client.post(f"{FEED}{number}/undo/", data=WHY).status_code == 403


def test_a_view_that_forbids_deletions_forbids_the_undo_of_a_creation(
    client: Any, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = stock(shop)
    monkeypatch.setattr(view_of(shop.app, Gadget), "can_delete", False)
    assert client.post(f"{FEED}{number}/undo/", data=WHY).status_code == 403


def test_a_view_that_may_not_be_seen_shows_numbers_only(
    client: Any, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = stock(shop)
    monkeypatch.setattr(view_of(shop.app, Gadget), "is_accessible", lambda: False)
    page = client.get(f"{FEED}{number}/").text
    assert "Kettle" not in page and "values are not shown" in page and "Acme" in page
    assert client.get(f"{FEED}?model=gadget").status_code == 400


def test_a_model_that_asks_for_reasons_gets_one(client: Any, shop: Shop) -> None:
    id = shop.add(Maker, name="Acme")
    shop.edit(Maker, id, name="Acme & Co")
    url = f"{FEED}{last_change(shop)}/undo/"
    assert client.post(url).status_code == 422
    assert client.post(url, data=WHY).status_code == 302


def test_the_number_of_statements_does_not_grow(
    client: Any, shop: Shop, statements: list[str]
) -> None:
    counts = []
    for rows in (2, 120):
        transaction(shop, lambda n=rows: db.session.add_all(Gadget(name="g") for _ in range(n)))  # type: ignore[misc]
        number = edit_all(shop, notes=f"{rows}")
        pages = []
        for go in (client.get, client.post):
            statements.clear()
            assert go(f"{FEED}{number}/undo/").status_code in (200, 302)
            pages.append(len(statements))
        counts.append(pages)
    assert counts[0] == counts[1]


def view_of(app: Flask, model: type[Any]) -> Any:
    views = app.extensions["admin"][0]._views
    found = next(view for view in views if getattr(view, "model", None) is model)
    assert isinstance(found, GadgetAdmin)
    return found
