"""A transaction in which one process alone makes or alters tables, at its ease."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, func, select

#: Any number, the same in all processes: who holds this lock makes the tables.
TABLES_LOCK = 0x5EED


@contextmanager
def alone(engine: Engine) -> Iterator[Connection]:
    """A transaction, committed at the end; whoever else asks for one waits until then.

    On SQLite foreign keys are off, so that a table can be replaced that others refer to: look at
    them before the end. An engine of SQLite takes its write lock at the beginning of a transaction.
    """
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            driver: Any = connection.connection.driver_connection
            # before the transaction, within which it would have no effect
            driver.execute("PRAGMA foreign_keys = OFF").close()
            try:
                with connection.begin():
                    yield connection
            finally:
                driver.execute("PRAGMA foreign_keys = ON").close()
            return
        with connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(select(func.pg_advisory_xact_lock(TABLES_LOCK)))
            yield connection
