"""Reads a history file: numbered lines, packed or not, and a digest of what was read."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from .errors import TransferError

DIGITS = 40


class Source:
    """The lines of one pass over a file, with `mark` naming the place that was reached."""

    def __init__(self, path: Path, *meaning: str) -> None:
        """`meaning` is what the lines are read as: it makes other marks of the same lines."""
        self._path = path
        self._number = 0
        self._hash = hashlib.sha256("\n".join((*meaning, "")).encode())

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        """Number and bytes of each line that is not blank. Raises TransferError."""
        try:
            with self._open() as file:
                for raw in file:
                    self._number += 1
                    line = raw.strip()
                    self._hash.update(line + b"\n")
                    if line:
                        yield self._number, line
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise TransferError(
                f"{self._path} cannot be unpacked after line {self._number} ({error}). Nothing of"
                " it was imported: fetch the file again."
            ) from None
        except OSError as error:
            raise TransferError(
                f"{self._path} cannot be read ({error.strerror}). Nothing of it was imported:"
                " correct the name or the file's rights."
            ) from None

    @property
    def mark(self) -> str:
        """The number of the line last read and the digest of all lines up to it."""
        return f"{self._number}:{self._hash.hexdigest()[:DIGITS]}"

    def _open(self) -> BinaryIO | gzip.GzipFile:
        if self._path.suffix == ".gz":
            return gzip.open(self._path, "rb")
        return self._path.open("rb")


def line_of(mark: str) -> int | None:
    """The line number of a mark; None when the text is not one."""
    number, colon, digest = mark.partition(":")
    return int(number) if colon and len(digest) == DIGITS and number.isdecimal() else None
