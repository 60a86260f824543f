"""Flask-Security with our tables, pages, sessions and events.

Of what it offers, sign-in, sign-out, changing a password and confirming who one is are switched on.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from flask import Flask, Response, g, make_response, render_template, request, session
from flask_login import current_user, user_logged_in, user_logged_out
from flask_security import (
    ChangePasswordForm,
    LoginForm,
    Security,
    SQLAlchemyUserDatastore,
    VerifyForm,
    password_changed,
)
from flask_security.password_util import PasswordUtil
from flask_security.utils import set_request_attr

from webapp.extensions import db

from . import accounts, events, links, sessions
from .models import Account, Grant
from .safe_next import is_local_path

SIGN_IN, SIGN_OUT = "security.login", "security.logout"
CHANGE_PASSWORD, CONFIRM = "security.change_password", "security.verify"
#: How long after a sign-in, or a confirmation, grave actions need no other.
FRESH = timedelta(minutes=15)
#: Flask-Security's settings, less its prefix.
OURS: dict[str, Any] = {
    "LOGIN_URL": "/sign-in",
    "LOGOUT_URL": "/sign-out",
    "CHANGE_URL": "/password",
    "VERIFY_URL": "/confirm",
    "POST_LOGIN_VIEW": "/admin/",
    "POST_LOGOUT_VIEW": "/sign-in",
    "POST_CHANGE_VIEW": "/admin/",
    "POST_VERIFY_VIEW": "/admin/",
    "LOGIN_USER_TEMPLATE": "auth/sign_in.html",
    "CHANGE_PASSWORD_TEMPLATE": "auth/password.html",
    "VERIFY_TEMPLATE": "auth/confirm.html",
    "CHANGEABLE": True,
    "SEND_PASSWORD_CHANGE_EMAIL": False,
    "PASSWORD_HASH": "argon2",
    "PASSWORD_SCHEMES": ["argon2"],
    "PASSWORD_SINGLE_HASH": ["argon2"],
    "PASSWORD_LENGTH_MIN": 12,
    "PASSWORD_NORMALIZE_FORM": "NFKC",
    "RETURN_GENERIC_RESPONSES": True,
    "JOIN_USER_ROLES": False,
    "API_ENABLED_METHODS": ["session"],
    "LOGOUT_CSRF": False,  # each POST has that check already, this one too
    "FRESHNESS": FRESH,
    "FRESHNESS_GRACE_PERIOD": timedelta(0),
    "STATIC_FOLDER": None,
    "CLI_USERS_NAME": False,
    "CLI_ROLES_NAME": False,
    "EMAIL_VALIDATOR_ARGS": {"test_environment": True},  # names of a house's own are fine
    "MSG_GENERIC_AUTHN_FAILED": (
        "The address or the password is wrong. Check both and try again.",
        "error",
    ),
    "MSG_INVALID_PASSWORD": ("This is not your password.", "error"),
    "MSG_LOGIN": ("", "info"),
    "MSG_PASSWORD_CHANGE": (
        "Your password is changed. Everywhere else you are signed out.",
        "success",
    ),
    "MSG_REAUTHENTICATION_SUCCESSFUL": ("Thank you, you may go on.", "success"),
}


def configure(app: Flask) -> None:
    """Set what the application was not given a setting of its own for."""
    for name, value in OURS.items():
        app.config.setdefault(f"SECURITY_{name}", value)
    # Flask-Login's own guess by address and browser would write to the session on a GET.
    app.config.setdefault("SESSION_PROTECTION", None)


def init_app(app: Flask) -> None:
    configure(app)
    security = Security(
        app,
        SQLAlchemyUserDatastore(db, Account, Grant),
        login_form=SignInForm,
        change_password_form=PasswordForm,
        verify_form=ConfirmForm,
        password_util_cls=PasswordRules,
        render_template=page,
    )
    # It would ask the database who is there for each static file too.
    app.before_request_funcs[None].remove(security.principal._on_before_request)
    security.want_json(lambda request: False)
    security.login_manager.user_loader(load)
    security.login_manager.request_loader(lambda request: None)  # cookies alone, no tokens
    app.after_request(stay_here)
    user_logged_in.connect(_began, app)
    user_logged_out.connect(_ended, app)
    password_changed.connect(_password_changed, app)


def load(uniquifier: str) -> Account | None:
    """Flask-Login's question: who the session belongs to."""
    account = sessions.account_of(uniquifier)
    if account is not None:
        # as Flask-Security's own loader notes it, for its decorators
        set_request_attr("fs_authn_via", "session")
        set_request_attr("fs_paa", session.get("fs_paa", 0))
    return account


def stay_here(response: Response) -> Response:
    """Flask-Security leads to whatever `next` its own check lets through, which is more than plain
    paths: anything else leads to the first page."""
    where = response.headers.get("Location")
    if request.blueprint == "security" and where and not is_local_path(where):
        response.headers["Location"] = "/admin/"
    return response


def page(template: str, **given: Any) -> Any:
    """One of the pages here; a form that comes back is a 422, with what was typed."""
    status = 422 if request.method == "POST" else 200
    return make_response(render_template(template, **given), status)


class PasswordRules(PasswordUtil):
    """Hook: the rules that a password of an account keeps, wherever it is set."""

    def validate(
        self, password: str, is_register: bool, **kwargs: Any
    ) -> tuple[list[str] | None, str]:
        account = kwargs.get("user")
        personal = (account.name, account.email) if account else ()
        try:
            return None, accounts.checked_password(password, *personal)
        except accounts.AccountError as error:
            return [str(error)], self.normalize(password)


class LocalNext:
    """A form whose `next` is no reason to refuse it: `stay_here` looks after it."""

    def validate_next(self, field: Any) -> None:
        """Hook: the stock one refuses the form."""
        if field.data and not is_local_path(field.data):
            field.data = ""


class SignInForm(LocalNext, LoginForm):
    """Hook: no cookie that outlives the session, and every refusal an event."""

    remember = None

    def validate(self, **kwargs: Any) -> bool:
        if super().validate(**kwargs):
            return True
        known = accounts.by_email(self.email.data or "")
        # What was typed is not kept: it may be a password in the wrong field.
        events.record(events.REFUSED, known, None if known else events.NO_ACCOUNT)
        db.session.commit()
        return False


class PasswordForm(ChangePasswordForm):
    """Hook: a wrong old password is an event, and the demo's accounts get none."""

    def validate(self, **kwargs: Any) -> bool:
        if current_user.demo:
            self.form_errors.append("This account is the demo's: nobody needs a password for it.")
            return False
        return _confirmed(super().validate(**kwargs), self.password.errors)


class ConfirmForm(LocalNext, VerifyForm):
    """Hook: asked before grave actions; a wrong password is an event."""

    def validate(self, **kwargs: Any) -> bool:
        if not self.user.password:
            self.form_errors.append("This account is the demo's: nobody needs a password for it.")
            return False
        valid = super().validate(**kwargs)
        if valid:
            events.record(events.CONFIRMED, cast(Account, self.user))
        return _confirmed(valid, self.password.errors)


def _confirmed(valid: bool, errors: Any) -> bool:
    if errors:
        events.record(events.REFUSED, current_user._get_current_object(), "password asked again")
        db.session.commit()
    return valid


def _began(sender: Flask, user: Account, **_: Any) -> None:
    """Flask-Security commits after the request."""
    if user.second_step is not None and not g.get("passed_second_step"):
        raise RuntimeError("A sign-in went past the second step.")  # by no way that there is
    sessions.begin(user)
    g.pop("csrf_token", None)
    g.actor = user.name
    g.signed_in_as = user.email
    events.record(events.SIGNED_IN, user)


def _ended(sender: Flask, user: Any, **_: Any) -> None:
    account = user._get_current_object() if hasattr(user, "_get_current_object") else user
    sessions.end()
    if isinstance(account, Account):
        events.record(events.SIGNED_OUT, account)
    db.session.commit()


def _password_changed(sender: Flask, user: Account, **_: Any) -> None:
    sessions.end_others(user)
    links.close(user)
    events.record(events.PASSWORD_CHANGED, user)
