"""Which version is the newest: asked by an edit page that is open."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.admin.conftest import Shop
from tests.admin.shop.models import Gadget, Parcel
from webapp.admin.view import VersionedModelView
from webapp.extensions import db


def test_it_is_a_version_an_actor_and_a_moment(client: Any, shop: Shop) -> None:
    id = shop.add(Gadget, name="Kettle")
    shop.edit(Gadget, id, actor="Bob", name="K2")
    answer = client.get(f"/admin/gadget/newest/?id={id}")
    assert (answer.json["version"], answer.json["actor"]) == (2, "Bob")
    assert dt.datetime.fromisoformat(answer.json["at"]).utcoffset() == dt.timedelta(0)
    assert answer.json.keys() == {"version", "actor", "at"}
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_tombstone_is_told(client: Any, shop: Shop) -> None:
    id = shop.add(Gadget, name="Kettle")
    shop.delete(Gadget, id)
    answer = client.get(f"/admin/gadget/newest/?id={id}")
    assert (answer.json["version"], answer.json["deleted"]) == (2, True)


def test_it_is_one_statement_by_the_key(
    client: Any, shop: Shop, app: Any, statements: list[str]
) -> None:
    id = shop.add(Gadget, name="Kettle")
    statements.clear()
    client.get(f"/admin/gadget/newest/?id={id}")
    assert len(statements) == 1
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            connection = db.session.connection()
            query = f"EXPLAIN QUERY PLAN {statements[0]}"
            plan = connection.exec_driver_sql(query, (id, 1, 0)).all()
            assert "SEARCH shop_gadget USING" in str(plan) and "SCAN" not in str(plan)


@pytest.mark.parametrize("id", ["99", "x", "1,1", "01", "9" * 30, "-1"])
def test_an_unknown_record_is_a_404(client: Any, id: str) -> None:
    assert client.get(f"/admin/gadget/newest/?id={id}").status_code == 404


@pytest.mark.parametrize("query", ["", "?id=", "?id=1&id=2"])
def test_no_one_id_is_a_400(client: Any, query: str) -> None:
    assert client.get(f"/admin/gadget/newest/{query}").status_code == 400


def test_it_is_read_only(client: Any, shop: Shop) -> None:
    id = shop.add(Gadget, name="Kettle")
    assert client.post(f"/admin/gadget/newest/?id={id}").status_code == 405


def test_it_takes_the_right_to_edit(
    client: Any, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = shop.add(Gadget, name="Kettle")
    monkeypatch.setattr(VersionedModelView, "can_edit", False)
    assert client.get(f"/admin/gadget/newest/?id={id}").status_code == 403


def test_the_edit_page_knows_where_to_ask(client: Any, shop: Shop) -> None:
    id = shop.add(Parcel, name="P")
    page = client.get(f"/admin/parcel/edit/?id={id}").text
    assert f'role="status" data-newest="/admin/parcel/newest/?id={id}" data-version="1"' in page
