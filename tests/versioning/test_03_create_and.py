"""Row 3: create and edit in one transaction is version 1; create and delete is nothing."""

from __future__ import annotations

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from tests.versioning.models import Note
from tests.versioning.world import World, add_note
from webapp.versioning import restore


def test_create_and_edit(notes: World, session: Session) -> None:
    note = Note(title="one")
    session.add(note)
    session.flush()
    note.title = "two"
    session.commit()
    assert notes.rows(Note, "title", "version_op") == [(note.id, 1, True, "two", "create")]


def test_create_and_edit_by_statement(notes: World, session: Session) -> None:
    session.add(Note(title="one"))
    session.execute(update(Note).values(title="two"))
    session.commit()
    assert [row[1:] for row in notes.rows(Note, "title", "version_op")] == [
        (1, True, "two", "create")
    ]


def test_create_and_delete(notes: World, session: Session) -> None:
    note = Note(title="one")
    session.add(note)
    session.flush()
    session.delete(note)
    session.commit()
    assert notes.rows(Note) == []
    assert note not in session


def test_create_edit_and_delete(notes: World, session: Session) -> None:
    note = Note(title="one")
    session.add(note)
    session.flush()
    note.title = "two"
    session.flush()
    session.delete(note)
    session.commit()
    assert notes.rows(Note) == []


def test_create_and_delete_by_statement(notes: World, session: Session) -> None:
    session.add(Note(title="one"))
    session.execute(delete(Note))
    session.commit()
    assert notes.rows(Note) == []


def test_an_object_deleted_by_statement_can_be_added_again(notes: World, session: Session) -> None:
    note = Note(title="one")
    session.add(note)
    session.execute(delete(Note))
    session.add(Note(title="other"))
    session.commit()
    assert [row[1:] for row in notes.rows(Note, "title")] == [(1, True, "other")]


def test_edit_and_delete_is_one_tombstone(notes: World, session: Session) -> None:
    note = add_note(session)
    note.title = "two"
    session.flush()
    session.delete(note)
    session.commit()
    assert notes.rows(Note, "version_op") == [
        (note.id, 1, False, "create"),
        (note.id, 2, True, "delete"),
    ]


def test_edit_and_delete_in_one_flush(notes: World, session: Session) -> None:
    note = add_note(session)
    note.title = "two"
    session.delete(note)
    session.commit()
    assert notes.rows(Note, "title", "version_op") == [
        (note.id, 1, False, "one", "create"),
        (note.id, 2, True, "one", "delete"),
    ]


def test_delete_and_restore_is_one_version(notes: World, session: Session) -> None:
    note = add_note(session)
    session.delete(note)
    session.flush()
    restore(session, Note, note.id, 1)
    session.commit()
    assert notes.rows(Note, "title", "version_op") == [
        (note.id, 1, False, "one", "create"),
        (note.id, 2, True, "one", "restore"),
    ]


def test_delete_and_add_again_in_two_flushes_is_one_version(notes: World, session: Session) -> None:
    note = add_note(session)
    session.delete(note)
    session.flush()
    session.add(Note(id=note.id, title="again"))
    session.commit()
    assert [row[1:] for row in notes.rows(Note, "title", "version_op")] == [
        (1, False, "one", "create"),
        (2, True, "again", "update"),
    ]


def test_delete_and_add_again_in_one_flush_is_one_version(notes: World, session: Session) -> None:
    note = add_note(session)
    again = Note(id=note.id, title="again")
    session.delete(note)
    session.add(again)
    session.commit()
    assert (again in session, note in session) == (True, False)
    assert [row[1:] for row in notes.rows(Note, "title", "version_op")] == [
        (1, False, "one", "create"),
        (2, True, "again", "update"),
    ]


def test_create_delete_and_create_with_the_same_id(notes: World, session: Session) -> None:
    note = Note(id=7, title="one")
    session.add(note)
    session.flush()
    session.delete(note)
    session.flush()
    session.add(Note(id=7, title="two"))
    session.commit()
    assert notes.rows(Note, "title") == [(7, 1, True, "two")]


def test_edit_delete_and_add_again_in_two_flushes(notes: World, session: Session) -> None:
    note = add_note(session)
    note.title = "two"
    session.flush()
    session.add(Note(id=note.id, title="again"))
    session.delete(note)
    session.commit()
    assert [row[1:] for row in notes.rows(Note, "title")] == [(1, False, "one"), (2, True, "again")]


def test_create_delete_and_create_in_one_flush_takes_no_old_value(
    notes: World, session: Session
) -> None:
    note = Note(id=7, title="one", body="b", stars=5)
    session.add(note)
    session.flush()
    session.delete(note)
    session.add(Note(id=7, title="two"))
    session.commit()
    assert notes.rows(Note, "title", "body", "stars", "version_op") == [
        (7, 1, True, "two", None, 0, "create")
    ]


def test_delete_add_again_and_delete_again(notes: World, session: Session) -> None:
    note = add_note(session)
    again = Note(id=note.id, title="again")
    session.delete(note)
    session.add(again)
    session.flush()
    session.delete(again)
    session.commit()
    assert [row[1:] for row in notes.rows(Note, "version_op")] == [
        (1, False, "create"),
        (2, True, "delete"),
    ]
