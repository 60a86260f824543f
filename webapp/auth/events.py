"""The events of accounts, and repairs: written here alone, never changed, never with a secret."""

from __future__ import annotations

from flask import has_request_context, request

from webapp import changes
from webapp.extensions import db
from webapp.versioning import utcnow

from .models import Account, AccountEvent

SIGNED_IN = "signed in"
SIGNED_OUT = "signed out"
REFUSED = "sign-in refused"
THROTTLED = "sign-in throttled"
CREATED = "account created"
GRANTED = "role granted"
REVOKED = "role revoked"
DISABLED = "account disabled"
ENABLED = "account enabled"
PASSWORD_CHANGED = "password changed"
CONFIRMED = "identity confirmed"
DIGESTED = "digests completed"
#: About no account: an administrator, or the command line, has set flags of stored versions.
FLAGS_REPAIRED = "flags repaired"
SET_UP = "first administrator set up"
LINK_MADE = "password link made"
LINK_MAILED = "password link mailed"
LINK_REFUSED = "password link asked in vain"
LINK_USED = "password link used"
STEP_ON = "second step set up"
STEP_OFF = "second step turned off"
STEP_RESET = "second step reset"
CODES_MADE = "recovery codes made"
CODE_USED = "recovery code used"
PASSKEY_ADDED = "passkey added"
PASSKEY_REMOVED = "passkey removed"
#: A detail: where the typed address belongs to nobody.
NO_ACCOUNT = "no account of that address"
KINDS = (
    SIGNED_IN,
    SIGNED_OUT,
    REFUSED,
    THROTTLED,
    CREATED,
    GRANTED,
    REVOKED,
    DISABLED,
    ENABLED,
    PASSWORD_CHANGED,
    CONFIRMED,
    DIGESTED,
    FLAGS_REPAIRED,
    SET_UP,
    LINK_MADE,
    LINK_MAILED,
    LINK_REFUSED,
    LINK_USED,
    STEP_ON,
    STEP_OFF,
    STEP_RESET,
    CODES_MADE,
    CODE_USED,
    PASSKEY_ADDED,
    PASSKEY_REMOVED,
)


def record(
    kind: str, account: Account | None, detail: str | None = None, *, actor: str | None = None
) -> None:
    """Add an event to the session, which the caller commits.

    The actor is, unless given, who makes the request, else the user of the command line.
    """
    in_request = has_request_context()
    context = changes.describe()
    named = context.actor if context.actor != changes.ANONYMOUS else None
    db.session.add(
        AccountEvent(
            at=utcnow(),
            kind=kind,
            account=account.name if account else None,
            actor=actor or named,
            detail=detail,
            address=request.remote_addr if in_request else None,
            request_id=context.request_id,
        )
    )
