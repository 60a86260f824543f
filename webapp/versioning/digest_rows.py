"""Reads versions as they are digested: with their change, their links, and the digest before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Connection,
    Dialect,
    FromClause,
    MetaData,
    Row,
    Select,
    Table,
    and_,
    bindparam,
    literal_column,
    or_,
    select,
    tuple_,
    type_coerce,
)
from sqlalchemy.types import NullType

from .canonical import NO_LINKS, ChangeLine, Content, Digest, change_line, content_of, digest
from .canonical_values import raw, to_json, writer
from .links import OWNER
from .shape import chunks

#: In ``Table.info`` of a table of versions: the table of their digests.
DIGEST = "versioning.digest"
#: Versions that are read, and digests that are written, by one statement.
BATCH = 2_000
#: Versions whose links are asked for by one statement.
KEYS = 500
Key = tuple[Any, Any]


class Reader(NamedTuple):
    """How a table's versions are read with their change: `query` selects the columns of the
    `content`, those of the change, then more. Its rows come from `source`."""

    content: Content
    change: ChangeLine | None
    source: FromClause

    @property
    def width(self) -> int:
        """How many columns come before those that were asked for in addition."""
        return len(self.content.columns) + (len(self.change.columns) if self.change else 0)

    def query(self, source: FromClause, *more: Any) -> Select[Any]:
        own = [*self.content.columns, *(self.change.columns if self.change else ())]
        return select(*own, *more).select_from(source)

    def lines(
        self, rows: Sequence[Sequence[Any]], links: Mapping[Key, str]
    ) -> Iterator[tuple[Sequence[Any], str, str]]:
        """Each row with its two lines, the version's and the change's."""
        place, width = len(self.content.columns), self.width
        known, change = None, "null"
        for row in map(tuple, rows):
            if self.change is not None and row[place] != known:
                known, change = row[place], self.change.line(row[place:width])
            yield row, self.content.line(row, links.get((row[0], row[1]), NO_LINKS)), change

    def digests(
        self, rows: Sequence[Sequence[Any]], links: Mapping[Key, str]
    ) -> Iterator[tuple[Sequence[Any], Digest]]:
        """Each row with its digest, on the one that stands last in the row."""
        for row, content, change in self.lines(rows, links):
            yield row, digest(content, change, row[-1])


def reader_of(table: Table, dialect: Dialect) -> Reader:
    """How the versions of a table are read for their digests."""
    return _reader(content_of(table, dialect), changes_table(table.metadata), dialect)


@lru_cache(maxsize=256)
def _reader(content: Content, changes: Table | None, dialect: Dialect) -> Reader:
    if changes is None:
        return Reader(content, None, content.source)
    source = content.source.outerjoin(changes, changes.c.id == content.table.c.change_id)
    return Reader(content, change_line(changes, dialect), source)


def changes_table(metadata: MetaData) -> Table | None:
    """The table of the changes that versions of these tables bear."""
    tables = metadata.tables.values()
    return next((table for table in tables if "changes" in table.info), None)


def versions_of_change(
    connection: Connection, reader: Reader, change_id: int
) -> Iterator[Sequence[Row[Any]]]:
    """The versions of a change, each with the digest before its own, in batches.

    The statement goes to the driver as text, since it is part of every edit. PostgreSQL would send
    all rows at once; a cursor, for which it is asked where they are many, costs two more.
    """
    statement = _change_statement(reader, connection.dialect)
    if connection.dialect.name == "sqlite":
        result = connection.exec_driver_sql(statement, (change_id,))
        while rows := result.fetchmany(BATCH):
            yield rows
        return
    given = {"b_change": change_id}
    few = connection.exec_driver_sql(f"{statement} LIMIT {BATCH + 1}", given).fetchall()
    if len(few) <= BATCH:
        if few:  # none, where all that the change made was taken back
            yield few
        return
    options = {"stream_results": True, "max_row_buffer": BATCH}
    result = connection.exec_driver_sql(statement, given, options)
    while rows := result.fetchmany(BATCH):
        yield rows


@lru_cache(maxsize=256)
def _change_statement(reader: Reader, dialect: Dialect) -> str:
    table = reader.content.table
    before = table.info[DIGEST].alias()
    follows = and_(before_of(table, before), before.c.change_id.is_not(None))
    query = reader.query(reader.source.outerjoin(before, follows), before.c.digest)
    query = query.where(table.c.change_id == bindparam("b_change", type_=BigInteger()))
    return str(query.compile(dialect=dialect))


def before_of(table: Table, digests: FromClause) -> Any:
    """Whether a digest is of the version before the table's row."""
    same = digests.c.id == table.c.id
    return and_(same, digests.c.version_id == table.c.version_id - literal_column("1"))


def in_batches(connection: Connection, query: Select[Any]) -> Iterator[Sequence[Any]]:
    """The rows of a query, a bounded number at a time."""
    options = {"stream_results": True, "max_row_buffer": BATCH}
    with connection.execute(query, execution_options=options) as result:
        while rows := result.fetchmany(BATCH):
            yield rows


def links_of_rows(
    connection: Connection, tables: Sequence[Table], rows: Sequence[Sequence[Any]]
) -> dict[Key, str]:
    """What each of the versions, rows that begin with their key, did to links, as it is written,
    where it did something."""
    found: dict[Key, list[str]] = defaultdict(list)
    for links in tables:
        name = to_json(links.name)
        for key, (added, removed) in _links_touched(connection, links, rows).items():
            members = f'{{"added":[{_sorted(added)}],"removed":[{_sorted(removed)}]}}'
            found[key].append(f"{name}:{members}")
    return {key: f"{{{','.join(each)}}}" for key, each in found.items()}


def links_from(table: Table) -> list[Table]:
    """The tables of links whose owners' versions are in the table, by name."""
    others = table.metadata.tables.values()
    return sorted(
        (other for other in others if other.info.get(OWNER) is table), key=lambda each: each.name
    )


def _links_touched(
    connection: Connection, links: Table, rows: Sequence[Sequence[Any]]
) -> dict[Key, tuple[list[str], list[str]]]:
    """By version, the ids that it added and those that it removed, as JSON."""
    dialect, own = connection.dialect, links.c
    names = ("owner_id", "added_in", "removed_in", "target_id")
    query = select(*(raw(own[name], dialect, name) for name in names))
    write = writer(own.target_id.type, dialect)
    found: dict[Key, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for some in chunks([(row[0], row[1]) for row in rows], KEYS):
        keys = set(some)
        owner = type_coerce(own.owner_id, NullType())
        ends = (tuple_(owner, version).in_(some) for version in (own.added_in, own.removed_in))
        for id, added, removed, target in connection.execute(query.where(or_(*ends))):
            for place, version in enumerate((added, removed)):
                if (id, version) in keys:
                    found[id, version][place].append(write(target))
    return found


def _sorted(members: list[str]) -> str:
    return ",".join(sorted(members))
