"""The pages by which an administrator manages accounts, and the events that they leave."""

from __future__ import annotations

import time
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests import accounts
from tests.auth.conftest import account_id, events, with_password
from webapp.extensions import db

NEW = {
    "name": "Frank",
    "email": "frank@example.org",
    "password": "nine slow rivers bend",
    "roles": ["editor", "auditor"],
}


@pytest.fixture
def carol(app: Flask) -> FlaskClient:
    return accounts.as_(app, "Carol")


def test_a_new_account_may_sign_in(app: Flask, carol: FlaskClient) -> None:
    answer = carol.post("/admin/accounts/new/", data=NEW)
    assert answer.status_code == 302, answer.text
    assert "Frank" in carol.get("/admin/accounts/").text
    frank = accounts.as_(app, None)
    answer = frank.post("/sign-in", data={"email": NEW["email"], "password": NEW["password"]})
    assert answer.status_code == 302
    assert events(app)[:3] == [
        ("account created", "Frank", "Carol"),
        ("role granted", "Frank", "Carol"),
        ("role granted", "Frank", "Carol"),
    ]


@pytest.mark.parametrize(
    ("typed", "word"),
    [({"name": "alice"}, "taken"), ({"name": "\uff21LICE"}, "taken"),
     ({"name": "system"}, "no person"),
     ({"name": "Fr\u202eank"}, "nobody sees"), ({"email": "ALICE@example.org"}, "already"),
     ({"email": "frank"}, "no e-mail address"), ({"password": "short"}, "characters"),
     ({"password": "frankfrankfrank"}, "easily guessed"), ({"name": ""}, "required")],
)  # fmt: skip
def test_a_value_that_cannot_be_comes_back_with_a_word(
    app: Flask, carol: FlaskClient, typed: dict[str, str], word: str
) -> None:
    answer = carol.post("/admin/accounts/new/", data=NEW | typed)
    assert answer.status_code == 422
    assert word in answer.text
    assert str(NEW["password"]) not in answer.text
    assert events(app) == []


@pytest.mark.parametrize("role", ["owner", "administrator'--", ""])
def test_a_role_that_there_is_not_is_refused(app: Flask, carol: FlaskClient, role: str) -> None:
    number = account_id(app, "Dave")
    answer = carol.post(f"/admin/accounts/{number}/roles/", data={"roles": [role]})
    assert answer.status_code == 422
    assert events(app) == []


def test_roles_are_granted_and_revoked_each_with_an_event(app: Flask, carol: FlaskClient) -> None:
    number = account_id(app, "Dave")
    carol.post(f"/admin/accounts/{number}/roles/", data={"roles": ["editor"]})
    assert events(app) == [("role granted", "Dave", "Carol"), ("role revoked", "Dave", "Carol")]
    assert accounts.as_(app, "Dave").get("/admin/product/new/").status_code == 200


def test_saving_the_same_roles_is_no_event(app: Flask, carol: FlaskClient) -> None:
    number = account_id(app, "Dave")
    carol.post(f"/admin/accounts/{number}/roles/", data={"roles": ["viewer"]})
    assert events(app) == []


@pytest.mark.parametrize("what", [("roles", {"roles": ["viewer"]}), ("active", {"active": "0"})])
def test_the_last_administrator_stays(
    app: Flask, carol: FlaskClient, what: tuple[str, dict[str, Any]]
) -> None:
    page, data = what
    answer = carol.post(f"/admin/accounts/{account_id(app, 'Carol')}/{page}/", data=data)
    assert answer.status_code == 422
    assert "only administrator" in answer.text
    assert carol.get("/admin/accounts/").status_code == 200


def test_a_disabled_account_is_out_and_in_again(app: Flask, carol: FlaskClient) -> None:
    number, alice = account_id(app, "Alice"), accounts.as_(app, "Alice")
    carol.post(f"/admin/accounts/{number}/active/", data={"active": "0"})
    assert alice.get("/admin/").status_code == 302
    carol.post(f"/admin/accounts/{number}/active/", data={"active": "1"})
    assert alice.get("/admin/").status_code == 302  # to be signed in anew
    kinds = [kind for kind, _, _ in events(app)]
    assert kinds == ["account disabled", "account enabled"]


def test_a_password_set_by_an_administrator_ends_the_sign_ins(
    app: Flask, carol: FlaskClient
) -> None:
    alice = accounts.as_(app, "Alice")
    number = account_id(app, "Alice")
    data = {"password": accounts.PASSWORD}
    assert carol.post(f"/admin/accounts/{number}/password/", data=data).status_code == 302
    assert alice.get("/admin/").status_code == 302
    assert accounts.PASSWORD not in str(events(app))


def test_grave_actions_ask_for_the_password_when_the_last_time_is_long_ago(app: Flask) -> None:
    with_password(app, "Carol")
    carol = accounts.as_(app, None)
    typed = {"email": accounts.address("Carol"), "password": accounts.PASSWORD}
    carol.post("/sign-in", data=typed)
    with carol.session_transaction() as session:
        session["fs_paa"] = time.time() - 3600
    page = f"/admin/accounts/{account_id(app, 'Dave')}/"
    asked = carol.get(page)
    assert (asked.status_code, asked.location) == (302, f"/confirm?next={page}")
    answer = carol.post(f"{page}roles/", data={"roles": ["administrator"]})
    assert answer.location == f"/confirm?next={page}"
    assert accounts.as_(app, "Dave").get("/admin/accounts/").status_code == 403
    assert carol.post(asked.location, data={"password": "wrong"}).status_code == 422
    answer = carol.post(asked.location, data={"password": accounts.PASSWORD, "next": page})
    assert (answer.status_code, answer.location) == (302, page)
    assert carol.get(page).status_code == 200


@pytest.mark.parametrize("number", ["0", "01", "-1", "x", "99999", "99999999999999999999", "1.0"])
def test_a_number_of_no_account_is_a_404(carol: FlaskClient, number: str) -> None:
    assert carol.get(f"/admin/accounts/{number}/").status_code == 404


def test_auditors_read_the_events_and_nothing_more(app: Flask, carol: FlaskClient) -> None:
    carol.post("/admin/accounts/new/", data=NEW)
    page = accounts.as_(app, "Bob").get("/admin/events/?account=Frank&kind=role+granted")
    assert page.status_code == 200
    assert page.text.count("role granted:") == 2
    assert accounts.as_(app, "Bob").get("/admin/accounts/").status_code == 403


@pytest.mark.parametrize("query", ["kind=x", "before=x", "before=-1", "before=1e9"])
def test_an_address_of_events_that_cannot_be_is_a_400(app: Flask, query: str) -> None:
    assert accounts.as_(app, "Bob").get(f"/admin/events/?{query}").status_code == 400


def test_events_are_paged(app: Flask, carol: FlaskClient) -> None:
    carol.post("/admin/accounts/new/", data=NEW)
    app.config["PAGE_SIZE"] = 2
    bob = accounts.as_(app, "Bob")
    first = bob.get("/admin/events/").text
    older = first.split('href="/admin/events/?before=')[1].split('"')[0]
    pages = first, bob.get(f"/admin/events/?before={older}").text
    assert [page.count('role="rowheader"') for page in pages] == [2, 1]


@pytest.mark.parametrize(
    "sql", ["UPDATE account_event SET kind = 'x'", "DELETE FROM account_event"]
)
def test_an_event_is_never_altered_or_removed(app: Flask, carol: FlaskClient, sql: str) -> None:
    carol.post("/admin/accounts/new/", data=NEW)
    with app.app_context(), pytest.raises(DBAPIError, match="append-only"):
        db.session.execute(text(sql))
