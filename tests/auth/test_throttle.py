"""Attempts are slowed down by address and by account, and the account's owner is not locked out."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import accounts
from tests.auth.conftest import account_id, events, with_password
from webapp.auth import throttle


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"RATELIMIT_ENABLED": True}


@pytest.fixture
def app(app: Flask) -> Flask:
    with_password(app)
    return app


def attempt(client: FlaskClient, name: str, password: str, address: str) -> int:
    typed = {"email": accounts.address(name), "password": password}
    where = {"REMOTE_ADDR": address}
    return client.post("/sign-in", data=typed, environ_overrides=where).status_code


def test_guessing_at_one_account_from_many_addresses_is_slowed_down(app: Flask) -> None:
    eve = accounts.as_(app, None)
    codes = [attempt(eve, "Alice", "wrong", f"192.0.2.{n}") for n in range(12)]
    assert codes == [422] * 10 + [429] * 2


def test_guessing_from_one_address_at_many_accounts_is_slowed_down(app: Flask) -> None:
    eve = accounts.as_(app, None)
    codes = [attempt(eve, f"person{n}", "wrong", "192.0.2.7") for n in range(32)]
    assert codes == [422] * 30 + [429] * 2


def test_the_owner_signs_in_while_somebody_guesses(app: Flask) -> None:
    alice, eve = accounts.as_(app, None), accounts.as_(app, None)
    assert attempt(alice, "Alice", accounts.PASSWORD, "198.51.100.1") == 302
    alice.post("/sign-out")
    for n in range(20):
        attempt(eve, "Alice", "wrong", f"192.0.2.{n}")
    assert attempt(eve, "Alice", accounts.PASSWORD, "192.0.2.99") == 429
    assert attempt(alice, "Alice", accounts.PASSWORD, "198.51.100.1") == 302


def test_a_made_up_mark_of_a_known_browser_helps_nobody(app: Flask) -> None:
    eve = accounts.as_(app, None)
    eve.set_cookie(throttle.KNOWN_BROWSER, "x.y.z", path="/sign-in")
    codes = [attempt(eve, "Alice", "wrong", f"192.0.2.{n}") for n in range(11)]
    assert codes[-1] == 429


def test_being_slowed_down_says_when_to_come_back(app: Flask) -> None:
    eve = accounts.as_(app, None)
    for n in range(11):
        attempt(eve, "Alice", "wrong", f"192.0.2.{n}")
    typed = {"email": accounts.address("Alice"), "password": "wrong"}
    answer = eve.post("/sign-in", data=typed)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert "too many attempts" in answer.text


def test_a_flood_makes_one_event(app: Flask) -> None:
    eve = accounts.as_(app, None)
    for _ in range(20):
        attempt(eve, "Alice", "wrong", "192.0.2.7")
    kinds = [kind for kind, _, _ in events(app)]
    assert kinds.count("sign-in throttled") == 1
    assert kinds.count("sign-in refused") == 10


@pytest.mark.parametrize(
    ("address", "most"),
    [("/admin/product/compare/?id=1&a=1&b=2", 90), ("/admin/product/?search=x", 90)],
)
def test_what_costs_much_is_slowed_down_for_each_person(
    app: Flask, stocked: Flask, address: str, most: int
) -> None:
    dave, bob = accounts.as_(app, "Dave"), accounts.as_(app, "Bob")
    limiter = app.extensions["throttle"]
    what, limit = (
        ("compare", throttle.COMPARE) if "compare" in address else ("search", throttle.SEARCH)
    )
    for _ in range(most):
        limiter.limiter.hit(limit, what, str(account_id(app, "Dave")))
    assert dave.get(address).status_code == 429
    assert bob.get(address).status_code == 200
    assert dave.get("/admin/product/").status_code == 200
