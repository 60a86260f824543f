"""Statements that are part of every edit, compiled once and sent as the driver takes them.

SQLAlchemy keeps what it compiled, too, but looks it up and lays the parameters out anew each time,
which takes longer than SQLite does to execute a statement on one row. Engine events and logging see
these statements as they see all others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, CursorResult, Dialect, Executable

DIALECTS = ("sqlite", "postgresql")


def sends(connection: Connection) -> bool:
    """Whether the connection's driver is one of those, and it leaves the names of tables as they
    are."""
    is_known = connection.dialect.name in DIALECTS
    return is_known and "schema_translate_map" not in connection.get_execution_options()


class Sent:
    """A statement for one row. What it returns is as the driver gives it."""

    def __init__(self, statement: Executable, dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect)  # type: ignore[attr-defined]
        self.text = str(compiled)
        self.is_positional = bool(compiled.positional)
        self.places: list[tuple[str, Any, Callable[[Any], Any] | None]] = []
        for name in compiled.positiontup if self.is_positional else compiled.binds:
            bind = compiled.binds[name]
            process = bind.type.dialect_impl(dialect).bind_processor(dialect)
            self.places.append((name, bind.value, process))
        self.names = [name for name, _, _ in self.places]

    def execute(self, connection: Connection, given: Mapping[str, Any]) -> CursorResult[Any]:
        """Send it with the given values; what is not given has a value of the statement's own."""
        values = [
            given.get(name, own) if process is None else process(given.get(name, own))
            for name, own, process in self.places
        ]
        if self.is_positional:
            return connection.exec_driver_sql(self.text, tuple(values))
        return connection.exec_driver_sql(self.text, dict(zip(self.names, values, strict=True)))
