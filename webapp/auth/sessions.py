"""Sign-ins that the server knows: begun anew at each sign-in, ended at once when they should be.

The browser's cookie holds a random token, and counts only while the row of that token stands: after
a sign-out, a new password, a disabled account or the end of its time a copy of it opens nothing.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from datetime import timedelta
from functools import lru_cache
from typing import Any

from flask import current_app, session
from sqlalchemy import ColumnElement, Select, bindparam, select, update
from sqlalchemy.orm import joinedload

from webapp.extensions import db
from webapp.versioning import utcnow

from .models import Account, SignIn

TOKEN = "sign_in"
SEEN = "seen"
#: Seconds after which the time of the last request is noted in the cookie again.
NOTE_EVERY = 60


def begin(account: Account) -> None:
    """Begin a sign-in of this browser; the caller commits. What the session held before, its
    protection against forged forms included, is left behind."""
    end()
    kept = {name: session[name] for name in ("_user_id", "_id", "_fresh") if name in session}
    session.clear()
    session.update(kept)
    token = secrets.token_urlsafe(32)
    session[TOKEN] = token
    session[SEEN] = int(time.time())
    db.session.add(SignIn(digest=digest(token), account_id=account.id, began_at=utcnow()))


def end() -> None:
    """End the sign-in of this browser, if there is one; the caller commits."""
    token = session.pop(TOKEN, None)
    if isinstance(token, str):
        _end(SignIn.digest == digest(token))


def end_others(account: Account) -> None:
    """End every sign-in of an account but the one of this browser; the caller commits."""
    _end((SignIn.account_id == account.id) & (SignIn.digest != digest(session.get(TOKEN, ""))))


def end_all(account: Account) -> None:
    """End every sign-in of an account; the caller commits."""
    _end(SignIn.account_id == account.id)


def account_of(uniquifier: str) -> Account | None:
    """The account that this browser is signed in as; one statement. None for a sign-in that was
    ended or is over, and for an account that is disabled."""
    token, seen = session.get(TOKEN), session.get(SEEN)
    if not isinstance(token, str) or not isinstance(seen, int):
        return None
    config = current_app.config
    if time.time() - seen > config["IDLE_MINUTES"] * 60:
        return None
    since = utcnow() - timedelta(hours=config["SESSION_HOURS"])
    given = {"digest": digest(token), "since": since}
    found = db.session.scalars(_running_sign_in(), given).unique().first()
    if found is None:
        return None
    account = found.account
    is_theirs = secrets.compare_digest(account.fs_uniquifier, uniquifier)
    may_be_here = account.active and (not account.demo or config["DEMO"])
    return account if is_theirs and may_be_here else None


@lru_cache(maxsize=1)
def _running_sign_in() -> Select[Any]:
    """A sign-in that goes on, with its account. Made once: every request asks."""
    return (
        select(SignIn)
        .where(
            SignIn.digest == bindparam("digest"),
            SignIn.ended_at.is_(None),
            SignIn.began_at > bindparam("since"),
        )
        .options(
            joinedload(SignIn.account).options(
                joinedload(Account.roles), joinedload(Account.second_step)
            )
        )
    )


def note_activity() -> None:
    """Keep the sign-in from running out while it is used. Nothing is written but the cookie."""
    now = int(time.time())
    if now - session.get(SEEN, now) > NOTE_EVERY:
        session[SEEN] = now


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _end(which: ColumnElement[bool]) -> None:
    running = update(SignIn).where(which, SignIn.ended_at.is_(None))
    db.session.execute(running.values(ended_at=utcnow()))
