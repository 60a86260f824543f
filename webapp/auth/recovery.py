"""A forgotten password: a link to a new one, by mail where mail is set, else from an administrator.

What is answered does not depend on whether there is such an account, and neither does how long that
takes: looking it up and sending happen after the answer, in a thread of their own.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flask import (
    Flask,
    abort,
    copy_current_request_context,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)

from webapp.extensions import db

from . import accounts, events, links, mail, security
from .forms import LONGEST_TOKEN, ForgottenForm, NewPasswordForm
from .models import Account, OneTimeLink

FORGOTTEN, NEW_PASSWORD = "forgotten", "new_password"
#: How many mails are on their way at once.
AT_ONCE = 2
CLOSED = (
    "A link to a new password works once, within an hour. This one was used, is too old, or was"
    " not copied whole. The password is as it was: ask for another link."
)
ANSWER = (
    "If an account with this address may sign in here, a link to a new password is on its way to"
    " it. It works once, within an hour."
)


def init_app(app: Flask) -> None:
    app.add_url_rule("/forgotten", FORGOTTEN, forgotten, methods=["GET", "POST"])
    app.add_url_rule("/new-password", NEW_PASSWORD, new_password, methods=["GET", "POST"])
    app.extensions["mail"] = ThreadPoolExecutor(AT_ONCE, "mail")


def path_of(token: str) -> str:
    """Where the token is used, below the address of the site."""
    return f"/new-password?token={token}"


def forgotten() -> Any:
    """Ask for a link by mail."""
    if not mail.is_set():
        abort(404, "Nothing is sent by e-mail here. An administrator can make you a link.")
    form = ForgottenForm(request.form if request.method == "POST" else None)
    if request.method != "POST":
        return render_template("auth/forgotten.html", form=form)
    if not form.validate():
        return render_template("auth/forgotten.html", form=form), 422
    send = copy_current_request_context(_send)
    current_app.extensions["mail"].submit(send, form.email.data or "")
    flash(ANSWER, "info")
    return redirect(url_for(security.SIGN_IN))


def _send(email: str) -> None:
    """Make and mail the link, or note that it was asked for in vain."""
    account = accounts.by_email(email)
    try:
        if account is None:
            raise accounts.AccountError("There is no such account.")
        token = accounts.password_link(account, event=events.LINK_MAILED)
    except accounts.AccountError:
        events.record(events.LINK_REFUSED, account, None if account else events.NO_ACCOUNT)
        db.session.commit()
        return
    address = current_app.config["SITE_URL"] + path_of(token)
    words = render_template("auth/new_password.txt", name=account.name, address=address)
    try:
        mail.send(account.email, "A new password", words)
    except mail.NotSent as error:
        current_app.logger.error("A link to a new password was not sent: %s", error)


def new_password() -> Any:
    """Set a new password with the token of a link. It signs nobody in: that takes the password,
    and the second step where the account has one."""
    form = NewPasswordForm(request.form if request.method == "POST" else None)
    account, link = _open_link(str(form.token.data or request.args.get("token", "")))
    if request.method != "POST":
        form.token.data = request.args["token"]
        return render_template("auth/new_password.html", form=form, account=account)
    if form.validate():
        try:
            return _set(account, link, form.password.data or "")
        except accounts.AccountError as error:
            db.session.rollback()
            form.refuse(error)
    return render_template("auth/new_password.html", form=form, account=account), 422


def _open_link(token: str) -> tuple[Account, OneTimeLink]:
    link = links.find(links.PASSWORD, token[:LONGEST_TOKEN])
    if link is None or link.account is None or not link.account.active:
        abort(404, CLOSED)
    return link.account, link


def _set(account: Account, link: OneTimeLink, password: str) -> Any:
    if not links.take(link):
        abort(404, CLOSED)
    events.record(events.LINK_USED, account)
    accounts.set_password(account, password)
    flash("Your password is changed, and you are signed out everywhere. Sign in now.", "success")
    return redirect(url_for(security.SIGN_IN))
