"""Tables made for many tests: what making them takes is asked of SQLAlchemy once.

On PostgreSQL they are handed from test to test, see `schemas`.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from sqlalchemy import Engine, MetaData, Table, event

from tests import schemas

#: The statements for SQLite, by the tables with as much as they have of each kind, and by what is
#: called once they are made, as guards are.
_STATEMENTS: dict[Hashable, str] = {}
ANY_TABLE = {
    "sqlite": "SELECT 1 FROM sqlite_master LIMIT 1",
    "postgresql": "SELECT 1 FROM pg_class WHERE relnamespace = current_schema()::regnamespace",
}


def create_tables(
    engine: Engine, metadata: MetaData, tables: Sequence[Table] | None = None
) -> None:
    """As ``metadata.create_all()``, the short way in a database without tables."""
    wanted = list(metadata.tables.values()) if tables is None else tables
    sizes = ((each, len(each.columns), len(each.indexes), len(each.constraints)) for each in wanted)
    kind = metadata, tuple(metadata.dispatch.after_create), *sizes
    with engine.connect() as connection:
        is_new = connection.exec_driver_sql(ANY_TABLE[engine.dialect.name]).first() is None
    if not is_new:
        metadata.create_all(engine, tables=wanted)
    elif engine.dialect.name == "postgresql":
        if not schemas.lend(engine.url, kind):
            metadata.create_all(engine, tables=wanted)
            schemas.made(engine.url, kind)
    elif kind in _STATEMENTS:
        driver: Any = engine.raw_connection()
        driver.executescript(f"BEGIN;\n{_STATEMENTS[kind]};\nCOMMIT")
        driver.close()
    else:
        _STATEMENTS[kind] = ";\n".join(_seen(engine, metadata, wanted))


def _seen(engine: Engine, metadata: MetaData, tables: Sequence[Table]) -> list[str]:
    seen: list[str] = []

    def note(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if not statement.lstrip().startswith(("SELECT", "PRAGMA", "BEGIN")):
            seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    metadata.create_all(engine, tables=tables)
    event.remove(engine, "before_cursor_execute", note)
    return seen
