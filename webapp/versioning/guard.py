"""Append-only triggers: the database itself refuses to rewrite or remove a version.

A row may be closed once (flag off, `version_to` set, all else as it was); the current row's
`__unversioned__` columns may change in place; and a row may be amended by the very transaction that
inserted it, which names its open change to the connection (`change.allow_amending`). A repair names
itself in that place, and may set a flag to what the version numbers say (`repair.repair_flags`).
Everything else is refused, INSERT OR REPLACE and TRUNCATE included. A digest is replaced by the
transaction that wrote it alone. Rows of append-only tables (the changes) are never altered, save
that a column named in ``info={"append_only": {"followed_by"}}`` may be given its value, once.
Whoever owns the database can drop triggers: guards stop accidents.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, MetaData, Table, event, text

from .guard_postgresql import postgresql_guards
from .guard_sqlite import sqlite_guards
from .shape import DIGESTS, PART

#: What a guarded table holds, as its ``info`` says.
KINDS = ("versioned", PART, "links", DIGESTS, "append_only")


def install_guards(metadata: MetaData) -> None:
    """Have ``metadata.create_all()`` make the triggers with the tables. Repeating it is harmless.

    On SQLite the triggers call a function that `prepare_sqlite` gives each connection, so a
    program that opens the file without it can read but not write versioned tables.
    """
    if not event.contains(metadata, "after_create", create_guards):
        event.listen(metadata, "after_create", create_guards)


def create_guards(
    target: MetaData, connection: Connection, tables: Any = None, **options: Any
) -> None:
    """Make the triggers of the tables just created."""
    for table in tables or ():
        for statement in guard_statements(table, connection.dialect.name):
            connection.execute(text(statement))


def guard_statements(table: Table, dialect: str) -> list[str]:
    """The DDL that guards a table on a database; empty for other tables and databases."""
    kind = next((kind for kind in KINDS if kind in table.info), None)
    if kind is None:
        return []
    guards = {"sqlite": sqlite_guards, "postgresql": postgresql_guards}.get(dialect)
    return [] if guards is None else guards(table, kind)
