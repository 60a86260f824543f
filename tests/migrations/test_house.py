"""The revisions of the software and of the example make what the models say."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.migrations.shops import clear
from tests.migrations.told import told
from tests.versioning.world import World
from webapp import database
from webapp.migrations import SOFTWARE, branches


@pytest.fixture
def emptied(app: Flask, db: World) -> World:
    """The application's database, with nothing in it."""
    with app.app_context():
        database.close()
    clear(db)
    return db


def test_the_revisions_make_what_the_start_makes(app: Flask, emptied: World) -> None:
    with app.app_context():
        done = database.upgrade()
        assert [line.split(":")[0] for line in done[:2]] == [SOFTWARE, "webapp.catalog"]
        by_revisions = told(emptied)
        database.close()
        clear(emptied)
        database.create_tables()
        assert told(emptied) == by_revisions


def test_a_new_database_does_not_differ(app: Flask) -> None:
    with app.app_context():
        assert database.differences() == []


def test_every_table_of_the_software_and_the_example_is_in_their_revisions(app: Flask) -> None:
    with app.app_context():
        software, example = branches(app.config["APPS"])
    assert {"account", "change", "review", "read_access"} < software.tables
    assert {"product", "product_digest", "product_record", "product_tags"} < example.tables
    assert software.revisions and example.revisions
