"""What is final asks for the password again, in place, and keeps what was typed."""

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
    bulk_form,
    edit,
    review,
    rows,
    say,
    seen,
    state,
    url,
)
from webapp.auth import accounts as ours


@pytest.fixture
def bob(app: Flask) -> Any:
    return accounts.as_(app, "Bob")


@pytest.fixture
def due(shop: Shop) -> int:
    """A change of Alice's that awaits review."""
    stock(shop)
    review(shop.app, Gadget)
    return edit(shop, actor="Alice", price=31)


@pytest.fixture
def tired(app: Flask) -> Any:
    """Bob, who has a password and typed it long ago."""
    with app.app_context():
        account = ours.named("Bob")
        assert account
        ours.set_password(account, accounts.PASSWORD)
    client = accounts.as_(app, None)
    login = {"email": accounts.address("Bob"), "password": accounts.PASSWORD}
    assert client.post("/sign-in", data=login).status_code == 302
    with client.session_transaction() as session:
        session["fs_paa"] = 0
    return client


@pytest.mark.parametrize("act", ["sign-off", "reject"])
def test_the_password_is_asked_and_the_comment_kept(
    tired: Any, shop: Shop, due: int, act: str
) -> None:
    answer = say(tired, due, act, "I typed this")
    assert answer.status_code == 422 and "type your password" in answer.text
    assert "I typed this</textarea>" in answer.text and state(shop, due) == "due"
    wrong = say(tired, due, act, "I typed this", password="wrong words entirely")
    assert wrong.status_code == 422 and "not your password" in wrong.text
    assert "wrong words" not in wrong.text and state(shop, due) == "due"
    done = say(tired, due, act, "I typed this", password=accounts.PASSWORD)
    assert done.status_code == 302 and state(shop, due) == act
    assert rows(shop, due)[-1].comment == "I typed this"


def test_for_a_quarter_of_an_hour_it_is_not_asked_again(tired: Any, shop: Shop, due: int) -> None:
    say(tired, due, "sign-off", password=accounts.PASSWORD)
    assert say(tired, edit(shop, price=40), "sign-off").status_code == 302


def test_a_question_needs_none(tired: Any, shop: Shop, due: int) -> None:
    assert say(tired, due, "query", "Why?").status_code == 302


def test_from_the_queue_too(tired: Any, shop: Shop, due: int) -> None:
    form = {**seen(tired.get(QUEUE)), "act": "sign-off", "back": QUEUE}
    answer = tired.post(url(due), data=form)
    assert answer.status_code == 422 and 'name="password"' in answer.text
    assert f'name="back" value="{QUEUE}"' in answer.text


@pytest.mark.parametrize("settings", [{"RATELIMIT_ENABLED": True}])
def test_guesses_are_counted(tired: Any, shop: Shop, due: int) -> None:
    for _ in range(10):
        say(tired, due, "sign-off", password="wrong words entirely")
    assert say(tired, due, "sign-off", password=accounts.PASSWORD).status_code == 429
    assert state(shop, due) == "due"


def test_many_at_once_too(tired: Any, shop: Shop, due: int) -> None:
    page = tired.get(f"{QUEUE}all/")
    assert 'name="password"' in page.text
    form = bulk_form(page.text) | {"comment": "all fine"}
    answer = tired.post(f"{QUEUE}all/", data=form)
    assert answer.status_code == 422 and "all fine</textarea>" in answer.text
    form["password"] = accounts.PASSWORD
    assert tired.post(f"{QUEUE}all/", data=form).status_code == 302
    assert state(shop, due) == "sign-off"
