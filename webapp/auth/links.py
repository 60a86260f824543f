"""Addresses that work once and for a while: the first account, and a new password.

Whoever holds the token may do the one thing that it is for. It is shown or sent once and kept
nowhere; the database holds its digest.
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from sqlalchemy import Select, delete, select
from sqlalchemy.exc import IntegrityError

from webapp.extensions import db
from webapp.versioning import utcnow

from .models import Account, OneTimeLink
from .sessions import digest

SET_UP, PASSWORD = "set-up", "password"
#: Noted when it was answered, so that no answer counts twice.
CHALLENGE = "challenge"


def make(purpose: str, within: timedelta, account: Account | None = None) -> str:
    """A new token that is good for so long; the caller commits."""
    token = secrets.token_urlsafe(32)
    db.session.add(
        OneTimeLink(
            digest=digest(token), purpose=purpose, account=account, expires_at=utcnow() + within
        )
    )
    return token


def find(purpose: str, token: str) -> OneTimeLink | None:
    """The link, unless it was used, is too old, or never was."""
    return db.session.scalars(_open(purpose).where(OneTimeLink.digest == digest(token))).first()


def take(link: OneTimeLink) -> bool:
    """Use the link up, and with it every other of its purpose and account; the caller commits.

    False where somebody else was first: of any number that come at once, one gets True.
    """
    same = OneTimeLink.account_id == link.account_id if link.account_id else None
    query = _open(link.purpose).order_by(OneTimeLink.id).with_for_update()
    open_links = list(db.session.scalars(query if same is None else query.where(same)))
    if link not in open_links:
        return False
    for each in open_links:
        each.used_at = utcnow()
    return True


def spend(purpose: str, text: str, within: timedelta) -> bool:
    """Note that this was used, for as long as it could be used again; the caller commits. False
    where it was used before."""
    now = utcnow()
    db.session.execute(
        delete(OneTimeLink).where(OneTimeLink.purpose == purpose, OneTimeLink.expires_at < now)
    )
    used = OneTimeLink(
        digest=digest(f"{purpose} {text}"), purpose=purpose, expires_at=now + within, used_at=now
    )
    try:
        with db.session.begin_nested():
            db.session.add(used)
    except IntegrityError:
        return False
    return True


def close(account: Account) -> None:
    """End the open links of an account; the caller commits."""
    for each in db.session.scalars(_open(PASSWORD).where(OneTimeLink.account == account)):
        each.used_at = utcnow()


def _open(purpose: str) -> Select[OneTimeLink]:
    return select(OneTimeLink).where(
        OneTimeLink.purpose == purpose,
        OneTimeLink.used_at.is_(None),
        OneTimeLink.expires_at > utcnow(),
    )
