"""What a model masks is out of sight on every page, and can still be given a new value."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests.admin.bulk import ask, chosen
from tests.admin.conftest import Shop, form_of, save
from tests.admin.shop.models import Badge, Color, Vault
from webapp.admin import VersionedModelView
from webapp.extensions import db

FIRST, SECOND, TYPED = "s3cret-first", "s3cret-second", "typed-now"
EDIT = "/admin/badge/edit/?id={}"


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setattr(VersionedModelView, "can_export", True)
    return {}


@pytest.fixture
def badge(shop: Shop) -> int:
    """Versions 1 and 3 have one code, version 2 another."""
    id: int = shop.add(Badge, owner="Alice", code=FIRST)
    shop.edit(Badge, id, owner="Bob", code=SECOND)
    shop.edit(Badge, id, owner="Carol", code=FIRST)
    return id


def code(shop: Shop, id: int) -> Any:
    return shop.versions(Badge, id)[-1].code


def test_no_page_of_a_record_shows_it(client: Any, shop: Shop, badge: int) -> None:
    pages = [
        "",
        "?search=s3cret",
        "export/csv/",
        *(f"{page}/?id={badge}" for page in ("details", "edit", "timeline", "newest")),
        f"edit/?id={badge}&undo=2",
        f"compare/?id={badge}&a=1&b=2&all=1",
        f"restore/?id={badge}&version=2",
        f"undo/?id={badge}&version=2",
    ]
    texts = {page: client.get(f"/admin/badge/{page}") for page in pages}
    assert {page.status_code for page in texts.values()} == {200}
    assert [page for page, answer in texts.items() if "s3cret-" in answer.text] == []
    change = shop.versions(Badge, badge)[1].change_id
    for page in (f"/admin/changes/{change}/", f"/admin/changes/{change}/undo/"):
        answer = client.get(page)
        assert answer.status_code == 200 and "s3cret-" not in answer.text


def test_no_page_of_a_deleted_record_shows_it(client: Any, shop: Shop, badge: int) -> None:
    typed = {"base_version": "3", "owner": "Dave", "code": ""}
    shop.delete(Badge, badge)
    pages = [
        client.get(f"/admin/badge/{page}")
        for page in (f"timeline/?id={badge}", "?deleted=1", f"restore/?id={badge}&version=3")
    ]
    pages.append(client.post(EDIT.format(badge), data=typed))
    url = "/admin/badge/action/?deleted=1"
    pages.append(ask(client, "restore", chosen(shop, Badge, badge), url))
    assert [page.status_code for page in pages] == [200, 200, 200, 410, 200]
    assert not any("s3cret-" in page.text for page in pages)


def test_the_details_and_the_export_say_that_there_is_one(client: Any, badge: int) -> None:
    for page in (f"details/?id={badge}", "export/csv/?"):
        text = client.get(f"/admin/badge/{page}").text
        assert ("(not shown)" in text) == page.startswith("details")


def test_a_list_that_names_it_shows_a_stand_in(
    client: Any, badge: int, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = next(each for each in app.extensions["admin"][0]._views if each.endpoint == "badge")
    monkeypatch.setattr(view, "column_list", ["owner", "code"])
    monkeypatch.setattr(view, "column_formatters", {"code": lambda v, c, row, name: row.code})
    view._refresh_cache()
    for page in ("", "export/csv/"):
        text = client.get(f"/admin/badge/{page}").text
        assert "(not shown)" in text and "s3cret-" not in text
    assert "sort=1" not in client.get("/admin/badge/").text


def test_it_is_neither_found_nor_filtered_nor_sorted_by(client: Any, badge: int) -> None:
    assert "No match" in client.get(f"/admin/badge/?search={FIRST}").text
    assert "has no filter" in client.get(f"/admin/badge/?flt0_code_equals={FIRST}").text


@pytest.mark.parametrize(
    "setting",
    [
        {"column_searchable_list": ["code"]},
        {"column_filters": ["owner", "code"]},
        {"column_filters": [Badge.code]},
        {"column_sortable_list": ["owner", ("owner", "code")]},
        {"column_default_sort": ("code", True)},
        {"column_default_sort": [("owner", True), ("code", False)]},
        {"timeline_plot": "code"},
    ],
)
def test_a_view_that_would_ask_by_it_does_not_start(app: Flask, setting: dict[str, Any]) -> None:
    view = type("PryingView", (VersionedModelView,), setting)
    with app.app_context(), pytest.raises(ValueError, match="masked"):
        view(Badge, db, endpoint="prying")


def test_a_record_is_never_called_by_it(client: Any, shop: Shop) -> None:
    id = shop.add(Vault, combination="s3cret-9", kind=Color.RED, is_open=True)
    assert "Vault 1" in client.get(f"/admin/vault/details/?id={id}").text
    assert "s3cret" not in client.get("/admin/vault/").text


# -- the form


def test_an_untouched_save_makes_no_version(client: Any, shop: Shop, badge: int) -> None:
    page = client.get(EDIT.format(badge))
    assert form_of(page)["code"] == "" and "never shown" in page.text
    done = save(client, EDIT.format(badge))
    assert "Nothing changed" in client.get(done.location).text
    assert len(shop.versions(Badge, badge)) == 3


def test_left_empty_it_keeps_what_is_stored(client: Any, shop: Shop, badge: int) -> None:
    assert save(client, EDIT.format(badge), owner="Dave").status_code == 302
    assert (shop.versions(Badge, badge)[-1].owner, code(shop, badge)) == ("Dave", FIRST)


def test_it_takes_a_new_value(client: Any, shop: Shop, badge: int) -> None:
    done = save(client, EDIT.format(badge), code=TYPED)
    assert done.status_code == 302 and code(shop, badge) == TYPED
    for page in (done.location, f"/admin/badge/timeline/?id={badge}"):
        assert TYPED not in client.get(page).text


def test_the_box_removes_it(client: Any, shop: Shop, badge: int) -> None:
    url = EDIT.format(badge)
    form = form_of(client.get(url)) | {"code": ["", " "]}
    assert client.post(url, data=form).status_code == 302
    assert code(shop, badge) is None
    assert "Remove what is stored" not in client.get(url).text


def test_a_blank_that_was_typed_is_a_value(client: Any, shop: Shop, badge: int) -> None:
    assert save(client, EDIT.format(badge), code=" ").status_code == 302
    assert code(shop, badge) == " "


def test_a_new_record_is_given_one(client: Any, shop: Shop) -> None:
    assert form_of(client.get("/admin/badge/new/"))["code"] == ""
    assert save(client, "/admin/badge/new/", owner="Eve", code=TYPED).status_code == 302
    assert code(shop, 1) == TYPED


def test_what_was_typed_stays_when_the_form_comes_back(client: Any, shop: Shop, badge: int) -> None:
    page = save(client, EDIT.format(badge), code=TYPED, visits="many")
    assert page.status_code == 422 and form_of(page)["code"] == TYPED
    assert "s3cret-" not in page.text


def test_an_untouched_save_of_choices_makes_no_version(client: Any, shop: Shop) -> None:
    id = shop.add(Vault, combination="1", kind=Color.DARK_BLUE, is_open=True, maker_id=None)
    url = f"/admin/vault/edit/?id={id}"
    page = client.get(url)
    form = form_of(page)
    assert (form["kind"], form["is_open"]) == ("", "") and "Keep what is stored" in page.text
    assert client.post(url, data=form).status_code == 302
    assert len(shop.versions(Vault, id)) == 1


def test_choices_take_new_values_and_can_be_removed(client: Any, shop: Shop) -> None:
    id = shop.add(Vault, combination="1", kind=Color.DARK_BLUE, is_open=True)
    url = f"/admin/vault/edit/?id={id}"
    assert save(client, url, kind="RED", is_open="0").status_code == 302
    row = shop.versions(Vault, id)[-1]
    assert (row.kind, row.is_open, row.combination) == (Color.RED, False, "1")
    assert save(client, url, kind=" ").status_code == 302
    assert shop.versions(Vault, id)[-1].kind is None


# -- merging


def test_a_merge_shows_neither_side(client: Any, shop: Shop, badge: int) -> None:
    url = EDIT.format(badge)
    form = form_of(client.get(url)) | {"owner": "Mine"}
    shop.edit(Badge, badge, owner="Theirs", code=SECOND)
    page = client.post(url, data=form)
    assert page.status_code == 409 and "s3cret-" not in page.text
    again = form_of(page) | {"merge-choice-owner": "yours"}
    assert client.post(url, data=again).status_code == 302
    assert (shop.versions(Badge, badge)[-1].owner, code(shop, badge)) == ("Mine", SECOND)


@pytest.mark.parametrize(("choice", "kept"), [("yours", TYPED), ("theirs", SECOND)])
def test_a_merge_asks_where_both_changed_it(
    client: Any, shop: Shop, badge: int, choice: str, kept: str
) -> None:
    url = EDIT.format(badge)
    form = form_of(client.get(url)) | {"code": TYPED, "owner": "Mine"}
    shop.edit(Badge, badge, code=SECOND)
    page = client.post(url, data=form)
    assert page.status_code == 409 and "s3cret-" not in page.text
    again = form_of(page) | {"merge-choice-code": choice}
    assert client.post(url, data=again).status_code == 302
    assert (shop.versions(Badge, badge)[-1].owner, code(shop, badge)) == ("Mine", kept)


def test_sent_twice_it_is_saved_once(client: Any, shop: Shop, badge: int) -> None:
    url = EDIT.format(badge)
    form = form_of(client.get(url)) | {"code": TYPED}
    assert [client.post(url, data=form).status_code for _ in range(2)] == [302, 302]
    assert len(shop.versions(Badge, badge)) == 4


# -- what diffs leave out


def test_an_excluded_column_is_edited_and_never_spoken_of(client: Any, shop: Shop) -> None:
    id = shop.add(Badge, owner="Alice", visits=1)
    assert save(client, EDIT.format(id), visits="7331").status_code == 302
    assert shop.versions(Badge, id)[-1].visits == 7331
    for page in ("timeline/?", "compare/?a=1&b=2&all=1&"):
        assert "7331" not in client.get(f"/admin/badge/{page}id={id}").text


def test_an_excluded_column_is_merged_like_any_other(client: Any, shop: Shop) -> None:
    id = shop.add(Badge, owner="Alice", visits=1)
    url = EDIT.format(id)
    form = form_of(client.get(url)) | {"owner": "Mine"}
    shop.edit(Badge, id, visits=9)
    assert client.post(url, data=form_of(client.post(url, data=form))).status_code == 302
    row = shop.versions(Badge, id)[-1]
    assert (row.owner, row.visits) == ("Mine", 9)


def test_two_edits_of_an_excluded_column_are_asked_about(client: Any, shop: Shop) -> None:
    id = shop.add(Badge, owner="Alice", visits=1)
    url = EDIT.format(id)
    form = form_of(client.get(url)) | {"visits": "5"}
    shop.edit(Badge, id, visits=9)
    page = client.post(url, data=form)
    assert page.status_code == 409 and 'name="merge-choice-visits"' in page.text
