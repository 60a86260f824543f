"""How a part of a key is written, in Python and in SQL: the two say the same of every value.

Texts stand as they are, but for ``~``, which is written ``~0``, and ``/``, which is written ``~1``,
as in JSON Pointers (RFC 6901). Whole numbers stand in decimal, dates in ISO 8601, UUIDs in lower
case with dashes, members of an enum as the database holds them.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, datetime
from enum import Enum as PythonEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BIGINT,
    DATE,
    INTEGER,
    NVARCHAR,
    SMALLINT,
    TEXT,
    UUID,
    VARCHAR,
    BigInteger,
    Column,
    ColumnElement,
    Date,
    Enum,
    Integer,
    SmallInteger,
    String,
    Text,
    Unicode,
    UnicodeText,
    Uuid,
    cast,
    func,
)
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.types import TypeEngine

SIGN = "/"
ESCAPED = (("~", "~0"), (SIGN, "~1"))  # in this order, and back in the other one

#: Types without a rule of their own for what is equal: CHAR pads, CITEXT forgets capitals.
TEXTS = frozenset({String, Unicode, Text, UnicodeText, VARCHAR, NVARCHAR, TEXT})
NUMBERS = frozenset({Integer, SmallInteger, BigInteger, INTEGER, SMALLINT, BIGINT})


def write(kind: TypeEngine[Any], value: Any) -> str:
    """The part as it stands in the id. Raises ValueError, whose text goes on from "code "."""
    text = WRITERS[type(kind)](kind, value)
    if not text:
        raise ValueError("is empty")
    if not _is_storable(text):
        raise ValueError("holds a character that no database keeps")
    return _escaped(text)


def read(id: str) -> list[str]:
    """The parts of an id, each as `write` had it before it was escaped."""
    return [_unescaped(part) for part in id.split(SIGN)]


def written(column: Column[Any], dialect: str) -> ColumnElement[Any]:
    """SQL for what `write` makes of the column's value."""
    kind = column.type
    if type(kind) in TEXTS or isinstance(kind, Enum):
        text: Any = cast(column, Text) if isinstance(kind, Enum) else column
        if dialect == "postgresql":  # whatever the column's collation: letter by letter
            text = text.collate("C")
        for sign, instead in ESCAPED:
            text = func.replace(text, sign, instead, type_=Text())
        return text  # type: ignore[no-any-return]
    if isinstance(kind, Date):
        if dialect != "postgresql":
            return column
        return func.to_char(column, "YYYY-MM-DD", type_=Text())
    if isinstance(kind, Uuid) and not (dialect == "postgresql" and kind.native_uuid):
        return _dashed(func.lower(column, type_=Text()))
    return cast(column, Text)


def refusal(column: Column[Any]) -> str | None:
    """Why a column of that type cannot be a part of a key; None where it can."""
    if type(column.type) not in WRITERS:
        return (
            "its type is not one that a key is made of: a text (not CHAR), a whole number, a Uuid,"
            " a Date or an Enum"
        )
    if isinstance(column.type, Enum) and "" in column.type.enums:
        return "a member of its Enum is stored as an empty text"
    return None


def _text(kind: TypeEngine[Any], value: Any) -> str:
    if not isinstance(value, str) or isinstance(value, PythonEnum):
        raise ValueError(f"is {value!r}, not a text")
    return value


def _whole_number(kind: TypeEngine[Any], value: Any) -> str:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"is {value!r}, not a whole number")
    return str(int(value))


def _uuid(kind: TypeEngine[Any], value: Any) -> str:
    try:
        return str(value if isinstance(value, uuid.UUID) else uuid.UUID(value))
    except (ValueError, AttributeError, TypeError):
        raise ValueError(f"is {value!r}, not a UUID") from None


def _date(kind: TypeEngine[Any], value: Any) -> str:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValueError(f"is {value!r}, not a date")
    return value.isoformat()


def _member(kind: TypeEngine[Any], value: Any) -> str:
    try:
        text = _stored(kind)(value)
    except (LookupError, TypeError):
        text = None
    if text not in kind.enums:  # type: ignore[attr-defined]
        raise ValueError(f"is {value!r}, not one of {', '.join(kind.enums)}")  # type: ignore[attr-defined]
    return str(text)


@lru_cache(maxsize=256)
def _stored(kind: TypeEngine[Any]) -> Callable[[Any], Any]:
    """What the type makes of a value for the database."""
    processor: Any = kind.bind_processor(DefaultDialect())
    assert processor is not None
    return processor  # type: ignore[no-any-return]


def _dashed(digits: ColumnElement[Any]) -> ColumnElement[Any]:
    """A UUID of 32 hexadecimal digits, as it is written."""
    starts = {1: 8, 9: 4, 13: 4, 17: 4, 21: 12}
    first, *others = (func.substr(digits, at, n, type_=Text()) for at, n in starts.items())
    found: ColumnElement[Any] = first
    for other in others:
        found = found.concat("-").concat(other)
    return found


def _escaped(text: str) -> str:
    for sign, instead in ESCAPED:
        text = text.replace(sign, instead)
    return text


def _unescaped(text: str) -> str:
    for sign, instead in reversed(ESCAPED):
        text = text.replace(instead, sign)
    return text


def _is_storable(text: str) -> bool:
    try:
        return "\0" not in text and text.encode() is not None
    except UnicodeEncodeError:
        return False


WRITERS: dict[type[TypeEngine[Any]], Callable[[TypeEngine[Any], Any], str]] = {
    **dict.fromkeys(TEXTS, _text),
    **dict.fromkeys(NUMBERS, _whole_number),
    **dict.fromkeys((Uuid, UUID), _uuid),
    **dict.fromkeys((Date, DATE), _date),
    Enum: _member,
}
