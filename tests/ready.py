"""Makes an application's database ready for a test: its tables, and the cast's accounts."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from tests import accounts
from webapp import database
from webapp.extensions import db

#: SQLite files as made once, by the tables that they have: nearly every test begins with one.
_MADE: dict[frozenset[str], bytes] = {}


def make_ready(app: Flask) -> None:
    """On SQLite, what was made for the first test with the same tables is copied for the others."""
    with app.app_context():
        file = Path(str(db.engine.url.database))
        made = _MADE.get(frozenset(db.metadata.tables))
        if db.engine.dialect.name != "sqlite":
            database.create_tables()
        elif made is None:
            database.create_tables()
            accounts.welcome(app)
            database.close()  # the last connection takes the write-ahead log into the file
            _MADE[frozenset(db.metadata.tables)] = file.read_bytes()
        else:
            file.write_bytes(made)
    accounts.welcome(app)
