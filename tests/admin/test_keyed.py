"""Records known by several columns: fields of a new record, and the same for its whole life."""

from __future__ import annotations

import csv
import re
from datetime import date
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from flask import Flask, url_for
from sqlalchemy import select

from tests.admin.bulk import answer, ask, chosen
from tests.admin.conftest import Shop, form_of, save
from tests.admin.keyed.models import Depot, Rack, Size, Trip, Voucher
from tests.admin.then import made, page, rows, words
from webapp.admin import VersionedModelView
from webapp.extensions import db
from webapp.versioning import current, id_of

VOUCHER: dict[str, Any] = {
    "size": Size.LARGE,
    "day": date(2030, 1, 31),
    "lot": UUID(int=7),
    "number": 1,
}
NEW = "/admin/depot/new/"
HARD = [  # none is the beginning of another
    ("a/b", "1"),
    ("a", "b/1"),
    ("a~1b", "1"),
    ("with  spaces", "x"),
    (" ..", "./../etc "),
    ("1,2", "x:1:2"),
    ("Ä ö ✓", "日本"),
    ("'quoted\"<b>", "&amp;"),
    ("%2F_?&#=+", "100%"),
    ("\\back", "?id=7"),
    ("#42", "new"),
    ("${7*7}{{7*7}}", "=1+1"),
]


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"APPS": ("tests.admin.keyed",)}


def address(app: Flask, where: str, id: Any, model: str = "depot", **more: Any) -> str:
    with app.test_request_context():
        return url_for(f"{model}.{where}_view", id=str(id), **more)


def add(shop: Shop, country: str = "FR", code: str = "AB-1", name: str = "Lyon") -> str:
    id: str = shop.add(Depot, country=country, code=code, name=name)
    return id


def ids(shop: Shop, model: Any) -> list[str]:
    with shop.app.app_context():
        return list(db.session.scalars(current(model).with_only_columns(model.id)))


class TestCreate:
    def test_the_form_asks_for_the_key_and_not_for_the_id(self, client: Any) -> None:
        fields = form_of(client.get(NEW))
        assert {"country", "code", "name"} <= fields.keys() and "id" not in fields

    def test_it_is_made(self, client: Any, shop: Shop) -> None:
        made = save(client, NEW, country="FR", code="AB-1", name="Lyon")
        assert made.status_code == 302
        assert ids(shop, Depot) == ["FR/AB-1"]
        assert "Depot “Lyon” was created." in client.get(made.location).text

    def test_an_id_that_is_sent_along_is_nothing(self, client: Any, shop: Shop) -> None:
        assert save(client, NEW, id="x", country="FR", code="1", name="x").status_code == 302
        assert ids(shop, Depot) == ["FR/1"]

    @pytest.mark.parametrize("name", ["country", "code"])
    def test_a_part_that_is_missing(self, client: Any, shop: Shop, name: str) -> None:
        typed = {"country": "FR", "code": "1", "name": "Lyon", name: ""}
        found = save(client, NEW, **typed)
        assert found.status_code == 422 and "This field is required." in found.text
        assert ids(shop, Depot) == [] and "Lyon" in found.text

    def test_a_key_that_is_taken_is_named(self, client: Any, shop: Shop) -> None:
        add(shop)
        found = save(client, NEW, country="FR", code="AB-1", name="Paris")
        assert (
            found.status_code == 422
            and "Depot FR/AB-1 is there already: edit that one" in found.text
        )
        assert "Paris" in found.text
        assert [row.name for row in shop.versions(Depot, "FR/AB-1")] == ["Lyon"]

    def test_one_that_a_reference_makes(self, client: Any, shop: Shop) -> None:
        depot = add(shop)
        shop.add(Rack, depot_id=depot, number=3, label="Nails")
        found = save(client, "/admin/rack/new/", depot=depot, number="3", label="Bolts")
        assert found.status_code == 422
        assert "Rack FR~1AB-1/3 is there already: edit that one" in found.text
        assert [row.label for row in shop.versions(Rack, "FR~1AB-1/3")] == ["Nails"]

    def test_a_key_whose_record_was_deleted_goes_on_with_its_history(
        self, client: Any, shop: Shop
    ) -> None:
        shop.delete(Depot, add(shop))
        assert save(client, NEW, country="FR", code="AB-1", name="Paris").status_code == 302
        found = [(row.version_op, row.name) for row in shop.versions(Depot, "FR/AB-1")]
        assert found == [("create", "Lyon"), ("delete", "Lyon"), ("create", "Paris")]

    def test_sent_twice(self, client: Any, shop: Shop) -> None:
        for status in (302, 422):
            found = save(client, NEW, country="FR", code="1", name="Lyon")
            assert found.status_code == status
        assert len(shop.versions(Depot, "FR/1")) == 1

    @pytest.mark.parametrize(
        ("code", "said"),
        [
            ("x" * 200, "an id of 256 characters, and it has room for 255"),
            ("x" * 201, "200 characters"),
            ("a\0b", "cannot be stored"),
        ],
    )
    def test_what_makes_no_id_is_said(self, client: Any, shop: Shop, code: str, said: str) -> None:
        found = save(client, NEW, country="F" * 55, code=code, name="Lyon")
        assert found.status_code == 422 and said in unescape(found.text)
        assert ids(shop, Depot) == []

    def test_a_key_of_other_kinds(self, client: Any, shop: Shop) -> None:
        lot = "8f000000-0000-0000-0000-00000000000a"
        typed = {"size": "SMALL", "day": "2030-01-31", "lot": lot, "number": "-7"}
        assert save(client, "/admin/voucher/new/", **typed).status_code == 302
        id = f"SMALL/2030-01-31/{lot}/-7"
        assert ids(shop, Voucher) == [id]
        edit = address(shop.app, "edit", id, "voucher")
        fields = form_of(client.get(edit))
        assert "note" in fields and fields.keys().isdisjoint(typed)
        assert save(client, edit, note="paid").status_code == 302
        assert shop.versions(Voucher, id)[-1].note == "paid"

    def test_a_key_that_holds_a_reference(self, client: Any, shop: Shop) -> None:
        depot = add(shop)
        url = "/admin/rack/new/"
        assert save(client, url, depot=depot, number="3", label="Nails").status_code == 302
        assert ids(shop, Rack) == ["FR~1AB-1/3"]
        edit = address(shop.app, "edit", "FR~1AB-1/3", "rack")
        fields = form_of(client.get(edit))
        assert "label" in fields and fields.keys().isdisjoint({"depot", "number"})
        assert "Lyon" in words(client.get(edit))


class TestEdit:
    def test_the_key_is_shown_and_not_asked_for(self, app: Flask, client: Any, shop: Shop) -> None:
        found = client.get(address(app, "edit", add(shop)))
        fields = form_of(found)
        assert "name" in fields and fields.keys().isdisjoint({"id", "country", "code"})
        assert "never change Country FR Code AB-1" in words(found)

    def test_a_key_that_is_posted_changes_nothing(
        self, app: Flask, client: Any, shop: Shop
    ) -> None:
        edit = address(app, "edit", add(shop))
        assert save(client, edit, country="DE", code="2", id="DE/2", name="Köln").status_code == 302
        found = [(row.country, row.code, row.name) for row in shop.versions(Depot, "FR/AB-1")]
        assert found == [("FR", "AB-1", "Lyon"), ("FR", "AB-1", "Köln")]
        assert ids(shop, Depot) == ["FR/AB-1"]

    def test_an_untouched_save_makes_no_version(self, app: Flask, client: Any, shop: Shop) -> None:
        edit = address(app, "edit", add(shop))
        assert "Nothing changed" in client.get(save(client, edit).location).text
        assert len(shop.versions(Depot, "FR/AB-1")) == 1

    def test_a_stale_save_is_merged(self, app: Flask, client: Any, shop: Shop) -> None:
        edit = address(app, "edit", add(shop))
        fields = form_of(client.get(edit))
        shop.edit(Depot, "FR/AB-1", name="Paris")
        found = client.post(edit, data=fields | {"name": "Nice", "code": "X"})
        assert found.status_code == 409
        assert {"Lyon", "Paris", "Nice"} <= set(re.findall(r"\w+", words(found)))
        assert shop.versions(Depot, "FR/AB-1")[-1].code == "AB-1"

    def test_it_is_not_set_on_many(self, client: Any, shop: Shop) -> None:
        add(shop)
        url = "/admin/depot/action/"
        found = ask(client, "set", chosen(shop, Depot, "FR/AB-1"), url)
        offered = re.findall(r'<option value="(\w*)"', found.text)
        assert "name" in offered and {"country", "code", "id"}.isdisjoint(offered)
        refused = ask(client, "set", chosen(shop, Depot, "FR/AB-1"), url, field="code")
        assert refused.status_code in (200, 400, 422) and "See what will happen" not in refused.text
        assert len(shop.versions(Depot, "FR/AB-1")) == 1

    def test_it_is_not_among_what_a_restore_offers(
        self, app: Flask, client: Any, shop: Shop
    ) -> None:
        shop.edit(Depot, add(shop), name="Paris")
        found = client.get(address(app, "restore", "FR/AB-1", version=1))
        assert re.findall(r'name="field" value="(\w+)"', found.text) == ["name"]
        typed = form_of(found) | {"field": ["name", "code"]}
        client.post(address(app, "restore", "FR/AB-1", version=1), data=typed)
        assert [row.name for row in shop.versions(Depot, "FR/AB-1")] == ["Lyon", "Paris", "Lyon"]

    def test_it_cannot_be_hidden(self, app: Flask) -> None:
        view = type("View", (VersionedModelView,), {"hidden_fields": {"editor": ["code"]}})
        with pytest.raises(ValueError, match=r"\['code'\] cannot be hidden"):
            view(Depot, db)


class TestPages:
    def test_a_record_is_found_on_every_page(self, app: Flask, client: Any, shop: Shop) -> None:
        add(shop, "other", "one", "Another")
        for key in HARD:
            shop.edit(Depot, add(shop, *key, name="Atlantis"), name="Lemuria")
        for where, more in {
            "details": {},
            "edit": {},
            "timeline": {},
            "compare": {"a": 1, "b": 2},
            "restore": {"version": 1},
            "undo": {"version": 2},
        }.items():
            for key in HARD:
                found = client.get(address(app, where, id_of(Depot, *key), **more))
                assert found.status_code == 200, (where, key)
                assert "Lemuria" in found.text and "Another" not in found.text

    def test_the_lists_links_lead_to_the_records(self, client: Any, shop: Shop) -> None:
        for key in HARD:
            add(shop, *key, name=f"name of {key}"[:80])
        text = client.get("/admin/depot/").text
        links = re.findall(r'href="(/admin/depot/timeline/\?[^"]*id=[^"]*)"', text)
        assert len(set(links)) == len(HARD)
        found = [unescape(client.get(unescape(link)).text) for link in dict.fromkeys(links)]
        for key in HARD:
            assert sum(f"name of {key}" in each for each in found) == 1

    def test_it_is_created_edited_deleted_and_restored(
        self, app: Flask, client: Any, shop: Shop
    ) -> None:
        for country, code in HARD:
            id = id_of(Depot, country, code)
            assert save(client, NEW, country=country, code=code, name="a").status_code == 302
            assert save(client, address(app, "edit", id), name="b").status_code == 302
            assert client.post("/admin/depot/delete/", data={"id": id}).status_code == 302
            back = address(app, "restore", id, version=1)
            found = client.get(back)
            assert found.status_code == 200
            fields = form_of(found) | {"field": ["name"]}
            assert client.post(back, data=fields).status_code == 302
            newest = shop.versions(Depot, id)
            assert [(row.version_op, row.name) for row in newest] == [
                ("create", "a"),
                ("update", "b"),
                ("delete", "b"),
                ("restore", "a"),
            ]
            assert (newest[-1].country, newest[-1].code) == (country, code)

    def test_many_are_deleted_at_once(self, client: Any, shop: Shop) -> None:
        made = [add(shop, *key) for key in HARD]
        url = "/admin/depot/action/"
        found = ask(client, "delete", chosen(shop, Depot, *made[:-1]), url)
        assert answer(client, found, url).status_code == 302
        assert ids(shop, Depot) == made[-1:]

    def test_a_change_leads_to_its_records(self, client: Any, shop: Shop) -> None:
        for key in HARD:
            add(shop, *key, name="Atlantis")
        for number in range(1, len(HARD) + 1):
            found = client.get(f"/admin/changes/{number}/")
            links = re.findall(r'href="(/admin/depot/timeline/[^"]*)"', found.text)
            assert links
            for link in links:
                there = client.get(unescape(link).partition("#")[0])
                assert there.status_code == 200 and "Atlantis" in there.text

    def test_as_of_a_moment(self, client: Any, shop: Shop) -> None:
        for key in HARD:
            id = add(shop, *key, name="Atlantis")
            shop.edit(Depot, id, name="Lemuria")
            then = page(client, "depot/details/", made(shop, Depot, id, 1), id=id)
            assert then.status_code == 200 and "Atlantis" in words(then)
            assert "Lemuria" not in words(then)
        found = page(client, "depot/", made(shop, Depot, id_of(Depot, *HARD[1]), 1))
        assert rows(found) and "2 records" in words(found)

    def test_searched_and_filtered(self, client: Any, shop: Shop) -> None:
        add(shop), add(shop, "DE", "1", "Köln")
        assert "Lyon" not in words(client.get("/admin/depot/?search=Köln"))
        found = words(client.get("/admin/depot/?flt0_country_equals=FR"))
        assert "Lyon" in found and "Köln" not in found

    def test_exports(self, client: Any, shop: Shop) -> None:
        for key in HARD:
            add(shop, *key, name="x")
        read = csv.reader(client.get("/admin/depot/export/csv/").text.splitlines())
        told = {(row[0].removeprefix("'"), row[1].removeprefix("'")) for row in list(read)[1:]}
        assert told == {(a.removeprefix("'"), b.removeprefix("'")) for a, b in HARD}

    @pytest.mark.parametrize("id", ["FR", "FR/", "/AB-1", "FR/AB-1/", "FR%2FAB-1", "fr/ab-1"])
    def test_what_is_no_record_is_not_found(
        self, app: Flask, client: Any, shop: Shop, id: str
    ) -> None:
        add(shop)
        for where in ("edit", "timeline", "details"):
            assert client.get(address(app, where, id)).status_code == 404

    def test_it_is_called_by_its_first_text_that_is_no_part_of_its_key(
        self, app: Flask, client: Any, shop: Shop
    ) -> None:
        add(shop)
        assert "<h1>Lyon" in client.get(address(app, "timeline", "FR/AB-1")).text
        shop.add(Voucher, **VOUCHER)
        id = id_of(Voucher, *VOUCHER.values())
        assert f"Voucher {id}" in words(client.get(address(app, "timeline", id, "voucher")))


class TestReferences:
    def test_in_every_way(self, client: Any, shop: Shop) -> None:
        made = [add(shop, *key, name=f"n{n}") for n, key in enumerate(HARD)]
        for id in made:
            typed: dict[str, Any] = {"at": id, "then": id, "under": id, "near": ["", id]}
            found = save(client, "/admin/trip/new/", name="x", **typed)
            assert found.status_code == 302, (id, words(found))
        with shop.app.app_context():
            trips = db.session.scalars(select(Trip).order_by(Trip.id)).all()
            told = [(t.at_id, t.then_id, t.under_id, t.near[0].id) for t in trips]
        assert told == [(id, id, id, id) for id in made]
        shop.edit(Depot, made[0], name="moved")
        newest = shop.versions(Trip, 1)[-1]
        assert (newest.version_id, newest.under_version_id, newest.then_version_id) == (2, 2, 1)
        text = client.get("/admin/trip/details/?id=1").text
        links = re.findall(r'href="(/admin/depot/[^"]*)"', text.partition("<main")[2])
        assert links and all(client.get(unescape(each)).status_code == 200 for each in links)

    def test_one_in_use_is_not_deleted(self, client: Any, shop: Shop) -> None:
        id = add(shop)
        shop.add(Trip, name="Alps", at_id=id)
        found = client.post("/admin/depot/delete/", data={"id": id}, follow_redirects=True)
        assert "Alps" in found.text
        assert ids(shop, Depot) == [id]

    def test_it_is_looked_up_by_its_name_and_by_its_id(self, client: Any, shop: Shop) -> None:
        for key in HARD:
            id = add(shop, *key, name="Atlantis")
            asked = {"field": "at", "q": id.strip()}  # blanks around what is typed do not count
            found = client.get("/admin/trip/lookup/", query_string=asked).json
            assert [id] == [each[0] for each in found] or id != id.strip()


class TestRacks:
    """Children in the form of their depot, whose key begins with the depot's."""

    def test_new_ones(self, client: Any, shop: Shop) -> None:
        typed = {f"racks-{n}-number": str(10 - n) for n in range(2)}
        typed |= {f"racks-{n}-label": f"s{n}" for n in range(2)}
        made = save(client, NEW, country="FR", code="1", name="Lyon", **typed)
        assert made.status_code == 302, words(made)
        assert sorted(ids(shop, Rack)) == ["FR~11/10", "FR~11/9"]
        edit = address(shop.app, "edit", "FR/1")
        fields = form_of(client.get(edit))
        assert [fields[f"racks-{n}-row-id"] for n in range(2)] == ["FR~11/9", "FR~11/10"]

    def test_the_number_of_a_row_is_shown_and_not_asked_for(self, client: Any, shop: Shop) -> None:
        shop.add(Rack, depot_id=add(shop), number=7, label="Nails")
        edit = address(shop.app, "edit", "FR/AB-1")
        found = client.get(edit)
        fields = form_of(found)
        assert "racks-0-label" in fields and "racks-0-number" not in fields
        assert "racks-1-number" in fields and "Number 7" in words(found)

    def test_a_row_is_edited_added_and_removed(self, client: Any, shop: Shop) -> None:
        depot = add(shop)
        for n in (1, 2):
            shop.add(Rack, depot_id=depot, number=n, label=f"s{n}")
        edit = address(shop.app, "edit", depot)
        typed = {
            "racks-0-label": "Nails",
            "racks-0-number": "9",
            "racks-1-row-remove": "1",
            "racks-2-number": "3",
            "racks-2-label": "Bolts",
        }
        assert save(client, edit, **typed).status_code == 302
        told = {id: shop.versions(Rack, id)[-1] for id in (f"FR~1AB-1/{n}" for n in (1, 2, 3))}
        assert [(row.version_op, row.label) for row in told.values()] == [
            ("update", "Nails"),
            ("delete", "s2"),
            ("create", "Bolts"),
        ]

    @pytest.mark.parametrize("twice", [True, False])
    def test_a_number_that_is_taken_is_said_at_its_row(
        self, client: Any, shop: Shop, twice: bool
    ) -> None:
        depot = add(shop)
        shop.add(Rack, depot_id=depot, number=1, label="s1")
        typed = {"racks-1-number": "1", "racks-1-label": "s2"}
        if twice:
            typed = {f"racks-{n}-number": "5" for n in (1, 2)}
            typed |= {f"racks-{n}-label": "s2" for n in (1, 2)}
        found = save(client, address(shop.app, "edit", depot), **typed)
        number = 5 if twice else 1
        assert found.status_code == 422
        assert f"Rack FR~1AB-1/{number} is there already: " in found.text
        assert ids(shop, Rack) == ["FR~1AB-1/1"]

    def test_a_number_twice_in_a_new_depot(self, client: Any, shop: Shop) -> None:
        typed = {f"racks-{n}-number": "5" for n in (0, 1)}
        typed |= {f"racks-{n}-label": f"s{n}" for n in (0, 1)}
        found = save(client, NEW, country="FR", code="1", name="Lyon", **typed)
        assert found.status_code == 422 and "already" in found.text
        assert ids(shop, Depot) == []

    def test_sent_twice(self, client: Any, shop: Shop) -> None:
        edit = address(shop.app, "edit", add(shop))
        fields = form_of(client.get(edit))
        fields |= {"racks-0-number": "3", "racks-0-label": "Bolts"}
        assert client.post(edit, data=fields).status_code == 302
        assert client.post(edit, data=fields).status_code == 302
        assert [row.version_op for row in shop.versions(Rack, "FR~1AB-1/3")] == ["create"]

    def test_a_row_that_was_deleted_is_added_again(self, client: Any, shop: Shop) -> None:
        depot = add(shop)
        shop.delete(Rack, shop.add(Rack, depot_id=depot, number=1, label="s1"))
        typed = {"racks-0-number": "1", "racks-0-label": "again"}
        assert save(client, address(shop.app, "edit", depot), **typed).status_code == 302
        found = [row.version_op for row in shop.versions(Rack, "FR~1AB-1/1")]
        assert found == ["create", "delete", "create"]

    def test_a_row_that_somebody_deleted_meanwhile(self, client: Any, shop: Shop) -> None:
        depot = add(shop)
        rack = shop.add(Rack, depot_id=depot, number=1, label="s1")
        edit = address(shop.app, "edit", depot)
        fields = form_of(client.get(edit))
        shop.delete(Rack, rack)
        found = client.post(edit, data=fields | {"racks-0-label": "mine"})
        assert found.status_code == 409 and "deleted" in words(found)
        again = form_of(found)
        assert (again["racks-0-label"], again["racks-0-number"]) == ("mine", "1")
        assert client.post(edit, data=again).status_code == 302
        told = [(row.version_op, row.label) for row in shop.versions(Rack, rack)]
        assert told == [("create", "s1"), ("delete", "s1"), ("create", "mine")]
