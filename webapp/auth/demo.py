"""The demo's accounts: one for each role, without passwords, offered on the sign-in page.

They open nothing unless the command `demo` runs, which serves on this machine alone and refuses a
database that holds anything but the demo.
"""

from __future__ import annotations

from flask import Flask, abort, redirect, request, url_for
from flask_security.utils import login_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from webapp.changes import Change
from webapp.config import LOCAL_HOSTS, ConfigError
from webapp.extensions import db

from . import accounts
from .models import Account
from .policy import ABOUT, Role
from .safe_next import is_local_path

#: Who plays which role in the demo.
CAST = {
    Role.EDITOR: "Alice",
    Role.AUDITOR: "Bob",
    Role.ADMINISTRATOR: "Carol",
    Role.VIEWER: "Dave",
}


def init_app(app: Flask) -> None:
    if app.config["DEMO"]:
        app.add_url_rule("/sign-in/demo", "demo_sign_in", sign_in, methods=["POST"])
        app.config["TRUSTED_HOSTS"] = ["127.0.0.1", "localhost", "[::1]"]
        app.add_template_global(offered, "demo_accounts")


def make() -> None:
    """Make the demo's accounts where the database is empty.

    Raises ConfigError beside real data: where anybody else has an account, or where changes were
    made before the demo's accounts were.
    """
    real = db.session.scalar(select(Account.id).where(~Account.demo).limit(1))
    ours = db.session.scalar(select(Account.id).where(Account.demo).limit(1))
    data = db.session.scalar(select(Change.id).limit(1))
    if real or (data and not ours):
        raise ConfigError(
            "VERSIONED_ADMIN_DEMO: this database holds data that is not the demo's, and the demo"
            " lets everybody in. Use `serve` for it, or give the demo a database of its own with"
            " VERSIONED_ADMIN_INSTANCE_PATH or VERSIONED_ADMIN_DATABASE_URL."
        )
    if not ours:
        for role, name in CAST.items():
            accounts.create(name, f"{name.lower()}@demo.example", None, [role], demo=True)


def check_host(host: str) -> None:
    """Raises ConfigError for an address that others can reach."""
    if host not in LOCAL_HOSTS:
        raise ConfigError(
            f"VERSIONED_ADMIN_HOST is {host}: the demo lets everybody in without a password, so it"
            " is served on 127.0.0.1 alone. Use `serve` for other addresses."
        )


def offered() -> list[tuple[str, str, str]]:
    """Name, role and what it is for, of each account that the sign-in page offers."""
    query = select(Account).where(Account.demo, Account.active).order_by(Account.name)
    return [
        (account.name, grant.name, ABOUT[Role(grant.name)])
        for account in db.session.scalars(query)
        for grant in account.roles[:1]
    ]


def sign_in() -> Response:
    """Sign in as one of the cast, without a password."""
    account = accounts.named(request.form.get("name", ""))
    if account is None or not account.demo or not account.active:
        abort(400, "There is no such account in the demo.")
    login_user(account, authn_via=["demo"])
    db.session.commit()
    where = request.form.get("next", "")
    return redirect(where if is_local_path(where) else url_for("home"))
