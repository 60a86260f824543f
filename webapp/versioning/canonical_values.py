"""Makes JSON of what a database holds, by the type of its column, the same on every database.

`canonical` tells the rules. A value that does not fit its column's type, as somebody else may have
written it, is told by its own; nothing raises.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    JSON,
    Boolean,
    Column,
    ColumnElement,
    Date,
    DateTime,
    Dialect,
    Enum,
    Float,
    Integer,
    Interval,
    Numeric,
    String,
    Text,
    Time,
    TypeDecorator,
    Uuid,
    cast,
    type_coerce,
)
from sqlalchemy.types import NullType, TypeEngine

from .types import EPOCH, MICROSECOND, UtcDateTime

#: The minutes of a day, as times begin.
CLOCK = tuple(f"{hour:02}:{minute:02}:" for hour in range(24) for minute in range(60))
#: Makes JSON of a value that is not NULL, as the driver gives it.
Writer = Callable[[Any], str]

quoted = json.encoder.encode_basestring
to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode


def raw(column: Column[Any], dialect: Dialect, name: str) -> ColumnElement[Any]:
    """The column as the driver gives it, past what its type makes of it."""
    if dialect.name == "postgresql" and isinstance(stored(column.type, dialect), JSON):
        return type_coerce(cast(column, Text), NullType()).label(name)
    return type_coerce(column, NullType()).label(name)


def stored(kind: TypeEngine[Any], dialect: Dialect) -> TypeEngine[Any]:
    """The type that the database knows, behind those of a model's own."""
    kind = kind.dialect_impl(dialect)
    while isinstance(kind, TypeDecorator) and not isinstance(kind, Interval):
        kind = kind.impl_instance
    return kind


def writer(kind: TypeEngine[Any], dialect: Dialect) -> Writer:
    """What makes JSON of a column's values."""
    if isinstance(kind, UtcDateTime):
        return _utc
    is_padded = _is_padded(kind, dialect)
    kind = stored(kind, dialect)
    if isinstance(kind, JSON):
        return _json()
    if isinstance(kind, ARRAY):
        return _array(writer(kind.item_type, dialect))
    if isinstance(kind, DateTime):
        return _aware if kind.timezone else _naive
    if is_padded:
        return _padded
    return next((write for known, write in WRITERS.items() if isinstance(kind, known)), plain)


def _is_padded(kind: TypeEngine[Any], dialect: Dialect) -> bool:
    """Whether PostgreSQL fills the column's text up with blanks."""
    behind = stored(kind, dialect)
    if not isinstance(behind, String) or isinstance(behind, Enum):
        return False
    return kind.compile(dialect=dialect).upper().startswith("CHAR")


def plain(value: Any) -> str:
    """JSON of a value by its own type."""
    write = PLAIN.get(type(value))
    if write is not None:
        return write(value)
    if isinstance(value, str):
        return to_json(str(value))
    if isinstance(value, Mapping):
        pairs = sorted((str(key), item) for key, item in value.items())
        return f"{{{','.join(f'{to_json(key)}:{_or_null(item)}' for key, item in pairs)}}}"
    if isinstance(value, list | tuple):
        return f"[{','.join(map(_or_null, value))}]"
    return to_json(str(value))


def _or_null(value: Any) -> str:
    return "null" if value is None else plain(value)


def _text(value: Any) -> str:
    return quoted(value) if type(value) is str else plain(value)


def _padded(value: Any) -> str:
    return to_json(value.rstrip(" ")) if isinstance(value, str) else plain(value)


def _integer(value: Any) -> str:
    return str(value) if type(value) is int else plain(value)


def _boolean(value: Any) -> str:
    return ("true" if value else "false") if value in (0, 1) else plain(value)


def _number(value: Any) -> str:
    """SQLite keeps a decimal as a float, or as an integer where it has no fraction."""
    if type(value) is float:
        return _float(value)
    return f'"{value}"' if type(value) is int else plain(value)


def _float(value: float) -> str:
    text = repr(value)
    if "e" in text or "n" in text:  # an exponent, infinity, not a number
        return _decimal(Decimal(text))
    text = text.removesuffix(".0")
    return f'"{"0" if text == "-0" else text}"'


def _decimal(value: Decimal) -> str:
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return f'"{"0" if text == "-0" else text}"'


@lru_cache(maxsize=4096, typed=True)
def _utc(value: Any) -> str:
    """A `UtcDateTime`, which is a number of microseconds where the database has no moments."""
    if type(value) is not int:
        return plain(value)
    minutes, fraction = divmod(value, 60_000_000)
    days, minute = divmod(minutes, 1_440)
    try:
        day = _day(days)
    except OverflowError:  # no moment, so that somebody else wrote it
        return str(value)
    return f'"{day}T{CLOCK[minute]}{fraction // 1_000_000:02}.{fraction % 1_000_000:06}Z"'


@lru_cache(maxsize=4096)
def _day(days: int) -> str:
    return (EPOCH + dt.timedelta(days)).date().isoformat()


def _datetime(value: dt.datetime) -> str:
    text = value.isoformat(timespec="microseconds")
    if value.tzinfo is None:
        return f'"{text}"'
    if not text.endswith("+00:00"):
        text = value.astimezone(dt.UTC).isoformat(timespec="microseconds")
    return f'"{text.removesuffix("+00:00")}Z"'


def _date(value: Any) -> str:
    return f'"{value.isoformat()}"' if type(value) is dt.date else _text(value)


def _naive(value: Any) -> str:
    if type(value) is not str:
        return plain(value)
    try:
        return _datetime(dt.datetime.fromisoformat(value))
    except ValueError:
        return to_json(value)


def _aware(value: Any) -> str:
    """A moment, which SQLite keeps without its zone: it is taken for UTC."""
    text = _naive(value)
    return text if text.endswith('Z"') or type(value) is not str else f'{text[:-1]}Z"'


def _interval(value: Any) -> str:
    """SQLite keeps a time so far behind 1970."""
    if type(value) is not str:
        return plain(value)
    try:
        return plain(dt.datetime.fromisoformat(value) - EPOCH.replace(tzinfo=None))
    except (ValueError, TypeError):
        return to_json(value)


def _uuid(value: Any) -> str:
    try:
        return f'"{value if type(value) is UUID else UUID(value)}"'
    except (ValueError, AttributeError, TypeError):
        return plain(value)


def _json() -> Writer:
    """Remembers the document before, which a record's next version mostly has as well."""
    last: tuple[str, str] = ("", "")

    def write(value: Any) -> str:
        nonlocal last
        if type(value) is not str:
            return plain(value)
        known = last  # read once, since other threads write by it too
        if known[0] != value or not value:
            known = last = (value, _document(value))
        return known[1]

    return write


def _document(value: str) -> str:
    try:
        return to_json(read_json(value))
    except (ValueError, RecursionError):  # not JSON, so that somebody else wrote it
        return quoted(value)


def _json_number(text: str) -> float | int:
    value = float(text)
    return int(Decimal(text)) if value.is_integer() else value


read_json = json.JSONDecoder(parse_float=_json_number).decode


def _array(write: Writer) -> Writer:
    def items(value: Any) -> str:
        if value is None:
            return "null"
        if isinstance(value, list | tuple):
            return f"[{','.join(map(items, value))}]"
        return write(value)

    return items


WRITERS: dict[type[TypeEngine[Any]], Writer] = {
    Interval: _interval,
    Boolean: _boolean,
    Integer: _integer,
    Numeric: _number,
    Float: _number,
    Uuid: _uuid,
    Date: _date,
    Time: _text,
    String: _text,
}
PLAIN: dict[type[Any], Writer] = {
    str: to_json,
    bool: lambda value: "true" if value else "false",
    int: str,
    float: _float,
    Decimal: _decimal,
    dt.datetime: _datetime,
    dt.date: lambda value: f'"{value.isoformat()}"',
    dt.time: lambda value: f'"{value.isoformat(timespec="microseconds")}"',
    dt.timedelta: lambda value: str(value // MICROSECOND),
    bytes: lambda value: f'"{value.hex()}"',
    memoryview: lambda value: f'"{value.hex()}"',
    UUID: lambda value: f'"{value}"',
}
