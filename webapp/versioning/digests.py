"""Each version's digest: over what it says, its change, and the digest of the version before it.

Digests stand in a table of their own beside the versions, so that no version is written twice. They
are made once for a transaction, right before its commit, from the rows as they are stored: what was
amended, made by statements, filled in or rounded by the database is in them as it is there.
`canonical` has the recipe. The hashing is Python's: the text that is hashed must be the same on
every database, SQLite has no SHA-256, and whoever checks the recipe needs none either. The one
exception is an edit of one record on PostgreSQL, whose digest took half as long as the edit itself
by way of Python (`digest_sql`); tests hold the two to the same bytes.

A digest added later, to a version older than the digests, names no change in its row. The first
digest of a record that was made with its change stands on no such one, but on none.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    delete,
    exists,
    func,
    select,
    text,
    tuple_,
    union_all,
)
from sqlalchemy.orm import Session

from .canonical import (
    Digest,
)
from .change import allow_amending
from .digest_inside import write_inside, writes_inside
from .digest_rows import (
    DIGEST,
    links_from,
    links_of_rows,
    reader_of,
    versions_of_change,
)
from .indexes import index_change
from .ledger import OpenChange, Sealed, ledger_of
from .links import OWNER
from .seal import is_unbroken
from .shape import DIGESTS, version_table

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
    sealed, opened.sealed = opened.sealed, None
    done = sealed.table if sealed is not None and _still_stands(opened, sealed) else None
    for table in sorted(by_table, key=lambda table: table.name):
        if DIGEST not in table.info or table is done:
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


def _still_stands(opened: OpenChange, sealed: Sealed) -> bool:
    """Whether the version that was digested at once, and its change, are as they were then.

    They are where nothing was executed since. Else the database says so: the change made no other
    version, and both rows still are of one command; what updates a row makes it one of its own.
    """
    if opened.linked and not opened.linked.isdisjoint(links_from(sealed.table)):
        return False
    if is_unbroken(sealed.connection, sealed.seal):
        return True
    statement = _standing(sealed.table, sealed.changes, sealed.connection.dialect)
    given = (opened.id, opened.id)
    return bool(sealed.connection.exec_driver_sql(statement, given).scalar())


@lru_cache(maxsize=256)
def _standing(table: Table, changes: Table, dialect: Dialect) -> str:
    format_table = dialect.identifier_preparer.format_table
    return (
        "SELECT count(*) = 1 AND"
        f" bool_and(cmin = (SELECT cmin FROM {format_table(changes)} WHERE id = %s::bigint))"
        f" FROM {format_table(table)} WHERE change_id = %s::bigint"
    )


def _write(connection: Connection, table: Table, opened: OpenChange) -> int:
    reader = reader_of(table, connection.dialect)
    tables = [links for links in links_from(table) if links in opened.linked]
    if not tables and writes_inside(connection, reader):
        return write_inside(connection, reader, opened.id)
    written = 0
    for rows in versions_of_change(connection, reader, opened.id):
        links = links_of_rows(connection, tables, rows)
        made = [(row[0], row[1], each) for row, each in reader.digests(rows, links)]
        insert_digests(connection, table, opened.id, made)
        written += len(made)
    return written


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
