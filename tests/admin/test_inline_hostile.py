"""Rows that no form of ours sends, and who may not send any: a clear answer, nothing written."""

from __future__ import annotations

from typing import Any

import pytest

from tests import accounts
from tests.admin.club.models import Letter, Member, Team
from tests.admin.conftest import Shop, form_of, save
from tests.admin.test_inline import EDIT, living, settings, team  # noqa: F401 - fixtures
from webapp.auth.policy import Rules

UNTOUCHED = [("Ann", 1), ("Ben", 2)]


@pytest.fixture(autouse=True)
def with_team(team: int) -> None:  # noqa: F811 - the fixture
    pass


def test_a_child_of_another_owner_is_refused(client: Any, shop: Shop) -> None:
    shop.add(Member, name="Other", team_id=shop.add(Team, name="Blues"))
    form = form_of(client.get(EDIT))
    for part in ({"members-0-name": "Taken"}, {"members-0-row-remove": "1"}, {}):
        page = client.post(EDIT, data=form | {"members-0-row-id": "3"} | part)
        assert page.status_code == 400
    assert living(shop, 2) == [("Other", None)] and living(shop) == UNTOUCHED
    assert "Other" not in page.text


@pytest.mark.parametrize(
    "id", ["99", "x", "-1", "0", "01", "1,1", "9" * 40, "\u0661", "1 ", "None", "2", "' OR 1=1"]
)
def test_an_id_of_no_child_is_refused(client: Any, shop: Shop, id: str) -> None:
    form = form_of(client.get(EDIT)) | {"members-0-row-id": id, "members-0-name": "X"}
    assert client.post(EDIT, data=form).status_code == 400
    assert living(shop) == UNTOUCHED


@pytest.mark.parametrize("version", ["", "0", "2", "-1", "x", "9" * 18, "9" * 30, "1.0"])
def test_a_version_that_there_never_was_is_refused(client: Any, shop: Shop, version: str) -> None:
    form = form_of(client.get(EDIT)) | {"members-0-row-version": version, "members-0-name": "X"}
    assert client.post(EDIT, data=form).status_code == 400
    assert living(shop) == UNTOUCHED


def test_more_rows_than_any_form_holds_are_refused(client: Any, shop: Shop) -> None:
    many: dict[str, str] = {}
    for number in range(600):
        row = {"row-id": str(number + 1), "row-version": "1"}
        many |= {f"members-{number}-{part}": value for part, value in row.items()}
    assert client.post(EDIT, data=form_of(client.get(EDIT)) | many).status_code == 400


def test_a_child_that_was_deleted_long_ago_is_refused(client: Any, shop: Shop) -> None:
    """Its tombstone is no version that a form began with."""
    shop.delete(Member, 2)
    form = form_of(client.get(EDIT))
    more = {"members-7-row-id": "2", "members-7-row-version": "2", "members-7-name": "X"}
    page = client.post(EDIT, data=form | more)
    assert page.status_code == 400 and living(shop) == [("Ann", 1)]


def test_a_new_owner_has_no_children_to_name(client: Any, shop: Shop) -> None:
    form = form_of(client.get("/admin/team/new/")) | {"name": "Blues"}
    for id in ("1", "99"):
        more = {"members-0-row-id": id, "members-0-row-version": "1", "members-0-name": "X"}
        assert client.post("/admin/team/new/", data=form | more).status_code == 400
    assert living(shop) == UNTOUCHED


def test_what_is_no_field_of_a_row_is_not_written(client: Any, shop: Shop) -> None:
    shop.add(Team, name="Blues")
    more = ("id", "version_id", "is_current_version", "team", "team_id", "change_id", "version_op")
    typed = {f"members-0-{name}": "2" for name in more} | {"members-0-name": "Anna"}
    typed |= {"members-x-name": "X", "members-00001-name": "X", "members--1-name": "X"}
    assert save(client, EDIT, **typed).status_code == 302
    assert living(shop) == [("Anna", 1), ("Ben", 2)]


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "\x00", "x" * 41, "\ud7ff" * 41])
def test_hostile_text_in_a_row_is_an_error_or_text(client: Any, shop: Shop, text: str) -> None:
    page = save(client, EDIT, **{"members-2-name": text})
    assert page.status_code in (302, 422)
    assert "<script>alert" not in client.get(EDIT).text + page.text


def test_a_hostile_name_is_text_on_every_page(client: Any, shop: Shop) -> None:
    name = "<img src=x onerror=alert(1)>"
    shop.edit(Member, 1, name=name)
    for page in ("edit", "details", "timeline"):
        assert name not in client.get(f"/admin/team/{page}/?id=1").text
    form = form_of(client.get(EDIT))
    shop.edit(Member, 1, name=name + "!")
    page = client.post(EDIT, data=form | {"members-0-name": "Anna"})
    assert page.status_code == 409 and name not in page.text


def test_more_rows_than_the_section_holds_are_refused(client: Any, shop: Shop) -> None:
    typed = {f"letter-{number}-text": "Hello" + str(number) for number in range(3)}
    page = save(client, EDIT, **typed)
    assert page.status_code == 422 and "At most 2 fit here" in page.text
    assert form_of(page)["letter-2-text"] == "Hello2" and shop.versions(Letter, 1) == []


def test_more_children_than_the_section_holds_are_edited_elsewhere(client: Any, shop: Shop) -> None:
    for number in range(3):
        shop.add(Letter, text=f"Letter {number}", team_id=1, team_version_id=1)
    page = client.get(EDIT)
    assert "too many of these for one form" in page.text
    assert not any(name.startswith("letter-") for name in form_of(page))
    assert save(client, EDIT, **{"members-0-name": "Anna"}).status_code == 302
    assert [len(shop.versions(Letter, id)) for id in (1, 2, 3)] == [1, 1, 1]


def test_children_added_by_another_beyond_the_bound_lose_nobodys_typing(
    client: Any, shop: Shop
) -> None:
    shop.add(Letter, text="Letter 1", team_id=1, team_version_id=1)
    form = form_of(client.get(EDIT))
    for number in range(5):
        shop.add(Letter, text=f"More {number}", team_id=1, team_version_id=1)
    page = client.post(EDIT, data=form | {"letter-0-text": "Letter 1, corrected"})
    assert page.status_code == 302
    assert shop.versions(Letter, 1)[-1].text == "Letter 1, corrected"


@pytest.mark.parametrize(("person", "status"), [(None, 401), ("Dave", 403), ("Bob", 403)])
def test_an_outsider_saves_nothing(
    app: Any, client: Any, shop: Shop, person: str | None, status: int
) -> None:
    form = form_of(client.get(EDIT)) | {"members-0-name": "Taken", "members-2-name": "New"}
    page = accounts.as_(app, person).post(EDIT, data=form)
    assert page.status_code == status and living(shop) == UNTOUCHED


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(client: Any, shop: Shop, method: str) -> None:
    form = form_of(client.get(EDIT)) | {"members-0-name": "Taken"}
    assert getattr(client, method)(EDIT, data=form).status_code == 405
    assert living(shop) == UNTOUCHED


def test_a_get_writes_nothing(client: Any, shop: Shop) -> None:
    form = form_of(client.get(EDIT)) | {"members-0-name": "Taken"}
    assert client.get("/admin/team/edit/", query_string=form | {"id": "1"}).status_code == 200
    assert living(shop) == UNTOUCHED


# -- the rights of the children's own view

EVERY = ["see", "create", "edit", "delete"]


@pytest.mark.parametrize(
    ("lacking", "typed"),
    [
        ("edit", {"members-0-name": "Anna"}),
        ("create", {"members-2-name": "Cem"}),
        ("delete", {"members-0-row-remove": "1"}),
    ],
)
def test_a_right_that_one_lacks_on_children_is_refused_on_the_post_too(
    app: Any, client: Any, shop: Shop, view_of: Any, lacking: str, typed: dict[str, str]
) -> None:
    form = form_of(client.get(EDIT))
    view_of(Member).rules = Rules({"editor": [each for each in EVERY if each != lacking]})
    alice = accounts.as_(app, "Alice")
    assert alice.post(EDIT, data=form | typed).status_code == 403
    assert alice.post(EDIT, data=form | {"name": "Red Stars"}).status_code == 302
    assert living(shop) == UNTOUCHED and shop.versions(Team, 1)[-1].name == "Red Stars"


def test_the_page_offers_what_one_may_do(app: Any, client: Any, shop: Shop, view_of: Any) -> None:
    view, alice = view_of(Member), accounts.as_(app, "Alice")
    offered = {"edit": 'id="members-0-name"', "create": "Add a member", "delete": "0-row-remove"}
    for lacking, word in offered.items():
        view.rules = Rules({"editor": EVERY})
        assert word in alice.get(EDIT).text
        view.rules = Rules({"editor": [each for each in EVERY if each != lacking]})
        page = alice.get(EDIT).text
        assert word not in page and "Ann" in page


def test_children_that_one_may_not_see_are_nowhere_and_nothing_of_them_is_read(
    app: Any, client: Any, shop: Shop, view_of: Any
) -> None:
    form = form_of(client.get(EDIT)) | {"members-0-name": "Taken", "members-2-name": "New"}
    view_of(Member).rules = Rules({"editor": []})
    alice = accounts.as_(app, "Alice")
    for page in ("edit", "details", "timeline"):
        found = alice.get(f"/admin/team/{page}/?id=1").text
        assert "Ann (" not in found and "members-" not in found and "Members" not in found
    assert alice.post(EDIT, data=form).status_code == 302
    assert alice.get("/admin/team/lookup/?field=members-0-home&q=x").status_code == 404
    assert living(shop) == UNTOUCHED


@pytest.mark.parametrize("kind", ["hidden", "read_only"])
def test_a_field_kept_from_one_is_not_written_in_a_row(
    app: Any, client: Any, shop: Shop, view_of: Any, kind: str
) -> None:
    form = form_of(client.get(EDIT)) | {"members-0-fee": "99", "members-0-name": "Anna"}
    view_of(Member).rules = Rules(**{kind: {"editor": ["fee"]}})
    alice = accounts.as_(app, "Alice")
    page = alice.get(EDIT).text
    assert "members-0-fee" not in page
    assert ("2.50" in page) == (kind == "read_only")
    assert alice.post(EDIT, data=form).status_code == 302
    row = shop.versions(Member, 1)[-1]
    assert (row.name, str(row.fee)) == ("Anna", "2.50")


def test_a_hidden_field_is_not_told_by_a_conflict(
    app: Any, client: Any, shop: Shop, view_of: Any
) -> None:
    view_of(Member).rules = Rules(hidden={"editor": ["fee"]})
    alice = accounts.as_(app, "Alice")
    form = form_of(alice.get(EDIT)) | {"members-0-name": "Anna"}
    shop.edit(Member, 1, fee="4711")
    assert alice.post(EDIT, data=form).status_code == 302
    shop.edit(Member, 1, fee="4712", name="Bob's")
    page = alice.post(EDIT, data=form | {"members-0-name": "Annette"})
    assert page.status_code == 409 and "471" not in page.text
    assert str(shop.versions(Member, 1)[-1].fee) == "4712.00"


def test_who_may_not_say_whose_child_it_is_adds_none(
    app: Any, client: Any, shop: Shop, view_of: Any
) -> None:
    form = form_of(client.get(EDIT)) | {"members-2-name": "Cem"}
    view_of(Member).rules = Rules(read_only={"editor": ["team_id"]})
    alice = accounts.as_(app, "Alice")
    assert "Add a member" not in alice.get(EDIT).text
    assert alice.post(EDIT, data=form).status_code == 403
    view_of(Member).rules = Rules(hidden={"editor": ["team_id"]})
    assert "Ann" not in alice.get(EDIT).text


def test_the_owners_view_may_keep_the_section_from_a_role(
    app: Any, client: Any, shop: Shop, view_of: Any
) -> None:
    form = form_of(client.get(EDIT)) | {"members-0-name": "Taken"}
    alice = accounts.as_(app, "Alice")
    view_of(Team).rules = Rules(read_only={"editor": ["members"]})
    page = alice.get(EDIT).text
    assert "Ann" in page and "members-0-name" not in page
    assert alice.post(EDIT, data=form).status_code == 403
    view_of(Team).rules = Rules(hidden={"editor": ["members"]})
    assert "Ann (" not in alice.get(EDIT).text + alice.get("/admin/team/details/?id=1").text
    assert alice.post(EDIT, data=form).status_code == 302 and living(shop) == UNTOUCHED


def test_a_conflict_over_a_deleted_row_is_told_to_who_may_not_create(
    app: Any, client: Any, shop: Shop, view_of: Any
) -> None:
    view_of(Member).rules = Rules({"editor": ["see", "edit"]})
    alice = accounts.as_(app, "Alice")
    form = form_of(alice.get(EDIT)) | {"members-0-name": "Anna"}
    shop.delete(Member, 1)
    page = alice.post(EDIT, data=form)
    assert page.status_code == 409 and 'value="Anna"' in page.text
    assert "You may not add it anew" in page.text
    again = form_of(page)
    assert alice.post(EDIT, data=again).status_code == 409
    assert alice.post(EDIT, data=again | {"members-0-row-remove": "1"}).status_code == 302
    assert living(shop) == [("Ben", 2)]
