"""Passkeys (WebAuthn): a sign-in by what a device holds and whoever unlocks it, without a password.

A passkey is asked to verify its person, so it is two steps in one. The challenge that it answers is
sealed into the page, is good for an hour, and is answered once.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import webauthn
from flask import current_app, request
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from webapp.extensions import db
from webapp.versioning import utcnow

from . import events, links, seal
from .accounts import AccountError
from .models import Account, Passkey
from .seal import Purpose

MOST = 20
WITHIN = timedelta(hours=1)
SITE_NAME = "Versioned Admin"
REQUIRED = UserVerificationRequirement.REQUIRED
NOT_ADDED = "The browser's answer does not fit this page. No passkey was added: try again."
NOT_KNOWN = "This passkey is not known here, or its answer came too late. Nobody is signed in."


@dataclass(frozen=True)
class Question:
    """What the browser is asked: `options` as JSON for its script, and `sealed` for the form."""

    options: str
    sealed: str


def of(account: Account) -> list[Passkey]:
    mine = select(Passkey).where(Passkey.account_id == account.id)
    return list(db.session.scalars(mine.order_by(Passkey.id)))


def ask_to_add(account: Account) -> Question:
    """Ask for a new passkey of that person."""
    challenge = secrets.token_bytes(32)
    options = webauthn.generate_registration_options(
        rp_id=_site()[0],
        rp_name=SITE_NAME,
        user_id=_handle(account),
        user_name=account.email,
        user_display_name=account.name,
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=REQUIRED
        ),
        exclude_credentials=[
            PublicKeyCredentialDescriptor(id=base64url_to_bytes(each.credential_id))
            for each in of(account)
        ],
    )
    return _question(options, challenge, account.id)


def ask_to_sign_in() -> Question:
    """Ask for a passkey of anybody."""
    challenge = secrets.token_bytes(32)
    options = webauthn.generate_authentication_options(
        rp_id=_site()[0], challenge=challenge, user_verification=REQUIRED
    )
    return _question(options, challenge, None)


def add(account: Account, name: str, sealed: str, answer: str) -> Passkey:
    """Keep the passkey that the answer holds; commits. Raises AccountError."""
    challenge = _challenge(sealed, account.id)
    if challenge is None:
        raise AccountError("This page was open for too long, or was used already. Try again.")
    if len(of(account)) >= MOST:
        raise AccountError(f"An account has at most {MOST} passkeys: remove one first.")
    host, origin = _site()
    try:
        found = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=host,
            expected_origin=origin,
            require_user_verification=True,
        )
    except Exception:  # whatever a made-up answer makes the parsers raise, it is no passkey
        raise AccountError(NOT_ADDED) from None
    passkey = Passkey(
        account_id=account.id,
        credential_id=bytes_to_base64url(found.credential_id),
        public_key=found.credential_public_key,
        sign_count=found.sign_count,
        name=name,
    )
    db.session.add(passkey)
    events.record(events.PASSKEY_ADDED, account, name)
    try:
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        raise AccountError("This passkey is kept already. Nothing was changed.") from None
    return passkey


def remove(account: Account, number: int) -> bool:
    """Forget a passkey of that person; whether there was one. Commits."""
    passkey = db.session.get(Passkey, number)
    if passkey is None or passkey.account_id != account.id:
        return False
    db.session.delete(passkey)
    events.record(events.PASSKEY_REMOVED, account, passkey.name)
    db.session.commit()
    return True


def owner(sealed: str, answer: str) -> Account | None:
    """Whose passkey answered, when it did so rightly and the account may sign in; the caller
    commits. A refusal is an event."""
    passkey = _named_in(answer)
    account = passkey.account if passkey else None
    if passkey and account and account.active and not account.demo:
        count = _right_count(passkey, sealed, answer)
        if count is not None and _still_as_read(passkey, count):
            return account
    events.record(events.REFUSED, account, "passkey")
    return None


def _named_in(answer: str) -> Passkey | None:
    try:
        name = json.loads(answer)["id"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not isinstance(name, str):
        return None
    return db.session.scalars(select(Passkey).where(Passkey.credential_id == name)).first()


def _right_count(passkey: Passkey, sealed: str, answer: str) -> int | None:
    """How often the passkey says it was used, when its answer is right."""
    challenge = _challenge(sealed, None)
    host, origin = _site()
    if challenge is None:
        return None
    try:
        return webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=host,
            expected_origin=origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        ).new_sign_count
    except Exception:  # as above: a made-up answer is a wrong one
        return None


def _still_as_read(passkey: Passkey, count: int) -> bool:
    """Note the use, unless another was noted since."""
    same = (Passkey.id == passkey.id) & (Passkey.sign_count == passkey.sign_count)
    values = {"sign_count": count, "used_at": utcnow()}
    done: Any = db.session.execute(update(Passkey).where(same).values(values))
    return bool(done.rowcount)


def _site() -> tuple[str, str]:
    """The host that passkeys belong to, and the origin that their answers name."""
    origin = current_app.config["SITE_URL"] or request.host_url.rstrip("/")
    host = origin.partition("://")[2]
    return host.rsplit(":", 1)[0] if ":" in host else host, origin


def _handle(account: Account) -> bytes:
    """What the device knows the account by: always the same, and nothing about the person."""
    key = str(current_app.secret_key).encode()
    return hmac.digest(key, f"passkeys of {account.id}".encode(), hashlib.sha256)


def _question(options: Any, challenge: bytes, account_id: int | None) -> Question:
    """The browser knows the host by itself; it is named only where it is configured, since the one
    that a request names may be anybody's."""
    asked = json.loads(webauthn.options_to_json(options))
    if not current_app.config["SITE_URL"]:
        asked.pop("rpId", None)
        asked.get("rp", {}).pop("id", None)
    sealed = seal.seal(Purpose.QUESTION, json.dumps([account_id, challenge.hex()]))
    return Question(json.dumps(asked), sealed)


def _challenge(sealed: str, account_id: int | None) -> bytes | None:
    """The challenge that the page gave to that account, when nobody answered it before."""
    text = seal.unseal(Purpose.QUESTION, sealed, int(WITHIN.total_seconds()))
    asked, challenge = json.loads(text) if text else (None, "")
    if not challenge or asked != account_id or not links.spend(links.CHALLENGE, challenge, WITHIN):
        return None
    return bytes.fromhex(challenge)
