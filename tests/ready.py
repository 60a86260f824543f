"""Makes an application's database ready for a test: its tables, and the cast's accounts."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import event

from tests import accounts, schemas
from webapp import database
from webapp.extensions import db

#: What was made for the first test, by the tables that there are: nearly every test begins with it.
_FILES: dict[frozenset[str], bytes] = {}
_STATEMENTS: dict[frozenset[str], str] = {}


def make_ready(app: Flask) -> None:
    """What was made for the first test with the same tables is made anew, the short way."""
    with app.app_context():
        make = _sqlite if db.engine.dialect.name == "sqlite" else _postgresql
        make(app, _kind(app))
    accounts.welcome(app)


def done_with(app: Flask) -> None:
    """The test is over: another may have its tables."""
    with app.app_context():
        url = db.engine.url
        database.close()
    if url.get_backend_name() == "postgresql":
        schemas.give_back(url)


def _kind(app: Flask) -> frozenset[str]:
    """What a database for the application has: its tables, and marks of the revision of some."""
    return _marked(frozenset(db.metadata.tables), app.config["APPS"])


@lru_cache
def _marked(tables: frozenset[str], apps: tuple[str, ...]) -> frozenset[str]:
    return tables | {each.version_table for each in database.branches() if each.revisions}


def _sqlite(app: Flask, tables: frozenset[str]) -> None:
    file = Path(str(db.engine.url.database))
    if tables in _FILES:
        file.write_bytes(_FILES[tables])
        return
    database.create_tables()
    accounts.welcome(app)
    database.close()  # the last connection takes the write-ahead log into the file
    _FILES[tables] = file.read_bytes()


def _postgresql(app: Flask, tables: frozenset[str]) -> None:
    if schemas.lend(db.engine.url, tables):
        return
    _create(tables)
    schemas.made(db.engine.url, tables)


def _create(tables: frozenset[str]) -> None:
    if tables in _STATEMENTS:
        connection = db.engine.raw_connection()
        connection.cursor().execute(_STATEMENTS[tables])
        connection.commit()
        connection.close()
        return
    seen: list[str] = []

    def note(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.lstrip().startswith(("CREATE", "ALTER", "INSERT INTO alembic_version")):
            seen.append(statement.replace("%%", "%"))  # as doubled for the driver

    event.listen(db.engine, "before_cursor_execute", note)
    database.create_tables()
    event.remove(db.engine, "before_cursor_execute", note)
    _STATEMENTS[tables] = ";\n".join(seen)
