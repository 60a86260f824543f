"""The home page's part on reviews: what waits for whom."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask

from tests import accounts
from tests.admin.conftest import Shop
from tests.admin.shop.models import Gadget
from tests.audit.builders import stock
from tests.audit.reviews import edit, review, say


@pytest.fixture
def asked(app: Flask, shop: Shop) -> Shop:
    """Of Alice's three changes one awaits review, one is queried, one is answered; one of Carol's
    awaits review."""
    stock(shop)
    review(app, Gadget)
    bob, alice = accounts.as_(app, "Bob"), accounts.as_(app, "Alice")
    _, queried, answered = (edit(shop, actor="Alice", notes=str(n)) for n in range(3))
    edit(shop, actor="Carol", notes="own")
    for number in (queried, answered):
        say(bob, number, "query", "Why?")
    say(alice, answered, "answer", "So it is")
    return shop


def cards(app: Flask, name: str) -> dict[str, str]:
    """Title and number of each card."""
    page = accounts.as_(app, name).get("/admin/").text
    part = page.partition('class="waiting"')[2].partition("</section>")[0]
    return dict(re.findall(r'<a href="[^"]+">([^<]+)</a><p class="figure">([^<]+)</p>', part))


def test_it_tells_each_role_what_waits_for_it(app: Flask, asked: Shop) -> None:
    assert cards(app, "Bob") == {"Awaiting review": "2", "Answered questions": "1"}
    assert cards(app, "Alice") == {"Questions to answer": "1"}
    assert cards(app, "Dave") == {}
    assert cards(app, "Carol") == {
        "No question to you": "0",
        "Awaiting review": "1",  # the other is her own
        "Answered questions": "1",
    }


def test_it_says_since_when_and_leads_there(app: Flask, asked: Shop) -> None:
    page = accounts.as_(app, "Bob").get("/admin/").text
    assert "The oldest change was made just now." in page
    assert 'href="/admin/review/"' in page and 'href="/admin/review/?state=answer"' in page


def test_one_statement_whatever_waits(
    client: Any, app: Flask, asked: Shop, statements: list[str]
) -> None:
    for _ in range(2):
        statements.clear()
        client.get("/admin/")
        assert len([each for each in statements if "review" in each]) == 1
        for n in range(5):
            edit(asked, notes=f"more {n}")
