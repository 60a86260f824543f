"""Row 4: after a rollback, also to a savepoint or after a failed flush, nothing is left behind.

The object is persistent again at its old version, a retry works, and no flag, row or number stays.
"""

from __future__ import annotations

import pytest
from sqlalchemy import delete, inspect, update
from sqlalchemy.exc import IntegrityError, PendingRollbackError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session

from tests.versioning.models import Change, Note
from tests.versioning.world import World, add_note, edited_note
from webapp.versioning import ReadOnlyVersion, Versioned, current_unique, restore


class Base(DeclarativeBase):
    pass


class Ware(Versioned, Base):
    __tablename__ = "ware"
    __table_args__ = (current_unique("sku"),)

    sku: Mapped[str]
    name: Mapped[str | None]


@pytest.fixture
def wares(db: World) -> Session:
    """A session on two wares, a and b."""
    Change.__table__.create(db.engine)
    db.create(Ware)
    session = db.session()
    session.add_all([Ware(sku="a"), Ware(sku="b")])
    session.commit()
    return session


def test_an_edit_rolled_back(notes: World, session: Session) -> None:
    note = add_note(session)
    note.title = "lost"
    session.flush()
    session.rollback()
    assert inspect(note).persistent
    assert (note.version_id, note.title, note.is_current_version) == (1, "one", True)
    assert notes.rows(Note, "title", "version_to") == [(note.id, 1, True, "one", None)]
    assert notes.count("change") == 1


def test_a_retry_after_a_rollback(notes: World, session: Session) -> None:
    note = add_note(session)
    for _ in range(3):
        note.title = "lost"
        session.flush()
        session.rollback()
    note.title = "two"
    session.commit()
    assert notes.rows(Note, "title") == [(note.id, 1, False, "one"), (note.id, 2, True, "two")]


def test_an_unflushed_edit_rolled_back(notes: World, session: Session) -> None:
    note = add_note(session)
    note.title = "lost"
    session.rollback()
    session.commit()
    assert (note.title, notes.rows(Note)) == ("one", [(note.id, 1, True)])


def test_a_new_object_rolled_back_can_be_added_again(notes: World, session: Session) -> None:
    note = Note(title="one")
    session.add(note)
    session.flush()
    session.rollback()
    assert (note.id, note.version_id, note.change_id) == (None, None, None)
    session.add(note)
    session.commit()
    assert notes.rows(Note, "title") == [(note.id, 1, True, "one")]


def test_a_new_object_keeps_the_id_that_it_was_given(notes: World, session: Session) -> None:
    note = Note(id=9, title="one")
    session.add(note)
    session.flush()
    session.rollback()
    session.add(note)
    session.commit()
    assert notes.rows(Note) == [(9, 1, True)]


def test_a_deletion_rolled_back(notes: World, session: Session) -> None:
    note = add_note(session)
    session.delete(note)
    session.flush()
    session.rollback()
    assert (note in session, note.version_id, note.version_op) == (True, 1, "create")
    note.title = "two"
    session.commit()
    assert [row[1:] for row in notes.rows(Note, "version_op")] == [
        (1, False, "create"),
        (2, True, "update"),
    ]


def test_an_unflushed_deletion_rolled_back(notes: World, session: Session) -> None:
    note = add_note(session)
    session.delete(note)
    session.rollback()
    session.commit()
    assert notes.rows(Note) == [(note.id, 1, True)]


def test_a_restore_rolled_back(notes: World, session: Session) -> None:
    note = edited_note(session, "one", "two")
    restore(session, Note, note.id, 1)
    session.flush()
    session.rollback()
    assert (note.version_id, note.title) == (2, "two")
    note.title = "three"
    session.commit()
    assert notes.rows(Note, "version_op")[2] == (note.id, 3, True, "update")


def test_an_unflushed_restore_rolled_back_is_forgotten(notes: World, session: Session) -> None:
    note = edited_note(session, "one", "two")
    restore(session, Note, note.id, 1)
    session.rollback()
    note.title = "three"
    session.commit()
    assert notes.rows(Note, "version_op")[2] == (note.id, 3, True, "update")


def test_statements_rolled_back(notes: World, session: Session) -> None:
    note = add_note(session)
    assert note.title == "one"
    session.execute(update(Note).values(title="lost"))
    session.execute(delete(Note))
    session.rollback()
    assert (note.version_id, note.title) == (1, "one")
    note.title = "two"
    session.commit()
    assert notes.rows(Note, "title") == [(note.id, 1, False, "one"), (note.id, 2, True, "two")]


def test_deleted_and_added_again_rolled_back(notes: World, session: Session) -> None:
    note = add_note(session)
    session.delete(note)
    session.flush()
    session.add(Note(id=note.id, title="other"))
    session.flush()
    session.rollback()
    assert inspect(note).persistent
    note.title = "two"
    session.commit()
    assert notes.rows(Note, "title") == [(note.id, 1, False, "one"), (note.id, 2, True, "two")]


def test_deleted_and_added_again_in_one_flush_rolled_back(notes: World, session: Session) -> None:
    note = add_note(session)
    session.add(Note(id=note.id, title="other"))
    session.delete(note)
    session.flush()
    session.rollback()
    assert inspect(note).persistent
    note.title = "two"
    session.commit()
    assert notes.rows(Note, "title") == [(note.id, 1, False, "one"), (note.id, 2, True, "two")]


# --- savepoints ---


def test_a_savepoint_rolled_back(notes: World, session: Session) -> None:
    note = add_note(session)
    savepoint = session.begin_nested()
    note.title = "lost"
    session.flush()
    savepoint.rollback()
    assert (note.version_id, note.title) == (1, "one")
    note.title = "two"
    session.commit()
    assert notes.rows(Note, "title") == [(note.id, 1, False, "one"), (note.id, 2, True, "two")]
    assert notes.count("change") == 2


def test_a_savepoint_rolled_back_keeps_what_was_before_it(notes: World, session: Session) -> None:
    note = add_note(session)
    note.title = "two"
    savepoint = session.begin_nested()
    note.body = "lost"
    session.flush()
    savepoint.rollback()
    assert (note.version_id, note.title, note.body) == (2, "two", None)
    note.stars = 4
    session.commit()
    assert notes.rows(Note, "title", "body", "stars") == [
        (note.id, 1, False, "one", None, 0),
        (note.id, 2, True, "two", None, 4),
    ]


def test_a_savepoint_released(notes: World, session: Session) -> None:
    note = add_note(session)
    with session.begin_nested():
        note.title = "two"
    note.body = "b"
    session.commit()
    assert notes.rows(Note, "title", "body") == [
        (note.id, 1, False, "one", None),
        (note.id, 2, True, "two", "b"),
    ]


def test_a_savepoint_released_and_all_rolled_back(notes: World, session: Session) -> None:
    note = add_note(session)
    with session.begin_nested():
        note.title = "lost"
    session.rollback()
    assert (note.version_id, note.title) == (1, "one")
    note.title = "two"
    session.commit()
    assert notes.rows(Note, "title") == [(note.id, 1, False, "one"), (note.id, 2, True, "two")]


@pytest.mark.parametrize("inner", ["released", "rolled back"])
@pytest.mark.parametrize("outer", ["released", "rolled back"])
def test_two_nested_savepoints(notes: World, session: Session, inner: str, outer: str) -> None:
    note = add_note(session)
    first = session.begin_nested()
    note.title = "two"
    second = session.begin_nested()
    note.body = "b"
    session.flush()
    second.commit() if inner == "released" else second.rollback()
    first.commit() if outer == "released" else first.rollback()
    note.stars = 1
    session.commit()
    kept, nested = outer == "released", outer == inner == "released"
    assert notes.rows(Note, "title", "body", "stars") == [
        (note.id, 1, False, "one", None, 0),
        (note.id, 2, True, "two" if kept else "one", "b" if nested else None, 1),
    ]


@pytest.mark.parametrize("inner", ["released", "rolled back"])
def test_first_written_two_deep_then_all_rolled_back(
    notes: World, session: Session, inner: str
) -> None:
    note = add_note(session)
    with session.begin_nested():
        second = session.begin_nested()
        note.title = "lost"
        session.flush()
        second.commit() if inner == "released" else second.rollback()
    session.rollback()
    note.title = "two"
    session.commit()
    assert notes.rows(Note, "title") == [(note.id, 1, False, "one"), (note.id, 2, True, "two")]
    assert notes.count("change") == 2


def test_first_written_two_deep_then_the_outer_savepoint_rolled_back(
    notes: World, session: Session
) -> None:
    note = add_note(session)
    first = session.begin_nested()
    with session.begin_nested():
        note.title = "lost"
    first.rollback()
    note.title = "two"
    session.commit()
    assert notes.rows(Note, "title") == [(note.id, 1, False, "one"), (note.id, 2, True, "two")]


def test_create_in_a_savepoint_rolled_back(notes: World, session: Session) -> None:
    kept, lost = Note(title="kept"), Note(title="lost")
    session.add(kept)
    savepoint = session.begin_nested()
    session.add(lost)
    session.flush()
    savepoint.rollback()
    assert lost not in session
    session.add(lost)
    session.commit()
    assert sorted(row[3] for row in notes.rows(Note, "title")) == ["kept", "lost"]


def test_a_new_record_deleted_in_a_savepoint_rolled_back(notes: World, session: Session) -> None:
    note = Note(title="one")
    session.add(note)
    savepoint = session.begin_nested()
    session.delete(note)
    session.flush()
    savepoint.rollback()
    assert note in session
    note.title = "two"
    session.commit()
    assert notes.rows(Note, "title") == [(note.id, 1, True, "two")]


def test_amending_in_a_savepoint_rolled_back_and_amending_again(
    notes: World, session: Session
) -> None:
    note = add_note(session)
    note.title = "two"
    session.flush()
    for _ in range(2):
        savepoint = session.begin_nested()
        note.title = "lost"
        session.flush()
        savepoint.rollback()
        note.body = "b"
        session.flush()
    session.commit()
    assert notes.rows(Note, "title", "body")[1:] == [(note.id, 2, True, "two", "b")]


def test_statements_in_a_savepoint_rolled_back(notes: World, session: Session) -> None:
    note = add_note(session)
    savepoint = session.begin_nested()
    session.execute(update(Note).values(title="lost"))
    session.execute(delete(Note))
    savepoint.rollback()
    session.execute(update(Note).values(title="two"))
    session.commit()
    assert (note.version_id, note.title) == (2, "two")
    assert notes.rows(Note, "title") == [(note.id, 1, False, "one"), (note.id, 2, True, "two")]


def test_a_deletion_in_a_savepoint_rolled_back(notes: World, session: Session) -> None:
    note = add_note(session)
    savepoint = session.begin_nested()
    session.delete(note)
    session.flush()
    savepoint.rollback()
    assert (note in session, note.version_id, note.version_op) == (True, 1, "create")
    session.commit()
    assert notes.rows(Note) == [(note.id, 1, True)]


# --- failed flushes ---


def test_a_failed_flush_and_a_retry(db: World, wares: Session) -> None:
    a = wares.get_one(Ware, (1, 1))
    a.sku = "b"
    with pytest.raises(IntegrityError):
        wares.commit()
    wares.rollback()
    assert (a.version_id, a.sku) == (1, "a")
    a.sku = "c"
    wares.commit()
    assert db.rows(Ware, "sku") == [(1, 1, False, "a"), (1, 2, True, "c"), (2, 1, True, "b")]
    assert db.count("change") == 2


def test_a_failed_flush_in_a_savepoint_and_a_retry(db: World, wares: Session) -> None:
    a, b = wares.get_one(Ware, (1, 1)), wares.get_one(Ware, (2, 1))
    b.name = "kept"
    wares.flush()
    with pytest.raises(IntegrityError), wares.begin_nested():
        a.sku = "b"
    assert (a.version_id, a.sku, b.version_id, b.name) == (1, "a", 2, "kept")
    a.sku = "c"
    wares.commit()
    assert db.rows(Ware, "sku", "name") == [
        (1, 1, False, "a", None),
        (1, 2, True, "c", None),
        (2, 1, False, "b", None),
        (2, 2, True, "b", "kept"),
    ]


def test_a_failed_first_flush_in_a_savepoint(db: World, wares: Session) -> None:
    a = wares.get_one(Ware, (1, 1))
    with pytest.raises(IntegrityError), wares.begin_nested():
        a.sku = "b"
    a.name = "named"
    wares.commit()
    assert db.rows(Ware, "name")[:2] == [(1, 1, False, None), (1, 2, True, "named")]
    assert db.count("change") == 2


def test_a_failed_creation_among_edits(db: World, wares: Session) -> None:
    a, doubled = wares.get_one(Ware, (1, 1)), Ware(sku="b")
    a.name = "lost"
    wares.add(doubled)
    with pytest.raises(IntegrityError):
        wares.flush()
    wares.rollback()
    assert (a.version_id, a.name, doubled.id) == (1, None, None)
    doubled.sku, a.name = "c", "named"
    wares.add(doubled)
    wares.commit()
    assert [row[1:] for row in db.rows(Ware, "sku", "name")] == [
        (1, False, "a", None),
        (2, True, "a", "named"),
        (1, True, "b", None),
        (1, True, "c", None),
    ]


def test_a_failed_statement_and_a_retry(db: World, wares: Session) -> None:
    a = wares.get_one(Ware, (1, 1))
    with pytest.raises(IntegrityError):
        wares.execute(update(Ware).values(sku="same"))
    wares.rollback()
    assert (a.version_id, a.sku) == (1, "a")
    wares.execute(update(Ware).values(name="named"))
    wares.commit()
    assert {row[1:] for row in db.rows(Ware, "name")} == {(1, False, None), (2, True, "named")}


def test_after_a_failed_statement_a_commit_is_refused(db: World, wares: Session) -> None:
    """What the transaction did before it is rolled back as well, which must not go unnoticed."""
    wares.get_one(Ware, (1, 1)).name = "earlier"
    with pytest.raises(IntegrityError):
        wares.execute(update(Ware).values(sku="same"))
    with pytest.raises(PendingRollbackError):
        wares.commit()
    wares.rollback()
    assert {row[1:] for row in db.rows(Ware, "name")} == {(1, True, None)}


def test_a_failed_statement_in_a_savepoint(db: World, wares: Session) -> None:
    wares.execute(update(Ware).where(Ware.sku == "a").values(name="kept"))
    with pytest.raises(IntegrityError), wares.begin_nested():
        wares.execute(update(Ware).values(sku="same"))
    wares.commit()
    assert db.rows(Ware, "sku", "name") == [
        (1, 1, False, "a", None),
        (1, 2, True, "a", "kept"),
        (2, 1, True, "b", None),
    ]


def test_a_refused_flush_keeps_its_other_edits(notes: World, session: Session) -> None:
    good, old = add_note(session, "good"), edited_note(session, "one", "two")
    first = session.get_one(Note, (old.id, 1))
    good.title, first.title = "better", "forged"
    with pytest.raises(ReadOnlyVersion):
        session.flush()
    session.expire(first)
    session.commit()
    assert notes.rows(Note, "title")[:2] == [
        (good.id, 1, False, "good"),
        (good.id, 2, True, "better"),
    ]


def test_a_refused_flush_leaves_no_plan_for_objects_given_up(
    notes: World, session: Session
) -> None:
    good, other = add_note(session, "good"), add_note(session, "other")
    old = edited_note(session, "one", "two")
    first = session.get_one(Note, (old.id, 1))
    good.title, other.views, first.title = "better", 5, "forged"
    with pytest.raises(ReadOnlyVersion):
        session.flush()
    for obj in (good, other, first):
        session.expire(obj)
    session.add(Note(title="new"))
    session.commit()
    assert notes.rows(Note, "views")[:2] == [(good.id, 1, True, 0), (other.id, 1, True, 0)]


def test_a_refused_flush_keeps_its_deletions(notes: World, session: Session) -> None:
    gone, old = add_note(session, "gone"), edited_note(session, "one", "two")
    first = session.get_one(Note, (old.id, 1))
    session.delete(gone)
    first.title = "forged"
    with pytest.raises(ReadOnlyVersion):
        session.flush()
    session.expire(first)
    session.commit()
    assert [row[3] for row in notes.rows(Note, "version_op")[:2]] == ["create", "delete"]


def test_objects_keep_their_values_where_a_commit_expires_nothing(notes: World) -> None:
    session = notes.session(expire_on_commit=False)
    note = add_note(session)
    note.title = "lost"
    session.flush()
    session.rollback()
    note.title = "two"
    session.commit()
    assert (note.version_id, note.version_op, note.is_current_version) == (2, "update", True)
