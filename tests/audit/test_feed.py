"""The feed: every change, newest first, with what it touched; filters, pages, people."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from sqlalchemy import insert

from tests.admin.conftest import Shop
from tests.admin.shop.models import Gadget, Maker
from tests.audit.builders import FEED, last_change, mixed, numbers, stock, transaction
from webapp.extensions import db

HOSTILE = "<script>alert(1)</script>\n" + "x" * 10_000


def at(shop: Shop, moment: dt.datetime, **context: Any) -> int:
    return transaction(shop, lambda: db.session.add(Maker(name="m")), at=moment, **context)


def shown(page: Any) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page.text).split())


def test_newest_first_with_who_why_and_what(client: Any, shop: Shop) -> None:
    first, second = stock(shop), mixed(shop)
    page = client.get(FEED)
    assert numbers(page) == [second, first]
    assert "Gadget 1 created 1 deleted 1 edited" in shown(page)
    assert "Gadget 2 created Maker 1 created" in shown(page)
    assert "First stock" in page.text and "Bob" in page.text and "web" in page.text


def test_it_stands_in_the_navigation(client: Any) -> None:
    assert 'href="/admin/changes/"' in client.get("/admin/gadget/").text


def test_without_a_change_it_says_so(client: Any) -> None:
    assert "No changes yet" in client.get(FEED).text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("model=maker", "12"), ("model=gadget&operation=update", "2"), ("operation=create", "12"),
        ("operation=restore", ""), ("actor=Alice", "1"), ("actor=alice", ""), ("actor=Ali%", ""),
        ("reason=FIRST", "1"), ("reason=%25", ""), ("model=&actor=&from=&to=+", "12"),
        ("actor=Bob&model=maker&reason=Spring", "2"), ("unknown=1&_scheme=x&endpoint=y", "12"),
    ],
)  # fmt: skip
def test_filters(client: Any, shop: Shop, query: str, found: str) -> None:
    made = {"1": stock(shop), "2": mixed(shop)}
    page = client.get(f"{FEED}?{query}")
    assert (page.status_code, numbers(page)) == (200, [made[each] for each in reversed(found)])
    assert found or "No match" in page.text


def test_a_period_is_in_the_display_zone(client: Any, shop: Shop) -> None:
    early = at(shop, dt.datetime(2026, 7, 1, 21, 59, tzinfo=dt.UTC))  # 23:59 in Berlin
    late = at(shop, dt.datetime(2026, 7, 1, 22, 0, tzinfo=dt.UTC))  # the next day there
    assert numbers(client.get(f"{FEED}?from=2026-07-02")) == [late]
    assert numbers(client.get(f"{FEED}?to=2026-07-01")) == [early]
    assert numbers(client.get(f"{FEED}?from=2026-07-01&to=2026-07-02")) == [late, early]
    assert numbers(client.get(f"{FEED}?to=2026-07-02+00:00")) == [early]
    assert "Europe/Berlin" in client.get(FEED).text


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("from=yesterday", "is not a date"), ("to=0000-01-01", "year 0000"),
        ("from=10000-01-01", "year 10000"), ("to=2026-02-30", "no 2026-02-30"),
        ("from=2026-07-01T10:00%2B25:00", "no offset"), ("from=2026-03-29+02:30", "skip"),
        ("from=2026-02-01&to=2026-01-01", "ends before it begins"), ("model=shop_gadget", "Choose"),
        ("operation=drop", "Choose"), ("model=parcels", "Choose"), ("from=" + "9" * 5000, "is not"),
        ("reason=" + "x" * 201, "At most 200"), ("from=%3Cscript%3E", "is not a date"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said_at_its_field(client: Any, query: str, words: str) -> None:
    page = client.get(f"{FEED}?{query}")
    assert page.status_code == 400 and words in page.text
    assert 'aria-invalid="true"' in page.text and "<script>" not in page.text


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("from=9999-12-31", 200), ("to=9999-12-31", 200), ("to=0001-01-01", 200),
        ("from=0001-01-01", 400), ("from=9999-12-31T23:59:59Z", 400), ("to=0001-01-01+00:00", 400),
    ],
)  # fmt: skip
def test_the_ends_of_time_are_moments_as_far_as_the_zone_has_them(
    client: Any, shop: Shop, query: str, status: int
) -> None:
    stock(shop)
    assert client.get(f"{FEED}?{query}").status_code == status


def test_a_long_feed_is_paged_by_place(client: Any, shop: Shop) -> None:
    made = [at(shop, dt.datetime(2026, 1, 1, tzinfo=dt.UTC), reason="r") for _ in range(45)]
    seen: list[int] = []
    url: str | None = f"{FEED}?reason=r"
    while url:
        page = client.get(url)
        seen += numbers(page)
        older = re.search(r'rel="next" href="([^"]+)"', page.text)
        url = older and older[1].replace("&amp;", "&")
        assert not url or ("before=" in url and "reason=r" in url)
    assert seen == made[::-1]
    assert "← Newest" in page.text


@pytest.mark.parametrize("place", ["x", "1", "1.x", "-", ".", "9" * 30 + ".1", "--1.1", "%F0"])
def test_a_place_of_nonsense_is_a_400(client: Any, shop: Shop, place: str) -> None:
    stock(shop)
    assert client.get(f"{FEED}?before={place}").status_code == 400


@pytest.mark.parametrize("place", ["1.1", "-1.1", "1." + "9" * 30, "-62135596800000000.1"])
def test_a_place_far_away_is_a_place(client: Any, shop: Shop, place: str) -> None:
    stock(shop)
    assert client.get(f"{FEED}?before={place}").status_code == 200


def test_a_place_below_the_first_change_is_empty(client: Any, shop: Shop) -> None:
    stock(shop)
    page = client.get(f"{FEED}?before=0.1")
    assert page.status_code == 200 and "Nothing older" in page.text


def test_the_history_of_a_person_with_counts(client: Any, shop: Shop) -> None:
    stock(shop)
    second = mixed(shop)
    shop.edit(Gadget, 1, actor="Bob", price=32)
    page = client.get(f"{FEED}?actor=Bob")
    assert "Changes by Bob" in page.text and numbers(page) == [last_change(shop), second]
    assert "2 changes" in shown(page) and "Gadget 1 created 1 deleted 2 edited" in shown(page)


def test_a_person_who_did_nothing(client: Any, shop: Shop) -> None:
    stock(shop)
    assert "No match" in client.get(f"{FEED}?actor=Zoe").text


def test_hostile_names_and_reasons_are_text(client: Any, shop: Shop) -> None:
    number = at(shop, dt.datetime.now(dt.UTC), actor=HOSTILE, reason=HOSTILE)
    for url in (FEED, f"{FEED}{number}/", "/admin/maker/timeline/?id=1", "/admin/maker/"):
        page = client.get(url)
        assert page.status_code == 200 and "<script>alert" not in page.text
    answer = client.get(FEED, query_string={"actor": HOSTILE})
    assert answer.status_code == 200 and numbers(answer) == [number]
    assert len(re.search(r"<h1>(.*?)</h1>", answer.text, re.S)[1]) < 200  # type: ignore[index]


def test_the_number_of_statements_is_fixed(client: Any, shop: Shop, statements: list[str]) -> None:
    counts = []
    for rows in (1, 15):
        for n in range(rows):
            at(shop, dt.datetime.now(dt.UTC), actor="Alice", reason=str(n))
        pages = []
        for query in ("", "?model=maker&operation=create&reason=0", "?actor=Alice"):
            statements.clear()
            assert client.get(FEED + query).status_code == 200
            pages.append(len(statements))
        counts.append(pages)
    assert counts == [[3, 3, 5], [3, 3, 5]]


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_it_is_only_read(client: Any, method: str) -> None:
    assert getattr(client, method)(FEED).status_code == 405


def test_a_bulk_insert_is_one_row_of_the_feed(client: Any, shop: Shop) -> None:
    rows = [{"name": f"m{n}"} for n in range(500)]
    number = transaction(shop, lambda: db.session.execute(insert(Maker), rows) and None)
    assert numbers(client.get(FEED)) == [number]
    assert "Maker 500 created" in shown(client.get(FEED))
