"""The gate: each request is let in here, or nowhere. What no rule names is refused.

A page of the admin says of each of its methods which permission it needs (`view_permissions`);
every other endpoint is named below as open to all, or to whoever is signed in.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, flash, g, redirect, request, session, url_for
from flask_login import current_user
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response as AnyResponse

from webapp import versioning

from . import passkey_pages, policy, recovery, security, sessions, set_up, step_pages, throttle, who
from .models import Account
from .who import NOBODY, Person

#: Endpoints open to everybody, and those open to whoever is signed in.
EVERYBODY = {
    *("static", "admin.static", "health", security.SIGN_IN, "demo_sign_in"),
    *(set_up.ENDPOINT, recovery.FORGOTTEN, recovery.NEW_PASSWORD, step_pages.SIGN_IN_CODE),
    passkey_pages.SIGN_IN_PASSKEY,
}
#: Those that do not ask who it is: the same answer for all, without the database.
NAMELESS = {"static", "admin.static", "health"}
#: Those that are open to whoever is signed in and still owes a second step.
SETTING_UP = {security.SIGN_OUT, security.CONFIRM, step_pages.OWN}
SIGNED_IN = {
    *("home", security.CHANGE_PASSWORD, step_pages.TURN_OFF, step_pages.CODES),
    *(passkey_pages.OWN, passkey_pages.REMOVE),
    *SETTING_UP,
}
#: What a view's method needs when being signed in is enough.
ANY_PERSON = "signed in"
SIGNED_OUT = (
    "You are not signed in, or no longer. Nothing was changed. If you typed something, keep this"
    " page: sign in in another tab, come back here and send it again."
)
OWING = "Your role needs a second step at the sign-in. Set it up first; nothing was changed."


def init_app(app: Flask) -> None:
    app.before_request(admit)
    app.after_request(keep_private)
    app.teardown_request(_forget)
    app.add_template_global(who.person, "signed_in_person")
    app.extensions["gate"] = {"everybody": set(EVERYBODY), "signed_in": set(SIGNED_IN)}


def allow(app: Flask, endpoint: str, *, everybody: bool = False) -> None:
    """Open an endpoint of one's own to whoever is signed in, or to everybody."""
    app.extensions["gate"]["everybody" if everybody else "signed_in"].add(endpoint)


def admit() -> AnyResponse | None:
    """Say who makes the request, and refuse what they may not do: 401, 403, or to the sign-in."""
    g.person = NOBODY
    versioning.hide_columns(who.hidden_fields)
    endpoint = request.endpoint
    if endpoint not in NAMELESS:
        _name_the_person()
    if endpoint is None:  # no such address, or not by this method: the error says so
        return _to_the_right_spelling(request.routing_exception)
    if endpoint not in current_app.extensions["gate"]["everybody"]:
        if g.person is NOBODY:
            return _ask_to_sign_in()
        if g.owes_second_step and endpoint not in SETTING_UP:
            return _ask_for_second_step()
        if not _may(endpoint):
            abort(403)
        sessions.note_activity()
    throttle.check(endpoint)
    return None


def needs(endpoint: str) -> str | None:
    """What an endpoint needs: a permission, `ANY_PERSON`, "" for nothing; None where no rule says
    so, which nobody may pass."""
    gate = current_app.extensions["gate"]
    if endpoint in gate["everybody"]:
        return ""
    if endpoint in gate["signed_in"]:
        return ANY_PERSON
    view, method = _view_of(endpoint)
    return getattr(view, "view_permissions", {}).get(method)


def _may(endpoint: str) -> bool:
    needed = needs(endpoint)
    if needed is None:
        current_app.logger.error("No rule names the endpoint %s, so nobody may use it.", endpoint)
        return False
    if needed == ANY_PERSON:
        return True
    view, _ = _view_of(endpoint)
    if needed in policy.OF_THE_SITE:
        return who.person().may_site(needed)
    return who.person().may(needed, getattr(view, "rules", policy.NO_RULES))


def _view_of(endpoint: str) -> tuple[Any, str]:
    """The admin's view that an endpoint belongs to, and its method."""
    name, _, method = endpoint.rpartition(".")
    views = (view for each in current_app.extensions.get("admin", ()) for view in each._views)
    return next((view for view in views if view.endpoint == name), None), method


def _name_the_person() -> None:
    account = current_user._get_current_object() if "_user_id" in session else None
    if not isinstance(account, Account):
        return
    g.person = Person(account.id, account.name, policy.roles_of(account))
    g.actor = account.name
    g.owes_second_step = step_pages.is_due(account)


def _to_the_right_spelling(found: Exception | None) -> AnyResponse | None:
    """Where an address lacks its last slash, say: by its path. Werkzeug's own answer names the host
    that the request named, which may be anybody's."""
    if not isinstance(found, RequestRedirect):
        return None
    parts = urlsplit(found.new_url)
    path = "/" + parts.path.lstrip("/")
    return redirect(f"{path}?{parts.query}" if parts.query else path, found.code)


def _ask_to_sign_in() -> AnyResponse:
    is_page = request.headers.get("Sec-Fetch-Dest", "document") == "document"
    if request.method not in ("GET", "HEAD") or not is_page:
        abort(401, SIGNED_OUT)
    where = request.full_path.rstrip("?")
    return redirect(url_for(security.SIGN_IN, next=where if where != "/" else None))


def _ask_for_second_step() -> AnyResponse:
    if request.method not in ("GET", "HEAD"):
        abort(403, OWING)
    flash(OWING, "warning")
    return redirect(url_for(step_pages.OWN))


def keep_private(response: Response) -> Response:
    """What one person may see stays out of caches, on the way and in the browser."""
    if request.endpoint not in ("static", "admin.static"):
        response.headers.setdefault("Cache-Control", "no-store")  # a file says what is right for it
    return response


def _forget(_: Any = None) -> None:
    versioning.hide_columns(None)
