"""What must be read again is encrypted, with keys made of the secret key, one for each purpose.

`SECRET_KEY_FALLBACKS`, Flask's own setting, keeps what an earlier key encrypted readable.
"""

from __future__ import annotations

import base64
from enum import StrEnum

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app


class Purpose(StrEnum):
    """What is sealed for one of these is read for it alone."""

    APP_KEY = "key of an authenticator app"
    NEW_KEY = "key on the page that sets the second step up"
    QUESTION = "question to a passkey"


def seal(purpose: Purpose, text: str) -> str:
    """The text, so that only this application reads it, and sees when it was altered."""
    return _box(purpose).encrypt(text.encode()).decode()


def unseal(purpose: Purpose, sealed: str, seconds: int | None = None) -> str | None:
    """The text; None for what was altered, sealed for another purpose or by another key, or longer
    ago than that."""
    try:
        return _box(purpose).decrypt(sealed.encode(), seconds).decode()
    except (InvalidToken, UnicodeEncodeError):
        return None


def _box(purpose: Purpose) -> MultiFernet:
    config = current_app.config
    keys = [config["SECRET_KEY"], *(config["SECRET_KEY_FALLBACKS"] or ())]
    return MultiFernet([Fernet(_derived(str(key), purpose)) for key in keys])


def _derived(key: str, purpose: Purpose) -> bytes:
    kdf = HKDF(SHA256(), length=32, salt=None, info=f"versioned-admin {purpose}".encode())
    return base64.urlsafe_b64encode(kdf.derive(key.encode()))
