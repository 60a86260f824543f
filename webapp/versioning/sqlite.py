"""Makes a SQLite engine fit for history: real transactions, durable commits, enforced keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event

from .change import OPEN_CHANGE

#: The SQL function that the guards ask which change this connection may still amend.
GUARD_FUNCTION = "versioning_change"
#: The SQL function that tells what is given for a batch of rows, by column and id, and the name
#: under which ``Connection.info`` holds it.
GIVEN_FUNCTION = GIVEN = "versioning_given"
#: The SQL function that makes a version's digest, and the name under which ``Connection.info``
#: holds what it is made by.
DIGEST_FUNCTION = DIGESTING = "versioning_digest"

CACHE_KIB = 32 * 1024
CHECKPOINT_PAGES = 4_000


@contextmanager
def any_text(connection: Connection, errors: str = "backslashreplace") -> Iterator[None]:
    """Read text that another program wrote and that is not UTF-8, where SQLite's driver refuses it:
    its bytes are told as `errors` has it, ``\\xff``. On PostgreSQL there is no such text.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    driver: Any = connection.connection.driver_connection
    before = driver.text_factory
    driver.text_factory = str if errors == "strict" else lambda raw: raw.decode("utf-8", errors)
    try:
        yield
    finally:
        driver.text_factory = before


def readable(value: Any) -> Any:
    """Of what was read with "surrogateescape": text that can be shown."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return value


def is_undecodable(error: BaseException) -> bool:
    """Whether SQLite's driver refused text that is not UTF-8."""
    return "Could not decode to UTF-8" in str(error)


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
        record.info[DIGESTING] = None
        dbapi_connection.create_function(
            DIGEST_FUNCTION, -1, lambda *row: record.info[DIGESTING](*row)
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
