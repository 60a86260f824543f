"""Reads versions as they are digested: with their change, their links, and the digest before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Dialect,
    FromClause,
    MetaData,
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

from .canonical import (
    NO_LINKS,
    ChangeLine,
    ChangePart,
    Content,
    Digest,
    change_line,
    change_part,
    content_of,
    digest,
)
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
NO_CHANGE = change_part("null")


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
    ) -> Iterator[tuple[Sequence[Any], str, ChangePart]]:
        """Each row with its version's line, and the part of its change."""
        place, width = len(self.content.columns), self.width
        known, change = None, NO_CHANGE
        line, own_links = self.content.line, NO_LINKS
        for row in rows:
            if self.change is not None and row[place] != known:
                known, change = row[place], change_part(self.change.line(row[place:width]))
            if links:
                own_links = links.get((row[0], row[1]), NO_LINKS)
            yield row, line(row, own_links), change

    def digests(
        self, rows: Sequence[Sequence[Any]], links: Mapping[Key, str]
    ) -> Iterator[tuple[Sequence[Any], Digest]]:
        """Each row with its digest, on the one that stands last in the row."""
        for row, content, change in self.lines(rows, links):
            yield row, digest(content, change, row[-1])

    def maker(self) -> Callable[..., bytes]:
        """Makes, in one, the digest and the marks of rows whose versions did nothing to links."""
        place, width, line = len(self.content.columns), self.width, self.content.line
        known, change = None, NO_CHANGE

        def make(*row: Any) -> bytes:
            nonlocal known, change
            if self.change is not None and row[place] != known:
                known, change = row[place], change_part(self.change.line(row[place:width]))
            return b"".join(digest(line(row), change, row[-1]))

        return make


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
) -> Iterator[Sequence[Sequence[Any]]]:
    """The versions of a change, each with the digest before its own, in batches.

    PostgreSQL would send all rows at once; a cursor, for which it is asked where they are many,
    costs two more statements.
    """
    all_rows, few_rows = _change_queries(reader)
    given = {"b_change": change_id}
    if connection.dialect.name == "sqlite":
        yield from in_batches(connection, all_rows, given)
        return
    few = connection.execute(few_rows, {**given, "b_few": BATCH + 1}).fetchall()
    if len(few) <= BATCH:
        if few:  # none, where all that the change made was taken back
            yield few
        return
    yield from in_batches(connection, all_rows, given)


@lru_cache(maxsize=256)
def _change_queries(reader: Reader) -> tuple[Select[Any], Select[Any]]:
    """For all the versions of a change, and for a number of them."""
    table = reader.content.table
    query = reader.query(*with_digest_before(reader))
    query = query.where(table.c.change_id == bindparam("b_change", type_=BigInteger()))
    return query, query.limit(bindparam("b_few", type_=BigInteger()))


def with_digest_before(reader: Reader) -> tuple[FromClause, ColumnElement[Any]]:
    """The reader's source with the digest on which one made now stands, and that digest."""
    table = reader.content.table
    before = table.info[DIGEST].alias()
    follows = and_(before_of(table, before), before.c.change_id.is_not(None))
    return reader.source.outerjoin(before, follows), type_coerce(before.c.digest, NullType())


def before_of(table: Table, digests: FromClause) -> Any:
    """Whether a digest is of the version before the table's row."""
    same = digests.c.id == table.c.id
    return and_(same, digests.c.version_id == table.c.version_id - literal_column("1"))


def in_batches(
    connection: Connection, query: Select[Any], given: Mapping[str, Any] | None = None
) -> Iterator[Sequence[tuple[Any, ...]]]:
    """The rows of a query, whose columns have no type, a bounded number at a time."""
    if connection.dialect.name == "sqlite":  # which sends row by row, as tuples already
        with connection.execute(query, given) as result:
            yield from iter(lambda: result.cursor.fetchmany(BATCH), [])
        return
    options = {"stream_results": True, "max_row_buffer": BATCH}
    with connection.execute(query, given, execution_options=options) as result:
        while rows := result.fetchmany(BATCH):
            yield list(map(tuple, rows))


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
