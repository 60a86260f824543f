"""The pages of accounts as they are rendered: the checks that every page has to pass."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from passlib.totp import TOTP

from tests import accounts
from tests.auth.authenticator import Device
from tests.auth.conftest import account_id, with_password
from tests.auth.test_passkeys import add
from tests.look.markup import Markup, Page
from webapp import create_app, database
from webapp.auth import demo, set_up

NAMES = (
    "sign-in",
    "refused",
    "demo",
    "password",
    "password refused",
    "confirm",
    "accounts",
    "new",
    "new refused",
    "one",
    "one refused",
    "events",
    "no events",
    "forbidden",
    "signed out",
    "set-up",
    "set-up refused",
    "set-up closed",
    "forgotten",
    "forgotten refused",
    "new password",
    "new password refused",
    "link",
    "set up step",
    "set up step refused",
    "recovery codes",
    "step",
    "step refused",
    "one with step",
    "code",
    "code refused",
    "passkeys",
    "passkeys refused",
    "a passkey",
)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    given = {**accounts.SETTINGS, "WTF_CSRF_ENABLED": False, "DATABASE_URL": ""}
    folder, other = tmp_path_factory.mktemp("accounts"), tmp_path_factory.mktemp("demo")
    shown = create_app({**given, "DEMO": True, "INSTANCE_PATH": str(other)})
    with shown.app_context():
        database.create_tables()
        demo.make()
        database.close()
    mail = {
        "MAIL_URL": "smtp://127.0.0.1",
        "MAIL_FROM": "a@example.org",
        "SITE_URL": "http://localhost",
    }
    app = create_app({**given, **mail, "INSTANCE_PATH": str(folder)})
    eve = accounts.as_(app, None)
    with app.app_context():
        database.create_tables()
        address = str(set_up.offer())
    first = {
        "set-up": eve.get(address).text,
        "set-up refused": eve.post("/set-up", data={"token": address.partition("=")[2]}).text,
    }
    accounts.welcome(app)
    with_password(app)
    carol, dave = (accounts.as_(app, name) for name in ("Carol", "Dave"))
    link = carol.post("/admin/accounts/1/link/").text
    token = re.findall(r"token=([\w-]+)", link)[0]
    alice = accounts.as_(app, None)
    typed = {"email": accounts.address("Alice"), "password": accounts.PASSWORD}
    alice.post("/sign-in", data=typed)
    yield {
        "sign-in": eve.get("/sign-in?next=/admin/product/").text,
        "refused": eve.post("/sign-in", data={"email": "x", "password": "y"}).text,
        "demo": FlaskClient(shown, shown.response_class).get("/sign-in").text,
        "password": alice.get("/password").text,
        "password refused": alice.post("/password", data={"password": "x"}).text,
        "confirm": alice.get("/confirm?next=/admin/").text,
        "accounts": carol.get("/admin/accounts/").text,
        "new": carol.get("/admin/accounts/new/").text,
        "new refused": carol.post("/admin/accounts/new/", data={"name": "Alice"}).text,
        "one": carol.get("/admin/accounts/1/").text,
        "one refused": carol.post("/admin/accounts/1/password/", data={"password": "x"}).text,
        "events": carol.get("/admin/events/").text,
        "no events": carol.get("/admin/events/?account=Eve").text,
        "forbidden": dave.get("/admin/accounts/").text,
        "signed out": eve.post("/admin/product/new/").text,
        **first,
        "set-up closed": eve.get(address).text,
        "forgotten": eve.get("/forgotten").text,
        "forgotten refused": eve.post("/forgotten").text,
        "new password": eve.get(f"/new-password?token={token}").text,
        "new password refused": eve.post("/new-password", data={"token": token}).text,
        "link": link,
        **_second_step(app, alice, carol, typed),
    }
    for each in (app, shown):
        with each.app_context():
            database.close()


def _second_step(
    app: Flask, alice: FlaskClient, carol: FlaskClient, typed: dict[str, str]
) -> dict[str, str]:
    """The pages of the second step, while Alice sets it up and signs in anew."""
    page = alice.get("/second-step").text
    found = re.search(r'class="mono key">([A-Z2-7 ]+)<', page)
    sealed = re.search(r'name="sealed"[^>]* value="([^"]+)"', page)
    assert found and sealed
    code = str(TOTP(key=found[1].replace(" ", "")).generate().token)
    found_pages = {
        "set up step": page,
        "set up step refused": alice.post("/second-step", data={"sealed": sealed[1]}).text,
        "recovery codes": alice.post("/second-step", data={"sealed": sealed[1], "code": code}).text,
        "step": alice.get("/second-step").text,
        "passkeys": alice.get("/passkeys").text,
        "passkeys refused": alice.post("/passkeys", data={"name": "x"}).text,
        "a passkey": _with_passkey(alice),
        "step refused": alice.post("/second-step/off", data={"code": "x"}).text,
        "one with step": carol.get(f"/admin/accounts/{account_id(app, 'Alice')}/").text,
    }
    anew = accounts.as_(app, None)
    anew.post("/sign-in", data=typed)
    return found_pages | {
        "code": anew.get("/sign-in/code").text,
        "code refused": anew.post("/sign-in/code", data={"code": "x"}).text,
    }


def _with_passkey(alice: FlaskClient) -> str:
    add(alice, Device())
    return alice.get("/passkeys").text


@pytest.fixture(params=NAMES)
def page(request: pytest.FixtureRequest, pages: dict[str, str]) -> Page:
    return Page(pages[request.param])


class TestMarkup(Markup):
    """Of each of the pages."""
