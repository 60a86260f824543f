"""A database with digests."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.versioning.digests.models import Base, Change
from tests.versioning.tables import create_tables
from tests.versioning.world import World
from webapp.versioning.digest_rows import DIGEST, before_of, links_from, links_of_rows, reader_of


@pytest.fixture
def kept(db: World) -> World:
    """All tables, guards and digests."""
    create_tables(db.engine, Base.metadata)
    return db


@pytest.fixture
def session(kept: World) -> Session:
    return kept.session(Change)


def digests_in(world: World, table: str) -> dict[tuple[Any, int], str]:
    """The stored digests by id and version, in hexadecimal."""
    rows = world.sql(f"SELECT id, version_id, digest FROM {table}_digest ORDER BY id, version_id")
    return {(id, version): bytes(digest).hex() for id, version, digest in rows}


def recomputed(world: World, model: Any) -> dict[tuple[Any, int], str]:
    """What the digests of a model's versions should be, each on the one that is stored before."""
    table = model.__table__
    before = table.info[DIGEST].alias()
    with world.behind() as connection:
        reader = reader_of(table, connection.dialect)
        source = reader.source.outerjoin(before, before_of(table, before))
        query = reader.query(source, before.c.digest).order_by(table.c.id, table.c.version_id)
        rows = connection.execute(query).fetchall()
        links = links_of_rows(connection, links_from(table), rows)
        found = list(reader.digests(rows, links))
    return {(row[0], row[1]): each.digest.hex() for row, each in found}


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
