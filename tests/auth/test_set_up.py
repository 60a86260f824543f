"""The first administrator, by the address that the console prints."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete, select, text
from werkzeug.test import TestResponse

from tests import accounts
from tests.auth.conftest import events
from tests.commands import environment, get, serving
from webapp.auth import set_up
from webapp.auth.models import Account, Grant, OneTimeLink, SignIn
from webapp.extensions import db
from webapp.versioning import utcnow

GRACE = {
    "name": "Grace",
    "email": "grace@example.org",
    "password": accounts.PASSWORD,
    "again": accounts.PASSWORD,
}


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def bare(app: Flask) -> Flask:
    """The application without any account."""
    with app.app_context():
        for table in (Grant, SignIn, Account):
            db.session.execute(delete(table))
        db.session.commit()
    return app


def token(app: Flask) -> str:
    with app.app_context():
        path = set_up.offer()
    assert path
    return path.partition("token=")[2]


def open_(app: Flask, token: str, **typed: str) -> TestResponse:
    return accounts.as_(app, None).post("/set-up", data=GRACE | {"token": token} | typed)


def administrators(app: Flask) -> list[str]:
    with app.app_context():
        query = select(Account.name).join(Grant).where(Grant.name == "administrator")
        return list(db.session.scalars(query.order_by(Account.name)))


def test_the_address_makes_an_administrator_who_may_sign_in(bare: Flask) -> None:
    secret = token(bare)
    browser = accounts.as_(bare, None)
    assert "Make the first administrator" in browser.get(f"/set-up?token={secret}").text
    answer = open_(bare, secret)
    assert (answer.status_code, answer.location) == (302, "/sign-in")
    typed = {"email": GRACE["email"], "password": GRACE["password"]}
    assert browser.post("/sign-in", data=typed).status_code == 302
    assert browser.get("/admin/accounts/").status_code == 200
    kinds = [kind for kind, account, _ in events(bare) if account == "Grace"]
    assert kinds[:3] == ["account created", "role granted", "first administrator set up"]


def test_it_works_once(bare: Flask) -> None:
    secret = token(bare)
    assert open_(bare, secret).status_code == 302
    again = open_(bare, secret, name="Eve", email="eve@example.org")
    assert again.status_code == 404 and "versioned-admin user create" in again.text
    assert administrators(bare) == ["Grace"]


def test_where_there_is_an_administrator_none_is_offered_and_a_kept_one_is_void(
    bare: Flask,
) -> None:
    kept = token(bare)
    accounts.welcome(bare)
    with bare.app_context():
        assert set_up.offer() is None
    assert accounts.as_(bare, None).get(f"/set-up?token={kept}").status_code == 404
    assert open_(bare, kept).status_code == 404
    assert administrators(bare) == ["Carol"]


@pytest.mark.parametrize("wrong", ["", "x", "x" * 5000, "\u202e", "' OR 1=1 --"])
def test_without_its_token_there_is_no_page_but_a_word_on_what_to_do(
    bare: Flask, wrong: str
) -> None:
    token(bare)
    answer = accounts.as_(bare, None).get("/set-up", query_string={"token": wrong})
    assert answer.status_code == 404 and "start the server again" in answer.text
    assert open_(bare, wrong).status_code == 404
    assert administrators(bare) == []


def test_it_is_too_old_after_an_hour(bare: Flask) -> None:
    secret = token(bare)
    with bare.app_context():
        db.session.scalars(select(OneTimeLink)).one().expires_at = utcnow() - timedelta(seconds=1)
        db.session.commit()
    assert open_(bare, secret).status_code == 404


def test_two_at_once_make_one_administrator(bare: Flask) -> None:
    """With two addresses, as two processes print them."""
    secrets = [token(bare), token(bare)]
    names = ["Grace", "Heidi"]

    def make(secret: str, name: str) -> int:
        email = f"{name.lower()}@example.org"
        return open_(bare, secret, name=name, email=email).status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(make, secrets, names)) == [302, 404]
    assert len(administrators(bare)) == 1


@pytest.mark.parametrize(
    ("typed", "word"),
    [({"password": "short", "again": "short"}, "characters"), ({"again": "x"}, "not the same"),
     ({"name": "system"}, "no person"), ({"email": "grace"}, "no e-mail address")],
)  # fmt: skip
def test_what_cannot_be_comes_back_and_leaves_the_address_open(
    bare: Flask, typed: dict[str, str], word: str
) -> None:
    secret = token(bare)
    refused = open_(bare, secret, **typed)
    assert refused.status_code == 422 and word in refused.text
    assert accounts.PASSWORD not in refused.text
    assert open_(bare, secret).status_code == 302


def test_the_database_holds_no_token(bare: Flask) -> None:
    secret = token(bare)
    with bare.app_context():
        rows = db.session.execute(text("SELECT * FROM one_time_link")).all()
    assert rows and secret not in str(rows)


def test_the_token_stands_in_no_line_of_the_log(
    bare: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    secret = token(bare)
    accounts.as_(bare, None).get(f"/set-up?token=x{secret}")
    assert "404" in caplog.text and secret not in caplog.text


def test_serve_prints_the_address_while_there_is_no_administrator(tmp_path: Path) -> None:
    env, said = environment(INSTANCE_PATH=str(tmp_path / "serves")), list[str]()
    with serving("serve", "--port", "0", env=env, said=said) as (address, _):
        found = re.search(r"http://\S+/set-up\?token=\S+", said[0])
        assert found and found[0].startswith(address)
        assert "Make the first administrator" in get(found[0])[1]
