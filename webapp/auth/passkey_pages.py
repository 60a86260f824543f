"""The pages of passkeys: one's own, and the sign-in by one. A script asks the browser for it."""

from __future__ import annotations

import re
from typing import Any

from flask import (
    Flask,
    abort,
    flash,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_login import current_user
from flask_security.utils import login_user

from webapp.extensions import db

from . import fresh, passkeys
from .accounts import AccountError
from .forms import NewPasskeyForm, PasskeyForm
from .models import Account
from .safe_next import is_local_path
from .step_pages import BY_PASSKEY, SIGN_IN

SIGN_IN_PASSKEY, OWN, REMOVE = "sign_in_passkey", "passkeys", "remove_passkey"
NUMBER = re.compile(r"[1-9]\d{0,8}", re.ASCII)


def init_app(app: Flask) -> None:
    app.add_url_rule("/sign-in/passkey", SIGN_IN_PASSKEY, sign_in, methods=["POST"])
    app.add_url_rule("/passkeys", OWN, own, methods=["GET", "POST"])
    app.add_url_rule("/passkeys/<number>/remove", REMOVE, remove, methods=["POST"])
    app.add_template_global(passkeys.ask_to_sign_in, "passkey_question")


def sign_in() -> Any:
    form = PasskeyForm(request.form)
    where = request.form.get("next", "")
    where = where if is_local_path(where) else ""
    account = passkeys.owner(form.sealed.data or "", form.credential.data or "")
    if account is None or not form.validate():
        db.session.commit()
        flash(passkeys.NOT_KNOWN, "danger")
        return redirect(url_for(SIGN_IN, next=where or None))
    g.passed_second_step = True
    login_user(account, authn_via=["passkey"])
    session[BY_PASSKEY] = True
    db.session.commit()
    return redirect(where or url_for("home"))


def own() -> Any:
    """One's own passkeys: see them, add one."""
    if where := fresh.ask(url_for(OWN)):
        return where
    account: Account = current_user._get_current_object()
    form = NewPasskeyForm(request.form if request.method == "POST" else None)
    if request.method == "POST" and form.validate() and not account.demo:
        name = " ".join((form.name.data or "").split())
        sealed, answer = form.sealed.data or "", form.credential.data or ""
        try:
            passkey = passkeys.add(account, name, sealed, answer)
        except AccountError as error:
            db.session.rollback()
            form.refuse(error)
        else:
            flash(f"The passkey {passkey.name} signs you in from now on.", "success")
            return redirect(url_for(OWN))
    page = render_template(
        "auth/passkeys.html",
        form=form,
        account=account,
        passkeys=passkeys.of(account),
        question=passkeys.ask_to_add(account),
    )
    return (page, 422) if request.method == "POST" else page


def remove(number: str) -> Any:
    if where := fresh.ask(url_for(OWN)):
        return where
    account: Account = current_user._get_current_object()
    if not NUMBER.fullmatch(number) or not passkeys.remove(account, int(number)):
        abort(404, "You have no such passkey, or no longer. Nothing was changed.")
    flash("The passkey signs you in no more. Delete it on your device as well.", "success")
    return redirect(url_for(OWN))
