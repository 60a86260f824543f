"""Ids that are texts or UUIDs: an address holds whatever the id is made of."""

from __future__ import annotations

import re
import uuid
from html import unescape
from typing import Any

import pytest
from flask import Flask, url_for

from tests.admin.bulk import answer, ask, chosen
from tests.admin.conftest import Shop, save
from tests.admin.shop.models import Country, Parcel

HARD = [  # none is the beginning of another
    "a/b",
    "with  spaces ",
    "..",
    "./../etc",
    "1,2",
    "x:1:2",
    "Ä ö ✓ 日本",
    "'quoted\"<b>",
    "%2F_?&#=+",
    "\\back",
    "7",
    "new",
]


def address(app: Flask, page: str, id: Any, model: str = "country", **more: Any) -> str:
    with app.test_request_context():
        return url_for(f"{model}.{page}", id=str(id), **more)


def test_a_record_is_found_on_every_page(app: Flask, client: Any, shop: Shop) -> None:
    shop.add(Country, id="other", name="Another")
    for id in HARD:
        shop.add(Country, id=id, name="Atlantis")
        shop.edit(Country, id, name="Lemuria")
    for page, more in {
        "details_view": {},
        "edit_view": {},
        "timeline_view": {},
        "compare_view": {"a": 1, "b": 2},
        "restore_view": {"version": 1},
        "undo_view": {"version": 2},
    }.items():
        for id in HARD:
            found = client.get(address(app, page, id, **more))
            assert found.status_code == 200, (page, id)
            assert "Lemuria" in found.text and "Another" not in found.text


def test_the_lists_links_lead_to_the_records(client: Any, shop: Shop) -> None:
    for id in HARD:
        shop.add(Country, id=id, name=f"name of {id}")
    page = client.get("/admin/country/").text
    links = re.findall(r'href="(/admin/country/timeline/\?[^"]*id=[^"]*)"', page)
    assert len(set(links)) == len(HARD)
    found = [unescape(client.get(unescape(link)).text) for link in dict.fromkeys(links)]
    for id in HARD:
        assert sum(f"name of {id}".strip() in text for text in found) == 1


def test_it_is_created_edited_and_deleted(app: Flask, client: Any, shop: Shop) -> None:
    for id in HARD:
        assert save(client, "/admin/country/new/", id=id, name="Atlantis").status_code == 302
        assert save(client, address(app, "edit_view", id), name="Lemuria").status_code == 302
        assert client.post("/admin/country/delete/", data={"id": id}).status_code == 302
        found = [(row.id, row.version_op, row.name) for row in shop.versions(Country, id)]
        assert found == [
            (id, "create", "Atlantis"),
            (id, "update", "Lemuria"),
            (id, "delete", "Lemuria"),
        ]


def test_many_are_deleted_at_once(client: Any, shop: Shop) -> None:
    for id in HARD:
        shop.add(Country, id=id, name="Atlantis")
    url = "/admin/country/action/"
    page = ask(client, "delete", chosen(shop, Country, *HARD[:-1]), url)
    assert answer(client, page, url).status_code == 302
    assert [shop.versions(Country, id)[-1].version_op for id in HARD] == (
        ["delete"] * (len(HARD) - 1) + ["create"]
    )


def test_a_change_leads_to_its_records(client: Any, shop: Shop) -> None:
    for id in HARD:
        shop.add(Country, id=id, name="Atlantis")
    for number in range(1, len(HARD) + 1):
        page = client.get(f"/admin/changes/{number}/")
        links = re.findall(r'href="(/admin/country/timeline/[^"]*)"', page.text)
        assert links
        for link in links:
            found = client.get(unescape(link).partition("#")[0])
            assert found.status_code == 200 and "Atlantis" in found.text


def test_a_missing_id_is_asked_for(client: Any, shop: Shop) -> None:
    page = save(client, "/admin/country/new/", id="", name="Atlantis")
    assert page.status_code == 422 and "This field is required." in page.text
    assert "Atlantis" in page.text


def test_an_id_that_is_taken_is_said_at_its_field(client: Any, shop: Shop) -> None:
    shop.add(Country, id="de", name="Germany")
    page = save(client, "/admin/country/new/", id="de", name="Denmark")
    assert page.status_code == 422 and "Another record has this already." in page.text
    assert [row.name for row in shop.versions(Country, "de")] == ["Germany"]


def test_an_id_that_is_too_long_is_refused(client: Any, shop: Shop) -> None:
    page = save(client, "/admin/country/new/", id="x" * 61, name="Atlantis")
    assert page.status_code == 422 and "60 characters" in page.text
    assert "Atlantis" not in client.get("/admin/country/").text


def test_the_id_of_a_record_is_not_edited(app: Flask, client: Any, shop: Shop) -> None:
    shop.add(Country, id="de", name="Germany")
    url = address(app, "edit_view", "de")
    assert 'name="id"' not in client.get(url).text
    save(client, url, id="fr", name="France")
    assert [row.id for row in shop.versions(Country, "de")] == ["de", "de"]
    assert shop.versions(Country, "fr") == []


def test_a_uuid_goes_through_every_page(app: Flask, client: Any, shop: Shop) -> None:
    id = shop.add(Parcel, name="Books")
    assert isinstance(id, uuid.UUID)
    edit = address(app, "edit_view", id, "parcel")
    assert save(client, edit, name="Pens").status_code == 302
    for page, more in {"timeline_view": {}, "compare_view": {"a": 1, "b": 2}}.items():
        assert "Pens" in client.get(address(app, page, id, "parcel", **more)).text
    client.post("/admin/parcel/delete/", data={"id": str(id)})
    assert [row.version_op for row in shop.versions(Parcel, id)] == ["create", "update", "delete"]


@pytest.mark.parametrize("id", ["1", "not-a-uuid", str(uuid.UUID(int=2**127 + 10)).upper()])
def test_what_is_no_uuid_is_not_found(client: Any, id: str) -> None:
    for page in ("edit", "timeline", "details"):
        assert client.get(f"/admin/parcel/{page}/?id={id}").status_code == 404
