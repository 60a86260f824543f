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
from collections.abc import Iterator, Mapping, Sequence
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
    exists,
    func,
    literal_column,
    or_,
    select,
    text,
    tuple_,
    type_coerce,
    union_all,
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
Key = tuple[Any, Any]
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


class Beginning(NamedTuple):
    """Since when a table's versions have digests: `first` is the first change that wrote digests of
    any model, `completed` tells whether older versions of this one were given theirs later."""

    first: int | None
    completed: bool

    def demands(self, change_id: int | None) -> bool:
        """Whether a version of that change must have a digest."""
        if self.completed:
            return True
        return self.first is not None and (change_id is None or change_id >= self.first)


def beginning_of(connection: Connection, table: Table) -> Beginning:
    """Reads all digests once, so ask where a version lacks one."""
    digests = table.info[DIGEST].c
    kept = [t.c for t in table.metadata.tables.values() if DIGESTS in t.info]
    firsts = union_all(*(select(func.min(c.change_id).label("first")) for c in kept)).subquery()
    completed = exists().where(digests.change_id.is_(None))
    found = connection.execute(select(func.min(firsts.c.first), completed)).one()
    return Beginning(found[0], bool(found[1]))


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
        opened.digested[table] = _write(connection, table, opened)


def _take_back(connection: Connection, table: Table, opened: OpenChange) -> None:
    digests, versions = table.info[DIGEST], table.c
    made = select(versions.id, versions.version_id).where(versions.change_id == opened.id)
    of_change = digests.c.change_id == opened.id
    of_versions = tuple_(digests.c.id, digests.c.version_id).in_(made)
    taken = connection.execute(delete(digests).where(of_change, of_versions)).rowcount
    if taken < opened.digested[table]:  # a version is gone: created, and deleted again
        connection.execute(delete(digests).where(of_change))


def _write(connection: Connection, table: Table, opened: OpenChange) -> int:
    reader = reader_of(table, connection.dialect)
    tables = [links for links in links_from(table) if links in opened.linked]
    written = 0
    for rows in _of_change(connection, reader, opened.id):
        links = links_of_rows(connection, tables, rows)
        made = [(row[0], row[1], each) for row, each in reader.digests(rows, links)]
        insert_digests(connection, table, opened.id, made)
        written += len(made)
    return written


def _of_change(
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
