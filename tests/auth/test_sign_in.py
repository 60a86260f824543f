"""Signing in and out, and what a session is worth afterwards."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_security import hash_password

from tests import accounts
from tests.auth.conftest import events, with_password
from webapp import create_app, database
from webapp.auth import accounts as ours
from webapp.auth.models import AccountEvent, SignIn
from webapp.auth.safe_next import is_local_path
from webapp.changes import Change
from webapp.extensions import db
from webapp.versioning import utcnow


def sign_in(client: FlaskClient, name: str = "Alice", /, **typed: str) -> Any:
    data = {"email": accounts.address(name), "password": accounts.PASSWORD, **typed}
    return client.post("/sign-in", data=data)


@pytest.fixture
def eve(app: Flask) -> FlaskClient:
    """A browser in which nobody is signed in; Alice has a password."""
    with_password(app)
    return accounts.as_(app, None)


def test_the_right_password_opens_the_admin(app: Flask, eve: FlaskClient) -> None:
    answer = sign_in(eve)
    assert (answer.status_code, answer.location) == (302, "/admin/")
    page = eve.get("/admin/")
    assert page.status_code == 200 and "Alice" in page.text
    assert events(app)[-1] == ("signed in", "Alice", "Alice")


@pytest.mark.parametrize(
    ("email", "password"),
    [("alice@example.org", "wrong"), ("eve@example.org", accounts.PASSWORD), ("", ""),
     ("alice@example.org", ""), ("no address", "x"), ("dave@example.org", "")],
)  # fmt: skip
def test_anything_else_is_refused_in_the_same_words(
    app: Flask, eve: FlaskClient, email: str, password: str
) -> None:
    answer = eve.post("/sign-in", data={"email": email, "password": password})
    assert answer.status_code == 422
    assert "You are not signed in" in answer.text
    assert "specified user does not exist" not in answer.text.lower()
    assert eve.get("/admin/").status_code == 302
    assert events(app)[-1][0] == "sign-in refused"


def test_a_wrong_password_and_an_unknown_address_read_alike(eve: FlaskClient) -> None:
    pages = []
    for email in ("alice@example.org", "nobody@example.org"):
        text = eve.post("/sign-in", data={"email": email, "password": "wrong words"}).text
        # but for the question to a passkey, which is new each time
        text = re.sub(r'(data-passkey|name="sealed" value)="[^"]+"', "", text)
        pages.append(text.replace(email, "…"))
    assert pages[0] == pages[1]


def test_a_refusal_is_an_event_without_what_was_typed(app: Flask, eve: FlaskClient) -> None:
    eve.post("/sign-in", data={"email": "my secret", "password": "another secret"})
    with app.app_context():
        last = db.session.query(AccountEvent).order_by(AccountEvent.id.desc()).first()
        assert last and (last.kind, last.account, last.address) == (
            "sign-in refused", None, "127.0.0.1",
        )  # fmt: skip
        assert "secret" not in str(last.detail)


def test_next_is_where_one_wanted_to_go(eve: FlaskClient) -> None:
    asked = eve.get("/admin/product/?search=lantern")
    assert asked.location == "/sign-in?next=/admin/product/?search%3Dlantern"
    page = eve.get(asked.location)
    assert 'name="next"' in page.text and "/admin/product/?search=lantern" in page.text
    answer = sign_in(eve, "Alice", next="/admin/product/?search=lantern")
    assert answer.location == "/admin/product/?search=lantern"


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/", "//evil.example/", "http:evil.example", "/\\evil.example", "\\\\evil",
     "javascript:alert(1)", "///evil.example", "/\t/evil.example", " //evil.example",
     "evil.example",
     "http://127.0.0.1@evil.example/", "/%0d%0aLocation:https://evil.example" + "\r\n"],
)  # fmt: skip
def test_open_redirect_next_leads_nowhere_else(eve: FlaskClient, address: str) -> None:
    answer = sign_in(eve, "Alice", next=address)
    assert answer.status_code == 302
    assert is_local_path(answer.location)


def test_a_cookie_kept_from_before_the_sign_out_opens_nothing(eve: FlaskClient) -> None:
    sign_in(eve)
    kept = eve.get_cookie("session")
    assert kept
    assert eve.post("/sign-out").status_code == 302
    assert eve.get("/admin/").status_code == 302
    eve.set_cookie("session", kept.value)
    assert eve.get("/admin/").status_code == 302


def test_session_fixation_a_planted_session_is_not_the_one_that_is_signed_in(
    app: Flask, eve: FlaskClient
) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    eve.get("/sign-in")
    with eve.session_transaction() as session:
        session["sign_in"] = "chosen by Eve"
        session["csrf_token"] = "known to Eve"
    planted = eve.get_cookie("session")
    sign_in(eve)
    with eve.session_transaction() as session:
        assert session["sign_in"] != "chosen by Eve"
        assert session.get("csrf_token") != "known to Eve"
    assert planted
    other = accounts.as_(app, None)
    other.set_cookie("session", planted.value)
    assert other.get("/admin/").status_code == 302


def test_a_second_sign_in_ends_the_first_of_this_browser(eve: FlaskClient) -> None:
    sign_in(eve)
    kept = eve.get_cookie("session")
    eve.post("/sign-out")
    sign_in(eve)
    assert kept and kept.value != eve.get_cookie("session").value


def test_a_disabled_account_is_out_at_once(app: Flask, eve: FlaskClient) -> None:
    sign_in(eve)
    with app.app_context():
        ours.set_active(ours.named("Alice"), False)
    assert eve.get("/admin/").status_code == 302
    answer = sign_in(eve)
    assert answer.status_code == 422


def test_a_lost_role_counts_from_the_next_request_on(app: Flask) -> None:
    alice = accounts.as_(app, "Alice")
    assert alice.get("/admin/product/new/").status_code == 200
    with app.app_context():
        ours.set_roles(ours.named("Alice"), ["viewer"])
    assert alice.get("/admin/product/new/").status_code == 403
    with app.app_context():
        ours.set_roles(ours.named("Alice"), [])
    assert alice.get("/admin/product/").status_code == 403


def test_an_account_without_a_role_may_see_nothing(app: Flask) -> None:
    with app.app_context():
        ours.set_roles(ours.named("Dave"), [])
    page = accounts.as_(app, "Dave").get("/admin/")
    assert page.status_code == 200 and "Products" not in page.text


def test_a_sign_in_ends_after_its_hours(app: Flask, eve: FlaskClient) -> None:
    sign_in(eve)
    with app.app_context():
        for each in db.session.query(SignIn):
            each.began_at = utcnow() - timedelta(hours=13)
        db.session.commit()
    assert eve.get("/admin/").status_code == 302


def test_a_sign_in_that_is_not_used_ends(eve: FlaskClient) -> None:
    sign_in(eve)
    with eve.session_transaction() as session:
        session["seen"] -= 121 * 60
    assert eve.get("/admin/").status_code == 302


def test_using_it_keeps_it_without_writing(app: Flask, eve: FlaskClient) -> None:
    sign_in(eve)
    with eve.session_transaction() as session:
        session["seen"] -= 100
        before = session["seen"]
    eve.get("/admin/")
    with eve.session_transaction() as session:
        assert session["seen"] >= before + 100


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(eve: FlaskClient) -> None:
    answer = sign_in(eve)
    cookie = next(
        each for each in answer.headers.getlist("Set-Cookie")
        if each.startswith("session=")
    )  # fmt: skip
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie


def test_there_is_no_cookie_that_outlives_the_session(eve: FlaskClient) -> None:
    sign_in(eve, "Alice", remember="y")
    assert eve.get_cookie("remember_token") is None


def test_a_token_in_the_address_or_a_header_signs_nobody_in(eve: FlaskClient) -> None:
    answer = eve.get("/admin/?auth_token=x", headers={"Authentication-Token": "x"})
    assert answer.status_code == 302
    assert eve.get("/admin/", headers={"Authorization": "Basic YWxpY2U6eA=="}).status_code == 302


def test_a_json_sign_in_is_no_way_round(eve: FlaskClient) -> None:
    body = {"email": accounts.address("Alice"), "password": accounts.PASSWORD}
    answer = eve.post("/sign-in", json=body, headers={"Accept": "application/json"})
    assert answer.status_code in (302, 422)
    assert "token" not in answer.get_data(as_text=True) or answer.mimetype == "text/html"


def test_whoever_is_signed_out_keeps_what_was_typed(app: Flask) -> None:
    answer = accounts.as_(app, None).post("/admin/product/new/", data={"name": "Kettle"})
    assert answer.status_code == 401
    assert "keep this page" in answer.text


def test_a_change_is_signed_with_the_name_of_the_account(app: Flask) -> None:
    alice = accounts.as_(app, "Alice")
    alice.post("/admin/supplier/new/", data={"name": "Acme", "country": "Spain", "lead_days": "3"})
    with app.app_context():
        made = db.session.query(Change).order_by(Change.id.desc()).first()
        assert made and (made.actor, made.origin) == ("Alice", "web")


def test_a_new_password_signs_out_everywhere_else(app: Flask, eve: FlaskClient) -> None:
    sign_in(eve)
    other = accounts.as_(app, None)
    sign_in(other)
    new = "four quiet harbours later"
    typed = {"password": accounts.PASSWORD, "new_password": new, "new_password_confirm": new}
    answer = eve.post("/password", data=typed)
    assert answer.status_code == 302, answer.text
    assert eve.get("/admin/").status_code == 200
    assert other.get("/admin/").status_code == 302
    assert ("password changed", "Alice", "Alice") in events(app)
    assert new not in str(events(app))


@pytest.mark.parametrize(
    ("typed", "word"),
    [({"password": "wrong"}, "not your password"), ({"new_password": "short"}, "characters"),
     ({"new_password": "alicealicealice"}, "easily guessed"),
     ({"new_password": "1q2w3e4r5t6y"}, "leaked"),
     ({"new_password": "VersionedAdminPassword1"}, "easily guessed"),
     ({"new_password_confirm": "something else here"}, "match")],
)  # fmt: skip
def test_a_bad_new_password_is_refused_with_a_word(
    eve: FlaskClient, typed: dict[str, str], word: str
) -> None:
    sign_in(eve)
    new = typed.get("new_password", "four quiet harbours later")
    data = {"password": accounts.PASSWORD, "new_password": new, "new_password_confirm": new}
    answer = eve.post("/password", data=data | typed)
    assert answer.status_code == 422
    assert word in answer.text


def test_a_password_counts_to_its_last_character_and_its_capitals(app: Flask) -> None:
    password = "seven odd lanterns hum, " * 5 + "and burn"
    assert len(password) == 128
    with app.app_context():
        ours.set_password(ours.named("Alice"), password)
    for typed in (password[:-1], password[:-1] + "m", password.upper(), password[:72]):
        assert sign_in(accounts.as_(app, None), "Alice", password=typed).status_code == 422
    assert sign_in(accounts.as_(app, None), "Alice", password=password).status_code == 302


def test_passwords_are_kept_by_argon2id_as_costly_as_is_advised(tmp_path: Path) -> None:
    """At least 19 MiB and two rounds. The tests' other applications make it cheaper."""
    costly = create_app({"SECRET_KEY": accounts.KEY, "INSTANCE_PATH": str(tmp_path / "costly")})
    with costly.app_context():
        kept = hash_password("seven odd lanterns hum")
        database.close()
    found = re.match(r"\$argon2id\$v=19\$m=(\d+),t=(\d+),p=\d+\$", kept)
    assert found and int(found[1]) >= 19 * 1024 and int(found[2]) >= 2


@pytest.mark.parametrize("address", ["/sign-in", "/password", "/confirm"])
def test_a_password_is_masked_and_left_to_password_managers(
    app: Flask, eve: FlaskClient, address: str
) -> None:
    sign_in(eve)
    page = (accounts.as_(app, None) if address == "/sign-in" else eve).get(address).text
    fields = re.findall(r"<input[^>]*password[^>]*>", page)
    assert fields
    for field in fields:
        assert 'type="password"' in field
        assert 'autocomplete="current-password"' in field or 'autocomplete="new-password"' in field
