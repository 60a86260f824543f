"""The demo lets everybody in: so it is the demo, on this machine, beside nothing else."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests import accounts
from webapp import create_app, database
from webapp.auth import accounts as ours
from webapp.auth import demo
from webapp.auth.models import Account
from webapp.catalog.models import Product
from webapp.config import ConfigError
from webapp.extensions import db

ENVIRONMENT = {**accounts.SETTINGS, "TESTING": True, "WTF_CSRF_ENABLED": False}


def make(folder: Path, **more: Any) -> Flask:
    app = create_app(ENVIRONMENT | {"INSTANCE_PATH": str(folder), "DATABASE_URL": ""} | more)
    with app.app_context():
        database.create_tables()
    return app


@pytest.fixture
def shown(tmp_path: Path) -> Any:
    app = make(tmp_path, DEMO=True)
    with app.app_context():
        demo.make()
    yield app
    with app.app_context():
        database.close()


@pytest.mark.parametrize("name", ["Alice", "Bob", "Carol", "Dave"])
def test_an_account_of_each_role_is_a_click_away(shown: Flask, name: str) -> None:
    client = FlaskClient(shown, shown.response_class)
    assert name in client.get("/sign-in").text
    answer = client.post("/sign-in/demo", data={"name": name, "next": "/admin/product/"})
    assert (answer.status_code, answer.location) == (302, "/admin/product/")
    assert name in client.get("/admin/product/").text


@pytest.mark.parametrize("name", ["Eve", "", "admin"])
def test_nobody_else_is_let_in(shown: Flask, name: str) -> None:
    client = FlaskClient(shown, shown.response_class)
    assert client.post("/sign-in/demo", data={"name": name}).status_code == 400
    assert client.get("/admin/").status_code == 302


def test_its_accounts_open_nothing_where_the_demo_does_not_run(
    shown: Flask, tmp_path: Path
) -> None:
    client = FlaskClient(shown, shown.response_class)
    client.post("/sign-in/demo", data={"name": "Carol"})
    cookie = client.get_cookie("session")
    assert cookie
    plain = make(tmp_path)
    other = FlaskClient(plain, plain.response_class)
    other.set_cookie("session", cookie.value)
    assert other.get("/admin/").status_code == 302
    assert "Carol" not in other.get("/sign-in").text
    assert other.post("/sign-in/demo", data={"name": "Carol"}).status_code == 404
    typed = {"email": "carol@demo.example", "password": ""}
    assert other.post("/sign-in", data=typed).status_code == 422


def test_nobody_gives_its_accounts_a_password(shown: Flask) -> None:
    client = FlaskClient(shown, shown.response_class)
    client.post("/sign-in/demo", data={"name": "Dave"})
    new = {"new_password": accounts.PASSWORD, "new_password_confirm": accounts.PASSWORD}
    assert client.post("/password", data=new).status_code == 422
    with shown.app_context():
        dave = ours.named("Dave")
        assert dave and dave.password is None


def test_it_is_refused_beside_an_account_of_somebody(tmp_path: Path) -> None:
    app = make(tmp_path, DEMO=True)
    with app.app_context():
        ours.create("Frank", "frank@example.org", accounts.PASSWORD, ["viewer"])
        with pytest.raises(ConfigError, match="not the demo's"):
            demo.make()
        assert not db.session.scalar(select(Account.id).where(Account.demo))


def test_it_is_refused_beside_records_that_are_not_its_own(tmp_path: Path) -> None:
    app = make(tmp_path, DEMO=True)
    with app.app_context():
        db.session.add(Product(name="Kettle", sku="K", price=Decimal(1)))
        db.session.commit()
        with pytest.raises(ConfigError, match="not the demo's"):
            demo.make()


def test_making_it_twice_is_harmless(shown: Flask) -> None:
    with shown.app_context():
        demo.make()
        assert len(list(db.session.scalars(select(Account)))) == 4


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "admin.example.org"])
def test_it_is_served_on_this_machine_alone(host: str) -> None:
    with pytest.raises(ConfigError, match="HOST"):
        demo.check_host(host)


def test_it_answers_to_no_other_name(shown: Flask) -> None:
    client = FlaskClient(shown, shown.response_class)
    assert client.get("/sign-in", headers={"Host": "rebound.example"}).status_code == 400


@pytest.mark.parametrize(
    ("given", "name"),
    [({"DEMO": True}, "VERSIONED_ADMIN_DEMO"), ({"DEBUG": True}, "FLASK_DEBUG"),
     ({"SESSION_COOKIE_SECURE": False}, "SESSION_COOKIE_SECURE"),
     ({"SESSION_COOKIE_HTTPONLY": False}, "SESSION_COOKIE_HTTPONLY"),
     ({"WTF_CSRF_ENABLED": False}, "WTF_CSRF_ENABLED"),
     ({"SECRET_KEY": ""}, "VERSIONED_ADMIN_SECRET_KEY")],
)  # fmt: skip
def test_what_is_unsafe_in_production_stops_the_start(
    tmp_path: Path, given: dict[str, Any], name: str
) -> None:
    safe = {"ENV": "production", "SECRET_KEY": accounts.KEY, "INSTANCE_PATH": str(tmp_path)}
    with pytest.raises(ConfigError, match=name):
        create_app(safe | given)
