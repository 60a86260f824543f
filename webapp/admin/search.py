"""The search of a list: words that a record must all contain, taken literally."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Enum, String, Unicode, cast, or_

LONGEST = 200
MOST_TERMS = 10


def is_text(column: Any) -> bool:
    return isinstance(column.type, String) and not isinstance(column.type, Enum)


def cleaned(text: str) -> tuple[str | None, str | None]:
    """The search as it will be done, and what to say when that is less than was asked."""
    kept = " ".join(text.replace("\0", " ").split()[:MOST_TERMS])[:LONGEST].strip()
    if len(text) > LONGEST or len(text.split()) > MOST_TERMS:
        return kept or None, f"The search was cut to {MOST_TERMS} words and {LONGEST} characters."
    return kept or None, None


def terms(text: str) -> list[str]:
    return text.split()


def condition(columns: Sequence[Any], term: str) -> ColumnElement[bool]:
    """Whether any column has the term: anywhere, at its beginning (`^`), or as a whole (`=`)."""
    mark, word = (term[0], term[1:]) if term[0] in "^=" and len(term) > 1 else ("", term)
    literal = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    pattern = {"^": f"{literal}%", "=": literal}.get(mark, f"%{literal}%")
    return or_(*(cast(column, Unicode).ilike(pattern, escape="\\") for column in columns))
