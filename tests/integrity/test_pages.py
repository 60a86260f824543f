"""What the pages of integrity show, and where their links lead."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.admin.conftest import Shop
from tests.admin.shop.models import Gadget
from tests.integrity.conftest import spoil
from webapp.extensions import db

PAGE = "/admin/integrity/"
TAKE_FLAG = "UPDATE shop_gadget SET is_current_version = false WHERE id = 1"


@pytest.fixture
def kettle(shop: Shop) -> int:
    id = int(shop.add(Gadget, name="Kettle", sku="K"))
    shop.edit(Gadget, id, price=31)
    return id


def test_a_sound_shop_is_told_to_be_sound(client: FlaskClient, kettle: int) -> None:
    page = client.get(PAGE)
    assert page.status_code == 200
    assert "All 2 versions are sound" in page.text
    assert "All guards stand" in page.text


def test_an_empty_shop_has_nothing_to_check(client: FlaskClient) -> None:
    assert client.get(PAGE).status_code == 200
    assert "Nothing to check" in client.get(f"{PAGE}gadget/").text


def test_a_finding_leads_to_the_version_on_its_timeline(
    client: FlaskClient, app: Flask, kettle: int
) -> None:
    spoil(app, TAKE_FLAG)
    overview = client.get(PAGE)
    assert "2 findings" in overview.text
    assert "do not stand" in overview.text
    page = client.get(f"{PAGE}gadget/")
    assert "the flag says superseded, calculated current" in page.text
    assert "no version bears the flag" in page.text
    assert "/admin/gadget/timeline/?id=1&amp;before=3#v2" in page.text
    timeline = client.get("/admin/gadget/timeline/?id=1&before=3")
    assert "Flag and calculated differ" in timeline.text


def test_a_version_that_says_something_else_than_was_saved(
    client: FlaskClient, app: Flask, kettle: int
) -> None:
    spoil(app, "UPDATE shop_gadget SET price = 1 WHERE version_id = 1")
    page = client.get(f"{PAGE}gadget/")
    assert "Altered after it was saved" in page.text
    assert "its values, time, operation or links are not those that were saved" in page.text
    assert "/admin/gadget/timeline/?id=1&amp;before=2#v1" in page.text


def test_a_record_that_is_gone_has_no_timeline_to_lead_to(
    client: FlaskClient, app: Flask, shop: Shop, kettle: int
) -> None:
    shop.add(Gadget, name="Pan", sku="P")
    spoil(app, "DELETE FROM shop_gadget WHERE id = 1")
    page = client.get(f"{PAGE}gadget/").text
    assert page.count("No version is left") == 2
    assert "it was saved, and is not there" in page
    assert "timeline/?id=1" not in page


def test_versions_older_than_the_digests_are_told(
    client: FlaskClient, app: Flask, kettle: int
) -> None:
    spoil(app, "DELETE FROM shop_gadget_digest", table="shop_gadget_digest")
    for url in (PAGE, f"{PAGE}gadget/"):
        assert "2 versions are older than the digests" in client.get(url).text


def test_a_hostile_name_is_text(client: FlaskClient, app: Flask, shop: Shop) -> None:
    shop.add(Gadget, name="<script>x</script>", sku="K")
    spoil(app, TAKE_FLAG)
    page = client.get(f"{PAGE}gadget/").text
    assert "<script>x" not in page
    assert "&lt;script&gt;x" in page


def test_a_page_says_where_it_stopped_and_goes_on(
    client: FlaskClient, shop: Shop, kettle: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.add(Gadget, name="Pan", sku="P")
    monkeypatch.setattr("webapp.versioning.integrity.STRETCH", 2)
    monkeypatch.setattr("webapp.integrity.pages.MOST_VERSIONS", 2)
    page = client.get(f"{PAGE}gadget/")
    assert f"/admin/integrity/gadget/?after={kettle}" in page.text
    rest = client.get(f"{PAGE}gadget/?after={kettle}")
    assert "<b>1</b> versions" in rest.text
    assert "?after=" not in rest.text
    assert "Not looked at here" in client.get(PAGE).text


@pytest.mark.parametrize("url", ["thing/", "gadget/?after=x", "gadget/?after=%00", "%00/"])
def test_an_address_of_nothing_is_refused(client: FlaskClient, url: str) -> None:
    assert client.get(PAGE + url).status_code in (400, 404)


def test_an_id_beyond_all_numbers_ends_the_check(client: FlaskClient, kettle: int) -> None:
    assert "Nothing to check" in client.get(f"{PAGE}gadget/?after={2**62}").text


@pytest.mark.parametrize("url", ["", "gadget/"])
def test_it_only_reads(client: FlaskClient, url: str) -> None:
    assert client.post(PAGE + url).status_code == 405


def test_the_number_of_statements_does_not_grow_with_the_findings(
    client: FlaskClient, app: Flask, shop: Shop, statements: list[Any], kettle: int
) -> None:
    spoil(app, TAKE_FLAG)
    statements.clear()
    client.get(f"{PAGE}gadget/")
    few = len(statements)
    for number in range(5):
        shop.add(Gadget, name=f"Pan {number}", sku=f"P{number}")
    spoil(app, "UPDATE shop_gadget SET is_current_version = false")
    statements.clear()
    client.get(f"{PAGE}gadget/")
    assert len(statements) == few


def test_text_that_is_none_is_named_and_the_page_stands(
    client: FlaskClient, app: Flask, kettle: int
) -> None:
    with app.app_context():
        if db.engine.dialect.name != "sqlite":
            pytest.skip("PostgreSQL refuses text that is not UTF-8")
    spoil(app, "UPDATE shop_gadget SET name = CAST(x'61ff62' AS TEXT) WHERE version_id = 1")
    assert "1 finding" in client.get(PAGE).text
    page = client.get(f"{PAGE}gadget/")
    assert page.status_code == 200
    assert "Unreadable text" in page.text
    assert "/admin/gadget/timeline/?id=1&amp;before=2#v1" in page.text
