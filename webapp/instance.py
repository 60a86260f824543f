"""The instance folder: what the running application writes, and the secret key that it makes."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from pathlib import Path

from webapp.config import PREFIX, ConfigError

KEY_FILE = "secret_key"


def prepare(folder: Path) -> None:
    """Make the folder; raises `ConfigError` when it cannot be written to."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ConfigError(
            f"The folder {folder} cannot be written to ({error.strerror}): change its owner or"
            f" permissions, or set {PREFIX}INSTANCE_PATH to another folder."
        ) from None


def secret_key(folder: Path) -> str:
    """The key kept in the folder, made at the first call; only its owner may read the file.

    Of several processes that make one at once, all get the same: the file appears whole,
    by a hard link that only the first can set.
    """
    path = folder / KEY_FILE
    if not path.exists():
        prepare(folder)
        handle, draft = tempfile.mkstemp(dir=folder, prefix=f".{KEY_FILE}-")  # mode 600
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(secrets.token_hex(32))
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):
                os.link(draft, path)
        finally:
            os.unlink(draft)
    return _read(path)


def _read(path: Path) -> str:
    try:
        key = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise ConfigError(
            f"The secret key {path} cannot be read ({reason}): change its owner or permissions,"
            " or remove it and every session starts anew."
        ) from None
    if len(key) < 32:
        raise ConfigError(
            f"The secret key {path} is too short: remove the file and a new key is made at the"
            " next start."
        )
    return key
