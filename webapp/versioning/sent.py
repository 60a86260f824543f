"""Statements that are part of every edit, compiled once and sent as the driver takes them.

SQLAlchemy keeps what it compiled, too, but looks it up and lays the parameters out anew each time,
which takes longer than SQLite does to execute a statement on one row. Engine events and logging see
these statements as they see all others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, CursorResult, Dialect
from sqlalchemy.sql.dml import UpdateBase


def sends(connection: Connection) -> bool:
    """Whether the connection is SQLite's, and leaves the names of tables as they are."""
    is_sqlite = connection.dialect.name == "sqlite"
    return is_sqlite and "schema_translate_map" not in connection.get_execution_options()


class Sent:
    """A statement for one row on SQLite. It returns no rows."""

    def __init__(self, statement: UpdateBase, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self.text = str(compiled)
        self.places: list[tuple[str, Any, Callable[[Any], Any]]] = []
        for name in compiled.positiontup or ():
            bind = compiled.binds[name]
            process = bind.type.dialect_impl(dialect).bind_processor(dialect) or _as_it_is
            self.places.append((name, bind.value, process))

    def execute(self, connection: Connection, given: Mapping[str, Any]) -> CursorResult[Any]:
        """Send it with the given values; what is not given has a value of the statement's own."""
        values = [process(given.get(name, own)) for name, own, process in self.places]
        return connection.exec_driver_sql(self.text, tuple(values))


def _as_it_is(value: Any) -> Any:
    return value
