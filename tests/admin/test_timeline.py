"""The timeline page: every version, newest first, flag beside calculated."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from flask import Flask, url_for
from sqlalchemy import text

from tests.admin.conftest import Shop
from tests.admin.shop.models import ODD, Gadget, Maker, Strict
from webapp.admin.addresses import url_of
from webapp.extensions import db

NUMBER = re.compile(r'<tr role="row" id="v(\d+)"')


def numbers(page: Any) -> list[int]:
    return [int(number) for number in NUMBER.findall(page.text)]


@pytest.fixture
def kettle(shop: Shop) -> int:
    id: int = shop.add(Gadget, name="Kettle", price=29)
    shop.edit(Gadget, id, actor="Bob", price=31)
    return id


def test_versions_newest_first_with_their_changes(client: Any, kettle: int) -> None:
    page = client.get(f"/admin/gadget/timeline/?id={kettle}")
    assert numbers(page) == [2, 1]
    assert "29.00" in page.text and "31.00" in page.text
    assert "Bob" in page.text and "Alice" in page.text and "価格" in page.text


def test_flag_and_calculated_agree(client: Any, kettle: int) -> None:
    page = client.get(f"/admin/gadget/timeline/?id={kettle}").text
    assert "differs" not in page and "agree on all 2 versions" in page


def test_a_flag_tampered_with_by_sql_is_loud(
    app: Flask, client: Any, shop: Shop, database_url: str
) -> None:
    id = shop.add(Maker, name="Acme")
    shop.edit(Maker, id, name="Acme & Co")
    with app.app_context(), db.engine.begin() as connection:
        for trigger in guards(connection):
            connection.execute(text(trigger))
        connection.execute(
            text("UPDATE shop_maker SET is_current_version = false WHERE version_id = 2")
        )
    page = client.get(f"/admin/maker/timeline/?id={id}")
    assert page.status_code == 200
    assert 'id="v2" class="differs"' in page.text and "1 of 2 versions" in page.text


def test_a_long_timeline_is_paged(client: Any, shop: Shop) -> None:
    id = shop.add(Maker, name="Maker 1")
    for number in range(2, 46):
        shop.edit(Maker, id, name=f"Maker {number}")
    first = client.get(f"/admin/maker/timeline/?id={id}")
    assert numbers(first) == list(range(45, 25, -1))
    assert f'href="/admin/maker/timeline/?id={id}&amp;before=26"' in first.text
    second = client.get(f"/admin/maker/timeline/?id={id}&before=26")
    assert numbers(second) == list(range(25, 5, -1))
    assert "Maker 5" in second.text  # what version 6 changed, against its true predecessor
    assert f'rel="prev" href="/admin/maker/timeline/?id={id}"' in second.text
    assert numbers(client.get(f"/admin/maker/timeline/?id={id}&before=6")) == [5, 4, 3, 2, 1]


def test_forth_and_back_shows_each_version_once(client: Any, shop: Shop) -> None:
    id = shop.add(Maker, name="Maker 1")
    for number in range(2, 46):
        shop.edit(Maker, id, name=f"Maker {number}")
    forth = walk(client, f"/admin/maker/timeline/?id={id}", "next")
    back = walk(client, f"/admin/maker/timeline/?id={id}&before=6", "prev")
    assert [number for page in forth for number in page] == list(range(45, 0, -1))
    assert back == forth[::-1]


def test_a_version_made_meanwhile_leaves_no_gap_on_the_way_back(client: Any, shop: Shop) -> None:
    id = shop.add(Maker, name="Maker 1")
    for number in range(2, 47):
        shop.edit(Maker, id, name=f"Maker {number}")
    pages = walk(client, f"/admin/maker/timeline/?id={id}&before=6", "prev")
    assert sorted({number for page in pages for number in page}) == list(range(1, 47))
    assert "« Newest" in client.get(f"/admin/maker/timeline/?id={id}&before=6").text
    assert "« Newest" not in client.get(f"/admin/maker/timeline/?id={id}&before=27").text


def walk(client: Any, url: str | None, way: str) -> list[list[int]]:
    """The version numbers of each page from `url` on, following its links."""
    pages = []
    while url:
        page = client.get(url)
        pages.append(numbers(page))
        link = re.search(rf'rel="{way}" href="([^"]+)"', page.text)
        url = html.unescape(link[1]) if link else None
    return pages


@pytest.mark.parametrize(
    ("before", "status"),
    [("", 200), ("3", 200), ("999", 200), ("9" * 18, 200), ("2", 200), ("1", 404), ("0", 404),
     ("-1", 400), ("x", 400), ("1.5", 400), ("9" * 20, 400), ("9" * 5000, 400), ("\uff12", 400)],
)  # fmt: skip
def test_an_absurd_before(client: Any, kettle: int, before: str, status: int) -> None:
    assert client.get(f"/admin/gadget/timeline/?id={kettle}&before={before}").status_code == status


def test_the_timeline_of_a_deleted_record_stays(client: Any, shop: Shop, kettle: int) -> None:
    shop.delete(Gadget, kettle)
    page = client.get(f"/admin/gadget/timeline/?id={kettle}")
    assert numbers(page) == [3, 2, 1] and "This record is deleted" in page.text
    assert f"/admin/gadget/edit/?id={kettle}" not in page.text


def test_it_is_linked_from_list_details_and_edit(client: Any, kettle: int) -> None:
    link = f"/admin/gadget/timeline/?id={kettle}"
    for page in ("", f"details/?id={kettle}", f"edit/?id={kettle}"):
        assert link in client.get(f"/admin/gadget/{page}").text


def test_a_reference_is_shown_by_name(client: Any, shop: Shop, statements: list[str]) -> None:
    makers = [shop.add(Maker, name=f"Maker {letter}") for letter in "ABCDE"]
    id = shop.add(Gadget, name="Kettle", maker_id=99)
    for maker in makers:
        shop.edit(Gadget, id, maker_id=maker)
    shop.delete(Maker, makers[0])
    statements.clear()
    page = client.get(f"/admin/gadget/timeline/?id={id}").text
    assert "Maker A (deleted)" in page and "Maker E" in page and "#99 (unknown)" in page
    assert sum("shop_maker" in each for each in statements) == 1
    assert "Maker E" in client.get(f"/admin/gadget/details/?id={id}").text


def test_every_type_has_a_timeline(client: Any, shop: Shop) -> None:
    id = shop.add(Strict, **ODD)
    page = client.get(f"/admin/strict/timeline/?id={id}").text
    assert "Dark blue" in page and "&lt;b&gt;" in page


def test_times_are_in_the_display_zone(client: Any, shop: Shop) -> None:
    id = shop.add(Strict, **ODD)
    page = client.get(f"/admin/strict/timeline/?id={id}").text
    assert "2026-10-25 02:30:00" in page  # 00:30 UTC in Berlin


def test_a_number_is_drawn_over_time(client: Any, shop: Shop, kettle: int) -> None:
    shop.edit(Gadget, kettle, price=None)
    page = client.get(f"/admin/gadget/timeline/?id={kettle}").text
    assert "価格 over time" in page and 'points="8.0,64.0 392.0,64.0 392.0,8.0"' in page
    assert "lowest <b>29.00</b>" in page and "highest <b>31.00</b>" in page


def test_a_number_that_never_changed_is_not_drawn(client: Any, shop: Shop) -> None:
    id = shop.add(Gadget, name="Kettle", price=29)
    shop.edit(Gadget, id, name="Kettle 2")
    assert "over time" not in client.get(f"/admin/gadget/timeline/?id={id}").text


def test_its_statements_do_not_grow_with_the_history(
    client: Any, shop: Shop, kettle: int, statements: list[str]
) -> None:
    counts = []
    for _ in range(2):
        statements.clear()
        client.get(f"/admin/gadget/timeline/?id={kettle}")
        counts.append(len(statements))
        for number in range(30):
            shop.edit(Gadget, kettle, notes=f"Note {number}", price=number)
    assert counts == [7, 7]  # one of them asks how the reviews of its changes stand


@pytest.mark.parametrize(
    "page", ["edit/?id={id}", "restore/?id={id}&version=1", "undo/?id={id}&version=2"]
)
def test_no_page_of_the_record_takes_more_statements_for_a_longer_history(
    client: Any, shop: Shop, kettle: int, statements: list[str], page: str
) -> None:
    counts = []
    shop.edit(Gadget, kettle, notes="Note")
    for _ in range(2):
        for number in range(30):
            shop.edit(Gadget, kettle, price=number)
        statements.clear()
        assert client.get(f"/admin/gadget/{page.format(id=kettle)}").status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1] > 0


def test_its_links_are_those_of_url_for(app: Flask) -> None:
    odd = {"id": "a b/ä&?#%+=", "url": "/admin/gadget/?search=x&page=2", "none": None}
    with app.test_request_context("/", base_url="http://localhost/below"):
        for endpoint in ("gadget.timeline_view", "gadget.edit_view"):
            assert url_of(endpoint, **odd) == url_for(endpoint, **odd)
        for number in (7, 8):
            found = url_of("changes.change_view", number=number)
            assert found == url_for("changes.change_view", number=number)


def guards(connection: Any) -> list[str]:
    """Statements that take the guards of the table away, as a tamperer would."""
    if connection.dialect.name == "sqlite":
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'shop_maker'"
        return [f'DROP TRIGGER "{name}"' for (name,) in connection.execute(text(query))]
    return ["ALTER TABLE shop_maker DISABLE TRIGGER USER"]
