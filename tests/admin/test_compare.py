"""The comparison of two versions: any two, in either order, and picked on the timeline."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from tests.admin.conftest import Shop
from tests.admin.shop.models import ODD, Badge, Color, Gadget, Maker, Strict
from tests.admin.test_timeline import guards
from webapp.extensions import db

ROW = re.compile(r'<th role="rowheader" scope="row">(.*?)<')
PICK = re.compile(r'name="(a|b)" value="(\d+)"( checked)?')
HOSTILE = "<script>alert(1)</script>\"'&\u202eevil\u2069 e\u0301 " + "W" * 5000


def rows(page: Any) -> list[str]:
    return ROW.findall(page.text)


@pytest.fixture
def kettle(shop: Shop) -> int:
    """Four versions: the price rises, the colour changes, the price falls back."""
    id: int = shop.add(Gadget, name="Kettle", price=Decimal("29.90"), color=Color.RED)
    shop.edit(Gadget, id, price=Decimal("31.00"))
    shop.edit(Gadget, id, color=Color.DARK_BLUE)
    shop.edit(Gadget, id, price=Decimal("29.90"))
    return id


@pytest.fixture
def url(kettle: int) -> str:
    return f"/admin/gadget/compare/?id={kettle}"


def test_the_fields_that_differ(client: Any, url: str) -> None:
    page = client.get(f"{url}&a=1&b=3")
    assert rows(page) == ["価格", "Color"] and "2 fields differ" in page.text
    assert "29.90" in page.text and "31.00" in page.text and "+1.10 (+3.7 %)" in page.text
    assert "Dark blue" in page.text


def test_all_fields(client: Any, url: str) -> None:
    page = client.get(f"{url}&a=1&b=3&all=1")
    assert rows(page) == ["Name", "Артикул", "価格", "Color", "Notes", "Views", "Maker id"]
    assert page.text.count('class="unchanged"') == 5 and "2 fields differ" in page.text


def test_either_order_shows_the_older_first(client: Any, url: str) -> None:
    forward, back = client.get(f"{url}&a=1&b=2").text, client.get(f"{url}&a=2&b=1").text
    assert "You asked for version 2 first" in back and "You asked" not in forward
    assert "+1.10" in back and back.index("side-A") < back.index("Version 2<")


def test_each_side_says_who_when_and_whether_it_is_current(client: Any, url: str) -> None:
    page = client.get(f"{url}&a=1&b=4").text
    older, newer = page.split('id="side-A"')[1].split('id="side-B"')
    assert "created" in older and "Alice" in older and older.count("superseded") == 2
    assert "edited" in newer and "Bob" in newer and newer.count("</span> current</span>") == 2
    assert "<time datetime=" in older


def test_each_side_leads_to_its_version_and_its_neighbours(client: Any, url: str) -> None:
    page = client.get(f"{url}&a=2&b=3").text
    assert f'href="{url.replace("compare", "timeline")}#v2"' in page
    for a, b in ((1, 2), (2, 4), (2, 3), (3, 4)):
        assert f"&amp;a={a}&amp;b={b}" in page


def test_the_same_version_twice_is_identical(client: Any, url: str) -> None:
    page = client.get(f"{url}&a=2&b=2")
    assert page.status_code == 200 and "identical with itself" in page.text


def test_what_was_changed_back_is_identical(client: Any, shop: Shop) -> None:
    id = shop.add(Gadget, name="Kettle", price=1)
    shop.edit(Gadget, id, price=2)
    shop.edit(Gadget, id, price=1)
    page = client.get(f"/admin/gadget/compare/?id={id}&a=1&b=3").text
    assert "are identical" in page and "changed back" in page


def test_a_deleted_record(client: Any, shop: Shop, kettle: int, url: str) -> None:
    shop.delete(Gadget, kettle)
    page = client.get(f"{url}&a=4&b=5").text
    assert "This record is deleted" in page and "records the deletion" in page
    assert "/edit/" not in page
    assert client.get(f"{url}&a=1&b=5").status_code == 200


def test_a_record_with_one_version_has_nothing_to_pick(client: Any, shop: Shop) -> None:
    id = shop.add(Gadget, name="New")
    assert "Compare" not in client.get(f"/admin/gadget/timeline/?id={id}").text
    assert client.get(f"/admin/gadget/compare/?id={id}&a=1&b=1").status_code == 200


@pytest.mark.parametrize(
    ("query", "status"),
    [("a=1&b=5", 404), ("a=0&b=1", 404), ("a=1", 400), ("b=1", 400), ("", 400), ("a=&b=", 400),
     ("a=x&b=1", 400), ("a=-1&b=1", 400), ("a=1.5&b=1", 400), ("a=1&a=2&b=3", 400),
     ("a=%00&b=1", 400), ("a=1&b=%EF%BC%92", 400), ("a=1&b=" + "9" * 18, 404),
     ("a=1&b=" + "9" * 5000, 400), ("a=1&b=2&all=x&url=http:evil.com", 200), ("a=%201&b=2", 400)],
)  # fmt: skip
def test_versions_of_any_shape(client: Any, url: str, query: str, status: int) -> None:
    answer = client.get(f"{url}&{query}")
    assert answer.status_code == status
    assert "evil.com" not in answer.text


def test_only_get_is_answered(client: Any, url: str) -> None:
    assert client.post(f"{url}&a=1&b=2").status_code == 405


def test_the_timeline_picks_the_newest_two(client: Any, kettle: int) -> None:
    page = client.get(f"/admin/gadget/timeline/?id={kettle}").text
    picks = PICK.findall(page)
    assert [(side, number) for side, number, _ in picks] == [
        (side, str(number)) for number in (4, 3, 2, 1) for side in "ab"
    ]
    assert [(side, number) for side, number, checked in picks if checked] == [
        ("b", "4"),
        ("a", "3"),
    ]
    assert 'id="compare"' in page and page.count('form="compare"') == 8
    assert f'<input type="hidden" name="id" value="{kettle}">' in page


def test_every_version_leads_to_its_comparisons(client: Any, kettle: int, url: str) -> None:
    page = client.get(f"/admin/gadget/timeline/?id={kettle}").text
    assert page.count("previous</a>") == 3 and page.count("current</a>") == 3
    assert f'href="{url}&amp;a=1&amp;b=4"'.replace("&id", "&amp;id") in page


def test_its_statements_are_few_and_the_same(
    client: Any, shop: Shop, kettle: int, url: str, statements: list[str]
) -> None:
    counts = []
    for number in range(40):
        shop.edit(Gadget, kettle, notes=f"Note {number}")
    for query in ("a=1&b=2", "a=44&b=1", "a=3&b=3", "a=1&b=44&all=1"):
        statements.clear()
        assert client.get(f"{url}&{query}").status_code == 200
        counts.append(len(statements))
    assert counts == [3, 3, 3, 3]


def test_a_reference_is_shown_by_name_in_one_more_statement(
    client: Any, shop: Shop, statements: list[str]
) -> None:
    makers = [shop.add(Maker, name=f"Maker {letter}") for letter in "AB"]
    id = shop.add(Gadget, name="Kettle", maker_id=makers[0])
    shop.edit(Gadget, id, maker_id=makers[1])
    shop.edit(Gadget, id, maker_id=99)
    statements.clear()
    page = client.get(f"/admin/gadget/compare/?id={id}&a=2&b=3").text
    assert "Maker B" in page and "#99 (unknown)" in page and 'class="delta"' not in page
    assert len(statements) == 4


def test_a_masked_value_is_on_no_page_of_history(client: Any, shop: Shop) -> None:
    id = shop.add(Badge, owner="Alice", code="secret-1")
    shop.edit(Badge, id, code="secret-2", visits=7)
    shop.edit(Badge, id, owner="Bob")
    pages = [client.get(f"/admin/badge/timeline/?id={id}").text] + [
        client.get(f"/admin/badge/compare/?id={id}&{query}").text
        for query in ("a=1&b=2", "a=1&b=2&all=1", "a=2&b=3&all=1")
    ]
    assert not any("secret" in page or "Visits" in page for page in pages)
    assert "changed, its value is not shown" in pages[1]
    assert "unchanged, its value is not shown" in pages[3]


def test_hostile_values_are_text(client: Any, shop: Shop) -> None:
    id = shop.add(Gadget, name="Kettle", notes="plain words, and some more of them to be long")
    shop.edit(Gadget, id, actor=HOSTILE[:50], notes="plain words, and " + HOSTILE)
    for page in (
        f"compare/?id={id}&a=1&b=2",
        f"compare/?id={id}&a=2&b=2&all=1",
        f"timeline/?id={id}",
    ):
        found = client.get(f"/admin/gadget/{page}").text
        assert "<script>alert" not in found and "&lt;script&gt;" in found
        assert "\u202e" not in found and "U+202E" in found and "e\u0301" in found


def test_every_type_is_compared(client: Any, shop: Shop) -> None:
    id = shop.add(Strict, **ODD)
    changed = {"a_binary": b"\0", "a_json": {"n": 1, "a b": []}, "an_enum": Color.RED}
    shop.edit(Strict, id, **changed, a_boolean=True, a_date=ODD["a_date"].replace(day=5))
    page = client.get(f"/admin/strict/compare/?id={id}&a=1&b=2&all=1").text
    assert (
        "1 bytes, SHA-256 6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d" in page
    )
    assert "+3 days" in page and "<code>n</code>" in page and "[&#34;a b&#34;]" in page


def test_a_flag_tampered_with_is_loud(app: Flask, client: Any, shop: Shop) -> None:
    id = shop.add(Maker, name="Acme")
    shop.edit(Maker, id, name="Acme & Co")
    with app.app_context(), db.engine.begin() as connection:
        for statement in guards(connection):
            connection.execute(text(statement))
        connection.execute(
            text("UPDATE shop_maker SET is_current_version = false WHERE version_id = 2")
        )
    page = client.get(f"/admin/maker/compare/?id={id}&a=1&b=2").text
    assert page.count("Flag and calculated differ") == 1
