"""Digests on SQLite are written by one statement, which asks a function of ours for each of them.

The function is given what the database holds of a version, its change and the digest before, as the
driver would give it; so no row has to travel to Python and back.
"""

from __future__ import annotations

import sqlite3
from functools import lru_cache

from sqlalchemy import BigInteger, Connection, Dialect, bindparam, func
from sqlalchemy.types import NullType

from .digest_rows import DIGEST, Reader, with_digest_before
from .sqlite import DIGESTING

#: What SQLite takes of a function's arguments, wherever it comes from.
MOST_COLUMNS = 100
#: Since then a subquery's rows can be had once each, however often they are named.
MATERIALIZES = sqlite3.sqlite_version_info >= (3, 35)


def writes_inside(connection: Connection, reader: Reader) -> bool:
    """Whether the connection has the function, and the versions are not too wide for it."""
    return MATERIALIZES and DIGESTING in connection.info and reader.width < MOST_COLUMNS


def write_inside(connection: Connection, reader: Reader, change_id: int) -> int:
    """Write the digests of a change's versions, which did nothing to links; returns how many."""
    connection.info[DIGESTING] = reader.maker()
    try:
        statement = _statement(reader, connection.dialect)
        return connection.exec_driver_sql(statement, (change_id,)).rowcount
    finally:
        connection.info[DIGESTING] = None


@lru_cache(maxsize=256)
def _statement(reader: Reader, dialect: Dialect) -> str:
    versions = reader.content.table
    source, before = with_digest_before(reader)
    columns = reader.query(source, before).selected_columns
    made = func.versioning_digest(*columns, type_=NullType()).label("made")
    query = reader.query(source).with_only_columns(
        versions.c.id, versions.c.version_id, versions.c.change_id, made
    )
    query = query.where(versions.c.change_id == bindparam("b_change", type_=BigInteger()))
    into = dialect.identifier_preparer.format_table(versions.info[DIGEST])
    return (
        f"INSERT INTO {into} (id, version_id, change_id, digest, marks)"
        f" WITH digested AS MATERIALIZED ({query.compile(dialect=dialect)})"
        " SELECT id, version_id, change_id, substr(made, 1, 32), substr(made, 33) FROM digested"
    )
