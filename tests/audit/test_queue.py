"""The queue: what awaits review, oldest first, with filters, pages, numbers, and its indexes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests import accounts
from tests.admin.conftest import Shop
from tests.admin.shop.models import Gadget, Maker
from tests.audit.builders import edit_all, stock, transaction
from tests.audit.reviews import (
    MINE,
    QUEUE,
    edit,
    numbers,
    review,
    rows,
    say,
    shown,
    state,
)
from webapp.audit.models import Review
from webapp.extensions import db

HOSTILE = "<script>alert(1)</script>\n" + "x" * 10_000


@pytest.fixture
def bob(app: Flask) -> Any:
    return accounts.as_(app, "Bob")


@pytest.fixture
def stocked(shop: Shop) -> Shop:
    stock(shop)
    review(shop.app, Gadget)
    review(shop.app, Maker)
    return shop


def test_oldest_first_with_who_when_why_and_the_differences(bob: Any, stocked: Shop) -> None:
    first = edit(stocked, actor="Alice", price=31)
    second = transaction(stocked, lambda: db.session.add(Maker(name="m")), actor="x", reason="Why")
    page = bob.get(QUEUE)
    assert numbers(page) == [first, second]
    for words in ("Kettle", "29.00", "31.00", "Alice", "Why", "Gadget: every change"):
        assert words in shown(page)


def test_an_empty_queue_says_so(bob: Any, shop: Shop) -> None:
    assert "All done" in bob.get(QUEUE).text
    assert "No change is in this state" in bob.get(f"{QUEUE}?state=reject").text
    assert "No match" in bob.get(f"{QUEUE}?actor=Zoe").text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "13"), ("state=due", "13"), ("state=query", "2"), ("state=sign-off", ""),
        ("model=maker", "3"), ("model=gadget", "1"), ("operation=update", "1"),
        ("operation=create", "3"), ("model=maker&operation=update", ""), ("actor=Alice", "1"),
        ("actor=alice", ""), ("reason=SPRING", "3"), ("reason=%25", ""),
        ("field=gadget.price", "1"),
        ("field=gadget.notes", ""), ("field=maker.name", "3"), ("state=query&actor=Alice", "2"),
        ("from=2026-02-01", "13"), ("to=2020-01-01", ""), ("field=gadget.price&model=maker", ""),
        ("actor=Bob&reason=spring&model=maker&operation=create&field=maker.name", "3"),
    ],
)  # fmt: skip
def test_filters(client: Any, stocked: Shop, query: str, found: str) -> None:
    made = {"1": edit(stocked, price=31), "2": edit(stocked, notes="n")}
    made["3"] = transaction(
        stocked, lambda: db.session.add(Maker(name="m")), actor="Bob", reason="Spring"
    )
    say(client, made["2"], "query", "Why?")
    page = client.get(f"{QUEUE}?{query}")
    assert (page.status_code, numbers(page)) == (200, [made[each] for each in found])


@pytest.mark.parametrize(
    "query",
    ["state=drop", "state=passed", "state=DUE", "model=x", "operation=x", "field=x", "field=gadget",
     "field=gadget.", "field=gadget.id", "field=gadget.change_id", "field=.price", "from=x",
     "from=2026-02-01&to=2026-01-01", "reason=" + "x" * 201],
)  # fmt: skip
def test_what_cannot_be_read_is_a_400(bob: Any, stocked: Shop, query: str) -> None:
    edit(stocked, price=31)
    assert bob.get(f"{QUEUE}?{query}").status_code == 400
    assert bob.get(f"{QUEUE}all/?{query}").status_code == 400
    assert bob.post(f"{QUEUE}all/?{query}").status_code == 400
    page = accounts.as_(stocked.app, "Alice").get(f"{MINE}?{query}")
    assert page.status_code == 400


@pytest.mark.parametrize("place", ["x", "1", "1.x", "9" * 30 + ".1", "%F0"])
def test_a_place_of_nonsense_is_a_400(bob: Any, stocked: Shop, place: str) -> None:
    assert bob.get(f"{QUEUE}?after={place}").status_code == 400


def test_hostile_names_and_reasons_are_text(bob: Any, stocked: Shop) -> None:
    work = lambda: db.session.add(Maker(name=HOSTILE[:90]))  # noqa: E731
    number = transaction(stocked, work, actor=HOSTILE, reason=HOSTILE)
    say(bob, number, "query", HOSTILE[:2000])
    for page in (f"{QUEUE}?state=query", f"{QUEUE}{number}/", f"{QUEUE}all/", "/admin/"):
        answer = bob.get(page)
        assert answer.status_code == 200 and "<script>alert" not in answer.text
    answer = bob.get(QUEUE, query_string={"actor": HOSTILE, "state": "query"})
    assert numbers(answer) == [number]


def test_pages_follow_each_other(bob: Any, stocked: Shop) -> None:
    made = [edit(stocked, notes=str(n)) for n in range(45)]
    seen: list[int] = []
    address: str | None = f"{QUEUE}?actor=Alice"
    while address:
        page = bob.get(address)
        seen += numbers(page)
        found = re.search(r'rel="next" href="([^"]+)"', page.text)
        address = found and found[1].replace("&amp;", "&")
        assert not address or ("after=" in address and "actor=Alice" in address)
    assert seen == made
    assert "← Oldest" in page.text


def test_what_is_signed_off_meanwhile_moves_no_page(bob: Any, stocked: Shop) -> None:
    made = [edit(stocked, notes=str(n)) for n in range(25)]
    page = bob.get(QUEUE)
    second = re.search(r'rel="next" href="([^"]+)"', page.text)
    assert second
    say(bob, made[3], "sign-off")
    assert numbers(bob.get(second[1].replace("&amp;", "&"))) == made[20:]


def test_each_state_has_its_number(client: Any, stocked: Shop) -> None:
    made = [edit(stocked, notes=str(n)) for n in range(4)]
    say(client, made[0], "query", "Why?")
    say(client, made[1], "sign-off")
    page = shown(client.get(QUEUE))
    assert "Awaiting review 2 Queried 1 Answered 0 Signed off 1 Rejected 0" in page
    page = shown(client.get(f"{QUEUE}?field=gadget.price"))
    assert "Awaiting review 0 Queried 0" in page


def test_the_number_of_statements_is_fixed(
    client: Any, stocked: Shop, statements: list[str]
) -> None:
    counts = []
    for n in range(3):
        pages = []
        for query in ("", "?state=query", "?field=gadget.price&reason=e&model=gadget&actor=Bob"):
            statements.clear()
            assert client.get(f"{QUEUE}{query}").status_code == 200
            pages.append(len(statements))
        counts.append(pages)
        for each in range(6):
            edit_all(stocked, maker_id=1, notes=f"{n} {each}")
            transaction(stocked, lambda: db.session.add(Maker(name="m")))
            say(client, edit(stocked, price=each), "query", "Why?")
    assert counts[1] == counts[2] and max(counts[2]) <= 12, counts


def test_a_large_change_is_shown_in_part_and_signed_off_on_its_page(
    bob: Any, stocked: Shop
) -> None:
    number = transaction(
        stocked, lambda: db.session.add_all(Gadget(name=f"g{n}.") for n in range(50))
    )
    page = bob.get(QUEUE)
    assert numbers(page) == [number] and len(re.findall(r">g\d+\.</a>", page.text)) == 5
    assert "45 more of Gadget" in page.text and 'value="sign-off"' not in page.text
    assert say(bob, number, "sign-off").status_code == 302


class TestMine:
    def test_an_editor_sees_the_state_of_their_own_changes(
        self, app: Flask, bob: Any, stocked: Shop
    ) -> None:
        alice = accounts.as_(app, "Alice")
        own, asked = edit(stocked, price=31), edit(stocked, price=32)
        edit(stocked, actor="Carol", price=33)
        say(bob, asked, "query", "Why?")
        page = alice.get(MINE)
        assert numbers(page) == [asked] and "Answer…" in page.text
        assert numbers(alice.get(f"{MINE}?state=due")) == [own]
        assert numbers(alice.get(f"{MINE}?state=due&actor=Carol")) == [own]
        assert 'value="sign-off"' not in alice.get(f"{MINE}?state=due").text

    def test_without_a_question_it_says_so(self, app: Flask, stocked: Shop) -> None:
        assert "Nobody asks you anything" in accounts.as_(app, "Dave").get(MINE).text

    def test_it_stands_in_the_menu_of_the_person(self, app: Flask) -> None:
        assert f'href="{MINE}"' in accounts.as_(app, "Alice").get("/admin/").text


def test_what_a_person_sees_of_the_table_is_what_is_there(stocked: Shop) -> None:
    """Each change has one last row, whatever was said."""
    edit(stocked, price=31)
    with stocked.app.app_context():
        last = select(Review.change_id).where(Review.followed_by.is_(None))
        found = list(db.session.scalars(last))
    assert len(found) == len(set(found)) == len({row.change_id for row in rows(stocked)})
    assert state(stocked, found[0]) == "due"
