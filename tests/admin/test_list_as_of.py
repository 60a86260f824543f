"""The list as of a moment: what was alive then, with the values and references of then."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests.admin.conftest import Shop
from tests.admin.shop.models import Bench, Gadget, Maker
from tests.admin.then import MICROSECOND, asked, links, made, page, rows, words
from webapp.admin import VersionedModelView, list_then
from webapp.extensions import db
from webapp.versioning import restore


@pytest.fixture
def kettle(shop: Shop) -> int:
    """A gadget that was renamed, and its maker after that."""
    maker = shop.add(Maker, name="Acme")
    id: int = shop.add(Gadget, name="Kettle", sku="K-1", price=1, maker_id=maker)
    shop.edit(Gadget, id, name="Teapot", price=2)
    shop.edit(Maker, maker, name="Bolt")
    return id


def test_it_shows_the_values_of_then(client: Any, shop: Shop, kettle: int) -> None:
    shop.add(Gadget, name="Later")
    then = page(client, "gadget/", made(shop, Gadget, kettle, 1))
    assert rows(then) == ["Kettle"]
    assert "1 record " in words(then) and "1.00" in words(then)
    assert "by Alice" in words(then) and "Bob" not in words(then)


def test_a_version_counts_from_its_moment_on(client: Any, shop: Shop, kettle: int) -> None:
    at = made(shop, Gadget, kettle, 2)
    assert rows(page(client, "gadget/", at)) == ["Teapot"]
    assert rows(page(client, "gadget/", at - MICROSECOND)) == ["Kettle"]
    created = made(shop, Gadget, kettle, 1)
    assert rows(page(client, "gadget/", created - MICROSECOND)) == []


def test_a_record_deleted_and_restored_is_there_when_it_lived(
    app: Flask, client: Any, shop: Shop
) -> None:
    id = shop.add(Gadget, name="Kettle")
    shop.delete(Gadget, id)
    with app.app_context():
        restore(db.session(), Gadget, id, 1)
        db.session.commit()
    at = [made(shop, Gadget, id, version) for version in (1, 2, 3)]
    assert [len(rows(page(client, "gadget/", each))) for each in at] == [1, 0, 1]
    assert rows(page(client, "gadget/", at[1], deleted=1)) == ["Kettle"]
    assert rows(page(client, "gadget/", at[2], deleted=1)) == []


def test_references_are_called_as_they_were(client: Any, shop: Shop, kettle: int) -> None:
    then = words(page(client, "gadget/", made(shop, Gadget, kettle, 2)))
    assert then.count("Acme") == 2 and "Bolt" not in then
    assert "Bolt" in words(page(client, "gadget/", made(shop, Maker, 1, 2)))


def test_a_reference_to_what_was_deleted_then_is_empty(client: Any, shop: Shop) -> None:
    maker = shop.add(Maker, name="Acme")
    id = shop.add(Gadget, name="Kettle", maker_id=maker)
    shop.delete(Maker, maker)
    deleted = made(shop, Maker, maker, 2)
    assert "Acme" in words(page(client, "gadget/", made(shop, Gadget, id, 1)))
    assert "Acme" not in words(page(client, "gadget/", deleted))


def test_filters_and_sorting_reach_the_references_of_then(
    client: Any, shop: Shop, kettle: int
) -> None:
    other = shop.add(Maker, name="Zeta")
    shop.add(Gadget, name="Pan", maker_id=other)
    shop.edit(Maker, other, name="Abel")
    at = made(shop, Maker, other, 2) - MICROSECOND
    assert rows(page(client, "gadget/", sort=4)) == ["Pan", "Teapot"]  # Abel, Bolt
    assert rows(page(client, "gadget/", at, sort=4)) == ["Teapot", "Pan"]  # Bolt, Zeta
    name = "flt0_maker.shop_maker.name_equals"
    assert rows(page(client, "gadget/", at, **{name: "Zeta"})) == ["Pan"]
    assert rows(page(client, "gadget/", at, **{name: "Abel"})) == []
    before = made(shop, Maker, 1, 2) - MICROSECOND
    assert rows(page(client, "gadget/", before, **{name: "Acme"})) == ["Teapot"]


def test_search_and_filters_look_at_the_values_of_then(
    client: Any, shop: Shop, kettle: int
) -> None:
    at = made(shop, Gadget, kettle, 1)
    assert rows(page(client, "gadget/", at, search="kett")) == ["Kettle"]
    assert rows(page(client, "gadget/", at, search="teapot")) == []
    assert rows(page(client, "gadget/", at, flt0_price_smaller_than="2")) == ["Kettle"]


def test_every_way_on_keeps_the_moment(
    client: Any, shop: Shop, kettle: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(VersionedModelView, "can_export", True)
    for number in range(25):
        shop.add(Gadget, name=f"Kettle {number}")
    at = made(shop, Gadget, kettle + 25, 1)
    args = {"search": "kettle", "sort": "0", "flt0_price_empty": "1"}
    then = page(client, "gadget/", at, **args)
    moment = at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    lists = [
        each
        for each in links(then)
        if "/gadget/?" in each or "/gadget/export" in each or "/gadget/details" in each
    ]
    assert len(lists) > 30  # heads, pages, sizes, tabs, export, rows
    now = [each for each in lists if asked(each).get("as_of") != [moment]]
    assert now == ["/admin/gadget/?search=kettle&sort=0&flt0_price_empty=1"]  # the button Now
    assert then.text.count(f'name="as_of" value="{moment}"') == 2  # search and filters
    second = page(client, "gadget/", at, page=1, **args)
    assert len(rows(then)) == 20 and len(rows(second)) == 5


def test_it_offers_nothing_that_changes_something(client: Any, shop: Shop, kettle: int) -> None:
    then = page(client, "gadget/", made(shop, Gadget, kettle, 1))
    assert "You are looking at the past" in words(then)
    assert then.text.count('method="post"') == 1  # the sign-out
    assert "<dialog" not in then.text
    for way in ("/new/", "/edit/", "/action/", "/delete/", "/restore/", "#delete"):
        assert not [each for each in links(then) if way in each]
    shop.delete(Gadget, kettle)
    gone = page(client, "gadget/", made(shop, Gadget, kettle, 3), deleted=1)
    assert rows(gone) == ["Teapot"] and "Restore" not in words(gone)


def test_the_present_offers_the_control_and_keeps_what_was_chosen(client: Any) -> None:
    now = page(client, "gadget/", search="x", page=3)
    form = now.text.partition('class="moment-form" method="get"')[2].partition("</form>")[0]
    assert 'type="datetime-local" name="as_of"' in form
    assert 'name="search" value="x"' in form and 'name="page"' not in form


def test_it_takes_a_fixed_number_of_statements(
    client: Any, shop: Shop, statements: list[str]
) -> None:
    maker = shop.add(Maker, name="Acme")
    for number in range(3):
        shop.add(Gadget, name=f"Kettle {number}", maker_id=maker)
    few = made(shop, Gadget, 3, 1)
    for number in range(12):
        shop.add(Gadget, name=f"Pan {number}", maker_id=shop.add(Maker, name=f"Maker {number}"))
    many = made(shop, Gadget, 15, 1)
    for at in (few, many):
        statements.clear()
        assert page(client, "gadget/", at).status_code == 200
        assert len(statements) == 3  # count, page, makers


def test_a_large_number_is_not_counted_to_its_end(
    client: Any, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_then, "MOST_COUNTED", 20)
    for number in range(1, 22):
        shop.add(Bench, length=number)
    at = made(shop, Bench, 21, 1)
    assert "20 records " in words(page(client, "bench/", at - MICROSECOND))
    first = page(client, "bench/", at)
    assert "More than 20 records" in words(first)
    further = next(each for each in links(first) if "page=1" in each)
    assert len(rows(client.get(further))) == 1


def test_no_more_versions_are_read_to_count_them_than_is_quick(
    client: Any, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1, 13):
        shop.add(Bench, length=number)
    at = made(shop, Bench, 12, 1)
    monkeypatch.setattr(list_then, "FEW", 3)
    assert "12 records " in words(page(client, "bench/", at))
    monkeypatch.setattr(list_then, "MOST_READ", 12)
    some = page(client, "bench/", at)
    assert "At least 12 records" in words(some) and len(rows(some)) == 12


def test_an_early_moment_shows_the_few_in_the_same_order(
    client: Any, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (3, 1, 2):
        shop.add(Bench, length=number)
    shop.edit(Bench, 2, length=9)
    shop.delete(Bench, 3)
    times = [made(shop, Bench, id, version) for id, version in ((2, 1), (3, 1), (2, 2), (3, 2))]
    few = [rows(page(client, "bench/", at, sort=0, desc=1)) for at in times]
    monkeypatch.setattr(list_then, "FEW", -1)
    assert few == [rows(page(client, "bench/", at, sort=0, desc=1)) for at in times]
    assert [len(each) for each in few] == [2, 3, 3, 2]


def test_nothing_was_there_yet(client: Any, shop: Shop, kettle: int) -> None:
    then = page(client, "gadget/", "1999-01-01")
    assert then.status_code == 200 and "Nothing was there then" in words(then)
    assert "Create the first one" not in words(then)


READINGS = {
    "2026-11-14": "As of 14 Nov 2026, 00:00:00 (Europe/Berlin, UTC+01:00)",
    "2026-11-14 16:20": "As of 14 Nov 2026, 16:20:00 (Europe/Berlin, UTC+01:00)",
    "2026-07-14T16:20:05.25Z": "As of 14 Jul 2026, 18:20:05.250000 (Europe/Berlin, UTC+02:00)",
    "2026-10-25 02:30": "came twice in Europe/Berlin. Read as the first",
    "0001-01-02": "As of 2 Jan 1, 00:00:00",
    "9999-12-31": "This moment is still to come",
    " 2026-11-14 ": "Read as the start of 2026-11-14, Europe/Berlin.",
    "": "No moment was given, so this is how it is now.",
    "  ": "No moment was given",
}
REFUSALS = {
    "0000-01-01": "The year 0000 is not one of 0001 to 9999",
    "10000-01-01": "The year 10000 is not one of 0001 to 9999",
    "0001-01-01T00:00:00+14:00": "beyond the years 1 to 9999",
    "9999-12-31T23:59:59-12:00": "beyond the years 1 to 9999",
    "2026-11-14T10:00:00+25:00": "There is no offset +25:00",
    "2026-03-29 02:30": "The clocks in Europe/Berlin skip 2026-03-29 02:30",
    "2026-02-30": "The calendar has no 2026-02-30",
    "yesterday": "“yesterday” is not a date or a date and time",
    "<script>alert(1)</script>": "“<script>alert(1)</script>” is not a date",
    "x" * 5000: "xxx…” is not a date or a date and time",
    "2026-11-14' OR 1=1": "is not a date or a date and time",
    "\u0662\u0660\u0662\u0666-11-14": "is not a date or a date and time",
}


def test_odd_moments_are_read_as_the_page_says(client: Any) -> None:
    for text, said in READINGS.items():
        for path in ("gadget/", "maker/"):
            answer = page(client, path, text)
            assert answer.status_code == 200, text
            assert said in words(answer).replace(" )", ")"), text


def test_what_is_no_moment_is_refused_with_what_to_write(client: Any, shop: Shop) -> None:
    id = shop.add(Gadget, name="Kettle")
    for text, said in REFUSALS.items():
        answer = page(client, "gadget/", text, search="a")
        assert answer.status_code == 400 and said in words(answer), text
        assert "/admin/gadget/?search=a" in links(answer)
        assert "<script>alert" not in answer.text and len(answer.text) < 20_000
        assert page(client, "gadget/details/", text, id=id).status_code == 400
        assert page(client, "gadget/compare/", text, id=id).status_code == 400
    assert page(client, "gadget/", "2026\0").status_code == 400
    twice = client.get("/admin/gadget/?as_of=2026-11-14&as_of=2026-11-15")
    assert twice.status_code == 400 and "several moments" in words(twice)


def test_a_post_is_no_way_to_ask(client: Any) -> None:
    for path in ("", "export/csv/", "details/?id=1", "compare/?id=1"):
        assert client.post(f"/admin/gadget/{path}").status_code == 405


def test_the_export_holds_what_was_then_and_says_so(
    client: Any, shop: Shop, kettle: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = made(shop, Gadget, kettle, 1)
    assert page(client, "gadget/export/csv/", at).status_code == 403
    monkeypatch.setattr(VersionedModelView, "can_export", True)
    answer = page(client, "gadget/export/csv/", at)
    lines = answer.text.splitlines()
    assert len(lines) == 2 and lines[1] == "Kettle,K-1,1.00,,Acme,Acme"
    moment = at.strftime("%Y-%m-%dT%H-%M-%S-%fZ")
    assert f"filename=Gadget_as_of_{moment}.csv" in answer.headers["Content-Disposition"]
    assert page(client, "gadget/export/csv/", "soon").status_code == 400


def test_the_export_is_no_formula_not_even_by_a_reference(
    client: Any, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(VersionedModelView, "can_export", True)
    maker = shop.add(Maker, name="=1+1")
    id = shop.add(Gadget, name="@x", price=-5, maker_id=maker)
    for at in (made(shop, Gadget, id, 1), None):
        text = page(client, "gadget/export/csv/", at).text
        assert text.splitlines()[1] == "'@x,,-5.00,,'=1+1,'=1+1"
