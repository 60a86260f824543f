"""Children in their owner's form: created, edited and removed as versions, in one change."""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import select

from tests.admin.club.models import Clause, Letter, Member, Place, Seal, Task, Team, Treaty
from tests.admin.conftest import Shop, form_of, save
from webapp.changes import Change
from webapp.extensions import db
from webapp.versioning import current

EDIT = "/admin/team/edit/?id=1"


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"APPS": ("tests.admin.club",)}


@pytest.fixture
def team(shop: Shop) -> int:
    """Team 1 with members 1 and 2."""
    id: int = shop.add(Team, name="Reds")
    shop.add(Member, name="Ann", shirt=1, fee=Decimal("2.50"), code="s3cret", team_id=id)
    shop.add(Member, name="Ben", shirt=2, team_id=id)
    return id


def said(client: Any, page: Any) -> str:
    """What the page that a save leads to says."""
    assert page.status_code == 302, page.text
    return str(client.get(page.location).text)


def living(shop: Shop, owner: int = 1) -> list[tuple[str, int | None]]:
    with shop.app.app_context():
        query = current(Member).where(Member.team_id == owner).order_by(Member.id)
        return [(row.name, row.shirt) for row in db.session.scalars(query)]


def test_the_form_holds_the_living_children_by_id_and_version(
    client: Any, shop: Shop, team: int
) -> None:
    shop.edit(Member, 1, name="Anna")
    shop.delete(Member, 2)
    shop.add(Member, name="Other", team_id=shop.add(Team, name="Blues"))
    fields = form_of(client.get(EDIT))
    assert (fields["members-0-row-id"], fields["members-0-row-version"]) == ("1", "2")
    assert fields["members-0-name"] == "Anna" and fields["members-1-name"] == ""
    assert not any("team" in name for name in fields)


def test_an_untouched_save_makes_no_version_of_anything(client: Any, shop: Shop, team: int) -> None:
    assert "Nothing changed" in said(client, save(client, EDIT))
    assert [len(shop.versions(model, 1)) for model in (Team, Member)] == [1, 1]
    assert living(shop) == [("Ann", 1), ("Ben", 2)]


def test_create_edit_and_remove_are_versions_of_one_change_with_its_reason(
    client: Any, shop: Shop, team: int
) -> None:
    typed = {"members-0-name": "Anna", "members-1-row-remove": "1", "members-2-name": "Cem"}
    page = save(client, EDIT, **typed, name="Red Stars", reason="New season")
    assert "Saved as version 2. Members: 1 added, 1 edited, 1 removed." in said(client, page)
    newest = [shop.versions(Member, id)[-1] for id in (1, 2, 3)] + shop.versions(Team, 1)[-1:]
    assert [row.version_op for row in newest] == ["update", "delete", "create", "update"]
    assert len({row.change_id for row in newest}) == 1
    with shop.app.app_context():
        change = db.session.get_one(Change, newest[0].change_id)
        assert (change.actor, change.reason) == ("Carol", "New season")


def test_an_untouched_owner_gets_no_version(client: Any, shop: Shop, team: int) -> None:
    page = save(client, EDIT, **{"members-0-name": "Anna"})
    assert "Saved. Members: 1 edited." in said(client, page)
    assert len(shop.versions(Team, 1)) == 1 and len(shop.versions(Member, 2)) == 1


def test_a_new_owner_is_created_with_its_children(client: Any, shop: Shop) -> None:
    typed = {"name": "Greens", "members-0-name": "Dan", "members-2-name": "Eli"}
    page = save(client, "/admin/team/new/", **typed)
    assert "was created" in said(client, page)
    assert living(shop) == [("Dan", None), ("Eli", None)]
    rows = [shop.versions(Team, 1)[0], *shop.versions(Member, 1), *shop.versions(Member, 2)]
    assert len({row.change_id for row in rows}) == 1


def test_only_what_was_touched_is_written(client: Any, shop: Shop, team: int) -> None:
    """The masked code and the fee's digits come through an edit of another field."""
    save(client, EDIT, **{"members-0-name": "Anna"})
    row = shop.versions(Member, 1)[-1]
    assert (row.code, row.fee, row.version_id) == ("s3cret", Decimal("2.50"), 2)


def test_a_box_is_ticked_and_cleared(client: Any, shop: Shop, team: int) -> None:
    form = form_of(client.get(EDIT))
    assert form["members-0-is_paying"] == form["members-2-is_paying"] == "y"
    del form["members-0-is_paying"]
    assert "Members: 1 edited." in said(client, client.post(EDIT, data=form))
    assert [shop.versions(Member, id)[-1].is_paying for id in (1, 2)] == [False, True]


def test_a_row_that_the_form_does_not_name_is_left_alone(
    client: Any, shop: Shop, team: int
) -> None:
    """As one that somebody else added meanwhile."""
    form = form_of(client.get(EDIT))
    shop.add(Member, name="Cem", team_id=1)
    assert "Nothing changed" in said(client, client.post(EDIT, data=form))
    assert len(shop.versions(Member, 3)) == 1


def test_a_masked_value_is_on_no_row(client: Any, team: int) -> None:
    assert "s3cret" not in client.get(EDIT).text


def test_a_reference_of_a_child_is_chosen(client: Any, shop: Shop, team: int) -> None:
    old, new = (shop.add(Place, name=name) for name in ("Old town", "New town"))
    shop.edit(Member, 2, home_id=old)
    fields = form_of(client.get(EDIT))
    assert (fields["members-0-home"], fields["members-1-home"]) == ("", str(old))
    save(client, EDIT, **{"members-0-home": str(new)})
    assert shop.versions(Member, 1)[-1].home_id == new
    assert len(shop.versions(Member, 2)) == 2


def test_a_look_up_answers_for_a_reference_of_a_row(client: Any, shop: Shop, team: int) -> None:
    shop.add(Place, name="Old town")
    for number in ("0", "__row__"):
        answer = client.get(f"/admin/team/lookup/?field=members-{number}-home&q=old")
        assert answer.json == [["1", "Old town"]]


@pytest.mark.parametrize(
    "field", ["members-0-name", "members-0-", "members-0-team", "letter-0-home", "x-0-home", "-"]
)
def test_a_look_up_for_no_reference_of_a_row_is_a_404(client: Any, team: int, field: str) -> None:
    address = f"/admin/team/lookup/?field={field}&q=old"
    assert client.get(address).status_code == 404


def test_a_file_of_a_child_is_kept_and_linked_as_its_own(
    client: Any, shop: Shop, team: int
) -> None:
    form: dict[str, Any] = form_of(client.get(EDIT))
    form["members-1-photo-upload"] = (BytesIO(b"data"), "ben.txt")
    page = client.post(EDIT, data=form, content_type="multipart/form-data")
    assert page.status_code == 302
    assert shop.versions(Member, 2)[-1].photo.name == "ben.txt"
    assert "/admin/member/file/?id=2&amp;version=2" in client.get(EDIT).text
    assert "Nothing changed" in said(client, save(client, EDIT))


def test_errors_stay_at_their_row_and_nothing_is_saved(client: Any, shop: Shop, team: int) -> None:
    typed = {"members-0-fee": "much", "members-1-name": "Benno", "members-2-shirt": "7"}
    page = save(client, EDIT, **typed, name="Red Stars")
    assert page.status_code == 422
    assert 'id="members-0-fee-errors"' in page.text and 'id="members-2-name-errors"' in page.text
    assert "Ann (1), Fee" in page.text and "New member, Name" in page.text
    again = form_of(page)
    assert (again["members-0-fee"], again["members-1-name"]) == ("much", "Benno")
    assert (again["members-2-shirt"], again["name"]) == ("7", "Red Stars")
    assert len(shop.versions(Team, 1)) == 1 and living(shop) == [("Ann", 1), ("Ben", 2)]
    good = again | {"members-0-fee": "3", "members-2-name": "Cem"}
    assert client.post(EDIT, data=good).status_code == 302
    assert living(shop) == [("Ann", 1), ("Benno", 2), ("Cem", 7)]


def test_what_the_model_refuses_is_the_error_of_its_field(
    client: Any, shop: Shop, team: int
) -> None:
    page = save(client, EDIT, **{"members-1-name": "banned"})
    assert page.status_code == 422 and "May not play." in page.text
    assert living(shop) == [("Ann", 1), ("Ben", 2)]


@pytest.mark.parametrize(
    "typed",
    [
        {"members-1-shirt": "1"},
        {"members-2-name": "Cem", "members-2-shirt": "2"},
        {"members-2-name": "Cem", "members-2-shirt": "9", "members-1-shirt": "9"},
    ],
)
def test_values_unique_within_the_owner_clash_at_the_row(
    client: Any, shop: Shop, team: int, typed: dict[str, str]
) -> None:
    page = save(client, EDIT, **typed)
    assert page.status_code == 422 and "has this already" in page.text
    assert living(shop) == [("Ann", 1), ("Ben", 2)]


def test_new_children_of_a_new_owner_clash_with_each_other(client: Any, shop: Shop) -> None:
    typed = {f"members-{n}-name": name for n, name in enumerate(("Dan", "Eli"))}
    typed |= {"members-0-shirt": "5", "members-1-shirt": "5"}
    page = save(client, "/admin/team/new/", name="Greens", **typed)
    assert page.status_code == 422 and "has this already" in page.text
    with shop.app.app_context():
        assert db.session.scalars(select(Team)).all() == []


def test_what_the_database_alone_refuses_is_told_at_the_section(
    client: Any, shop: Shop, team: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when somebody took the number between our look and our write."""
    monkeypatch.setattr("webapp.admin.unique.rules", lambda model: iter(()))
    page = save(client, EDIT, **{"members-1-shirt": "1"})
    assert page.status_code == 422 and 'href="#members"' in page.text
    assert "has this already" in page.text and "club_member" not in page.text
    assert living(shop) == [("Ann", 1), ("Ben", 2)]


def test_a_reason_that_the_childrens_view_demands_is_demanded(
    client: Any, shop: Shop, team: int, view_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view_of(Member), "reason_required", True)
    assert save(client, EDIT).status_code == 302
    page = save(client, EDIT, **{"members-0-name": "Anna"})
    assert page.status_code == 422 and "Say why." in page.text
    page = save(client, EDIT, **{"members-0-name": "Anna"}, reason="Married")
    assert page.status_code == 302


def test_the_hooks_of_the_childrens_view_run(
    client: Any, shop: Shop, team: int, view_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    view = view_of(Member)
    for hook in ("on_model_change", "after_model_change"):
        monkeypatch.setattr(view, hook, lambda form, row, new, hook=hook: seen.append((hook, new)))
    for hook in ("on_model_delete", "after_model_delete"):
        monkeypatch.setattr(view, hook, lambda row, hook=hook: seen.append(hook))
    typed = {"members-0-name": "Anna", "members-1-row-remove": "1", "members-2-name": "Cem"}
    assert save(client, EDIT, **typed).status_code == 302
    assert seen == [
        ("on_model_change", False),
        "on_model_delete",
        ("on_model_change", True),
        ("after_model_change", False),
        "after_model_delete",
        ("after_model_change", True),
    ]


def test_children_that_follow_their_owner_are_edited_and_follow(client: Any, shop: Shop) -> None:
    treaty = shop.add(Treaty, title="Peace")
    page = save(client, f"/admin/treaty/edit/?id={treaty}", **{"clause-0-text": "No war"})
    assert page.status_code == 302
    typed = {"clause-0-text": "No war, ever", "title": "Lasting peace"}
    assert save(client, f"/admin/treaty/edit/?id={treaty}", **typed).status_code == 302
    rows = shop.versions(Clause, 1)
    assert [(row.text, row.treaty_version_id) for row in rows] == [
        ("No war", 1),
        ("No war, ever", 2),
    ]


def test_children_that_pin_a_version_stay_with_it(client: Any, shop: Shop, team: int) -> None:
    save(client, EDIT, **{"letter-0-text": "Welcome"})
    save(client, EDIT, **{"letter-1-text": "Goodbye"}, name="Red Stars")
    save(client, EDIT, **{"letter-0-text": "Welcome!"})
    assert [row.team_version_id for row in shop.versions(Letter, 1)] == [1, 1]
    assert [row.team_version_id for row in shop.versions(Letter, 2)] == [2]


def test_a_new_child_is_given_its_id_once(client: Any, shop: Shop) -> None:
    url = f"/admin/treaty/edit/?id={shop.add(Treaty, title='Peace')}"
    form = form_of(client.get(url)) | {"seal-0-id": "lion", "seal-0-color": "red"}
    assert client.post(url, data=form).status_code == 302
    assert "seal-0-id" not in form_of(client.get(url))
    assert "Nothing changed" in said(client, client.post(url, data=form))  # sent twice
    assert [(row.id, row.color) for row in shop.versions(Seal, "lion")] == [("lion", "red")]


@pytest.mark.parametrize(
    "typed",
    [{"seal-1-id": "lion"}, {"seal-1-id": "bear", "seal-2-id": "bear", "seal-2-color": "blue"}],
)
def test_an_id_that_is_taken_is_the_error_of_its_row(
    client: Any, shop: Shop, typed: dict[str, str]
) -> None:
    url = f"/admin/treaty/edit/?id={shop.add(Treaty, title='Peace')}"
    shop.add(Seal, id="lion", color="red", treaty_id=1)
    page = save(client, url, **typed, **{"seal-1-color": "blue"})
    assert page.status_code == 422 and 'id="seal-1-id-errors"' in page.text
    assert len(shop.versions(Seal, "lion")) == 1 and shop.versions(Seal, "bear") == []


def test_a_tree_is_edited_one_level_at_a_time(client: Any, shop: Shop) -> None:
    root = shop.add(Task, name="Build")
    url = f"/admin/task/edit/?id={root}"
    assert save(client, url, **{"task-0-name": "Dig", "task-1-name": "Lay"}).status_code == 302
    assert "Steps" in client.get(url).text
    assert [shop.versions(Task, id)[0].parent_id for id in (2, 3)] == [root, root]


def test_deleting_the_owner_takes_its_children_along_as_declared(
    client: Any, shop: Shop, team: int
) -> None:
    assert client.post("/admin/team/delete/", data={"id": "1"}).status_code == 302
    assert [shop.versions(Member, id)[-1].version_op for id in (1, 2)] == ["delete", "delete"]


def test_a_page_takes_as_many_statements_however_many_children(
    client: Any, shop: Shop, team: int, statements: list[str]
) -> None:
    def counts() -> list[int]:
        found = []
        for page in ("edit", "details", "timeline"):
            statements.clear()
            assert client.get(f"/admin/team/{page}/?id=1").status_code == 200
            found.append(len(statements))
        return found

    few = counts()
    for number in range(3, 20):
        place = shop.add(Place, name=f"Place {number}")
        shop.add(Member, name=f"M{number}", shirt=number, team_id=1, home_id=place)
    assert counts() == few == [4, 7, 8]


def test_the_record_page_names_the_children_and_their_changes(
    client: Any, shop: Shop, team: int
) -> None:
    save(client, EDIT, **{"members-0-name": "Anna"})
    number = shop.versions(Member, 1)[-1].change_id
    page = client.get("/admin/team/details/?id=1").text
    assert "Anna (1)</a>" in page and f'href="/admin/changes/{number}/"' in page


def test_the_timeline_leads_to_the_changes_of_the_children(
    client: Any, shop: Shop, team: int
) -> None:
    save(client, EDIT, **{"members-0-name": "Anna"}, reason="Married")
    number = shop.versions(Member, 1)[-1].change_id
    page = client.get("/admin/team/timeline/?id=1").text
    assert f'href="/admin/changes/{number}/"' in page and "1 edited" in page and "Married" in page
    assert "/admin/changes/?model=member" in page
    assert client.get("/admin/changes/?model=member").status_code == 200
