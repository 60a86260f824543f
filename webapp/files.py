"""Files beside the database, under the SHA-256 of what they hold: never overwritten or deleted.

A column of `FileType` holds a reference, so an older version of a record keeps its older file. A
file that was sent with a form that was then refused stays as well; nothing refers to it. Whoever
wants the space back may delete a file of the store that no row of any version names.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from flask import current_app
from sqlalchemy import Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

#: Bytes that a file may have unless its column says otherwise.
MOST = 2 * 1024 * 1024
LONGEST_NAME = 120
DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff"\\/:*?<>|]')
#: What an image begins with. Only these are ever shown by a browser; all else is downloaded.
IMAGES = (
    ("image/png", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("image/jpeg", re.compile(rb"\xff\xd8\xff")),
    ("image/gif", re.compile(rb"GIF8[79]a")),
    ("image/webp", re.compile(rb"RIFF....WEBP", re.DOTALL)),
)
ANY = "application/octet-stream"


class TooLarge(ValueError):
    """The file has more bytes than its column takes."""


class StoredFile(str):
    """A reference to a file of the store: its name, type, size in bytes and SHA-256, as JSON."""

    @classmethod
    def of(cls, name: str, type: str, size: int, sha256: str) -> StoredFile:
        facts = {"name": name, "type": type, "size": size, "sha256": sha256}
        return cls(json.dumps(facts, ensure_ascii=False))

    @property
    def facts(self) -> dict[str, Any]:
        """What the reference says; {} for a text that is none."""
        try:
            found = json.loads(self)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def name(self) -> str:
        return safe_name(str(self.facts.get("name", "")))

    @property
    def size(self) -> int:
        size = self.facts.get("size")
        return size if isinstance(size, int) else 0

    @property
    def sha256(self) -> str:
        """64 hexadecimal digits, or "" where the reference has none."""
        digest = str(self.facts.get("sha256", ""))
        return digest if DIGEST.fullmatch(digest) else ""

    @property
    def is_image(self) -> bool:
        return any(type == self.facts.get("type") for type, _ in IMAGES)

    @property
    def type(self) -> str:
        """The media type of an image; of anything else, one that no browser runs."""
        return str(self.facts["type"]) if self.is_image else ANY


class FileType(TypeDecorator[StoredFile]):
    """A column for files, or with `images` for PNG, JPEG, GIF and WebP alone, of at most `most`
    bytes. Its values are `StoredFile`."""

    impl = Text
    cache_ok = True

    def __init__(self, *, images: bool = False, most: int = MOST) -> None:
        super().__init__()
        self.images = images
        self.most = most

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> StoredFile | None:
        return None if value is None else StoredFile(value)

    @property
    def python_type(self) -> type[StoredFile]:
        return StoredFile


def keep(stream: IO[bytes], name: str, *, most: int = MOST) -> StoredFile:
    """Put what the stream holds into the store. Raises `TooLarge` above `most` bytes.

    The file appears whole or not at all, and the same bytes are kept once.
    """
    folder = _folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest, size, start = hashlib.sha256(), 0, b""
    handle, draft = tempfile.mkstemp(dir=folder, prefix=".draft-")  # mode 600
    try:
        with os.fdopen(handle, "wb") as file:
            for piece in _pieces(stream):
                size += len(piece)
                if size > most:
                    raise TooLarge(f"The file is too large: at most {most:,} bytes.")
                start = start or piece[:16]
                digest.update(piece)
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        place = path_of(digest.hexdigest())
        place.parent.mkdir(mode=0o700, exist_ok=True)
        if not place.exists():
            os.replace(draft, place)
    finally:
        Path(draft).unlink(missing_ok=True)
    return StoredFile.of(safe_name(name), _type(start), size, digest.hexdigest())


def path_of(sha256: str) -> Path:
    """Where the file of that digest lies, if it is there."""
    return _folder() / sha256[:2] / sha256


def safe_name(name: str) -> str:
    """The last part of the name, without what a header, a page or a file system would misread."""
    last = re.split(r"[/\\]", name)[-1]
    kept = UNSAFE.sub("", last).strip(" .")
    stem, dot, suffix = kept.rpartition(".")
    if dot and len(suffix) <= 10:
        kept = f"{stem[: LONGEST_NAME - len(suffix) - 1]}.{suffix}"
    return kept[:LONGEST_NAME] or "file"


def _folder() -> Path:
    return Path(current_app.config["UPLOADS"])


def _pieces(stream: IO[bytes]) -> Iterator[bytes]:
    while piece := stream.read(64 * 1024):
        yield piece


def _type(start: bytes) -> str:
    return next((type for type, magic in IMAGES if magic.match(start)), ANY)
