"""What kinds of difference there are between two values of a column, as data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

Path = tuple[str | int, ...]
PartKind = Literal["equal", "delete", "insert"]


@dataclass(frozen=True)
class ValueDifference:
    """A value before and after, with nothing more to say of it."""

    old: Any
    new: Any


@dataclass(frozen=True)
class TextPart:
    """A run of text that both sides have, or only the older or only the newer one."""

    kind: PartKind
    text: str


@dataclass(frozen=True)
class TextDifference:
    """The runs in order: equal and deleted make up the old text, equal and inserted the new one.

    `level` is the finest comparison that was affordable: words, or lines in texts that differ too
    much, or the whole.
    """

    parts: tuple[TextPart, ...]
    level: Literal["words", "lines", "whole"]


@dataclass(frozen=True)
class PathChange:
    """One place within a JSON value; a removed one bears its old path, others their new one."""

    path: Path
    kind: Literal["added", "removed", "changed"]
    old: Any
    new: Any


@dataclass(frozen=True)
class PathsDifference:
    """The places at which two JSON values differ, in the order of the document."""

    changes: tuple[PathChange, ...]


@dataclass(frozen=True)
class Move:
    """A member of a list that stands elsewhere among those that stayed; positions count from 0."""

    member: Any
    old: int
    new: int


@dataclass(frozen=True)
class MembersDifference:
    """Members that a list gained and lost, each as often as it did, and those that moved."""

    added: tuple[Any, ...]
    removed: tuple[Any, ...]
    moved: tuple[Move, ...]


@dataclass(frozen=True)
class NumberDifference:
    """New minus old, exact for whole and decimal numbers; `percent` of the old, None from zero."""

    old: Any
    new: Any
    difference: Any
    percent: float | None


@dataclass(frozen=True)
class TimeDifference:
    """New minus old; of two times of day as if on one day."""

    old: Any
    new: Any
    difference: timedelta


@dataclass(frozen=True)
class LabelDifference:
    """The words for an enum's two members, None where there was none."""

    old: str | None
    new: str | None


@dataclass(frozen=True)
class Blob:
    """Bytes by their number and their SHA-256 in hexadecimal digits."""

    size: int
    sha256: str


@dataclass(frozen=True)
class BlobDifference:
    """Two binary values, None where there was none."""

    old: Blob | None
    new: Blob | None


Difference = (
    ValueDifference
    | TextDifference
    | PathsDifference
    | MembersDifference
    | NumberDifference
    | TimeDifference
    | LabelDifference
    | BlobDifference
)
