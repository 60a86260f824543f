"""What may stand in `inline_models`: told at the start, not at the first form."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests.admin.club.models import Match, Member, Note, Place, Task, Team
from tests.admin.conftest import Shop, save
from webapp.admin import VersionedModelView
from webapp.admin.inline import EXTRA, MOST
from webapp.extensions import db


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"APPS": ("tests.admin.club",)}


def view(model: type[Any], *children: Any, **more: Any) -> Any:
    """A view of the model with these children."""
    made = type("OwnerAdmin", (VersionedModelView,), {"inline_models": children, **more})
    return made(model, db, endpoint="owner")


@pytest.mark.parametrize(
    ("child", "word"),
    [
        (Place, "Place declares no reference to Team"),
        (Note, "Note keeps no versions"),
        (Match, "several ways (host, guest)"),
        ((Member, {"reference": "home"}), "no reference to Team called home"),
        ((Member, None), "neither a model nor a pair"),
        ("Member", "neither a model nor a pair"),
    ],
)
def test_what_cannot_be_inline_is_refused_with_a_word_on_what_to_do(
    app: Flask, child: Any, word: str
) -> None:
    with pytest.raises(ValueError, match=r"OwnerAdmin\.inline_models: ") as error:
        view(Team, child)
    assert word in str(error.value)


def test_the_same_children_twice_are_refused(app: Flask) -> None:
    with pytest.raises(ValueError, match="members is there twice"):
        view(Team, Member, (Member, {"extra": 1}))


def test_one_of_several_references_is_chosen_by_an_option(app: Flask) -> None:
    (inline,) = view(Team, (Match, {"reference": "guest"})).inlines
    assert (inline.reference.name, inline.key) == ("guest", "match")


def test_versions_are_never_edited_in_place_by_a_view_without_versions(app: Flask) -> None:
    for child in (Member, (Member, {})):
        with pytest.raises(ValueError, match="Member keeps versions, and Note does not"):
            view(Note, child)


def test_without_options_the_bounds_are_ours(app: Flask) -> None:
    (inline,) = view(Team, Member).inlines
    assert (inline.most, inline.extra) == (MOST, EXTRA)


def test_settings_of_the_childrens_view_may_be_given_for_the_rows_alone(
    app: Flask, shop: Shop, view_of: Any
) -> None:
    options = {"form_columns": ["shirt", "name", "team"], "form_label": "Squad", "extra": 1}
    (inline,) = view(Team, (Member, options)).inlines
    with app.test_request_context():
        fields = list(inline.forms._create_form_class()._fields)
        assert fields == ["shirt", "name"] and inline.label == "Squad"
        assert "fee" in view_of(Member)._create_form_class()._fields


def test_rules_of_the_rows_name_their_fields(app: Flask) -> None:
    (inline,) = view(Team, (Member, {"form_rules": ("name", "shirt")})).inlines
    with app.test_request_context():
        assert list(inline.forms._edit_form_class()._fields) == ["name", "shirt"]


def test_rules_of_the_owner_may_name_the_section(
    app: Flask, client: Any, shop: Shop, view_of: Any
) -> None:
    owner = view_of(Team)
    owner.form_edit_rules = ("name", "members")
    owner._refresh_form_rules_cache()
    shop.add(Team, name="Reds")
    page = save(client, "/admin/team/edit/?id=1", **{"members-0-name": "Ann"})
    assert page.status_code == 302
    assert "Ann" in client.get("/admin/team/edit/?id=1").text


def test_children_without_a_view_of_their_own_get_the_default_one(
    app: Flask, view_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.extensions["admin"][0], "_views", [view_of(Task)])
    with app.app_context():
        (inline,) = view(Team, Member).inlines
        assert type(inline.view) is VersionedModelView
        assert inline.url_of(Member(id=1)) is None
