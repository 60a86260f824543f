"""Every page as it is rendered: landmarks, labels, names and the content security policy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests import accounts
from tests.admin.club.models import Member, Team
from tests.admin.shop.models import Badge, Gadget, Maker
from tests.look.markup import Markup, Page
from webapp import create_app, database
from webapp.extensions import db
from webapp.versioning import change, current

LONG = "A long description. " * 40 + "\nAnd a second line."


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    folder = tmp_path_factory.mktemp("look")
    app = create_app(
        {
            **accounts.SETTINGS,
            "WTF_CSRF_ENABLED": False,
            "PROPAGATE_EXCEPTIONS": False,
            "DATABASE_URL": f"sqlite:///{folder / 'look.sqlite'}",
            "INSTANCE_PATH": str(folder),
            "APPS": ("tests.admin.shop", "tests.admin.club"),
        }
    )
    with app.app_context():
        database.create_tables()
        accounts.welcome(app)
        _fill()
        yield _visit(app.test_client())
        database.close()


def _fill() -> None:
    session = db.session
    with change(session, actor="Alice", reason="First stock"):
        session.add_all([Maker(id=1, name="Acme"), Gadget(id=2, name="Doomed", sku="D-1")])
        session.add(Badge(owner="Alice", code="A-1"))
        session.add_all([Team(id=1, name="Reds"), Member(id=1, name="<b>Ann</b>", team_id=1)])
        session.add(Gadget(id=1, name="<b>Kettle</b>", sku="K-1", notes="short", maker_id=1))
        session.commit()
    for notes in (LONG, None):
        with change(session, actor="Bob"):
            _gadget(1).notes = notes
            session.commit()
    with change(session, actor="Carol", reason="Sold out"):
        session.delete(_gadget(2))
        session.commit()


def _row(fee: str) -> dict[str, str]:
    """What the form of the team sends, with the fee of its one member typed."""
    row = {
        "row-id": "1",
        "row-version": "1",
        "name": "Ann",
        "shirt": "",
        "fee": fee,
        "is_paying": "y",
    }
    return {"name": "Reds", "base_version": "1", **{f"members-0-{n}": v for n, v in row.items()}}


def _gadget(id: int) -> Gadget:
    return db.session.scalars(current(Gadget).where(Gadget.id == id)).one()


def _visit(client: FlaskClient) -> dict[str, str]:
    typed: dict[str, Any] = {
        "name": "Kettle, typed",
        "sku": "K-1",
        "price": "1",
        "base_version": "1",
    }
    answers = {
        "home": client.get("/admin/"),
        "list": client.get("/admin/gadget/?flt0_name_contains=e&sort=0"),
        "list without a match": client.get("/admin/gadget/?search=zzz"),
        "list without records": client.get("/admin/parcel/"),
        "list of the deleted": client.get("/admin/gadget/?deleted=1"),
        "new": client.get("/admin/gadget/new/"),
        "new of every type": client.get("/admin/strict/new/"),
        "edit": client.get("/admin/gadget/edit/?id=1"),
        "edit with errors": client.post(
            "/admin/gadget/edit/?id=1", data=typed | {"price": "x", "base_version": "3"}
        ),
        "conflict": client.post("/admin/gadget/edit/?id=1", data=typed),
        "merge without a choice": client.post(
            "/admin/gadget/edit/?id=1",
            data=typed | {"base_version": "3", "merge-base-name": "1", "merge-yours-name": "K"},
        ),
        "restore": client.get("/admin/gadget/restore/?id=1&version=1"),
        "restore of the same": client.get("/admin/gadget/restore/?id=1&version=3"),
        "restore of a deleted record": client.get("/admin/gadget/restore/?id=2&version=1"),
        "undo": client.get("/admin/gadget/undo/?id=1&version=2"),
        "undo of the first": client.get("/admin/gadget/undo/?id=1&version=1"),
        "edit with what an undo left": client.get("/admin/gadget/edit/?id=1&undo=2"),
        "deleted meanwhile": client.post("/admin/gadget/edit/?id=2", data=typed),
        "details": client.get("/admin/gadget/details/?id=1"),
        "timeline": client.get("/admin/gadget/timeline/?id=1"),
        "timeline of a deleted record": client.get("/admin/gadget/timeline/?id=2"),
        "comparison": client.get("/admin/gadget/compare/?id=1&a=1&b=2"),
        "comparison of all fields": client.get("/admin/gadget/compare/?id=1&a=3&b=2&all=1"),
        "comparison with itself": client.get("/admin/gadget/compare/?id=2&a=2&b=2"),
        "list as of a moment": client.get("/admin/gadget/?as_of=2100-01-01&search=e&sort=0"),
        "list as of a moment before all": client.get("/admin/gadget/?as_of=2000-01-01"),
        "details as of a moment": client.get("/admin/gadget/details/?id=1&as_of=2100-01-01"),
        "details before it was created": client.get("/admin/gadget/details/?id=1&as_of=2000-01-01"),
        "details after it was deleted": client.get("/admin/gadget/details/?id=2&as_of=2100-01-01"),
        "comparison of moments": client.get(
            "/admin/gadget/compare/?id=1&from=2100-01-01&to=2100-01-02"
        ),
        "no such moment": client.get("/admin/gadget/?as_of=%3Cb%3Esoon"),
        "no such record": client.get("/admin/gadget/timeline/?id=99"),
    }
    action, ticked = "/admin/gadget/action/", {"rowid": ["1", "2"], "rowversion": ["1:3", "2:1"]}
    answers |= {
        "bulk deletion": client.post(action, data=ticked | {"action": "delete"}),
        "bulk field": client.post(action, data=ticked | {"action": "set"}),
        "bulk value": client.post(action, data=ticked | {"action": "set", "field": "name"}),
        "bulk value asked": client.post(
            action,
            data=ticked | {"action": "set", "field": "sku", "typed": "1", "set-sku": "K-1"},
        ),
        "bulk value with errors": client.post(
            action,
            data=ticked | {"action": "set", "field": "price", "typed": "1", "set-price": "x"},
        ),
        "bulk restore": client.post(
            action, data={"action": "restore", "rowid": "2", "rowversion": "2:2"}
        ),
        "bulk deletion too late": client.post(
            action, data=ticked | {"action": "delete", "digest": "x"}
        ),
        "edit of masked values": client.get("/admin/badge/edit/?id=1"),
        "new with children": client.get("/admin/team/new/"),
        "edit with children": client.get("/admin/team/edit/?id=1"),
        "details with children": client.get("/admin/team/details/?id=1"),
        "timeline with children": client.get("/admin/team/timeline/?id=1"),
        "edit with errors of children": client.post("/admin/team/edit/?id=1", data=_row("x")),
    }
    assert {
        name: answer.status_code for name, answer in answers.items() if answer.status_code != 200
    } == {
        "edit with errors": 422,
        "edit with errors of children": 422,
        "conflict": 409,
        "bulk value with errors": 422,
        "bulk deletion too late": 409,
        "merge without a choice": 422,
        "deleted meanwhile": 410,
        "details before it was created": 404,
        "details after it was deleted": 404,
        "no such moment": 400,
        "no such record": 404,
    }
    return {name: answer.text for name, answer in answers.items()}


NAMES = [
    "home",
    "list",
    "list without a match",
    "list without records",
    "list of the deleted",
    "new",
    "new of every type",
    "edit",
    "edit with errors",
    "conflict",
    "merge without a choice",
    "restore",
    "restore of the same",
    "restore of a deleted record",
    "undo",
    "undo of the first",
    "edit with what an undo left",
    "deleted meanwhile",
    "details",
    "timeline",
    "timeline of a deleted record",
    "comparison",
    "comparison of all fields",
    "comparison with itself",
    "list as of a moment",
    "list as of a moment before all",
    "details as of a moment",
    "details before it was created",
    "details after it was deleted",
    "comparison of moments",
    "no such moment",
    "no such record",
    "bulk deletion",
    "bulk field",
    "bulk value",
    "bulk value asked",
    "bulk value with errors",
    "bulk restore",
    "bulk deletion too late",
    "edit of masked values",
]


@pytest.fixture(params=NAMES)
def page(request: pytest.FixtureRequest, pages: dict[str, str]) -> Page:
    return Page(pages[request.param])


class TestMarkup(Markup):
    """Of each of the pages."""


def test_a_value_is_text_and_never_markup(pages: dict[str, str]) -> None:
    for name in (
        "list",
        "edit",
        "details",
        "timeline",
        "conflict",
        "comparison",
        "details as of a moment",
        "comparison of moments",
    ):
        assert "<b>Kettle</b>" not in pages[name]
        assert "&lt;b&gt;Kettle&lt;/b&gt;" in pages[name]


def test_the_timeline_shows_flag_and_calculated_in_columns_of_their_own(
    pages: dict[str, str],
) -> None:
    page = Page(pages["timeline"])
    assert page.text("th")[:6] == ["A", "B", "Version", "When", "Who", "What changed"]
    cells = [given["data-label"] for given in page.all("td") if given.get("class") == "pair"]
    assert cells == ["Flag", "Calculated"] * 3


def test_a_long_value_is_folded(pages: dict[str, str]) -> None:
    assert '<details class="long">' in pages["timeline"]


def test_an_empty_value_is_a_dash_with_a_name(pages: dict[str, str]) -> None:
    assert '<span aria-hidden="true">—</span><span class="sr-only">empty</span>' in pages["details"]


def test_the_page_of_errors_leads_to_each_field(pages: dict[str, str]) -> None:
    page = Page(pages["edit with errors"])
    assert "#price" in [given.get("href") for given in page.all("a")]
    price = next(given for given in page.all("input") if given.get("id") == "price")
    assert price["aria-invalid"] == "true"
    assert "price-errors" in price["aria-describedby"]
