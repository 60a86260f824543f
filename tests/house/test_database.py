"""The application's database: its tables with their guards, and who waits for whom."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import event, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from webapp import auth, database
from webapp.changes import Change
from webapp.extensions import db

pytestmark = pytest.mark.own_app


@contextmanager
def transactions(app: Flask) -> Iterator[list[str]]:
    """The BEGIN statements that SQLite gets meanwhile."""
    begun: list[str] = []

    def note(connection, cursor, statement, *_) -> None:  # type: ignore[no-untyped-def]
        if statement.startswith("BEGIN"):
            begun.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield begun
    event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def app(app: Flask) -> Flask:
    """The application with an address that reads the database, by GET and by POST."""

    def ask() -> str:
        return str(db.session.scalar(select(func.count()).select_from(Change)))

    app.add_url_rule("/ask", "ask", ask, methods=["GET", "POST"])
    auth.allow(app, "ask", everybody=True)
    return app


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("method", "begun"),
    [("GET", "BEGIN DEFERRED"), ("HEAD", "BEGIN DEFERRED"), ("POST", "BEGIN IMMEDIATE")],
)
def test_a_request_that_reads_waits_for_no_writer(app: Flask, method: str, begun: str) -> None:
    with transactions(app) as seen:
        app.test_client().open("/ask", method=method)
    assert seen == [begun]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_command_takes_the_write_lock_unless_it_only_reads(app: Flask) -> None:
    with transactions(app) as seen:
        for promise in (lambda: None, database.only_read):
            with app.app_context():
                promise()
                db.session.execute(select(1))
    assert seen == ["BEGIN IMMEDIATE", "BEGIN DEFERRED"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_postgresql_compiles_nothing(app: Flask) -> None:
    with app.app_context():
        db.session.execute(text("SELECT 1"))
        db.session.rollback()
        assert db.session.scalar(text("SHOW jit")) == "off"


def test_the_guards_come_with_the_tables(app: Flask) -> None:
    with app.app_context():
        db.session.execute(
            insert(Change).values(at=datetime(2026, 1, 1, tzinfo=UTC), actor="alice")
        )
        db.session.commit()
        with pytest.raises(DBAPIError, match="append-only"):
            db.session.execute(update(Change.__table__).values(actor="eve"))  # type: ignore[arg-type]
        db.session.rollback()
        assert db.session.scalar(select(Change.actor)) == "alice"


def test_constraints_bear_names(app: Flask) -> None:
    assert Change.__table__.primary_key.name == "pk_change"


def test_making_the_tables_again_keeps_what_is_there(app: Flask) -> None:
    with app.app_context():
        db.session.execute(insert(Change).values(at=datetime(2026, 1, 1, tzinfo=UTC)))
        db.session.commit()
        database.create_tables()
        assert db.session.scalar(text("SELECT count(*) FROM change")) == 1
