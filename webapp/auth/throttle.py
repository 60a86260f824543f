"""How often one may try: to sign in, by address and by account, and what costs much to answer.

Nobody is locked out by somebody else's attempts. A browser that has signed in to an account before
holds a signed cookie that says so; its attempts are counted by themselves, apart from those of
strangers, so that guessing slows the guesser down and not the account's owner.
"""

from __future__ import annotations

import hashlib

from flask import Flask, Response, current_app, g, request, session
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from itsdangerous import BadData, URLSafeTimedSerializer
from limits import RateLimitItem, parse
from werkzeug.exceptions import TooManyRequests

from webapp.extensions import db

from . import accounts, events
from .who import person

KNOWN_BROWSER = "known_browser"
REMEMBERED = 180 * 24 * 3600

BY_ADDRESS = parse("30/5minutes")
BY_ACCOUNT = parse("10/5minutes")
CONFIRMING = parse("10/5minutes")
EXPORT, SEARCH, COMPARE = parse("20/minute"), parse("90/minute"), parse("90/minute")
CONFIRMATIONS = ("security.verify", "security.change_password")
WORDS = {
    "sign-in": "There were too many attempts to sign in.",
    "confirm": "There were too many wrong passwords.",
    "export": "There were too many exports.",
    "search": "There were too many searches.",
    "compare": "There were too many comparisons.",
}


def init_app(app: Flask) -> None:
    """Counts are kept in this process, or where `RATELIMIT_STORAGE_URI` says."""
    app.config.setdefault("RATELIMIT_STORAGE_URI", "memory://")
    app.config.setdefault("RATELIMIT_HEADERS_ENABLED", False)
    app.extensions["throttle"] = Limiter(get_remote_address, app=app, strategy="moving-window")
    app.after_request(remember_browser)


def check(endpoint: str) -> None:
    """Count the request. Raises TooManyRequests beyond what is allowed, before anything is done."""
    is_post = request.method == "POST"
    if endpoint == "security.login" and is_post:
        _check_sign_in()
    elif endpoint in CONFIRMATIONS and is_post:
        count_confirmation()
    elif endpoint.endswith(".export"):
        _hit("export", EXPORT, str(person().id))
    elif endpoint.endswith(".compare_view"):
        _hit("compare", COMPARE, str(person().id))
    elif any(request.args.get(name) for name in ("search", "q")) or any(
        name.startswith("flt") for name in request.args
    ):
        _hit("search", SEARCH, str(person().id))


def count_confirmation() -> None:
    """Count that a person confirms who they are. Raises TooManyRequests beyond what is allowed."""
    _hit("confirm", CONFIRMING, str(person().id))


def _check_sign_in() -> None:
    email = request.form.get("email", "").strip().lower()
    account = hashlib.sha256(email.encode()).hexdigest()
    known = "known" if _knows(account) else "strangers"
    try:
        _hit("sign-in", BY_ADDRESS, "address", request.remote_addr or "")
        _hit("sign-in", BY_ACCOUNT, "account", account, known)
    except TooManyRequests:
        if _first("throttled", account, request.remote_addr or ""):
            events.record(events.THROTTLED, accounts.by_email(email))
            db.session.commit()
        raise


def _hit(what: str, limit: RateLimitItem, *who: str) -> None:
    limiter: Limiter = current_app.extensions["throttle"]
    if not limiter.enabled or limiter.limiter.hit(limit, what, *who):
        return
    raise TooManyRequests(
        f"{WORDS[what]} Nothing was changed.", retry_after=int(limit.get_expiry())
    )


def _first(*key: str) -> bool:
    """Whether it is the first of its kind in a while: a flood makes one event, not thousands."""
    limiter: Limiter = current_app.extensions["throttle"]
    return limiter.limiter.hit(parse("1/5minutes"), *key)


def _knows(account: str) -> bool:
    try:
        return bool(_signer().loads(request.cookies.get(KNOWN_BROWSER, ""), REMEMBERED) == account)
    except BadData:
        return False


def remember_browser(response: Response) -> Response:
    """After a sign-in: this browser is one of that account's."""
    email = g.get("signed_in_as")
    if email and session.get("sign_in"):
        account = hashlib.sha256(email.encode()).hexdigest()
        response.set_cookie(
            KNOWN_BROWSER,
            _signer().dumps(account),
            max_age=REMEMBERED,
            path="/sign-in",
            secure=current_app.config["SESSION_COOKIE_SECURE"],
            httponly=True,
            samesite="Lax",
        )
    return response


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt=KNOWN_BROWSER)
