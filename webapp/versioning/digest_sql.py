"""On PostgreSQL a lone version's digest is made by the statement that inserts the version.

Nothing has to travel for it but documents, whose keys only Python brings in order: for these the
statement is told what Python takes for stored, and makes no digest where something else is. Then,
as for other types that `canonical_sql` cannot write, the digest is made like those of many rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    Column,
    ColumnClause,
    ColumnElement,
    Dialect,
    LargeBinary,
    Table,
    Text,
    and_,
    bindparam,
    case,
    cast,
    column,
    func,
    insert,
    literal_column,
    or_,
    select,
    true,
    type_coerce,
)
from sqlalchemy.orm import InstanceState, Mapper

from .canonical import CHANGE_COLUMNS, HEAD
from .canonical_sql import (
    Piece,
    constant,
    is_as_told,
    is_told,
    joined,
    made_by,
    may_fail,
    reading,
)
from .canonical_values import Writer, to_json
from .digest_rows import DIGEST, Reader

LINE_FEED = literal_column("'\\x0a'::bytea", LargeBinary())
#: The version of PostgreSQL that brought `trim_scale`.
SINCE = (13,)
#: What PostgreSQL takes of a function's arguments, less the separator.
MOST_COLUMNS = 99


class Lines(NamedTuple):
    """A version's line in UTF-8, NULL where the database cannot make it, and that of its change."""

    content: Any
    change: Any


@lru_cache(maxsize=256)
def makes_digests(reader: Reader, dialect: Dialect) -> bool:
    """Whether PostgreSQL can write the lines of a table's versions and of their change."""
    content, changes = reader.content, reader.change
    if changes is None or content.parts or (dialect.server_version_info or SINCE) < SINCE:
        return False
    plain = [
        *(content.table.c[name] for name in HEAD),
        *(changes.table.c[name] for name in CHANGE_COLUMNS),
        *(c for c in content.fields.columns if not is_told(c.type, dialect)),
    ]
    names = [content.table.name, *(c.name for c in content.fields.columns)]
    # whose JSON has a backslash, which PostgreSQL may be set to take for one of its own
    is_odd = any("\\" in to_json(name) for name in names)
    is_narrow = len(content.fields.columns) <= MOST_COLUMNS
    return is_narrow and not is_odd and all(made_by(c.type, dialect) is not None for c in plain)


class Document(NamedTuple):
    """A column that the statement has to be told of: the text that it holds by an object's
    attribute `name`, and the JSON of that."""

    column: Column[Any]
    name: str
    read: Callable[[Any], str | None]
    write: Writer

    def tell(self, loaded: Mapping[str, Any]) -> tuple[str | None, str | None]:
        """Both, or neither where it was not loaded, or cannot be sent, as half a surrogate pair."""
        raw = self.read(loaded[self.name]) if self.name in loaded else None
        made = None if raw is None else self.write(raw)
        try:
            return raw, made and made.encode().decode()
        except UnicodeEncodeError:
            return None, None


@lru_cache(maxsize=256)
def documents(reader: Reader, mapper: Mapper[Any], dialect: Dialect) -> tuple[Document, ...]:
    """The columns of documents, in the order in which parameters are named after them."""
    fields = reader.content.fields
    return tuple(
        Document(c, mapper.get_property_by_column(c).key, reading(c.type, dialect), write)
        for c, write in zip(fields.columns, fields.writers, strict=True)
        if is_told(c.type, dialect)
    )


def told_of(
    reader: Reader, mapper: Mapper[Any], state: InstanceState[Any], dialect: Dialect
) -> dict[str, str | None]:
    """The parameters that tell an object's documents."""
    found: dict[str, str | None] = {}
    for n, document in enumerate(documents(reader, mapper, dialect)):
        found[f"raw_{n}"], found[f"made_{n}"] = document.tell(state.dict)
    return found


def bare(c: Column[Any]) -> ColumnClause[Any]:
    """The column by its name alone."""
    return column(c.name, c.type)


def lines_of(reader: Reader, mapper: Mapper[Any], dialect: Dialect) -> Lines:
    """The two lines, over columns as whoever inserts the rows has them returned."""
    content, changes = reader.content, reader.change
    assert changes is not None
    told = {each.column: n for n, each in enumerate(documents(reader, mapper, dialect))}
    fields: list[ColumnElement[Any]] = []
    whole: list[ColumnElement[bool]] = []
    for field, name in zip(content.fields.columns, content.fields.names, strict=True):
        is_none = bare(field).is_(None)
        if field in told:
            n = told[field]
            whole.append(or_(is_none, is_as_told(bare(field), field.type, f"raw_{n}", dialect)))
            made = bindparam(f"made_{n}", type_=Text())
            fields.append(case((bare(field).is_not(None), joined([name, made]))))
            continue
        fields.append(joined([name, *_made(field, dialect)]))
        if may_fail(field.type, dialect):
            whole.append(or_(is_none, fields[-1].is_not(None)))
    head = _separated([_made(content.table.c[name], dialect) for name in HEAD])
    present = func.concat_ws(constant(","), *fields, type_=Text()) if fields else ""
    line = _bytes(joined([content.begin, *head, ",{", present, "},{},{}]"]))
    if whole:
        line = case((and_(*whole), line))
    return Lines(line.label("content"), _change_line(changes.table, dialect).label("line"))


def _change_line(changes: Table, dialect: Dialect) -> ColumnElement[Any]:
    each: list[tuple[Piece, ...]] = []
    for name in CHANGE_COLUMNS:
        made = _made(changes.c[name], dialect)
        if changes.c[name].nullable:
            text = cast(joined(made), Text())
            made = (func.coalesce(text, constant("null"), type_=Text()),)
        each.append(made)
    return _bytes(joined(['["change",', *_separated(each), "]"]))


def digested(reader: Reader, added: CTE, made: CTE) -> CTE:
    """What inserts the digest of the version in `added`, whose change is in `made`.

    The digest before is that of the version `b_version` of the record `b_id`.
    """
    digests = reader.content.table.info[DIGEST]
    last = (
        select(type_coerce(bare(digests.c.digest), LargeBinary()))
        .select_from(digests)
        .where(
            digests.c.id == bindparam("b_id", type_=digests.c.id.type),
            digests.c.version_id == bindparam("b_version", type_=digests.c.version_id.type),
            digests.c.change_id.is_not(None),
        )
    )
    before = _bytes(func.encode(last.scalar_subquery(), constant("hex"), type_=Text()))
    content, change = added.c.content, made.c.line
    hashed = content.concat(LINE_FEED).concat(change).concat(LINE_FEED)
    hashed = hashed.concat(func.coalesce(before, literal_column("''::bytea")))
    marks = _mark(content).concat(_mark(change))
    row = added.c.id, added.c.version_id, added.c.change_id, func.sha256(hashed), marks
    rows = select(*row).select_from(added.join(made, true())).where(content.is_not(None))
    names = ["id", "version_id", "change_id", "digest", "marks"]
    inserting = insert(digests).from_select(names, rows, include_defaults=False)
    return inserting.returning(bare(digests.c.id)).cte("_digested")


def _mark(line: ColumnElement[Any]) -> ColumnElement[Any]:
    hashed = func.sha256(line, type_=LargeBinary())
    first_bytes: Any = literal_column("1"), literal_column("8")
    return func.substr(hashed, *first_bytes, type_=LargeBinary())


def _bytes(text: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.convert_to(text, constant("UTF8"), type_=LargeBinary())


def _made(c: Column[Any], dialect: Dialect) -> tuple[Piece, ...]:
    made = made_by(c.type, dialect)
    assert made is not None
    return made(bare(c))


def _separated(texts: Sequence[tuple[Piece, ...]]) -> list[Piece]:
    return [piece for text in texts for piece in (",", *text)][1:]
