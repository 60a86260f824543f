"""Two people edit one record's children: neither loses anything."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.admin.club.models import Clause, Letter, Member, Team, Treaty
from tests.admin.conftest import Shop, form_of, save
from tests.admin.test_inline import EDIT, living, said, settings, team  # noqa: F401 - fixtures
from webapp.admin.view import VersionedModelView
from webapp.extensions import db
from webapp.versioning import current, enable_versioning


@pytest.fixture
def form(client: Any, team: int) -> dict[str, str]:  # noqa: F811 - the fixture
    """The form as Carol opened it, before Bob did anything."""
    return form_of(client.get(EDIT))


def test_a_row_saved_meanwhile_is_a_409_with_theirs_beside_yours(
    client: Any, shop: Shop, form: dict[str, str]
) -> None:
    shop.edit(Member, 1, name="Bob's Ann", fee="7")
    page = client.post(EDIT, data=form | {"members-0-name": "Carol's Ann", "name": "Red Stars"})
    assert page.status_code == 409
    assert "Bob saved version 2 of this while you were editing version 1" in page.text
    assert "<b>Bob&#39;s Ann</b>" in page.text
    again = form_of(page)
    assert (again["members-0-name"], again["members-0-row-version"]) == ("Carol's Ann", "2")
    assert again["members-0-fee"] == "7.00" and again["name"] == "Red Stars"
    assert len(shop.versions(Team, 1)) == 1 and len(shop.versions(Member, 1)) == 2


def test_saving_again_keeps_yours_and_undoes_nothing_of_theirs(
    client: Any, shop: Shop, form: dict[str, str]
) -> None:
    shop.edit(Member, 1, name="Bob's Ann", fee="7")
    again = form_of(client.post(EDIT, data=form | {"members-0-name": "Carol's Ann"}))
    assert "Members: 1 edited." in said(client, client.post(EDIT, data=again))
    newest = shop.versions(Member, 1)[-1]
    assert (newest.version_id, newest.name, str(newest.fee)) == (3, "Carol's Ann", "7.00")


def test_yours_may_be_dropped_for_theirs(client: Any, shop: Shop, form: dict[str, str]) -> None:
    shop.edit(Member, 1, name="Bob's Ann")
    typed = {"members-0-name": "Carol's Ann", "members-1-name": "Benno"}
    again = form_of(client.post(EDIT, data=form | typed))
    page = client.post(EDIT, data=again | {"members-0-row-theirs": "1"})
    assert "Members: 1 edited." in said(client, page)
    assert living(shop) == [("Bob's Ann", 1), ("Benno", 2)]


def test_a_third_save_in_between_is_a_conflict_again(
    client: Any, shop: Shop, form: dict[str, str]
) -> None:
    shop.edit(Member, 1, name="Bob's")
    again = form_of(client.post(EDIT, data=form | {"members-0-name": "Carol's"}))
    shop.edit(Member, 1, name="Dave's")
    page = client.post(EDIT, data=again)
    assert page.status_code == 409 and "Dave&#39;s" in page.text
    assert form_of(page)["members-0-row-version"] == "3"


def test_a_row_that_was_left_alone_is_no_conflict(
    client: Any, shop: Shop, form: dict[str, str]
) -> None:
    shop.edit(Member, 1, name="Bob's")
    page = client.post(EDIT, data=form | {"members-1-name": "Benno"})
    assert "Members: 1 edited." in said(client, page)
    assert living(shop) == [("Bob's", 1), ("Benno", 2)]


def test_the_same_edit_of_both_is_no_conflict(
    client: Any, shop: Shop, form: dict[str, str]
) -> None:
    shop.edit(Member, 1, fee="7.5")
    page = client.post(EDIT, data=form | {"members-0-fee": "7.5"})
    assert "Nothing changed" in said(client, page)
    assert len(shop.versions(Member, 1)) == 2


def test_a_removal_of_what_was_edited_meanwhile_asks_first(
    client: Any, shop: Shop, form: dict[str, str]
) -> None:
    shop.edit(Member, 1, name="Bob's Ann")
    page = client.post(EDIT, data=form | {"members-0-row-remove": "1"})
    assert page.status_code == 409 and "Bob&#39;s Ann" in page.text
    again = form_of(page)
    assert again["members-0-row-remove"] == "1"
    assert "1 removed" in said(client, client.post(EDIT, data=again))
    assert living(shop) == [("Ben", 2)]


def test_what_was_typed_into_a_row_deleted_meanwhile_comes_back_as_a_new_row(
    client: Any, shop: Shop, form: dict[str, str]
) -> None:
    shop.delete(Member, 1)
    page = client.post(EDIT, data=form | {"members-0-name": "Anna"})
    assert page.status_code == 409 and "Bob deleted this while you were editing it" in page.text
    again = form_of(page)
    assert again["members-0-name"] == "Anna" and "members-0-row-id" not in again
    assert "1 added" in said(client, client.post(EDIT, data=again))
    assert living(shop) == [("Ben", 2), ("Anna", 1)]
    assert shop.versions(Member, 1)[-1].version_op == "delete"


def test_such_a_row_may_be_let_go(client: Any, shop: Shop, form: dict[str, str]) -> None:
    shop.delete(Member, 1)
    again = form_of(client.post(EDIT, data=form | {"members-0-name": "Anna"}))
    page = client.post(EDIT, data=again | {"members-0-row-remove": "1"})
    assert "Nothing changed" in said(client, page) and living(shop) == [("Ben", 2)]


def test_a_row_given_to_another_owner_meanwhile_is_told(
    client: Any, shop: Shop, form: dict[str, str]
) -> None:
    shop.edit(Member, 1, team_id=shop.add(Team, name="Blues"))
    page = client.post(EDIT, data=form | {"members-0-name": "Anna"})
    assert page.status_code == 409 and "Bob moved this to another record" in page.text
    assert living(shop, 2) == [("Ann", 1)]


def test_the_removal_of_what_is_gone_and_an_untouched_row_that_is_gone_are_no_matter(
    client: Any, shop: Shop, form: dict[str, str]
) -> None:
    shop.delete(Member, 1)
    shop.delete(Member, 2)
    page = client.post(EDIT, data=form | {"members-0-row-remove": "1"})
    assert "Nothing changed" in said(client, page)
    assert [len(shop.versions(Member, id)) for id in (1, 2)] == [2, 2]


def test_a_form_sent_twice_is_saved_once(client: Any, shop: Shop, form: dict[str, str]) -> None:
    typed = {"members-0-fee": "9.5", "members-1-row-remove": "1", "members-2-name": "Cem"}
    typed |= {"members-2-fee": "1.5", "letter-0-text": "Hello"}
    for word in ("Members: 1 added, 1 edited, 1 removed.", "Nothing changed"):
        assert word in said(client, client.post(EDIT, data=form | typed))
    assert living(shop) == [("Ann", 1), ("Cem", None)]
    assert len(shop.versions(Member, 1)) == 2 and len(shop.versions(Letter, 1)) == 1


def test_a_form_sent_twice_that_edits_the_owner_too_is_saved_once(
    client: Any, shop: Shop, form: dict[str, str]
) -> None:
    typed = form | {"name": "Red Stars", "members-0-name": "Anna", "members-2-name": "Cem"}
    assert [client.post(EDIT, data=typed).status_code for _ in range(2)] == [302, 302]
    assert "saved already, as version 2" in client.get("/admin/team/").text
    assert living(shop) == [("Anna", 1), ("Ben", 2), ("Cem", None)]


def test_the_merge_page_of_the_owner_keeps_what_was_typed_into_rows(
    client: Any, shop: Shop, form: dict[str, str]
) -> None:
    shop.edit(Team, 1, name="Bob's Reds")
    shop.edit(Member, 2, name="Bob's Ben")
    typed = {"name": "Carol's Reds", "members-0-name": "Anna", "members-2-name": "Cem"}
    page = client.post(EDIT, data=form | typed | {"members-1-name": "Carol's Ben"})
    assert page.status_code == 409 and "<b>Bob&#39;s Ben</b>" in page.text
    again = form_of(page)
    assert (again["members-0-name"], again["members-2-name"]) == ("Anna", "Cem")
    page = client.post(EDIT, data=again)
    assert page.status_code == 422 and form_of(page)["members-2-name"] == "Cem"
    page = client.post(EDIT, data=form_of(page) | {"merge-choice-name": "yours"})
    assert "Saved as version 3. Members: 1 added, 2 edited." in said(client, page)
    assert living(shop) == [("Anna", 1), ("Carol's Ben", 2), ("Cem", None)]


def test_an_error_in_a_row_comes_back_on_the_merge_page(
    client: Any, shop: Shop, form: dict[str, str]
) -> None:
    shop.edit(Team, 1, name="Bob's Reds")
    again = form_of(client.post(EDIT, data=form | {"name": "C", "members-0-fee": "much"}))
    page = client.post(EDIT, data=again | {"merge-choice-name": "yours"})
    assert page.status_code == 422 and 'id="members-0-fee-errors"' in page.text
    assert len(shop.versions(Team, 1)) == 2


def test_an_owner_deleted_meanwhile_is_a_410_that_keeps_the_rows(
    client: Any, shop: Shop, form: dict[str, str]
) -> None:
    shop.delete(Team, 1)
    page = client.post(EDIT, data=form | {"members-0-name": "Anna", "members-2-name": "Cem"})
    assert page.status_code == 410
    assert 'value="Anna"' in page.text and 'value="Cem"' in page.text


def test_a_race_found_at_the_flush_gives_the_same_page(
    client: Any, shop: Shop, form: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bob saves between Carol's look at the rows and her write."""
    check = VersionedModelView.validate_form
    waited: list[bool] = []

    def check_and_wait(view: Any, posted: Any) -> bool:
        found = bool(check(view, posted))
        if not waited:
            waited.append(True)
            if db.engine.dialect.name == "sqlite":
                db.session.commit()  # lets go of the lock, under which nobody else can save
            with Session(db.engine) as session:
                enable_versioning(session)
                row = session.scalars(current(Member).where(Member.id == 1)).one()
                row.name = "Bob's"
                session.commit()
        return found

    monkeypatch.setattr(VersionedModelView, "validate_form", check_and_wait)
    page = client.post(EDIT, data=form | {"members-0-name": "Carol's", "name": "Red Stars"})
    assert page.status_code == 409 and "<b>Bob&#39;s</b>" in page.text
    assert form_of(page)["members-0-name"] == "Carol's" and len(shop.versions(Team, 1)) == 1
    assert client.post(EDIT, data=form_of(page)).status_code == 302
    assert [row.name for row in shop.versions(Member, 1)] == ["Ann", "Bob's", "Carol's"]


def test_children_that_followed_their_owner_meanwhile_are_no_conflict(
    client: Any, shop: Shop
) -> None:
    shop.add(Treaty, title="Peace")
    save(client, "/admin/treaty/edit/?id=1", **{"clause-0-text": "No war"})
    typed = form_of(client.get("/admin/treaty/edit/?id=1")) | {"clause-0-text": "No war, ever"}
    shop.edit(Treaty, 1, title="Lasting peace")
    page = client.post("/admin/treaty/edit/?id=1", data=typed)
    assert page.status_code == 409  # about the treaty
    assert "Bob saved version" not in page.text.partition('id="clause"')[2]
    assert client.post("/admin/treaty/edit/?id=1", data=form_of(page)).status_code == 302
    assert shop.versions(Clause, 1)[-1].text == "No war, ever"
