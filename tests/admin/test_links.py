"""The form field of links: what it offers, what it takes, and what it refuses."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask import Flask

from tests import accounts
from tests.admin.conftest import form_of, save
from tests.admin.tagged.models import Book, Hall, Mark, Topic
from tests.admin.tagged.shelf import SETTINGS, Shelf
from webapp.admin.link_fields import FEW, UNSEEN
from webapp.admin.references import FOUND, MOST
from webapp.auth.policy import Rules
from webapp.extensions import db
from webapp.versioning import current

EDIT = "/admin/book/edit/?id={}"


@pytest.fixture
def settings() -> dict[str, Any]:
    return SETTINGS


@pytest.fixture
def shelf(app: Flask) -> Shelf:
    return Shelf(app)


@pytest.fixture
def dunes(shelf: Shelf) -> str:
    """The form of a book about topics 1 and 2 of 3."""
    shelf.topics("Sand", "Spice", "Worms")
    return EDIT.format(shelf.book(topics=[1, 2]))


def many(shelf: Shelf, count: int) -> str:
    """The form of a book about the first two of many topics."""
    shelf.topics(*(f"Topic {number:04}" for number in range(1, count + 1)))
    return EDIT.format(shelf.book(topics=[1, 2]))


@pytest.fixture(params=["ticks", "select", "numbers"])
def form(request: Any, shelf: Shelf) -> str:
    """The form of a book about topics 1 and 2, with each of the three controls."""
    counts = {"ticks": 3, "select": FEW + 1, "numbers": MOST + 1}
    return many(shelf, counts[request.param])


def typed(page: Any, *topics: Any) -> Any:
    """The field of the page with these topics chosen in place of what is."""
    is_text = isinstance(form_of(page)["topics"], str) and form_of(page)["topics"]
    return ", ".join(map(str, topics)) if is_text else ["", *map(str, topics)]


def test_a_few_are_boxes_and_those_that_are_linked_are_ticked(client: Any, dunes: str) -> None:
    page = client.get(dunes)
    assert form_of(page)["topics"] == ["", "1", "2"]
    assert page.text.count('type="checkbox"') == 3 and 'role="group"' in page.text
    assert "Worms</label>" in page.text


def test_many_are_a_list_of_several(client: Any, shelf: Shelf) -> None:
    page = client.get(many(shelf, FEW + 1))
    assert "<select" in page.text and " multiple" in page.text
    assert form_of(page)["topics"] == ["", "1", "2"]


def test_very_many_are_a_text_with_numbers_and_the_names_of_those_chosen(
    client: Any, shelf: Shelf, statements: list[str]
) -> None:
    address = many(shelf, MOST + 1)
    statements.clear()
    page = client.get(address)
    assert form_of(page)["topics"] == "1, 2"
    assert "#2 <b>Topic 0002</b>" in page.text
    assert f"Topic {MOST:04}" not in page.text and len(page.data) < 60_000
    assert sum("tagged_topic" in each for each in statements) == 3, statements


def test_an_untouched_save_makes_no_version(client: Any, shelf: Shelf, form: str) -> None:
    page = save(client, form)
    assert "Nothing changed" in client.get(page.location).text
    assert shelf.linked(1) == [(1, 2)]


def test_the_same_in_another_order_is_untouched(client: Any, shelf: Shelf, dunes: str) -> None:
    assert save(client, dunes, topics=["", "2", "1"]).status_code == 302
    assert len(shelf.linked(1)) == 1


def test_links_are_put_in_and_taken_out_as_one_version_with_its_reason(
    client: Any, shelf: Shelf, form: str
) -> None:
    chosen = typed(client.get(form), 2, 3)
    page = save(client, form, topics=chosen, reason="Read again")
    assert "Saved as version 2." in client.get(page.location).text
    assert shelf.linked(1) == [(1, 2), (2, 3)]
    timeline = client.get("/admin/book/timeline/?id=1").text
    assert "Read again" in timeline and 'id="v2"' in timeline and 'id="v3"' not in timeline


def test_all_can_be_taken_out(client: Any, shelf: Shelf, form: str) -> None:
    assert save(client, form, topics="").status_code == 302
    assert shelf.linked(1)[-1] == ()


def test_a_form_without_the_field_leaves_it_alone(client: Any, shelf: Shelf, dunes: str) -> None:
    data = form_of(client.get(dunes)) | {"title": "Dune"}
    del data["topics"]
    assert client.post(dunes, data=data).status_code == 302
    assert shelf.linked(1) == [(1, 2), (1, 2)]


def test_a_new_record_gets_its_links(client: Any, shelf: Shelf) -> None:
    shelf.topics("Sand", "Spice")
    assert save(client, "/admin/book/new/", title="Dune", topics=["", "2"]).status_code == 302
    assert shelf.linked(1) == [(2,)]


def test_a_new_record_needs_none(client: Any, shelf: Shelf) -> None:
    assert "nothing to choose from" in client.get("/admin/book/new/").text
    assert save(client, "/admin/book/new/", title="Dune").status_code == 302
    assert shelf.linked(1) == [()]


@pytest.mark.parametrize("text", ["1,2,3", "1 2 3", "#1; #2\r\n3", " 1, , 2,2 ,3 "])
def test_numbers_may_be_parted_in_any_way(client: Any, shelf: Shelf, dunes: str, text: str) -> None:
    assert save(client, dunes, topics=text).status_code == 302
    assert shelf.linked(1)[-1] == (1, 2, 3)


@pytest.mark.parametrize("forged", ["4", "9" * 5000, "-1", "1.5", "x", "1,3", "<b>", "0x1"])
def test_what_is_no_living_record_is_refused_and_nothing_typed_is_lost(
    client: Any, shelf: Shelf, dunes: str, forged: str
) -> None:
    page = save(client, dunes, title="Dune", topics=["", "1", forged], reason="Mine")
    assert page.status_code == 422 and "not there to choose" in page.text
    kept = form_of(page)
    assert (kept["title"], kept["reason"]) == ("Dune", "Mine")
    assert kept["topics"] == ["", "1", forged]
    assert shelf.linked(1) == [(1, 2)]


def test_numbers_that_are_refused_stay_typed(client: Any, shelf: Shelf) -> None:
    page = save(client, many(shelf, MOST + 1), topics="1, 9999")
    assert page.status_code == 422 and "This is not there to choose: #9999 (unknown)." in page.text
    assert form_of(page)["topics"] == "1, 9999"


def test_one_that_was_deleted_meanwhile_is_named(client: Any, shelf: Shelf, dunes: str) -> None:
    form = form_of(client.get(dunes))
    shelf.delete(Topic, 3)
    page = client.post(dunes, data=form | {"topics": ["", "1", "2", "3"]})
    assert page.status_code == 422 and "This is not there to choose: Worms (deleted)." in page.text
    assert "Worms (deleted)</label>" in page.text
    assert form_of(page)["topics"] == ["", "1", "2", "3"]
    assert client.post(dunes, data=form_of(page) | {"topics": ["", "1"]}).status_code == 302
    assert shelf.linked(1)[-1] == (1,)


def test_the_deleted_are_not_offered(client: Any, shelf: Shelf, dunes: str) -> None:
    shelf.delete(Topic, 3)
    assert "Worms" not in client.get(dunes).text


def test_a_file_in_place_of_keys_is_an_error(client: Any, dunes: str) -> None:
    data = form_of(client.get(dunes)) | {"topics": (io.BytesIO(b"1"), "a.txt")}
    page = client.post(dunes, data=data, content_type="multipart/form-data")
    assert page.status_code == 422 and "takes text, not a file" in page.text


def test_records_known_by_texts_are_typed_line_by_line(client: Any, shelf: Shelf) -> None:
    book = EDIT.format(shelf.book(marks=["new, signed", "worn"]))
    assert save(client, book, marks=["", "new, signed"]).status_code == 302
    assert save(client, book, marks="worn\r\nnew, signed\r\n").status_code == 302
    assert shelf.linked(1, "marks") == [
        ("new, signed", "worn"),
        ("new, signed",),
        ("new, signed", "worn"),
    ]


def test_deleting_one_that_may_be_taken_off_meanwhile_leaves_the_rest_of_the_edit(
    client: Any, shelf: Shelf
) -> None:
    book = EDIT.format(shelf.book(marks=["new", "worn"]))
    form = form_of(client.get(book))
    shelf.delete(Mark, "worn")
    page = client.post(book, data=form | {"title": "Dune"})
    assert page.status_code == 409
    assert client.post(book, data=form_of(page)).status_code == 302
    assert shelf.linked(1, "marks") == [("new", "worn"), ("new",), ("new",)]


def test_a_row_in_the_form_of_an_owner_has_no_links_and_leaves_them_alone(
    app: Flask, client: Any, shelf: Shelf, dunes: str
) -> None:
    with app.app_context():
        book = db.session.scalars(current(Book)).one()
        book.hall = Hall(name="Attic")
        db.session.commit()
    page = client.get("/admin/hall/edit/?id=1")
    assert 'value="Dunes"' in page.text and "topics" not in page.text
    sent = {name: "Dune" if value == "Dunes" else value for name, value in form_of(page).items()}
    assert client.post("/admin/hall/edit/?id=1", data=sent).status_code == 302
    assert shelf.linked(1) == [(1, 2)] * 3


# -- who may


def test_who_may_not_see_the_records_adds_none_and_keeps_those_that_are_there(
    app: Flask, client: Any, shelf: Shelf, dunes: str
) -> None:
    view(app, Topic).rules = Rules(permissions={"administrator": [], "editor": []})
    page = client.get(dunes)
    assert "Sand" not in page.text and "#1</label>" in page.text
    assert form_of(page)["topics"] == ["", "1", "2"] and 'value="3"' not in page.text
    refused = save(client, dunes, topics=["", "1", "2", "3"])
    assert refused.status_code == 422 and UNSEEN in refused.text and "Worms" not in refused.text
    assert save(client, dunes, topics=["", "1"]).status_code == 302
    assert shelf.linked(1)[-1] == (1,)


def test_a_field_that_is_read_only_is_shown_and_not_written(
    app: Flask, client: Any, shelf: Shelf, dunes: str
) -> None:
    view(app, "Book").rules = Rules(read_only={"administrator": ["topics"], "editor": ["topics"]})
    page = client.get(dunes)
    assert "topics" not in form_of(page) and "<dd>Sand, Spice</dd>" in page.text
    client.post(dunes, data=form_of(page) | {"title": "Dune", "topics": ["", "3"]})
    assert shelf.linked(1) == [(1, 2), (1, 2)]


def test_links_that_are_read_only_are_not_undone_either(
    app: Flask, client: Any, shelf: Shelf, dunes: str
) -> None:
    shelf.link(1, 3)
    view(app, "Book").rules = Rules(read_only={"administrator": ["topics"], "editor": ["topics"]})
    data = {"base_version": "2"}
    assert client.post("/admin/book/undo/?id=1&version=2", data=data).status_code == 403
    assert client.get("/admin/changes/3/undo/").status_code == 403
    assert shelf.linked(1) == [(1, 2), (3,)]


PAGES = ["", "details/?id=1", "timeline/?id=1", "compare/?id=1&a=1&b=2&all=1", "export/csv/"]


@pytest.mark.parametrize("page", [*PAGES, "edit/?id=1", "restore/?id=1&version=1"])
def test_a_field_that_is_hidden_is_on_no_page(
    app: Flask, client: Any, shelf: Shelf, dunes: str, page: str
) -> None:
    shelf.link(1, 3, title="Dune")
    view(app, "Book").rules = Rules(hidden={"administrator": ["topics"], "editor": ["topics"]})
    shown = client.get(f"/admin/book/{page}")
    assert shown.status_code == 200
    assert not any(word in shown.text for word in ("Topics</", "Sand", "Worms", 'name="topics"'))


def test_an_outsider_gets_no_form(app: Flask, dunes: str) -> None:
    assert accounts.as_(app, None).get(dunes).status_code == 302
    assert accounts.as_(app, "Dave").get(dunes).status_code == 403


# -- looking up


def found(client: Any, typed: str, field: str = "topics") -> Any:
    return client.get("/admin/book/lookup/", query_string={"field": field, "q": typed})


def test_a_look_up_finds_the_living(client: Any, shelf: Shelf, dunes: str) -> None:
    shelf.delete(Topic, 3)
    assert found(client, "s").json == [["1", "Sand"], ["2", "Spice"]]
    assert found(client, "worms").json == []


def test_a_look_up_is_capped(client: Any, shelf: Shelf) -> None:
    many(shelf, FOUND + 5)
    assert len(found(client, "topic").json) == FOUND


def test_a_look_up_finds_nothing_of_what_may_not_be_seen(
    app: Flask, client: Any, shelf: Shelf, dunes: str
) -> None:
    view(app, Topic).rules = Rules(permissions={"administrator": []})
    assert found(client, "s").json == found(client, "3").json == []


def test_a_look_up_is_refused_to_who_may_only_look(app: Flask, dunes: str) -> None:
    assert found(accounts.as_(app, "Dave"), "s").status_code == 403


def view(app: Flask, model: Any) -> Any:
    name = model if isinstance(model, str) else model.__name__
    views = app.extensions["admin"][0]._views
    return next(
        each for each in views if getattr(getattr(each, "model", None), "__name__", "") == name
    )
