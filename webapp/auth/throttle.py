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
from .models import Account
from .who import person

KNOWN_BROWSER = "known_browser"
REMEMBERED = 180 * 24 * 3600

BY_ADDRESS = parse("30/5minutes")
BY_ACCOUNT = parse("10/5minutes")
CONFIRMING = parse("10/5minutes")
CODES, CODES_BY_HOUR = parse("5/5minutes"), parse("20/hour")
LINKS = parse("20/5minutes")
FORGOTTEN = parse("5/15minutes")
EXPORT, SEARCH, COMPARE = parse("20/minute"), parse("90/minute"), parse("90/minute")
CODED = ("sign_in_code", "second_step", "second_step_off")
LINKED = ("set_up", "new_password")
CONFIRMATIONS = ("security.verify", "security.change_password")
WORDS = {
    "sign-in": "There were too many attempts to sign in.",
    "confirm": "There were too many wrong passwords.",
    "code": "There were too many wrong codes.",
    "link": "There were too many attempts with links.",
    "forgotten": "A new password was asked for too often.",
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
    elif endpoint == "sign_in_passkey":
        _hit("sign-in", BY_ADDRESS, "address", request.remote_addr or "")
    elif endpoint in CODED and is_post:
        _check_code()
    elif endpoint == "forgotten" and is_post:
        email = request.form.get("email", "").strip().lower()
        _hit("link", LINKS, request.remote_addr or "")
        _hit("forgotten", FORGOTTEN, hashlib.sha256(email.encode()).hexdigest())
    elif endpoint in LINKED:
        _hit("link", LINKS, request.remote_addr or "")
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


def _check_code() -> None:
    """Codes are counted by account, whoever types them: to come here took the password."""
    noted = session.get("second_step")
    account = person().id or (noted[0] if isinstance(noted, list) else None)
    if account is None:  # without the password no code is looked at
        return
    try:
        _hit("code", CODES, str(account))
        _hit("code", CODES_BY_HOUR, str(account))
    except TooManyRequests:
        if _first("codes", str(account)):
            events.record(events.THROTTLED, db.session.get(Account, account), "second step")
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
        return bool(_signer().loads(request.cookies.get(_cookie_name(), ""), REMEMBERED) == account)
    except BadData:
        return False


def remember_browser(response: Response) -> Response:
    """After a sign-in: this browser is one of that account's."""
    email = g.get("signed_in_as")
    if email and session.get("sign_in"):
        account = hashlib.sha256(email.encode()).hexdigest()
        response.set_cookie(
            _cookie_name(),
            _signer().dumps(account),
            max_age=REMEMBERED,
            path="/sign-in",
            secure=current_app.config["SESSION_COOKIE_SECURE"],
            httponly=True,
            samesite="Lax",
        )
    return response


def _cookie_name() -> str:
    secure = current_app.config["SESSION_COOKIE_SECURE"]
    return f"__Secure-{KNOWN_BROWSER}" if secure else KNOWN_BROWSER


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt=KNOWN_BROWSER)
