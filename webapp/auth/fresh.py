"""Grave actions ask again who one is, when the last time is long ago."""

from __future__ import annotations

import time

from flask import flash, redirect, request, session, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from . import security


def ask(back: str | None = None) -> Response | None:
    """The way to the page that asks for the password, where that is due; None where it is not.

    It leads back to `back`, else to the page that was asked for. An account without a password
    belongs to the demo and is not asked.
    """
    last = session.get("fs_paa", 0)
    if not current_user.password or time.time() - last < security.FRESH.total_seconds():
        return None
    if request.method != "GET":
        flash("Nothing was changed yet: confirm that it is you, then send it again.", "warning")
    where = back or request.full_path.rstrip("?")
    return redirect(url_for(security.CONFIRM, next=where))
