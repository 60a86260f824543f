"""Grave actions ask again who one is, when the last time is long ago."""

from __future__ import annotations

import time

from flask import current_app, flash, redirect, request, session, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from webapp.extensions import db

from . import accounts, events, security, throttle


def is_due() -> bool:
    """Whether the password was asked for so long ago that a grave action asks again.

    An account without a password belongs to the demo and is not asked.
    """
    last = session.get("fs_paa", 0)
    return bool(current_user.password) and (time.time() - last >= security.FRESH.total_seconds())


def confirm(password: str) -> bool:
    """Whether it is the person's password, which then is fresh. Commits an event either way.

    For a form that asks in place, so that nothing typed in it is lost. Attempts are counted
    together with those of the page that asks; raises TooManyRequests beyond what is allowed.
    """
    throttle.count_confirmation()
    account = current_user._get_current_object()
    rules = current_app.extensions["security"].password_util
    right = len(password) <= accounts.LONGEST_PASSWORD and account.verify_and_update_password(
        rules.normalize(password)
    )
    if right:
        session["fs_paa"] = time.time()
        events.record(events.CONFIRMED, account)
    else:
        events.record(events.REFUSED, account, "password asked again")
    db.session.commit()
    return bool(right)


def ask(back: str | None = None) -> Response | None:
    """The way to the page that asks for the password, where that is due; None where it is not.

    It leads back to `back`, else to the page that was asked for.
    """
    if not is_due():
        return None
    if request.method != "GET":
        flash("Nothing was changed yet: confirm that it is you, then send it again.", "warning")
    where = back or request.full_path.rstrip("?")
    return redirect(url_for(security.CONFIRM, next=where))
