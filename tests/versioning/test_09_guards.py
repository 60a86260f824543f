"""Row 9: the database itself refuses two current rows and rewritten or removed versions."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from tests.versioning.models import Change, Note
from tests.versioning.world import World, add_note, edited_note, world
from webapp.versioning import Versioned, current_unique, guard_statements

INSERT = (
    "{verb} INTO note (id, version_id, title, stars, views, is_current_version, version_from,"
    " version_op, change_id) SELECT id, {version}, 'forged', stars, views, {flag},"
    " version_from, version_op, {change} FROM note WHERE id = 1 AND version_id = 2"
)


@pytest.fixture
def history(notes: World, session: Session) -> World:
    """Note 1 with versions 1 and 2, and nobody at work."""
    edited_note(session, "one", "two", body="b")
    return notes


def refused(db: World, statement: str) -> None:
    before = everything(db)
    with pytest.raises(IntegrityError):
        db.sql(statement)
    assert everything(db) == before


def everything(db: World) -> list[tuple[Any, ...]]:
    return db.rows(Note, *(column.name for column in Note.__table__.c))


@pytest.mark.parametrize(
    "change",
    [
        "title = 'forged'",
        "body = NULL",
        "draft = 'x'",
        "version_from = version_from",  # no change at all is no closing either
        "version_op = 'delete'",
        "change_id = NULL",
        "change_id = 99",
        "version_id = 9",
        "id = 9",
        "version_to = NULL",
        "views = 5",
    ],
)
def test_a_superseded_version_cannot_be_updated(history: World, change: str) -> None:
    refused(history, f"UPDATE note SET {change} WHERE version_id = 1")


@pytest.mark.parametrize(
    "change",
    [
        "title = 'forged'",
        "body = NULL",
        "version_op = 'create'",
        "version_id = 9",
        "id = 9",
        "change_id = 99",
        "version_to = version_from",
        "title = 'forged', views = 1",
    ],
)
def test_the_current_version_cannot_be_updated(history: World, change: str) -> None:
    refused(history, f"UPDATE note SET {change} WHERE version_id = 2")


def test_the_flag_cannot_be_taken_without_closing(history: World) -> None:
    flag = "0" if history.is_sqlite else "false"
    refused(history, f"UPDATE note SET is_current_version = {flag} WHERE version_id = 2")


def test_the_flag_cannot_be_given_back(history: World) -> None:
    flag = "1" if history.is_sqlite else "true"
    refused(
        history,
        f"UPDATE note SET is_current_version = {flag}, version_to = NULL WHERE version_id = 1",
    )


def test_the_flag_cannot_be_another_truth(history: World) -> None:
    if history.is_sqlite:
        refused(history, "UPDATE note SET is_current_version = 2 WHERE version_id = 2")


def test_a_closed_version_cannot_be_closed_again(history: World) -> None:
    flag = "0" if history.is_sqlite else "false"
    refused(
        history,
        f"UPDATE note SET is_current_version = {flag}, version_to = version_from"
        " WHERE version_id = 1",
    )


@pytest.mark.parametrize("version", [1, 2])
def test_no_version_can_be_removed(history: World, version: int) -> None:
    refused(history, f"DELETE FROM note WHERE version_id = {version}")


def test_all_cannot_be_removed(history: World) -> None:
    refused(history, "DELETE FROM note")


def test_what_another_trigger_makes_of_an_old_row_is_refused(postgresql_url: str) -> None:
    """As one that notes the time of each UPDATE, which would alter a row as it is closed. On SQLite
    no trigger alters the row that it is called for."""
    with world(postgresql_url) as db:
        db.create(Change, Note)
        session = db.session()
        note = add_note(session)
        session.rollback()
        db.sql(
            "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN NEW.title = 'touched'; RETURN NEW; END $$"
        )
        db.sql("CREATE TRIGGER touch BEFORE UPDATE ON note FOR EACH ROW EXECUTE FUNCTION touch()")
        note.title = "two"
        with pytest.raises(IntegrityError, match="append-only"):
            session.commit()
        assert db.rows(Note, "title") == [(1, 1, True, "one")]


def test_truncate_is_refused(history: World) -> None:
    if not history.is_sqlite:  # which has no TRUNCATE
        for statement in ("TRUNCATE note", "TRUNCATE note CASCADE", "TRUNCATE change"):
            refused(history, statement)


@pytest.mark.parametrize("version", [1, 2, 3])
def test_replace_erases_no_version(history: World, version: int) -> None:
    if history.is_sqlite:
        for verb in ("REPLACE", "INSERT OR REPLACE"):
            refused(history, INSERT.format(verb=verb, version=version, flag=1, change=1))


def test_replace_of_another_record_with_its_unique_value_erases_no_version(db: World) -> None:
    class Base(DeclarativeBase):
        pass

    class Ware(Versioned, Base):
        __tablename__ = "ware"
        __table_args__ = (current_unique("sku"),)
        sku: Mapped[str]

    db.create(Ware)
    session = db.session(change_model=None)
    session.add(Ware(sku="a"))
    session.commit()
    if db.is_sqlite:
        with pytest.raises(IntegrityError):
            db.sql(
                "INSERT OR REPLACE INTO ware (id, version_id, sku, is_current_version,"
                " version_from, version_op) VALUES (2, 1, 'a', 1, 5, 'create')"
            )
    assert db.rows(Ware, "sku") == [(1, 1, True, "a")]


def test_update_or_replace_erases_no_version(history: World) -> None:
    if history.is_sqlite:
        refused(history, "UPDATE OR REPLACE note SET version_id = 1 WHERE version_id = 2")


def test_an_upsert_rewrites_no_version(history: World) -> None:
    flag = "1" if history.is_sqlite else "true"
    upsert = INSERT.format(verb="INSERT", version=2, flag=flag, change=1) + (
        " AND true ON CONFLICT (id, version_id) DO UPDATE SET title = 'forged'"
    )
    refused(history, upsert)


def test_a_second_current_row_is_refused(history: World) -> None:
    flag = "1" if history.is_sqlite else "true"
    refused(history, INSERT.format(verb="INSERT", version=3, flag=flag, change=1))


def test_a_version_twice_is_refused(history: World) -> None:
    flag = "0" if history.is_sqlite else "false"
    refused(history, INSERT.format(verb="INSERT", version=1, flag=flag, change=1))


def test_a_row_without_a_change_is_guarded_as_well(history: World) -> None:
    """On SQLite "no change is open" and "made by no change" are both NULL."""
    flag = "0" if history.is_sqlite else "false"
    history.sql(INSERT.format(verb="INSERT", version=3, flag=flag, change="NULL"))
    refused(history, "DELETE FROM note WHERE version_id = 3")
    refused(history, "UPDATE note SET title = 'x' WHERE version_id = 3")


def test_a_change_cannot_be_rewritten(history: World) -> None:
    for statement in ("UPDATE change SET actor = 'Eve'", "DELETE FROM change"):
        with pytest.raises(IntegrityError):
            history.sql(statement)


def test_a_change_cannot_be_replaced(history: World) -> None:
    if history.is_sqlite:
        with pytest.raises(IntegrityError):
            history.sql("REPLACE INTO change (id, at) VALUES (1, 5)")


def test_the_refusal_says_what_it_is(history: World) -> None:
    with pytest.raises(IntegrityError, match="append-only"):
        history.sql("DELETE FROM note")


def test_the_current_rows_counter_may_change_in_place(history: World) -> None:
    history.sql("UPDATE note SET views = views + 1 WHERE version_id = 2")
    assert [row[3] for row in history.rows(Note, "views")] == [0, 1]


def test_a_core_statement_of_the_session_is_stopped(history: World, session: Session) -> None:
    table = Note.__table__
    with pytest.raises(IntegrityError):
        session.connection().execute(update(table).values(title="forged"))
    session.rollback()


def test_the_legacy_bulk_update_is_stopped(history: World, session: Session) -> None:
    with pytest.raises(IntegrityError):
        session.bulk_update_mappings(Note, [{"id": 1, "version_id": 2, "title": "forged"}])
    session.rollback()
    assert history.rows(Note, "title")[-1] == (1, 2, True, "two")


# --- amending: by the transaction that made the row, by no other ---


def test_the_same_transaction_may_amend(notes: World, session: Session) -> None:
    note = Note(title="one")
    session.add(note)
    session.flush()
    note.title = "two"
    session.flush()
    session.execute(text("UPDATE note SET title = 'three'"))
    session.commit()
    assert notes.rows(Note, "title") == [(1, 1, True, "three")]


def test_amending_gives_no_right_over_other_rows(history: World, session: Session) -> None:
    note = Note(title="one")
    session.add(note)
    session.flush()
    note.title = "two"
    session.flush()
    with pytest.raises(IntegrityError):
        session.execute(text("UPDATE note SET title = 'forged' WHERE id = 1"))
    session.rollback()


def amend_and_end(session: Session, end: str) -> None:
    note = Note(title="mine")
    session.add(note)
    session.flush()
    note.title = "amended"
    session.flush()
    session.commit() if end == "commit" else session.rollback()


def test_the_next_transaction_on_the_connection_may_not(history: World) -> None:
    session = history.session()
    amend_and_end(session, "commit")
    assert history.engine.pool.checkedin() >= 1  # type: ignore[attr-defined]
    refused(history, "UPDATE note SET title = 'forged' WHERE title = 'amended'")
    refused(history, "DELETE FROM note WHERE title = 'amended'")


def test_the_next_transaction_of_the_session_may_not(history: World) -> None:
    session = history.session()
    amend_and_end(session, "commit")
    with pytest.raises(IntegrityError):
        session.execute(text("UPDATE note SET title = 'forged' WHERE title = 'amended'"))
    session.rollback()


def test_the_driver_on_the_same_connection_may_not(history: World) -> None:
    amend_and_end(history.session(), "commit")
    raw = history.engine.raw_connection()
    try:
        with pytest.raises(Exception, match="append-only"):
            raw.cursor().execute("UPDATE note SET title = 'forged' WHERE title = 'amended'")
        raw.rollback()
    finally:
        raw.close()


def test_amending_ends_with_a_savepoint_rolled_back(history: World, session: Session) -> None:
    savepoint = session.begin_nested()
    note = Note(title="mine")
    session.add(note)
    session.flush()
    note.title = "amended"
    session.flush()
    savepoint.rollback()
    with pytest.raises(IntegrityError):
        session.execute(text("UPDATE note SET title = 'forged'"))
    session.rollback()


def test_amending_goes_on_after_a_savepoint_was_released(notes: World, session: Session) -> None:
    note = Note(title="one")
    session.add(note)
    with session.begin_nested():
        note.title = "two"
    with session.begin_nested():
        note.title = "three"
    note.title = "four"
    session.commit()
    assert notes.rows(Note, "title") == [(note.id, 1, True, "four")]


def test_numbers_that_a_rollback_freed_give_no_right(history: World) -> None:
    """SQLite hands out the number of a change that was rolled back again."""
    amend_and_end(history.session(), "rollback")
    other = history.session()
    add_note(other, "other's")
    refused(history, "UPDATE note SET title = 'forged' WHERE title = 'other''s'")


def test_a_program_without_the_guard_function_cannot_write(history: World) -> None:
    if not history.is_sqlite:
        return
    import sqlite3

    with sqlite3.connect(str(history.engine.url.database)) as plain:
        assert plain.execute("SELECT count(*) FROM note").fetchone() == (2,)
        for statement in (
            "UPDATE note SET title = 'forged'",
            "DELETE FROM note",
            INSERT.format(verb="REPLACE", version=3, flag=1, change=1),
            INSERT.format(verb="INSERT", version=3, flag=0, change=1),
        ):
            with pytest.raises(sqlite3.Error):
                plain.execute(statement)
    plain.close()


def test_creating_the_tables_again_is_harmless(history: World) -> None:
    history.create(Change, Note)
    refused(history, "DELETE FROM note")


class Base(DeclarativeBase):
    pass


class Odd(Versioned, Base):
    __tablename__ = 'odd "table"'
    __unversioned__ = ("seen",)

    data: Mapped[str]
    seen: Mapped[int] = mapped_column('seen "times"', default=0)
    order: Mapped[int] = mapped_column(default=0)


def test_odd_names_are_guarded(db: World) -> None:
    db.create(Odd)
    session = db.session(change_model=None)
    odd = Odd(data="a")
    session.add(odd)
    session.commit()
    odd.data = "b"
    session.commit()
    name = '"odd ""table"""'
    for statement in (f"UPDATE {name} SET data = 'x'", f"DELETE FROM {name}"):
        with pytest.raises(DBAPIError, match="append-only"):
            db.sql(statement)
    db.sql(f'UPDATE {name} SET "seen ""times""" = 5 WHERE is_current_version = true')
    assert [row[3:] for row in db.rows(Odd, "data", 'seen "times"')] == [("a", 0), ("b", 5)]


def test_tables_without_versions_have_no_guards(notes: World) -> None:
    class Other(DeclarativeBase):
        pass

    class Plain(Other):
        __tablename__ = "plain"
        id: Mapped[int] = mapped_column(primary_key=True)

    for dialect in ("sqlite", "postgresql", "mysql"):
        assert guard_statements(Plain.__table__, dialect) == []  # type: ignore[arg-type]
    assert guard_statements(Note.__table__, "mysql") == []  # type: ignore[arg-type]
    notes.create(Plain)
    with notes.engine.begin() as connection:
        connection.execute(insert(Plain.__table__).values(id=1))
        connection.execute(update(Plain.__table__).values(id=2))


def test_two_current_rows_are_refused_without_guards_too(db: World) -> None:
    class Bare(DeclarativeBase):
        pass

    class Row(Versioned, Bare):
        __tablename__ = "bare"

    db.create(Row, guards=False)
    session = db.session(change_model=None)
    session.add(Row())
    session.commit()
    with pytest.raises(IntegrityError):
        db.sql("INSERT INTO bare SELECT id, 2, true, version_from, NULL, 'create', 1 FROM bare")
    with pytest.raises((IntegrityError, OperationalError)):
        db.sql("INSERT INTO bare SELECT id, 1, false, version_from, NULL, 'create', 1 FROM bare")
