"""The core's tests: their own engine, no Flask, SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from tests.versioning.models import Change, Note
from tests.versioning.world import World, world


@pytest.fixture
def db(database_url: str) -> Iterator[World]:
    """An empty database of each kind."""
    with world(database_url) as made:
        yield made


@pytest.fixture
def notes(db: World) -> World:
    """A database with notes, guards and changes."""
    db.create(Change, Note)
    return db


@pytest.fixture
def session(notes: World) -> Session:
    """A session on the notes."""
    return notes.session()
