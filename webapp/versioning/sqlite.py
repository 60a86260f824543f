"""Makes a SQLite engine fit for history: real transactions, durable commits, enforced keys."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from random import uniform
from time import monotonic, sleep
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import OperationalError

from .change import OPEN_CHANGE

#: The SQL function that the guards ask which change this connection may still amend.
GUARD_FUNCTION = "versioning_change"
#: The SQL function that tells what is given for a batch of rows, by column and id, and the name
#: under which ``Connection.info`` holds it.
GIVEN_FUNCTION = GIVEN = "versioning_given"
#: Seconds between two looks for the write lock, the shortest and the longest.
SHORTEST_PAUSE, LONGEST_PAUSE = 0.0003, 0.01
IMMEDIATE = "BEGIN IMMEDIATE"


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
            _patience(busy_seconds),
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            "recursive_triggers = ON",  # else REPLACE deletes rows unseen by their guard
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
        if kind.upper() == "IMMEDIATE":
            _begin_immediate(connection, busy_seconds)
        else:
            connection.exec_driver_sql(f"BEGIN {kind}")

    event.listen(engine, "connect", connect)
    event.listen(engine, "begin", begin_transaction)
    event.listen(engine, "commit", end_amending)
    event.listen(engine, "rollback", end_amending)


def _begin_immediate(connection: Connection, busy_seconds: float) -> None:
    """Take the write lock, looking for it often: it is held for a millisecond or two as a rule.

    SQLite's own wait sleeps longer each time, up to 100 ms, and leaves the lock idle meanwhile
    (https://www.sqlite.org/src/file/src/main.c, sqliteDefaultBusyCallback).
    """
    driver: Any = connection.connection.dbapi_connection
    driver.execute(f"PRAGMA {_patience(0)}").close()
    try:
        until, pause = monotonic() + busy_seconds, SHORTEST_PAUSE
        begun = _begun(lambda: connection.exec_driver_sql(IMMEDIATE))
        while not begun and monotonic() < until:
            sleep(uniform(0.5, 1.5) * pause)
            pause = min(pause * 1.1, LONGEST_PAUSE)
            begun = _begun(lambda: driver.execute(IMMEDIATE))
        if not begun:
            connection.exec_driver_sql(IMMEDIATE)  # the last time: raises as any statement does
    finally:
        driver.execute(f"PRAGMA {_patience(busy_seconds)}").close()


def _begun(begin: Callable[[], Any]) -> bool:
    """Whether the transaction begins now. False while somebody else writes."""
    try:
        begin().close()
    except (sqlite3.OperationalError, OperationalError) as error:
        cause: Any = getattr(error, "orig", error)
        if cause.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True


def _patience(seconds: float) -> str:
    return f"busy_timeout = {int(seconds * 1000)}"
