"""Each version's digest: over what it says, its change, and the digest of the version before it.

Digests stand in a table of their own beside the versions, so that no version is written twice. They
are made once for a transaction, right before its commit, from the rows as they are stored: what was
amended, made by statements, filled in or rounded by the database is in them as it is there.
`canonical` has the recipe. The hashing is Python's on every database: the text that is hashed must
be the same on all of them, SQLite has no SHA-256, and whoever checks the recipe needs none either.

A digest added later, to a version older than the digests, names no change in its row. The first
digest of a record that was made with its change stands on no such one, but on none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Dialect,
    FromClause,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    Select,
    Table,
    and_,
    bindparam,
    delete,
    or_,
    select,
    text,
    tuple_,
    type_coerce,
)
from sqlalchemy.orm import Session
from sqlalchemy.types import NullType

from .canonical import (
    NO_LINKS,
    ChangeLine,
    Content,
    Digest,
    change_line,
    content_of,
    digest,
    raw,
    to_json,
    writer,
)
from .change import allow_amending
from .indexes import index_change
from .ledger import OpenChange, ledger_of
from .links import OWNER
from .shape import DIGESTS, chunks, version_table

#: In ``Table.info`` of a table of versions: the table of their digests.
DIGEST = "versioning.digest"
#: Versions that are read, and digests that are written, by one statement.
BATCH = 2_000
#: Versions whose links are asked for by one statement.
KEYS = 500
CLOSED = "removed_in IS NOT NULL"


def keep_digests(metadata: MetaData) -> None:
    """Have a digest kept of each version in the tables of `metadata`, from now on.

    Call it when the models are mapped, before ``metadata.create_all()``, which makes the tables of
    digests. Repeating it is harmless. What is older has no digest until `complete_digests`.
    """
    for table in list(metadata.tables.values()):
        if "versioned" in table.info and DIGEST not in table.info:
            table.info[DIGEST] = _digest_table(table)
            index_change(table)
        if OWNER in table.info:
            _index_closed(table)


def _digest_table(table: Table) -> Table:
    return Table(
        f"{table.name}_digest",
        table.metadata,
        Column("id", table.c.id.type, primary_key=True, autoincrement=False),
        Column("version_id", Integer, primary_key=True, autoincrement=False),
        Column("change_id", BigInteger),
        Column("digest", LargeBinary(32), nullable=False),
        Column("marks", LargeBinary(16), nullable=False),
        schema=table.schema,
        info={DIGESTS: table},
        sqlite_with_rowid=False,
    )


def _index_closed(links: Table) -> None:
    """Find what a version took out without reading all the links that its owner ever had."""
    name = f"ix_{links.name}_removed"
    if all(index.name != name for index in links.indexes):
        where = text(CLOSED)
        owner = [c for c in links.c if c.name.startswith("owner_")]
        columns = [*owner, links.c.removed_in]
        Index(name, *columns, sqlite_where=where, postgresql_where=where)


def digest_table(table: Table) -> Table | None:
    """The table of the digests of a table's versions, None where none are kept."""
    found: Table | None = table.info.get(DIGEST)
    return found


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

    def line(self, row: Sequence[Any], links: str = NO_LINKS) -> str:
        return self.content.line(row, links)

    def change_line(self, row: Sequence[Any]) -> str:
        if self.change is None:
            return "null"
        return self.change.line(*row[len(self.content.columns) : self.width])

    def digest(self, row: Sequence[Any], links: str, before: bytes | None) -> Digest:
        return digest(self.line(row, links), self.change_line(row), before)


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


def write_digests(session: Session) -> None:
    """Before the commit: the digests of all versions of the session's open change.

    Called again for the change, what it wrote for it before is replaced.
    """
    opened = ledger_of(session).opened
    assert opened is not None
    by_table = {version_table(mapper): mapper for mapper in opened.touched}
    for table in sorted(by_table, key=lambda table: table.name):
        if DIGEST not in table.info:
            continue
        connection = session.connection(bind_arguments={"mapper": by_table[table]})
        if opened.digested.get(table):
            allow_amending(session, by_table[table])
            _take_back(connection, table, opened)
        opened.digested[table] = _write(connection, table, opened.id)


def _take_back(connection: Connection, table: Table, opened: OpenChange) -> None:
    digests, versions = table.info[DIGEST], table.c
    made = select(versions.id, versions.version_id).where(versions.change_id == opened.id)
    of_change = digests.c.change_id == opened.id
    of_versions = tuple_(digests.c.id, digests.c.version_id).in_(made)
    taken = connection.execute(delete(digests).where(of_change, of_versions)).rowcount
    if taken < opened.digested[table]:  # a version is gone: created, and deleted again
        connection.execute(delete(digests).where(of_change))


def _write(connection: Connection, table: Table, change_id: int) -> int:
    reader = reader_of(table, connection.dialect)
    written = 0
    for rows in in_batches(connection, _change_query(reader), {"b_change": change_id}):
        links = links_of_rows(connection, table, rows)
        made = [
            (row[0], row[1], reader.digest(row, links[row[0], row[1]], row[-1]))
            for row in map(tuple, rows)
        ]
        insert_digests(connection, table, change_id, made)
        written += len(made)
    return written


@lru_cache(maxsize=256)
def _change_query(reader: Reader) -> Select[Any]:
    """The versions of a change, each with the digest before its own."""
    table = reader.content.table
    before = table.info[DIGEST].alias()
    follows = and_(before_of(table, before), before.c.change_id.is_not(None))
    query = reader.query(reader.source.outerjoin(before, follows), before.c.digest)
    return query.where(table.c.change_id == bindparam("b_change", type_=BigInteger()))


def before_of(table: Table, digests: FromClause) -> Any:
    """Whether a digest is of the version before the table's row."""
    same = digests.c.id == table.c.id
    return and_(same, digests.c.version_id == table.c.version_id - 1)


def in_batches(
    connection: Connection, query: Select[Any], parameters: dict[str, Any] | None = None
) -> Iterator[Sequence[Row[Any]]]:
    """The rows of a query, a bounded number at a time.

    PostgreSQL would send all of them at once; a cursor, which it is asked for where they are many,
    would cost few rows two more statements.
    """
    if connection.dialect.name != "sqlite":
        few = connection.execute(_a_few(query), parameters).fetchall()
        if len(few) <= BATCH:
            if few:
                yield few
            return
    with connection.execute(query, parameters, execution_options={"yield_per": BATCH}) as result:
        yield from result.partitions()


@lru_cache(maxsize=256)
def _a_few(query: Select[Any]) -> Select[Any]:
    return query.limit(BATCH + 1)


def links_of_rows(
    connection: Connection, table: Table, rows: Sequence[Sequence[Any]]
) -> defaultdict[tuple[Any, Any], str]:
    """What each of the versions, rows that begin with their key, did to links, as it is written."""
    found: dict[tuple[Any, Any], list[str]] = defaultdict(list)
    for links in links_from(table):
        touched = _links_touched(connection, links, rows)
        name = to_json(links.name)
        for key, (added, removed) in touched.items():
            members = f'{{"added":[{_sorted(added)}],"removed":[{_sorted(removed)}]}}'
            found[key].append(f"{name}:{members}")
    texts: defaultdict[tuple[Any, Any], str] = defaultdict(lambda: NO_LINKS)
    texts.update((key, f"{{{','.join(each)}}}") for key, each in found.items())
    return texts


def links_from(table: Table) -> list[Table]:
    """The tables of links whose owners' versions are in the table, by name."""
    others = table.metadata.tables.values()
    return sorted(
        (other for other in others if other.info.get(OWNER) is table), key=lambda each: each.name
    )


def _links_touched(
    connection: Connection, links: Table, rows: Sequence[Sequence[Any]]
) -> dict[tuple[Any, Any], tuple[list[str], list[str]]]:
    """By version, the ids that it added and those that it removed, as JSON."""
    dialect, own = connection.dialect, links.c
    names = ("owner_id", "added_in", "removed_in", "target_id")
    query = select(*(raw(own[name], dialect, name) for name in names))
    write = writer(own.target_id.type, dialect)
    found: dict[tuple[Any, Any], tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
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


def insert_digests(
    connection: Connection,
    table: Table,
    change_id: int | None,
    made: Sequence[tuple[Any, int, Digest]],
) -> None:
    """Write digests, each with the id and the number of its version, as the driver takes them."""
    into = f"INSERT INTO {connection.dialect.identifier_preparer.format_table(table.info[DIGEST])}"
    into += " (id, version_id, change_id, digest, marks)"
    if connection.dialect.name == "postgresql" and len(made) > 1:
        _insert_arrays(connection, into, table, change_id, made)
        return
    sign = "%s" if connection.dialect.name == "postgresql" else "?"
    values = [
        (id, version, change_id, each.digest, each.content_mark + each.change_mark)
        for id, version, each in made
    ]
    statement = f"{into} VALUES ({', '.join([sign] * 5)})"
    connection.exec_driver_sql(statement, values[0] if len(values) == 1 else values)


def _insert_arrays(
    connection: Connection,
    into: str,
    table: Table,
    change_id: int | None,
    made: Sequence[tuple[Any, int, Digest]],
) -> None:
    """One INSERT of many: keys as arrays, the rest as one string of bytes, which is cut apart."""
    ids = [id for id, _, _ in made]
    kind = table.c.id.type.compile(dialect=connection.dialect)
    connection.exec_driver_sql(
        f"{into} SELECT id, version_id, %(change)s::bigint,"
        " substring(%(all)s::bytea FROM (48 * n - 47)::int FOR 32),"
        " substring(%(all)s::bytea FROM (48 * n - 15)::int FOR 16)"
        f" FROM unnest(%(ids)s::{kind}[], %(versions)s::integer[])"
        " WITH ORDINALITY AS given(id, version_id, n)",
        {
            "change": change_id,
            "all": b"".join(b"".join(each) for _, _, each in made),
            "ids": f"{{{','.join(map(str, ids))}}}" if isinstance(ids[0], int) else ids,
            "versions": f"{{{','.join(str(version) for _, version, _ in made)}}}",
        },
    )
