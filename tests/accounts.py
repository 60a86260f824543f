"""The cast, signed in: Alice edits, Bob audits, Carol administers, Dave may only look.

`welcome` gives an application their accounts and makes its test clients Carol's, unless told
otherwise: what most tests are about is the page, not who may open it.
"""

from __future__ import annotations

import time
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from webapp.auth import accounts, sessions
from webapp.auth.models import Account, Grant, SignIn
from webapp.auth.policy import Role
from webapp.extensions import db
from webapp.versioning import utcnow

ROLES = {
    "Alice": Role.EDITOR,
    "Bob": Role.AUDITOR,
    "Carol": Role.ADMINISTRATOR,
    "Dave": Role.VIEWER,
}
PASSWORD = "seven odd lanterns hum"
KEY = "tests-0123456789-abcdef-ghijklmnop"
#: Argon2 as cheap as it goes, and no counting of requests: where they matter, tests say so.
SETTINGS: dict[str, Any] = {
    "SECRET_KEY": KEY,
    "RATELIMIT_ENABLED": False,
    "SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS": {
        "argon2__rounds": 1,
        "argon2__memory_cost": 8,
        "argon2__parallelism": 1,
    },
}


def session_of(name: str) -> dict[str, Any]:
    """The session of a browser in which that person has signed in."""
    return {
        "_user_id": f"tests-{name}",
        "_fresh": True,
        "sign_in": f"tests-{name}",
        "seen": 2**40,
        "fs_paa": time.time(),
    }


def welcome(app: Flask, *, as_: str | None = "Carol") -> None:
    """Make the accounts, each signed in already, and let `app.test_client()` be that person's."""
    with app.app_context():
        if db.session.scalar(select(Account.id).limit(1)) is None:
            cast = [_account(name, role) for name, role in ROLES.items()]
            signed_in = [_sign_in(each) for each in cast]
            db.session.add_all([*cast, *signed_in])  # at once, since nearly every test does it
            db.session.commit()
        db.session.remove()

    class Client(FlaskClient):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            if as_:
                become(self, as_)

    app.test_client_class = Client


def _account(name: str, role: str) -> Account:
    return Account(
        name=name,
        name_key=accounts.key_of(name),
        email=address(name),
        active=True,
        demo=False,
        fs_uniquifier=f"tests-{name}",
        roles=[Grant(name=role)],
    )


def _sign_in(account: Account) -> SignIn:
    digest = sessions.digest(f"tests-{account.name}")
    return SignIn(digest=digest, account=account, began_at=utcnow())


def address(name: str) -> str:
    return f"{name.lower()}@example.org"


def become(client: FlaskClient, name: str) -> FlaskClient:
    """The client, from here on the browser of that person."""
    app = client.application
    client.set_cookie(app.config["SESSION_COOKIE_NAME"], cookie(name, app))
    return client


def as_(app: Flask, name: str | None) -> FlaskClient:
    """A browser of that person; of nobody who is signed in for None."""
    client = FlaskClient(app, app.response_class, use_cookies=True)
    return become(client, name) if name else client


def cookie(name: str, app: Flask | None = None) -> str:
    """The session cookie of that person's browser, the same for all applications of `SETTINGS`."""
    if app is None:
        app = Flask(__name__)
        app.secret_key = KEY
    serializer: Any = app.session_interface.get_signing_serializer(app)
    return str(serializer.dumps(session_of(name)))
