"""Links on the pages of a record and its history: by name, in a fixed number of statements."""

from __future__ import annotations

import csv
import html
import re
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.admin.conftest import form_of, save
from tests.admin.tagged.models import Book, Topic
from tests.admin.tagged.shelf import SETTINGS, Shelf
from webapp.admin.linked import SHOWN
from webapp.extensions import db


@pytest.fixture
def settings() -> dict[str, Any]:
    return SETTINGS


@pytest.fixture
def shelf(app: Flask) -> Shelf:
    return Shelf(app)


@pytest.fixture
def dunes(shelf: Shelf) -> int:
    """A book about Sand and Spice; from version 2 on, about Spice and Worms."""
    shelf.topics("Sand", "Spice", "Worms")
    id = shelf.book(topics=[1, 2])
    shelf.link(id, 2, 3)
    return id


def moment(app: Flask, version: int) -> str:
    """The moment at which a version of the book began."""
    with app.app_context():
        query = select(Book.version_from).where(Book.id == 1, Book.version_id == version)
        at: datetime = db.session.scalars(query).one()
        return at.astimezone(UTC).isoformat()


def words(text: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def test_the_timeline_tells_which_were_added_and_removed(client: Any, dunes: int) -> None:
    page = words(client.get("/admin/book/timeline/?id=1").text)
    assert "Topics Sand removed Worms added" in page
    assert "Topics set to Sand, Spice" in page


def test_a_comparison_tells_the_same_and_with_every_field_also_those_alike(
    client: Any, shelf: Shelf, dunes: int
) -> None:
    changed = words(client.get("/admin/book/compare/?id=1&a=1&b=2&all=1").text)
    assert "Sand removed Worms added" in changed
    shelf.link(1, 2, 3, title="Dune")
    alike = words(client.get("/admin/book/compare/?id=1&a=2&b=3&all=1").text)
    assert "Topics (unchanged) Spice, Worms" in alike


def test_two_moments_are_compared_with_the_names_of_then(
    app: Flask, client: Any, shelf: Shelf, dunes: int
) -> None:
    with app.app_context():
        db.session.scalars(select(Topic).where(Topic.id == 3)).one().name = "Sandworms"
        db.session.commit()
    sides = {"id": 1, "from": moment(app, 1), "to": moment(app, 2)}
    page = words(client.get("/admin/book/compare/", query_string=sides).text)
    assert "Sand removed Worms added" in page


def test_a_deleted_one_is_marked_on_the_timeline(client: Any, shelf: Shelf, dunes: int) -> None:
    shelf.delete(Topic, 1)
    assert "Sand (deleted)" in client.get("/admin/book/timeline/?id=1").text


def test_a_record_page_links_them_and_says_who_gave_them(client: Any, dunes: int) -> None:
    page = client.get("/admin/book/details/?id=1").text
    assert '<a href="/admin/topic/details/?id=3">Worms</a>' in page
    facts = words(page[page.index("<dt>Topics") :])
    assert facts.startswith("Topics Spice , Worms since version 2 · Bob")


def test_a_record_page_names_the_first_of_very_many(client: Any, shelf: Shelf) -> None:
    shelf.topics(*(f"Topic {number:03}" for number in range(SHOWN + 20)))
    shelf.book(topics=range(1, SHOWN + 21))
    page = client.get("/admin/book/details/?id=1").text
    assert "and 20 more" in page and "Topic 099" in page and "Topic 100" not in page


def test_as_of_a_moment_it_has_the_links_of_then_by_the_names_of_then(
    app: Flask, client: Any, shelf: Shelf, dunes: int
) -> None:
    shelf.delete(Topic, 1)
    with app.app_context():
        db.session.scalars(select(Topic).where(Topic.id == 2)).one().name = "Pepper"
        db.session.commit()
    then = {"as_of": moment(app, 1)}
    page = client.get("/admin/book/details/", query_string={"id": 1, **then}).text
    facts = words(page[page.index("<dt>Topics") :])
    assert facts.startswith("Topics Sand , Spice since version 1 · Carol")
    listed = client.get("/admin/book/", query_string=then).text
    assert "Sand, Spice" in listed and "Pepper" not in listed


def test_a_list_shows_them_by_one_statement_for_the_page(
    client: Any, shelf: Shelf, dunes: int, statements: list[str]
) -> None:
    statements.clear()
    assert "Spice, Worms" in client.get("/admin/book/").text
    few = len(statements)
    for number in range(15):
        shelf.book(f"Book {number}", topics=[1, 3])
    statements.clear()
    assert client.get("/admin/book/").text.count("Sand, Worms") == 15
    assert len(statements) == few
    assert sum("tagged_topic" in each for each in statements) == 1


def test_a_list_as_of_a_moment_takes_two(
    app: Flask, client: Any, shelf: Shelf, dunes: int, statements: list[str]
) -> None:
    for number in range(15):
        shelf.book(f"Book {number}", topics=[1, 3])
    now = datetime.now(UTC).isoformat()
    statements.clear()
    page = client.get("/admin/book/", query_string={"as_of": now})
    assert page.text.count("Sand, Worms") == 15
    assert sum("tagged_book_topics" in each for each in statements) == 1
    assert sum("FROM tagged_topic " in each.replace("\n", " ") for each in statements) == 1


def test_an_export_has_their_names_and_no_formula(client: Any, shelf: Shelf) -> None:
    shelf.topics("=1+1", "Sand")
    shelf.book(topics=[1, 2])
    rows = list(csv.reader(StringIO(client.get("/admin/book/export/csv/").text)))
    assert rows[0][:2] == ["Title", "Topics"]
    assert rows[1][:2] == ["Dunes", "'=1+1, Sand"]


def test_setting_a_field_of_many_does_not_offer_them(client: Any, dunes: int) -> None:
    asked = {"action": "set", "rowid": "1"}
    page = client.post("/admin/book/action/", data=asked).text
    assert 'value="title"' in page and 'value="topics"' not in page
    assert client.post("/admin/book/action/", data=asked | {"field": "topics"}).status_code == 422


def test_deleting_and_restoring_many_keeps_them(client: Any, shelf: Shelf, dunes: int) -> None:
    for action, asked in (("delete", ""), ("restore", "?deleted=1")):
        page = client.post(f"/admin/book/action/{asked}", data={"action": action, "rowid": "1"})
        digest = re.search(r'name="digest" value="([^"]+)"', page.text)
        assert digest is not None
        answer = {"action": action, "rowid": "1", "digest": digest[1]}
        assert client.post("/admin/book/action/", data=answer).status_code == 302
    assert shelf.linked(1) == [(1, 2), (2, 3), (), (2, 3)]


def test_the_page_of_a_change_shows_them(client: Any, dunes: int) -> None:
    assert "Sand removed Worms added" in words(client.get("/admin/changes/3/").text)


# -- restore and undo


def test_a_restore_brings_them_back(client: Any, shelf: Shelf, dunes: int) -> None:
    address = "/admin/book/restore/?id=1&version=1"
    page = client.get(address)
    assert "Worms removed Sand added" in words(page.text)
    assert client.post(address, data=form_of(page)).status_code == 302
    assert shelf.linked(1)[-1] == (1, 2)


def test_a_restore_names_one_that_was_deleted_and_offers_the_other_fields(
    client: Any, shelf: Shelf, dunes: int
) -> None:
    shelf.link(1, 3, title="Dune")
    shelf.delete(Topic, 1)
    address = "/admin/book/restore/?id=1&version=1"
    page = client.post(address, data=form_of(client.get(address)))
    assert page.status_code == 422
    assert "Topics “Sand (deleted)” refers to Sand , which is deleted." in words(page.text)
    again = form_of(page) | {"field": "title"}
    assert client.post(address, data=again).status_code == 302
    assert shelf.linked(1)[-1] == (3,)


def test_an_undo_takes_back_what_one_version_did(client: Any, shelf: Shelf, dunes: int) -> None:
    shelf.link(1, 2, 3, title="Dune")
    address = "/admin/book/undo/?id=1&version=2"
    assert client.post(address, data=form_of(client.get(address))).status_code == 302
    assert shelf.linked(1)[-1] == (1, 2)


def test_an_undo_names_one_that_was_deleted(client: Any, shelf: Shelf, dunes: int) -> None:
    shelf.delete(Topic, 1)
    address = "/admin/book/undo/?id=1&version=2"
    page = client.post(address, data=form_of(client.get(address)))
    assert page.status_code == 422 and "Sand , which is deleted" in words(page.text)
    assert len(shelf.linked(1)) == 2


def test_the_undo_of_a_change_shows_and_does_it(client: Any, shelf: Shelf, dunes: int) -> None:
    page = client.get("/admin/changes/3/undo/")
    assert "Worms removed Sand added" in words(page.text)
    assert client.post("/admin/changes/3/undo/", data={}).status_code == 302
    assert shelf.linked(1)[-1] == (1, 2)


# -- two who save at once


@pytest.mark.parametrize(
    ("theirs", "yours", "merged"),
    [
        ([1, 2, 3], [1], (1, 3)),
        ([2], [1, 2, 3], (2, 3)),
        ([], [1, 2, 3], (3,)),
        ([1, 2, 4], [1, 2, 3], (1, 2, 3, 4)),
        ([1], [1, 3], (1, 3)),
    ],
)
def test_what_both_did_to_links_comes_together_unasked(
    client: Any, shelf: Shelf, theirs: list[int], yours: list[int], merged: tuple[int, ...]
) -> None:
    shelf.topics("Sand", "Spice", "Worms", "Water")
    address = f"/admin/book/edit/?id={shelf.book(topics=[1, 2])}"
    form = form_of(client.get(address))
    shelf.link(1, *theirs)
    page = client.post(address, data=form | {"topics": ["", *map(str, yours)], "reason": "Mine"})
    assert page.status_code == 409
    assert page.text.count('<span class="taken">taken</span>') == 2
    assert 'type="radio"' not in page.text and "Nothing needs a choice" in page.text
    again = form_of(page)
    assert again["reason"] == "Mine" and sorted(again["topics"]) == ["", *map(str, merged)]
    assert client.post(address, data=again).status_code == 302
    assert shelf.linked(1)[-1] == merged and len(shelf.linked(1)) == 3


def test_the_same_from_both_is_no_version(client: Any, shelf: Shelf, dunes: int) -> None:
    address = "/admin/book/edit/?id=1"
    form = form_of(client.get(address)) | {"topics": ["", "3"]}
    assert client.post(address, data=form).status_code == 302
    page = client.post(address, data=form)
    assert page.status_code == 302 and len(shelf.linked(1)) == 3
    assert "saved already, as version 3" in client.get(page.location).text


def test_links_of_theirs_are_taken_beside_fields_of_yours(
    client: Any, shelf: Shelf, dunes: int
) -> None:
    address = "/admin/book/edit/?id=1"
    form = form_of(client.get(address))
    shelf.link(1, 1)
    page = client.post(address, data=form | {"title": "Dune"})
    assert page.status_code == 409
    shown = words(page.text)
    assert "Topics Spice, Worms Spice removed Worms removed Sand added taken unchanged" in shown
    assert client.post(address, data=form_of(page)).status_code == 302
    assert shelf.linked(1)[-1] == (1,)


def test_a_third_save_in_between_is_merged_too(client: Any, shelf: Shelf, dunes: int) -> None:
    address = "/admin/book/edit/?id=1"
    form = form_of(client.get(address))
    shelf.link(1, 2)
    page = client.post(address, data=form | {"topics": ["", "1", "2", "3"]})
    shelf.link(1)
    again = client.post(address, data=form_of(page))
    assert again.status_code == 409
    assert client.post(address, data=form_of(again)).status_code == 302
    assert shelf.linked(1)[-1] == (1,)


def test_one_that_they_took_out_and_deleted_is_no_error_of_yours(
    client: Any, shelf: Shelf, dunes: int
) -> None:
    address = "/admin/book/edit/?id=1"
    form = form_of(client.get(address))
    shelf.link(1, 2)
    shelf.delete(Topic, 3)
    page = client.post(address, data=form | {"topics": ["", "1", "2", "3"]})
    assert "Worms (deleted)" in page.text
    assert client.post(address, data=form_of(page)).status_code == 302
    assert shelf.linked(1)[-1] == (1, 2)


def test_one_that_you_put_in_and_they_deleted_comes_back_as_an_error(
    client: Any, shelf: Shelf, dunes: int
) -> None:
    address = "/admin/book/edit/?id=1"
    form = form_of(client.get(address))
    shelf.link(1, 2)
    shelf.delete(Topic, 1)
    page = client.post(address, data=form | {"topics": ["", "1", "2", "3"]})
    refused = client.post(address, data=form_of(page))
    assert refused.status_code == 422 and "not there to choose: Sand (deleted)." in refused.text
    assert len(shelf.linked(1)) == 3


def test_what_was_chosen_is_kept_when_the_record_was_deleted(
    client: Any, shelf: Shelf, dunes: int
) -> None:
    address = "/admin/book/edit/?id=1"
    form = form_of(client.get(address)) | {"topics": ["", "1"]}
    shelf.delete(Book, 1)
    page = client.post(address, data=form)
    assert page.status_code == 410
    assert re.findall(r'value="(\d)" checked', page.text) == ["1"]


def test_an_untouched_form_over_a_newer_version_undoes_nothing(
    client: Any, shelf: Shelf, dunes: int
) -> None:
    form = form_of(client.get("/admin/book/edit/?id=1"))
    shelf.link(1, 1)
    page = client.post("/admin/book/edit/?id=1", data=form)
    assert page.status_code == 409
    assert save(client, "/admin/book/edit/?id=1").status_code == 302
    assert client.post("/admin/book/edit/?id=1", data=form_of(page)).status_code == 302
    assert shelf.linked(1) == [(1, 2), (2, 3), (1,)]
