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

from collections.abc import Iterable, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import Column, Dialect, FromClause, Table

from .canonical_values import raw, to_json, writer
from .shape import KEY, PART, VERSION_COLUMNS

RECIPE = "versioned record 1"
CHANGE_COLUMNS = ("id", "at", "actor", "reason", "origin", "request_id")
#: What a version's line begins with, by column name.
HEAD = ("id", "version_id", "version_from", "version_op")
NO_LINKS = "{}"


class Digest(NamedTuple):
    """A version's digest, and the marks that tell what was altered where it does not fit.

    The marks are the first eight bytes of the SHA-256 of each line by itself.
    """

    digest: bytes
    content_mark: bytes
    change_mark: bytes


class ChangePart(NamedTuple):
    """What a change adds to the digests of its versions: its line between two line feeds, and its
    mark."""

    line: bytes
    mark: bytes


def change_part(line: str) -> ChangePart:
    """The part of a change with that line."""
    encoded = utf_8(line)
    return ChangePart(b"\n%s\n" % encoded, sha256(encoded).digest()[:8])


def digest(content: str, change: ChangePart, before: bytes | None) -> Digest:
    """The SHA-256 of three lines of UTF-8: the version, its change, and in hexadecimal the digest
    of the version before it, an empty line where there is none. No line feed follows the last."""
    hashed = sha256(utf_8(content))
    mark = hashed.digest()[:8]
    hashed.update(change.line if before is None else change.line + before.hex().encode())
    return Digest(hashed.digest(), mark, change.mark)


def utf_8(text: str) -> bytes:
    """The text's bytes; half a surrogate pair, which UTF-8 has not, as others would write it."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


class Fields:
    """Columns of one table, and how each is written."""

    def __init__(self, columns: Iterable[Column[Any]], dialect: Dialect) -> None:
        self.columns = sorted(columns, key=lambda column: column.name)
        self.names = [f"{to_json(c.name)}:" for c in self.columns]
        self.writers = [writer(c.type, dialect) for c in self.columns]

    def text(self, values: Sequence[Any]) -> str:
        each = zip(self.names, self.writers, values, strict=True)
        return ",".join([name + write(v) for name, write, v in each if v is not None])


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
        id, version, since, operation = self.head
        return (
            f"{self.begin}{id(row[0])},{version(row[1])},{since(row[2])},{operation(row[3])},"
            f"{{{self.fields.text(row[4 : self.end])}}},{self._parts(row)},{links}]"
        )

    def _parts(self, row: Sequence[Any]) -> str:
        if not self.parts:
            return "{}"
        parts = [
            f"{name}{{{fields.text(row[place + 1 : end])}}}"
            for name, place, end, fields in self.parts
            if row[place] is not None
        ]
        return f"{{{','.join(parts)}}}"


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

    def line(self, row: Sequence[Any]) -> str:
        if row[0] is None:
            return "null"
        pairs = zip(self.writers, row, strict=True)
        values = ["null" if value is None else write(value) for write, value in pairs]
        return f'["change",{",".join(values)}]'


@lru_cache(maxsize=16)
def change_line(table: Table, dialect: Dialect) -> ChangeLine:
    """How a table of changes is written on a database."""
    return ChangeLine(table, dialect)
