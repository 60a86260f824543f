"""The page of a change: all that one transaction did, across models."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.admin.conftest import Shop
from tests.admin.shop.models import Gadget, Maker, Parcel
from tests.audit.builders import FEED, edit_all, mixed, stock, transaction
from webapp.extensions import db


def test_every_record_of_every_model_old_to_new(client: Any, shop: Shop) -> None:
    stock(shop)
    page = client.get(f"{FEED}{mixed(shop)}/").text
    for word in ("Kettle", "29.00", "31.00", "Pan", "Lid", "Acme", "Bob", "Spring", "abc123"):
        assert word in page
    assert "価格" in page  # the view's own label
    assert page.count('class="op op-delete"') == 2 + 2  # two records, and their numbers


def test_it_leads_to_the_timelines(client: Any, shop: Shop) -> None:
    stock(shop)
    number = mixed(shop)
    shop.edit(Gadget, 1, price=33)
    page = client.get(f"{FEED}{number}/").text
    link = re.search(r'href="(/admin/gadget/timeline/\?id=1&amp;before=3)#v2"', page)
    assert link
    assert 'id="v2"' in client.get(link[1].replace("&amp;", "&")).text


def test_it_is_linked_from_timeline_and_list(client: Any, shop: Shop) -> None:
    stock(shop)
    number = mixed(shop)
    timeline = client.get("/admin/gadget/timeline/?id=1").text
    assert f'href="/admin/changes/{number}/">Change #{number}<' in timeline
    for page in (timeline, client.get("/admin/gadget/").text):
        assert 'href="/admin/changes/?actor=Bob">Bob<' in page


def test_statements_three_and_one_for_each_model(
    client: Any, shop: Shop, statements: list[str]
) -> None:
    counts = []
    for number in (stock(shop), mixed(shop)):
        statements.clear()
        client.get(f"{FEED}{number}/")
        counts.append(len(statements))
    rows = [Gadget(name=f"g{n}") for n in range(150)]
    number = transaction(shop, lambda: db.session.add_all(rows))
    statements.clear()
    client.get(f"{FEED}{number}/")
    assert [*counts, len(statements)] == [5, 5, 4]


def test_references_are_named_by_one_statement_a_column(
    client: Any, shop: Shop, statements: list[str]
) -> None:
    stock(shop)
    for n in range(30):
        shop.add(Gadget, name=f"g{n}")
    number = edit_all(shop, maker_id=1)
    statements.clear()
    page = client.get(f"{FEED}{number}/").text
    assert page.count("Acme") == 32 and len(statements) == 5


def test_many_records_are_paged_by_a_hundred(client: Any, shop: Shop) -> None:
    rows = [Gadget(name=f"gadget {n:03}.") for n in range(230)]
    number = transaction(shop, lambda: db.session.add_all([*rows, Maker(name="Acme")]))
    url, pages, seen = f"{FEED}{number}/", 0, []
    while url:
        page = client.get(url).text
        found = re.findall(r">gadget (\d{3})\.</a>", page)
        assert len(found) <= 100 and ("Acme" in page) == (pages == 0)
        seen, pages = seen + found, pages + 1
        older = re.search(r'rel="next" href="([^"]+)"', page)
        url = older[1].replace("&amp;", "&") if older else ""
    assert (len(set(seen)), len(seen), pages) == (230, 230, 3)


def test_ids_of_another_kind_are_paged_too(client: Any, shop: Shop) -> None:
    number = transaction(shop, lambda: db.session.add_all(Parcel(name="p") for _ in range(101)))
    page = client.get(f"{FEED}{number}/").text
    older = re.search(r'rel="next" href="([^"]+)"', page)
    assert older and "1 of 101" in client.get(older[1].replace("&amp;", "&")).text


@pytest.mark.parametrize(
    "number",
    ["0", "-1", "01", "+1", "1.0", "x", "999", "1e3", "%20", "1%0A", "9" * 19, "9" * 300, "\u0661",
     str(2**63 - 1), str(2**63), "1,1", "None"],
)  # fmt: skip
def test_a_hostile_number_is_a_404(client: Any, shop: Shop, number: str) -> None:
    stock(shop)
    assert client.get(f"{FEED}{number}/").status_code == 404
    assert client.get(f"{FEED}{number}/undo/").status_code == 404


@pytest.mark.parametrize(
    ("query", "status"),
    [("model=x", 404), ("model=gadget&after=x", 404), ("model=gadget&after=01", 404),
     ("model=gadget&after=" + "9" * 18, 200), ("model=gadget&after=" + "9" * 30, 404),
     ("model=parcel", 404), ("model=gadget&after=-5", 200), ("after=5", 200),
     ("model=maker", 200)],
)  # fmt: skip
def test_a_hostile_page_is_a_404(client: Any, shop: Shop, query: str, status: int) -> None:
    assert client.get(f"{FEED}{stock(shop)}/?{query}").status_code == status


def test_a_change_that_left_nothing_is_a_404(client: Any, shop: Shop) -> None:
    def work() -> None:
        row = Maker(name="m")
        db.session.add(row)
        db.session.flush()
        db.session.delete(row)

    assert client.get(f"{FEED}{transaction(shop, work)}/").status_code == 404


def test_it_is_only_read(client: Any, shop: Shop) -> None:
    assert client.post(f"{FEED}{stock(shop)}/").status_code == 405
