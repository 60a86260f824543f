"""Accounts on each database: what is one statement here has to be one there."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests import accounts
from tests.auth.conftest import account_id, events, with_password
from webapp.auth import accounts as ours
from webapp.extensions import db


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


def test_sign_in_grant_and_sign_out(app: Flask) -> None:
    with_password(app)
    alice, carol = accounts.as_(app, None), accounts.as_(app, "Carol")
    typed = {"email": "ALICE@example.org", "password": accounts.PASSWORD}
    assert alice.post("/sign-in", data=typed).location == "/admin/"
    assert alice.get("/admin/accounts/").status_code == 403
    roles = f"/admin/accounts/{account_id(app, 'Alice')}/roles/"
    assert carol.post(roles, data={"roles": ["administrator"]}).status_code == 302
    assert alice.get("/admin/accounts/").status_code == 200
    assert alice.post("/sign-out").status_code == 302
    assert [kind for kind, _, _ in events(app)] == [
        "password changed", "signed in", "role granted", "role revoked", "signed out",
    ]  # fmt: skip


def test_the_last_administrator_stays(app: Flask) -> None:
    with app.app_context(), pytest.raises(ours.AccountError, match="only administrator"):
        ours.set_active(ours.named("Carol"), False)


def test_an_event_is_never_altered(app: Flask) -> None:
    with_password(app)
    with app.app_context(), pytest.raises(DBAPIError, match="append-only"):
        db.session.execute(text("UPDATE account_event SET kind = 'nothing'"))
