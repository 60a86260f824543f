"""What a version says, as one line of text: the same on every database, for anybody to recompute.

The first line tells the version, a JSON array without spaces (as JavaScript's ``JSON.stringify``
or RFC 8785 write it, so text stands as it is, in UTF-8)::

    ["versioned record 1",<table>,<id>,<version_id>,<version_from>,<version_op>,
     {<column>:<value>,…},{<table>:{<column>:<value>,…},…},
     {<table of links>:{"added":[<id>,…],"removed":[<id>,…]},…}]

Columns go by their names in the database, in the order of their code points, as do tables. A NULL
is left out, so that a column added later alters no line. `is_current_version`, `version_to` and
`change_id` are not in it, nor are columns that are computed or written in place. The second object
has the columns of each table that holds a part of the row (joined inheritance); the third what the
version did to links, in the order of the ids' JSON, where it did something.

The second line tells the change, ``null`` where it is not there::

    ["change",<id>,<at>,<actor>,<reason>,<origin>,<request_id>]

Values are what the database holds, by the type of their column:

- integers are numbers, booleans ``true`` and ``false``, text is text (``CHAR`` without the blanks
  at its end), an enumeration its stored text;
- decimals and floats are strings, without exponent and without zeros at the end: ``"12.5"``,
  ``"100"``; a float is the shortest decimal that reads back as the same number;
- times are strings with six decimals, ``"2030-01-01T00:00:01.000000"``, with a ``Z`` and in UTC
  where the column keeps moments; dates ``"2030-01-01"``; intervals whole microseconds;
- bytes are hexadecimal, UUIDs as in ``"0b5e…-…"``, both in lower case;
- JSON is itself, its keys in order; a number without a fraction is written as an integer (``1e2``
  is ``100``), one with a fraction as Python's ``repr`` of its double does; arrays are arrays.

`digest` says how the lines make a digest.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    JSON,
    Boolean,
    Column,
    ColumnElement,
    DateTime,
    Dialect,
    Enum,
    Float,
    FromClause,
    Integer,
    Interval,
    Numeric,
    String,
    Table,
    Text,
    TypeDecorator,
    Uuid,
    cast,
    type_coerce,
)
from sqlalchemy.types import NullType, TypeEngine

from .shape import KEY, PART, VERSION_COLUMNS
from .types import EPOCH, MICROSECOND, UtcDateTime

RECIPE = "versioned record 1"
CHANGE_COLUMNS = ("id", "at", "actor", "reason", "origin", "request_id")
#: What a version's line begins with, by column name.
HEAD = ("id", "version_id", "version_from", "version_op")
NO_LINKS = "{}"
#: Makes JSON of a value that is not NULL, as the driver gives it.
Writer = Callable[[Any], str]

to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode


class Digest(NamedTuple):
    """A version's digest, and the marks that tell what was altered where it does not fit.

    The marks are the first eight bytes of the SHA-256 of each line by itself.
    """

    digest: bytes
    content_mark: bytes
    change_mark: bytes


def digest(content: str, change: str, before: bytes | None) -> Digest:
    """The SHA-256 of three lines of UTF-8: the version, its change, and in hexadecimal the digest
    of the version before it, an empty line where there is none. No line feed follows the last."""
    hashed = sha256(content.encode("utf-8", "surrogatepass"))
    content_mark = hashed.digest()[:8]
    line, change_mark = _change_bytes(change)
    hashed.update(line)
    if before is not None:
        hashed.update(before.hex().encode())
    return Digest(hashed.digest(), content_mark, change_mark)


@lru_cache(maxsize=256)
def _change_bytes(change: str) -> tuple[bytes, bytes]:
    line = change.encode("utf-8", "surrogatepass")
    return b"\n%s\n" % line, sha256(line).digest()[:8]


class Fields:
    """Columns of one table, and how each is written."""

    def __init__(self, columns: Iterable[Column[Any]], dialect: Dialect) -> None:
        self.columns = sorted(columns, key=lambda column: column.name)
        self.writers = [(f"{to_json(c.name)}:", writer(c.type, dialect)) for c in self.columns]

    def text(self, values: Sequence[Any]) -> str:
        pairs = zip(self.writers, values, strict=True)
        return ",".join([name + write(v) for (name, write), v in pairs if v is not None])


class Content:
    """How a table's versions are read and written as lines. `columns` are to be selected, in this
    order, `source` from this; `line` takes the row."""

    def __init__(self, table: Table, parts: Sequence[Table], dialect: Dialect) -> None:
        self.table = table
        self.head = [writer(table.c[name].type, dialect) for name in HEAD]
        self.begin = f"[{to_json(RECIPE)},{to_json(table.name)},"
        self.fields = Fields(_data(table, table.info["versioned"]), dialect)
        chosen = [*(table.c[name] for name in HEAD), *self.fields.columns]
        self.end = len(chosen)
        self.parts: list[tuple[str, int, int, Fields]] = []
        self.source: FromClause = table
        for part in parts:
            fields = Fields(_data(part, part.info[PART][1]), dialect)
            place = len(chosen)
            chosen += [part.c.id, *fields.columns]
            self.parts.append((f"{to_json(part.name)}:", place, len(chosen), fields))
            same = (part.c.id == table.c.id) & (part.c.version_id == table.c.version_id)
            self.source = self.source.outerjoin(part, same)
        self.columns = [raw(c, dialect, f"c_{n}") for n, c in enumerate(chosen)]

    def line(self, row: Sequence[Any], links: str = NO_LINKS) -> str:
        """The version's line; `links` is the text of its third object."""
        id, version, since, operation = (
            write(value) for write, value in zip(self.head, row[:4], strict=True)
        )
        parts = [
            f"{name}{{{fields.text(row[place + 1 : end])}}}"
            for name, place, end, fields in self.parts
            if row[place] is not None
        ]
        return (
            f"{self.begin}{id},{version},{since},{operation},"
            f"{{{self.fields.text(row[4 : self.end])}}},{{{','.join(parts)}}},{links}]"
        )


def content_of(table: Table, dialect: Dialect) -> Content:
    """How the versions in a base table are written on a database."""
    parts = sorted(parts_of(table), key=lambda part: part.name)
    known = frozenset((part, part.info[PART][1]) for part in parts)
    return _content(table, tuple(parts), known, table.info["versioned"], dialect)


@lru_cache(maxsize=256)
def _content(
    table: Table, parts: tuple[Table, ...], known: Any, in_place: Any, dialect: Dialect
) -> Content:
    return Content(table, parts, dialect)


def parts_of(table: Table) -> list[Table]:
    """The tables of joined subclasses, which hold parts of the table's rows."""
    others = table.metadata.tables.values()
    return [other for other in others if other.info.get(PART, (None,))[0] is table]


def _data(table: Table, in_place: Iterable[str]) -> list[Column[Any]]:
    left_out = {*VERSION_COLUMNS, *KEY, *in_place}
    return [c for c in table.c if c.name not in left_out and c.computed is None]


class ChangeLine:
    """How the table of changes is read and written, as `Content`."""

    def __init__(self, table: Table, dialect: Dialect) -> None:
        self.table = table
        columns = [table.c[name] for name in CHANGE_COLUMNS]
        self.columns = [raw(c, dialect, f"change_{c.name}") for c in columns]
        self.writers = [writer(c.type, dialect) for c in columns]
        self.line = lru_cache(maxsize=256, typed=True)(self._line)

    def _line(self, *row: Any) -> str:
        if row[0] is None:
            return "null"
        pairs = zip(self.writers, row, strict=True)
        values = ["null" if value is None else write(value) for write, value in pairs]
        return f'["change",{",".join(values)}]'


@lru_cache(maxsize=16)
def change_line(table: Table, dialect: Dialect) -> ChangeLine:
    """How a table of changes is written on a database."""
    return ChangeLine(table, dialect)


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
    return to_json(value) if type(value) is str else plain(value)


def _padded(value: Any) -> str:
    return to_json(value.rstrip(" ")) if isinstance(value, str) else plain(value)


def _integer(value: Any) -> str:
    return str(value) if type(value) is int else plain(value)


def _boolean(value: Any) -> str:
    return ("true" if value else "false") if value in (0, 1) else plain(value)


def _number(value: Any) -> str:
    """SQLite keeps a decimal as a float, or as an integer where it has no fraction."""
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
    try:
        return _datetime(EPOCH + value * MICROSECOND)
    except OverflowError:  # no moment, so that somebody else wrote it
        return str(value)


def _datetime(value: dt.datetime) -> str:
    if value.tzinfo is None:
        return f'"{value.isoformat(timespec="microseconds")}"'
    plain = value.astimezone(dt.UTC).replace(tzinfo=None)
    return f'"{plain.isoformat(timespec="microseconds")}Z"'


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


def _json(value: Any) -> str:
    try:
        return to_json(json.loads(value, parse_float=_json_number))
    except (ValueError, TypeError, RecursionError):  # not JSON, so that somebody else wrote it
        return plain(value)


def _json_number(text: str) -> float | int:
    value = float(text)
    return int(Decimal(text)) if value.is_integer() else value


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
    JSON: _json,
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
