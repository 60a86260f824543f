"""What must be read again is encrypted at rest, with keys made of the secret key.

`SECRET_KEY_FALLBACKS`, Flask's own setting, keeps what an earlier key encrypted readable.
"""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app


def seal(text: str) -> str:
    """The text, so that only this application reads it, and sees when it was altered."""
    return _box().encrypt(text.encode()).decode()


def unseal(sealed: str, seconds: int | None = None) -> str | None:
    """The text; None for what was altered, sealed by another key, or longer ago than that."""
    try:
        return _box().decrypt(sealed.encode(), seconds).decode()
    except (InvalidToken, UnicodeEncodeError):
        return None


def _box() -> MultiFernet:
    config = current_app.config
    keys = [config["SECRET_KEY"], *(config["SECRET_KEY_FALLBACKS"] or ())]
    return MultiFernet([Fernet(_derived(str(key))) for key in keys])


def _derived(key: str) -> bytes:
    kdf = HKDF(SHA256(), length=32, salt=None, info=b"versioned-admin second step")
    return base64.urlsafe_b64encode(kdf.derive(key.encode()))
