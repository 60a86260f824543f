"""Row 2: one version per record and transaction; the transaction's own row is amended till then."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.versioning.models import Note
from tests.versioning.world import World, add_note
from webapp.versioning import restore


def test_several_flushes(notes: World, session: Session) -> None:
    note = add_note(session)
    for title in ("two", "three", "four"):
        note.title = title
        session.flush()
    session.commit()
    assert notes.rows(Note, "title") == [(note.id, 1, False, "one"), (note.id, 2, True, "four")]


def test_autoflush_between_two_sets(notes: World, session: Session) -> None:
    note = add_note(session)
    note.title = "two"
    assert session.scalars(select(Note.title).where(Note.is_current_version)).all() == ["two"]
    note.body = "b"
    session.commit()
    assert notes.rows(Note, "title", "body") == [
        (note.id, 1, False, "one", None),
        (note.id, 2, True, "two", "b"),
    ]


def test_the_next_transaction_makes_the_next_version(notes: World, session: Session) -> None:
    note = add_note(session)
    for title in ("two", "three"):
        note.title = title
        session.flush()
        note.stars += 1
        session.commit()
    assert notes.rows(Note, "title", "stars") == [
        (note.id, 1, False, "one", 0),
        (note.id, 2, False, "two", 1),
        (note.id, 3, True, "three", 2),
    ]


def test_all_rows_of_a_transaction_bear_one_change_and_one_time(
    notes: World, session: Session
) -> None:
    first, second = Note(title="a"), Note(title="b")
    session.add_all([first, second])
    session.commit()
    first.title = "c"
    session.flush()
    second.title = "d"
    session.add(Note(title="e"))
    session.commit()
    made = notes.rows(Note, "change_id", "version_from")
    assert len({row[3:] for row in made if row[2]}) == 1
    assert notes.count("change") == 2


def test_an_amended_row_expired_in_between(notes: World, session: Session) -> None:
    note = add_note(session, body="b", draft="d")
    note.title = "two"
    session.flush()
    session.expire(note)
    note.stars = 5
    session.commit()
    assert notes.rows(Note, "title", "body", "draft", "stars")[1] == (
        note.id,
        2,
        True,
        "two",
        "b",
        "d",
        5,
    )


def test_an_expression_amends_the_row(notes: World, session: Session) -> None:
    note = add_note(session, stars=1)
    note.title = "two"
    session.flush()
    note.stars = Note.stars + 10
    session.commit()
    assert notes.rows(Note, "stars") == [(note.id, 1, False, 1), (note.id, 2, True, 11)]
    assert note.stars == 11


def test_an_object_read_anew_in_the_transaction_is_amended(notes: World, session: Session) -> None:
    note = add_note(session)
    note.title = "two"
    session.flush()
    key = (note.id, 2)
    session.expunge(note)
    again = session.get_one(Note, key)
    again.title = "three"
    session.commit()
    assert notes.rows(Note, "title") == [(*key[:1], 1, False, "one"), (*key, True, "three")]


@pytest.mark.parametrize("order", ["object first", "statement first"])
def test_objects_and_statements_share_the_version(
    notes: World, session: Session, order: str
) -> None:
    note = add_note(session)
    for step in (0, 1):
        if (step == 0) == (order == "object first"):
            note.title = "two"
            session.flush()
        else:
            session.execute(update(Note).values(body="b"))
    session.commit()
    assert notes.rows(Note, "title", "body") == [
        (note.id, 1, False, "one", None),
        (note.id, 2, True, "two", "b"),
    ]


def test_a_restore_after_an_edit_amends_it(notes: World, session: Session) -> None:
    note = add_note(session)
    note.title = "two"
    session.commit()
    note.title = "three"
    session.flush()
    restore(session, Note, note.id, 1)
    session.commit()
    assert notes.rows(Note, "title", "version_op") == [
        (note.id, 1, False, "one", "create"),
        (note.id, 2, False, "two", "update"),
        (note.id, 3, True, "one", "restore"),
    ]


def test_the_old_row_is_as_it_was_after_amending(notes: World, session: Session) -> None:
    note = add_note(session, body="b", draft="d", stars=3)
    columns = ("title", "body", "draft", "stars", "views", "version_from", "change_id")
    (before,) = notes.rows(Note, *columns)
    note.title = "two"
    session.flush()
    note.body = "c"
    session.commit()
    assert notes.rows(Note, *columns)[0] == (note.id, 1, False, *before[3:])
