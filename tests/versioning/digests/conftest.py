"""A database with digests."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.versioning.digests.models import Base, Change
from tests.versioning.world import World
from webapp.versioning.digests import links_of_rows, reader_of


@pytest.fixture
def kept(db: World) -> World:
    """All tables, guards and digests."""
    Base.metadata.create_all(db.engine)
    return db


@pytest.fixture
def session(kept: World) -> Session:
    return kept.session(Change)


def digests_in(world: World, table: str) -> dict[tuple[Any, int], str]:
    """The stored digests by id and version, in hexadecimal."""
    rows = world.sql(f"SELECT id, version_id, digest FROM {table}_digest ORDER BY id, version_id")
    return {(id, version): bytes(digest).hex() for id, version, digest in rows}


def recomputed(world: World, model: Any) -> dict[tuple[Any, int], str]:
    """What the digests of a model's versions should be, each on the one before."""
    return {key: digest.hex() for key, digest in _recomputed(world, model)}


def _recomputed(world: World, model: Any) -> Iterator[tuple[tuple[Any, int], bytes]]:
    table = model.__table__
    with world.behind() as connection:
        reader = reader_of(table, connection.dialect)
        query = reader.query(reader.source).order_by(table.c.id, table.c.version_id)
        rows = [tuple(row) for row in connection.execute(query)]
        links = links_of_rows(connection, table, rows)
    last: Any = None
    before = None
    for row in rows:
        links_text = links[row[0], row[1]]
        before = reader.digest(row, links_text, before if row[0] == last else None).digest
        last = row[0]
        yield (row[0], row[1]), before


def without_guards(world: World, *statements: str) -> None:
    """Run SQL as one who owns the database: no triggers, and no foreign keys."""
    if world.is_sqlite:
        with closing(sqlite3.connect(world.engine.url.database or "")) as file, file:
            triggers = file.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            for (name,) in triggers.fetchall():
                file.execute(f'DROP TRIGGER "{name}"')
            for statement in statements:
                file.execute(statement)
        return
    with world.behind() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            connection.execute(text(statement))
