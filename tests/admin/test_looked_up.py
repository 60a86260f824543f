"""`form_ajax_refs`: a reference that is always looked up, among the living and by id alone."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask_admin.model.ajax import AjaxModelLoader

from tests.admin.club.models import Match, Place, Seal, Team, Treaty
from tests.admin.conftest import Shop, form_of, save
from tests.admin.shop.models import Gadget, Shelf, Vault
from webapp.admin import VersionedModelView
from webapp.auth.policy import Rules
from webapp.extensions import db

EDIT = "/admin/match/edit/?id=1"


@pytest.fixture
def settings() -> dict[str, Any]:
    """The club: the places of its matches are looked up by name, two at once."""
    return {"APPS": ("tests.admin.club",)}


@pytest.fixture
def match(shop: Shop) -> int:
    """Match 1, in place 1 of 4."""
    for name in ("North", "South", "Southend", "Southport"):
        shop.add(Place, name=name)
    host, guest = (shop.add(Team, name=name) for name in ("Reds", "Blues"))
    id: int = shop.add(Match, host_id=host, guest_id=guest, place_id=1)
    return id


def found(client: Any, typed: str) -> Any:
    return client.get("/admin/match/lookup/", query_string={"field": "place", "q": typed}).json


def test_its_field_is_looked_up_however_few_the_records_are(client: Any, match: int) -> None:
    page = client.get(EDIT)
    assert form_of(page)["place"] == "1" and "Now: <b>North</b>" in page.text
    assert 'data-lookup="/admin/match/lookup/?field=place"' in page.text
    assert 'placeholder="Where they play"' in page.text and 'data-least="1"' in page.text
    offered = page.text.partition('id="place-offered"')[2].partition("</datalist>")[0]
    assert offered.count("<option") == 2


def test_an_untouched_one_makes_no_version_and_a_choice_is_saved(
    client: Any, shop: Shop, match: int
) -> None:
    assert save(client, EDIT).status_code == 302
    assert save(client, EDIT, place="#3").status_code == 302
    assert [row.place_id for row in shop.versions(Match, 1)] == [1, 3]


def test_the_page_size_is_a_cap(client: Any, match: int) -> None:
    assert found(client, "south") == [["2", "South"], ["3", "Southend"]]
    assert found(client, "4") == [["4", "Southport"]]


def test_only_the_living_are_found(client: Any, shop: Shop, match: int) -> None:
    shop.delete(Place, 2)
    assert found(client, "south") == [["3", "Southend"], ["4", "Southport"]]
    assert save(client, EDIT, place="2").status_code == 422


@pytest.mark.parametrize("typed", ["99", "x", "-1", "1,1", "9" * 40, "__None", "' OR 1=1"])
def test_what_is_no_record_is_refused(client: Any, shop: Shop, match: int, typed: str) -> None:
    assert save(client, EDIT, place=typed).status_code == 422
    assert len(shop.versions(Match, 1)) == 1


def test_a_look_up_asks_for_the_rights_of_the_form_and_of_its_columns(
    app: Flask, client: Any, match: int, view_of: Any
) -> None:
    view_of(Place).rules = Rules(hidden={"administrator": ["name"]})
    assert found(client, "south") == []
    view_of(Place).rules = Rules({"administrator": []})
    assert found(client, "south") == [] and found(client, "2") == [["2", "#2"]]
    view_of(Place).rules = Rules()
    view_of(Match).rules = Rules(read_only={"administrator": ["place_id"]})
    assert client.get("/admin/match/lookup/?field=place&q=s").status_code == 404


def test_flask_admins_own_address_stays_closed(client: Any, match: int) -> None:
    assert client.get("/admin/match/ajax/lookup/?name=place&query=s").status_code == 404


def test_the_loader_answers_as_flask_admins_does(app: Flask, match: int, view_of: Any) -> None:
    loader = view_of(Match)._form_ajax_refs["place"]
    with app.app_context():
        south = loader.get_one(2)
        assert loader.format(south) == (2, "South") and loader.format(None) is None
        assert loader.get_one("2,1") is None and loader.get_one(99) is None
        assert [row.name for row in loader.get_list("south", limit=1000)] == ["South", "Southend"]


def test_in_a_row_of_an_owners_form_by_the_rows_own_option(
    client: Any, shop: Shop, match: int
) -> None:
    shop.add(Seal, id="lion", color="red", place_id=1, treaty_id=shop.add(Treaty, title="Peace"))
    page = client.get("/admin/treaty/edit/?id=1")
    assert 'data-lookup="/admin/treaty/lookup/?field=seal-0-place"' in page.text
    assert form_of(page)["seal-0-place"] == "1" and "Now: <b>North</b>" in page.text
    answer = client.get("/admin/treaty/lookup/?field=seal-0-place&q=south")
    assert answer.json == [["2", "South"], ["3", "Southend"]]


def test_many_rows_take_as_many_statements(
    client: Any, shop: Shop, match: int, statements: list[str]
) -> None:
    shop.add(Treaty, title="Peace")
    counts = []
    for first in (1, 8):
        for number in range(first, first + 7):
            shop.add(Seal, id=f"s{number}", color="red", treaty_id=1, place_id=1 + number % 4)
        statements.clear()
        assert client.get("/admin/treaty/edit/?id=1").status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1], counts


@pytest.mark.parametrize(
    ("model", "name", "options", "word"),
    [
        (Match, "nobody", {"fields": ["name"]}, "no such reference"),
        (Match, "place", {}, "name the columns"),
        (Match, "place", {"fields": ["nothing"]}, "no column nothing"),
        (Match, "place", {"fields": ["name"], "filters": ["1=1"]}, "filters is no option"),
        (Match, "place", AjaxModelLoader("place", {}), "would list all versions"),
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
