"""`form_ajax_refs`: a reference that is always looked up, among the living and by id alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask_admin.model.ajax import AjaxModelLoader

from tests.admin.club import admin
from tests.admin.club.models import Member, Place, Team
from tests.admin.conftest import Shop, form_of, save
from tests.admin.shop.models import Gadget, Shelf, Vault
from webapp.admin import VersionedModelView, register
from webapp.admin.inline import Inline
from webapp.admin.registry import _registrations
from webapp.auth.policy import Rules
from webapp.extensions import db

EDIT = "/admin/member/edit/?id=1"


@pytest.fixture
def settings() -> Iterator[dict[str, Any]]:
    """The club, with homes of members looked up by name, two at once."""
    before = _registrations[Member]
    assert before.view is admin.MemberAdmin

    @register(Member, name="Players")
    class Looked(VersionedModelView):
        form_ajax_refs = {
            "home": {"fields": ["name"], "page_size": 2, "placeholder": "Where they live"}
        }

    yield {"APPS": ("tests.admin.club",)}
    _registrations[Member] = before


@pytest.fixture
def member(shop: Shop) -> int:
    """Member 1 of team 1, who lives in place 1 of 4."""
    for name in ("North", "South", "Southend", "Southport"):
        shop.add(Place, name=name)
    team = shop.add(Team, name="Reds")
    id: int = shop.add(Member, name="Ann", team_id=team, home_id=1)
    return id


def found(client: Any, typed: str) -> Any:
    return client.get("/admin/member/lookup/", query_string={"field": "home", "q": typed}).json


def test_its_field_is_looked_up_however_few_the_records_are(client: Any, member: int) -> None:
    page = client.get(EDIT)
    assert form_of(page)["home"] == "1" and "Now: <b>North</b>" in page.text
    assert 'data-lookup="/admin/member/lookup/?field=home"' in page.text
    assert 'placeholder="Where they live"' in page.text and 'data-least="1"' in page.text
    assert page.text.count("<option") - page.text.count('<option value=""') <= 3


def test_an_untouched_one_makes_no_version_and_a_choice_is_saved(
    client: Any, shop: Shop, member: int
) -> None:
    assert save(client, EDIT).status_code == 302
    assert save(client, EDIT, home="#3").status_code == 302
    assert [row.home_id for row in shop.versions(Member, 1)] == [1, 3]


def test_the_page_size_is_a_cap(client: Any, member: int) -> None:
    assert found(client, "south") == [["2", "South"], ["3", "Southend"]]
    assert found(client, "4") == [["4", "Southport"]]


def test_only_the_living_are_found(client: Any, shop: Shop, member: int) -> None:
    shop.delete(Place, 2)
    assert found(client, "south") == [["3", "Southend"], ["4", "Southport"]]
    assert save(client, EDIT, home="2").status_code == 422


@pytest.mark.parametrize("typed", ["99", "x", "-1", "1,1", "9" * 40, "__None", "' OR 1=1"])
def test_what_is_no_record_is_refused(client: Any, shop: Shop, member: int, typed: str) -> None:
    assert save(client, EDIT, home=typed).status_code == 422
    assert len(shop.versions(Member, 1)) == 1


def test_a_look_up_asks_for_the_rights_of_the_form_and_of_its_columns(
    app: Flask, client: Any, member: int, view_of: Any
) -> None:
    view_of(Place).rules = Rules(hidden={"administrator": ["name"]})
    assert found(client, "south") == []
    view_of(Place).rules = Rules({"administrator": []})
    assert found(client, "south") == [] and found(client, "2") == [["2", "#2"]]
    view_of(Place).rules = Rules()
    view_of(Member).rules = Rules(read_only={"administrator": ["home_id"]})
    assert client.get("/admin/member/lookup/?field=home&q=s").status_code == 404


def test_flask_admins_own_address_stays_closed(client: Any, member: int) -> None:
    assert client.get("/admin/member/ajax/lookup/?name=home&query=s").status_code == 404


def test_the_loader_answers_as_flask_admins_does(app: Flask, member: int, view_of: Any) -> None:
    loader = view_of(Member)._form_ajax_refs["home"]
    with app.app_context():
        south = loader.get_one(2)
        assert loader.format(south) == (2, "South") and loader.format(None) is None
        assert loader.get_one("2,1") is None and loader.get_one(99) is None
        assert [row.name for row in loader.get_list("south", limit=1000)] == ["South", "Southend"]


def test_in_a_row_of_an_owners_form_too(client: Any, member: int, view_of: Any) -> None:
    page = client.get("/admin/team/edit/?id=1").text
    assert 'data-lookup="/admin/team/lookup/?field=members-0-home"' in page
    answer = client.get("/admin/team/lookup/?field=members-0-home&q=south")
    assert answer.json == [["2", "South"], ["3", "Southend"]]


def test_many_rows_take_as_many_statements(
    client: Any, shop: Shop, member: int, statements: list[str]
) -> None:
    counts = []
    for number in range(2, 20, 9):
        for more in range(number, number + 9):
            shop.add(Member, name=f"M{more}", team_id=1, home_id=1 + more % 4)
        statements.clear()
        assert client.get("/admin/team/edit/?id=1").status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1], counts


@pytest.mark.parametrize(
    ("model", "name", "options", "word"),
    [
        (Member, "nobody", {"fields": ["name"]}, "no such reference"),
        (Member, "home", {}, "name the columns"),
        (Member, "home", {"fields": ["nothing"]}, "no column nothing"),
        (Member, "home", {"fields": ["name"], "filters": ["1=1"]}, "filters is no option"),
        (Member, "home", AjaxModelLoader("home", {}), "would list all versions"),
        (Team, "members", {"fields": ["name"]}, "leads to many records"),
        (Shelf, "room", {"fields": [Vault.combination]}, "no column combination"),
    ],
)
def test_what_cannot_be_looked_up_is_told_at_the_start(
    app: Flask, model: type[Any], name: str, options: Any, word: str
) -> None:
    made = type("Made", (VersionedModelView,), {"form_ajax_refs": {name: options}})
    with pytest.raises(ValueError, match=word):
        made(model, db)


def test_a_masked_column_is_not_looked_into(app: Flask) -> None:
    refs = {"form_ajax_refs": {"maker_id": {"fields": ["combination"]}}}
    made = type("Made", (VersionedModelView,), refs | {"form_references": {"maker_id": Vault}})
    with pytest.raises(ValueError, match="masked"):
        made(Gadget, db)


def test_rows_take_the_option_by_themselves(app: Flask) -> None:
    options = {"form_ajax_refs": {"home": {"fields": ["name"], "page_size": 5}}}
    owner = VersionedModelView(Team, db, endpoint="owner")
    inline = Inline(owner, VersionedModelView, Member, options)
    with app.app_context():
        assert inline.forms._form_ajax_refs["home"].target.looked_up.size == 5
