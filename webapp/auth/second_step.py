"""The second step of a sign-in: a code of an authenticator app (RFC 6238), or a recovery code.

Each function checks, acts, records the event and commits, for the pages and the commands alike.
"""

from __future__ import annotations

import base64
import re
import secrets
import time
from collections.abc import Callable

from flask import current_app
from passlib.exc import TokenError
from passlib.totp import TOTP
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError

from webapp.extensions import db
from webapp.versioning import utcnow

from . import events, seal, sessions
from .accounts import AccountError
from .models import Account, Passkey, RecoveryCode, SecondStep
from .seal import Purpose
from .sessions import digest

ISSUER = "Versioned Admin"
#: A code counts for its own half minute, the one before and the one after: clocks differ.
WINDOW = 30
RECOVERY_CODES = 10
#: 140 bits, so that a plain digest keeps them.
RECOVERY_LENGTH = 28
LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
WRONG = "This code is not right, or was used already. Wait for the next one and type that."


def new_key() -> str:
    """A key for an authenticator app: 160 bits, in base 32."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def address(account: Account, key: str) -> str:
    """What the QR code says to the app."""
    return str(TOTP(key=key).to_uri(label=account.email.replace(":", "_"), issuer=ISSUER))


def turn_on(account: Account, key: str, typed: str) -> list[str]:
    """Ask for codes of that key from now on; the recovery codes. The other sign-ins end. Raises
    AccountError for a wrong code, and where there is a second step already."""
    counter = _counter_of(key, typed)
    if counter is None:
        raise AccountError(WRONG, "code")
    if account.second_step or account.demo:
        raise AccountError("There is a second step already. Nothing was changed.")
    step = SecondStep(
        account_id=account.id, sealed_key=seal.seal(Purpose.APP_KEY, key), last_counter=counter
    )
    account.second_step = step
    codes = _make_codes(account)
    sessions.end_others(account)
    events.record(events.STEP_ON, account)
    try:
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        raise AccountError("There is a second step already. Nothing was changed.") from None
    return codes


def turn_off(account: Account, typed: str) -> None:
    """Ask for the password alone again. Raises AccountError for a wrong code."""
    if not check(account, typed):
        raise AccountError(WRONG, "code")
    _remove(account)
    events.record(events.STEP_OFF, account)
    db.session.commit()


def reset(account: Account) -> bool:
    """Take second step and passkeys away from somebody who lost the device, and end their sign-ins.
    Whether there were any."""
    lost = delete(Passkey).where(Passkey.account_id == account.id)
    if not _changed(lost) and account.second_step is None:
        return False
    _remove(account)
    sessions.end_all(account)
    events.record(events.STEP_RESET, account)
    db.session.commit()
    return True


def new_codes(account: Account) -> list[str]:
    """New recovery codes; those before open nothing any more. Raises AccountError where there is
    no second step for them to stand in for."""
    if account.second_step is None:
        raise AccountError("There is no second step. Set it up first.")
    codes = _make_codes(account)
    events.record(events.CODES_MADE, account)
    db.session.commit()
    return codes


def codes_left(account: Account) -> int:
    mine = (RecoveryCode.account_id == account.id) & RecoveryCode.used_at.is_(None)
    return db.session.scalar(select(func.count()).where(mine)) or 0


def check(account: Account, typed: str) -> bool:
    """Whether this is the code of now, or a recovery code, and not used before; from now on it is
    used. A refusal is an event. Commits."""
    text = re.sub(r"[\s-]", "", typed).lower()
    right = _use_code(account, text) if text.isdecimal() else _use_recovery_code(account, text)
    if not right:
        events.record(events.REFUSED, account, "second step")
    db.session.commit()
    return right


def _use_code(account: Account, text: str) -> bool:
    step = account.second_step
    key = seal.unseal(Purpose.APP_KEY, step.sealed_key) if step else None
    counter = _counter_of(key, text) if key else None
    if counter is None:
        return False
    newer = (SecondStep.account_id == account.id) & (SecondStep.last_counter < counter)
    return _changed(update(SecondStep).where(newer).values(last_counter=counter))


def _use_recovery_code(account: Account, text: str) -> bool:
    unused = (RecoveryCode.digest == digest(text)) & RecoveryCode.used_at.is_(None)
    mine = unused & (RecoveryCode.account_id == account.id)
    if not _changed(update(RecoveryCode).where(mine).values(used_at=utcnow())):
        return False
    events.record(events.CODE_USED, account, f"{codes_left(account)} left")
    return True


def _counter_of(key: str, text: str) -> int | None:
    """The time step that the code belongs to, when that is about now."""
    try:
        return int(TOTP(key=key).match(text, time=_now(), window=WINDOW).counter)
    except (TokenError, TypeError, ValueError):
        return None


def _now() -> float:
    """The time by which codes count: the system's, unless the application has its own clock."""
    clock: Callable[[], float] = current_app.config.get("CLOCK", time.time)
    return clock()


def _make_codes(account: Account) -> list[str]:
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
    codes = [
        "".join(secrets.choice(LETTERS) for _ in range(RECOVERY_LENGTH))
        for _ in range(RECOVERY_CODES)
    ]
    db.session.add_all(RecoveryCode(digest=digest(code), account_id=account.id) for code in codes)
    return ["-".join(code[at : at + 4] for at in range(0, len(code), 4)) for code in codes]


def _remove(account: Account) -> None:
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
    db.session.execute(delete(SecondStep).where(SecondStep.account_id == account.id))
    db.session.expire(account, ["second_step"])


def _changed(statement: object) -> bool:
    return bool(db.session.execute(statement).rowcount)  # type: ignore[call-overload]
