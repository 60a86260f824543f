"""Who may say what about a change, and who may not."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests import accounts
from tests.admin.conftest import Shop
from tests.admin.shop.models import Gadget
from tests.audit.builders import stock
from tests.audit.reviews import (
    QUEUE,
    count,
    edit,
    forged,
    review,
    say,
    state,
    url,
)


@pytest.fixture
def bob(app: Flask) -> Any:
    return accounts.as_(app, "Bob")


@pytest.fixture
def due(shop: Shop) -> int:
    """A change of Alice's that awaits review."""
    stock(shop)
    review(shop.app, Gadget)
    return edit(shop, actor="Alice", price=31)


@pytest.mark.parametrize("act", ["sign-off", "query", "reject", "answer"])
def test_a_viewer_says_nothing(app: Flask, shop: Shop, due: int, act: str) -> None:
    dave = accounts.as_(app, "Dave")
    page = dave.get(url(due))
    assert page.status_code == 200 and 'name="act"' not in page.text
    assert dave.post(url(due), data=forged(shop, due, act, "no")).status_code == 403
    assert count(shop) == 1


def test_whoever_is_signed_out_says_nothing(app: Flask, shop: Shop, due: int) -> None:
    eve = accounts.as_(app, None)
    assert eve.get(url(due)).status_code == 302
    assert eve.post(url(due), data=forged(shop, due, "sign-off")).status_code == 401


def test_the_queue_is_for_reviewers(app: Flask, shop: Shop, due: int) -> None:
    for name in ("Alice", "Dave"):
        person = accounts.as_(app, name)
        assert person.get(QUEUE).status_code == 403
        assert person.get(f"{QUEUE}all/").status_code == 403
        assert f'href="{QUEUE}"' not in person.get("/admin/").text
    assert f'href="{QUEUE}"' in accounts.as_(app, "Bob").get("/admin/").text


def test_another_editor_may_answer_and_then_not_review(
    app: Flask, client: Any, bob: Any, shop: Shop, due: int
) -> None:
    say(bob, due, "query", "Why?")
    assert say(client, due, "answer", "Alice is away: it was a typo").status_code == 302
    assert client.post(url(due), data=forged(shop, due, "sign-off")).status_code == 403
    assert "You answered for this change" in client.get(url(due)).text


def test_who_asked_does_not_answer(client: Any, shop: Shop, due: int) -> None:
    say(client, due, "query", "Why?")
    form = forged(shop, due, "answer", "Because")
    answer = client.post(url(due), data=form)
    assert answer.status_code == 403 and state(shop, due) == "query"
