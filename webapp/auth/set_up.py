"""The first administrator, by an address that the console prints once, where there is none yet."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Flask, abort, flash, redirect, render_template, request, url_for

from webapp.extensions import db

from . import accounts, events, links, security
from .forms import LONGEST_TOKEN, SetUpForm
from .models import OneTimeLink
from .policy import Role

ENDPOINT = "set_up"
WITHIN = timedelta(hours=1)
CLOSED = (
    "This page makes the first administrator, once, for whoever opens the address that the server"
    " printed when it started. That address was used, is older than an hour, or was not copied"
    " whole. Where there is no administrator yet, start the server again for another, or run:"
    " versioned-admin user create --role administrator"
)


def init_app(app: Flask) -> None:
    app.add_url_rule("/set-up", ENDPOINT, page, methods=["GET", "POST"])


def offer() -> str | None:
    """The path of a new set-up address; None where there is an administrator."""
    if accounts.administrator_exists():
        return None
    token = links.make(links.SET_UP, WITHIN)
    db.session.commit()
    return f"/set-up?token={token}"


def page() -> Any:
    form = SetUpForm(request.form if request.method == "POST" else None)
    link = _open_link(str(form.token.data or request.args.get("token", "")))
    if request.method != "POST":
        form.token.data = request.args["token"]
        return render_template("auth/set_up.html", form=form)
    if form.validate():
        try:
            return _make(form, link)
        except accounts.AccountError as error:
            db.session.rollback()
            form.refuse(error)
    return render_template("auth/set_up.html", form=form), 422


def _open_link(token: str) -> OneTimeLink:
    link = links.find(links.SET_UP, token[:LONGEST_TOKEN])
    if link is None or accounts.administrator_exists():
        abort(404, CLOSED)
    return link


def _make(form: SetUpForm, link: OneTimeLink) -> Any:
    """Of two that come at once, the second finds its link taken: all links are, by the first."""
    if not links.take(link) or accounts.administrator_exists():
        abort(404, CLOSED)
    account = accounts.create(
        form.name.data or "",
        form.email.data or "",
        form.password.data or "",
        [Role.ADMINISTRATOR],
        event=events.SET_UP,
    )
    flash(f"{account.name} is the first administrator. Sign in to begin.", "success")
    return redirect(url_for(security.SIGN_IN))
