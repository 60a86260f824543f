"""The pages of the second step: at the sign-in, and where one sets it up for oneself."""

from __future__ import annotations

import json
import time
from typing import Any

import segno
from flask import (
    Flask,
    abort,
    current_app,
    flash,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_login import current_user
from flask_security.tf_plugin import TfPlugin
from flask_security.utils import login_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from webapp.config import PREFIX, ConfigError
from webapp.extensions import db

from . import fresh, seal, second_step
from .accounts import AccountError
from .forms import CodeForm, StepForm
from .models import Account
from .policy import Role
from .safe_next import is_local_path
from .seal import Purpose

SIGN_IN_CODE, OWN = "sign_in_code", "second_step"
TURN_OFF, CODES = "second_step_off", "recovery_codes"
#: Where the session notes who gave the right password, and when.
PENDING = "second_step"
#: Where it notes that a passkey signed in.
BY_PASSKEY = "by_passkey"
#: Seconds between the password and the code, and between seeing a QR code and confirming it.
PATIENCE = 600
SIGN_IN = "security.login"


def init_app(app: Flask) -> None:
    roles = app.config["SECOND_STEP"]
    if unknown := sorted(set(roles) - set(Role)):
        raise ConfigError(
            f"{PREFIX}SECOND_STEP is {unknown[0]!r}: use some of {', '.join(Role)}, or nothing."
        )
    app.add_url_rule("/sign-in/code", SIGN_IN_CODE, sign_in_code, methods=["GET", "POST"])
    app.add_url_rule("/second-step", OWN, own, methods=["GET", "POST"])
    app.add_url_rule("/second-step/off", TURN_OFF, turn_off, methods=["POST"])
    app.add_url_rule("/second-step/codes", CODES, new_codes, methods=["POST"])
    app.extensions["security"].two_factor_plugins = AfterThePassword()


def is_due(account: Account) -> bool:
    """Whether one of the account's roles needs a second step that is not set up yet. A passkey is
    two in one."""
    roles = {grant.name for grant in account.roles}
    needed = not roles.isdisjoint(current_app.config["SECOND_STEP"])
    return needed and not (account.second_step or account.demo or session.get(BY_PASSKEY))


class AfterThePassword(TfPlugin):
    """Hook: Flask-Security asks it between the right password and the sign-in."""

    def tf_enter(
        self, user: Any, remember_me: bool | None, primary_authn_via: str, next_loc: str | None
    ) -> Any:
        """The way to the second step, where the account has one. Nobody is signed in until then."""
        if user.second_step is None:
            return None
        session[PENDING] = [user.id, user.fs_uniquifier, int(time.time())]
        where = request.form.get("next", "")
        return redirect(url_for(SIGN_IN_CODE, next=where if is_local_path(where) else None))


def pending() -> Account | None:
    """Who gave the right password in this browser a moment ago, and owes the code."""
    noted = session.get(PENDING)
    if not isinstance(noted, list) or time.time() - noted[2] > PATIENCE:
        return None
    query = select(Account).where(Account.id == noted[0], Account.fs_uniquifier == noted[1])
    account = db.session.scalars(query).first()
    return account if account and account.active and account.second_step else None


def sign_in_code() -> Any:
    account = pending()
    if account is None:
        session.pop(PENDING, None)
        flash("Nobody is signed in: begin with the password.", "warning")
        return redirect(url_for(SIGN_IN))
    form = CodeForm(request.form if request.method == "POST" else None)
    where = request.values.get("next", "")
    where = where if is_local_path(where) else ""
    if request.method != "POST":
        return render_template("auth/code.html", form=form, next=where)
    if form.validate():
        if second_step.check(account, form.code.data or ""):
            return _sign_in(account, where)
        form.refuse(AccountError(second_step.WRONG, "code"))
    return render_template("auth/code.html", form=form, next=where), 422


def _sign_in(account: Account, where: str) -> Response:
    g.passed_second_step = True
    login_user(account, authn_via=["password", "code"])
    db.session.commit()
    return redirect(where or url_for("home"))


def own() -> Any:
    """One's own second step: set it up, or see that it is there."""
    if where := fresh.ask(url_for(OWN)):
        return where
    account = _me()
    if account.second_step or account.demo:
        return _state(account, CodeForm())
    form = StepForm(request.form if request.method == "POST" else None)
    key = _key_in(form, account)
    if request.method == "POST" and key is None:
        form.refuse(AccountError("This page was open for too long: here is a new picture."))
    elif request.method == "POST" and key and form.validate():
        try:
            return _codes(second_step.turn_on(account, key, form.code.data or ""), new=True)
        except AccountError as error:
            db.session.rollback()
            form.refuse(error)
    key = key or second_step.new_key()
    form.sealed.data = seal.seal(Purpose.NEW_KEY, json.dumps([account.id, key]))
    picture = segno.make(second_step.address(account, key), error="m")
    page = render_template(
        "auth/set_up_step.html",
        form=form,
        picture=picture.svg_data_uri(scale=5, border=4, dark="#000", light="#fff"),
        key=" ".join(key[at : at + 4] for at in range(0, len(key), 4)),
        is_due=is_due(account),
    )
    return (page, 422) if request.method == "POST" else page


def _key_in(form: StepForm, account: Account) -> str | None:
    """The key that the form was shown with, when it was shown to this account a moment ago."""
    text = seal.unseal(Purpose.NEW_KEY, form.sealed.data or "", PATIENCE)
    owner, key = json.loads(text) if text else (None, None)
    return str(key) if owner == account.id else None


def turn_off() -> Any:
    if where := fresh.ask(url_for(OWN)):
        return where
    account, form = _me(), CodeForm(request.form)
    if account.second_step is None:
        abort(409, "There is no second step to turn off. Nothing was changed.")
    if form.validate():
        try:
            second_step.turn_off(account, form.code.data or "")
        except AccountError as error:
            form.refuse(error)
        else:
            flash("The password alone signs you in now.", "success")
            return redirect(url_for(OWN))
    return _state(account, form), 422


def new_codes() -> Any:
    if where := fresh.ask(url_for(OWN)):
        return where
    try:
        return _codes(second_step.new_codes(_me()), new=False)
    except AccountError as error:
        abort(409, str(error))


def _state(account: Account, form: CodeForm) -> str:
    left = second_step.codes_left(account)
    return render_template("auth/second_step.html", account=account, form=form, left=left)


def _codes(codes: list[str], *, new: bool) -> str:
    """The codes are shown on this page and kept nowhere, so there is no page to lead to."""
    return render_template("auth/recovery_codes.html", codes=codes, new=new)


def _me() -> Account:
    account: Account = current_user._get_current_object()
    return account
