"""Row 5: what was not loaded is copied as it was: never NULL, never the default."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import LargeBinary, select, update
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    defer,
    load_only,
    mapped_column,
    raiseload,
)

from tests.versioning.models import Note
from tests.versioning.world import World, add_note
from webapp.versioning import Versioned, current

FULL = {"body": "b", "draft": "d", "stars": 7, "views": 9}
COLUMNS = ("title", "body", "draft", "stars", "views")


def make_note(session: Session) -> int:
    id: int = add_note(session, "one", **FULL).id
    session.expunge_all()
    return id


def test_a_deferred_column(notes: World, session: Session) -> None:
    id = make_note(session)
    note = session.scalars(current(Note)).one()
    note.title = "two"
    session.commit()
    assert notes.rows(Note, *COLUMNS)[1] == (id, 2, True, "two", "b", "d", 7, 9)
    assert note.draft == "d"


OPTIONS: list[Any] = [
    load_only(Note.title),
    load_only(Note.title, raiseload=True),
    defer(Note.body),
    defer(Note.is_current_version),
    defer(Note.version_op),
    defer(Note.change_id, raiseload=True),
    raiseload("*"),
]


@pytest.mark.parametrize("option", OPTIONS, ids=range(len(OPTIONS)))
def test_an_object_loaded_in_part(notes: World, session: Session, option: Any) -> None:
    id = make_note(session)
    note = session.scalars(select(Note).options(option)).one()
    note.title = "two"
    session.commit()
    assert notes.rows(Note, *COLUMNS) == [
        (id, 1, False, "one", "b", "d", 7, 9),
        (id, 2, True, "two", "b", "d", 7, 9),
    ]


def test_an_expired_object(notes: World, session: Session) -> None:
    id = make_note(session)
    note = session.scalars(current(Note)).one()
    session.expire(note)
    note.title = "two"
    session.commit()
    assert notes.rows(Note, *COLUMNS)[1] == (id, 2, True, "two", "b", "d", 7, 9)


@pytest.mark.parametrize("name", ["id", "version_id", "is_current_version", "version_from", "body"])
def test_one_expired_attribute(notes: World, session: Session, name: str) -> None:
    id = make_note(session)
    note = session.scalars(current(Note)).one()
    note.title = "two"
    session.expire(note, [name])
    session.commit()
    assert notes.rows(Note, *COLUMNS)[1] == (id, 2, True, "two", "b", "d", 7, 9)


def test_a_deferred_column_that_is_set(notes: World, session: Session) -> None:
    id = make_note(session)
    note = session.scalars(current(Note)).one()
    note.draft = "new"
    session.commit()
    assert [row[1:] for row in notes.rows(Note, "draft")] == [(1, False, "d"), (2, True, "new")]
    assert note.id == id


def test_a_deleted_object_loaded_in_part(notes: World, session: Session) -> None:
    id = make_note(session)
    session.delete(session.scalars(select(Note).options(load_only(Note.id))).one())
    session.commit()
    assert notes.rows(Note, *COLUMNS)[1] == (id, 2, True, "one", "b", "d", 7, 9)


def test_a_statement_over_unloaded_objects(notes: World, session: Session) -> None:
    id = make_note(session)
    note = session.scalars(select(Note).options(load_only(Note.id))).one()
    session.execute(update(Note).values(title="two"))
    session.commit()
    assert notes.rows(Note, *COLUMNS)[1] == (id, 2, True, "two", "b", "d", 7, 9)
    assert note.draft == "d"


def test_an_object_expired_again_and_again(notes: World, session: Session) -> None:
    id = make_note(session)
    note = session.scalars(current(Note)).one()
    for n in range(2, 6):
        note.title = f"t{n}"
        session.flush()
        session.expire(note)
        session.commit()
    assert notes.rows(Note, *COLUMNS)[-1] == (id, 5, True, "t5", "b", "d", 7, 9)


def test_a_large_deferred_value_never_leaves_the_database(db: World) -> None:
    class Base(DeclarativeBase):
        pass

    class File(Versioned, Base):
        __tablename__ = "file"

        name: Mapped[str]
        content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)

    db.create(File)
    session = db.session(change_model=None)
    session.add(File(name="a", content=b"\x00" * 100_000))
    session.commit()
    session.expunge_all()
    file = session.scalars(select(File)).one()
    file.name = "b"
    session.commit()
    assert "content" not in file.__dict__
    assert [row[3] for row in db.rows(File, "content")] == [b"\x00" * 100_000] * 2


def test_a_deleted_attribute_is_null_in_the_new_row_alone(notes: World, session: Session) -> None:
    make_note(session)
    note = session.scalars(current(Note)).one()
    del note.body
    session.commit()
    assert [row[1:] for row in notes.rows(Note, "body")] == [(1, False, "b"), (2, True, None)]


@pytest.mark.parametrize("name", ["id", "version_id", "is_current_version", "body", "draft"])
def test_reading_what_is_expired_while_an_edit_waits(
    notes: World, session: Session, name: str
) -> None:
    make_note(session)
    note = session.scalars(current(Note)).one()
    session.expire(note)
    note.title = "two"
    getattr(note, name)
    session.flush()
    assert (note.version_id, note.is_current_version, note.title) == (2, True, "two")
    note.title = "three"
    session.commit()
    assert [row[3] for row in notes.rows(Note, "title")] == ["one", "three"]


def test_a_refresh_gives_an_edit_up(notes: World, session: Session) -> None:
    id = make_note(session)
    note = session.scalars(current(Note)).one()
    note.title = "lost"
    session.refresh(note)
    session.commit()
    assert notes.rows(Note, "title") == [(id, 1, True, "one")]
