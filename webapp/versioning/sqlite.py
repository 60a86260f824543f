"""Makes a SQLite engine fit for history: real transactions, durable commits, enforced keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine, event

from .change import OPEN_CHANGE

#: The SQL function that the guards ask which change this connection may still amend.
GUARD_FUNCTION = "versioning_change"
#: The SQL function that tells what is given for a batch of rows, by column and id, and the name
#: under which ``Connection.info`` holds it.
GIVEN_FUNCTION = GIVEN = "versioning_given"

CACHE_KIB = 32 * 1024
CHECKPOINT_PAGES = 4_000


def prepare_sqlite(
    engine: Engine, begin: str | Callable[[], str] = "IMMEDIATE", busy_seconds: float = 15.0
) -> None:
    """Prepare each connection of a SQLite engine, before its first use.

    Write-ahead log, every commit flushed to disk, foreign keys enforced, `busy_seconds` of patience
    for another writer, and transactions that begin when SQLAlchemy says so: the driver's own begin
    late and break savepoints
    (https://docs.sqlalchemy.org/en/21/dialects/sqlite.html#pysqlite-serializable).

    `begin` is the kind of transaction, or a function asked at each: IMMEDIATE takes the write lock
    at once, so that what was read cannot be stale when it is written; DEFERRED is for reading.
    """

    def connect(dbapi_connection: Any, record: Any) -> None:
        dbapi_connection.isolation_level = None
        for pragma in (
            f"busy_timeout = {int(busy_seconds * 1000)}",
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            "recursive_triggers = ON",  # else REPLACE deletes rows unseen by their guard
            f"cache_size = -{CACHE_KIB}",  # of 2 MiB, a commit of 10,000 rows spills over
            f"wal_autocheckpoint = {CHECKPOINT_PAGES}",  # of 1,000, each such commit pays for one
        ):
            dbapi_connection.execute(f"PRAGMA {pragma}").close()
        dbapi_connection.create_function(GUARD_FUNCTION, 0, lambda: record.info.get(OPEN_CHANGE))
        record.info[GIVEN] = ()
        dbapi_connection.create_function(
            GIVEN_FUNCTION, 2, lambda column, id: record.info[GIVEN][column][id]
        )

    def end_amending(connection: Connection) -> None:
        connection.info.pop(OPEN_CHANGE, None)

    def begin_transaction(connection: Connection) -> None:
        end_amending(connection)
        kind = begin if isinstance(begin, str) else begin()
        connection.exec_driver_sql(f"BEGIN {kind}")

    event.listen(engine, "connect", connect)
    event.listen(engine, "begin", begin_transaction)
    event.listen(engine, "commit", end_amending)
    event.listen(engine, "rollback", end_amending)
