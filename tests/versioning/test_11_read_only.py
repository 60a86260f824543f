"""Row 11: edits of a superseded version, or of id, number or flag by hand, are refused clearly."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from tests.versioning.models import Note
from tests.versioning.world import World, add_note, edited_note
from webapp.versioning import ReadOnlyVersion, VersioningError

BY_HAND: dict[str, Any] = {
    "id": 99,
    "version_id": 7,
    "is_current_version": False,
    "version_from": datetime(2020, 1, 1, tzinfo=UTC),
    "version_to": datetime(2020, 1, 1, tzinfo=UTC),
    "version_op": "delete",
    "change_id": 12345,
    "calc_is_current_version": False,
}


@pytest.fixture
def unchanged(notes: World, session: Session) -> Any:
    """What is refused is not written, and the session can go on after a rollback."""
    note = edited_note(session, "one", "two")
    before = notes.rows(Note, *(column.name for column in Note.__table__.c))

    def check(error: type[Exception], match: str, work: Callable[[Note], object]) -> None:
        with pytest.raises(error, match=match):
            work(note)
            session.commit()
        session.rollback()
        assert notes.rows(Note, *(column.name for column in Note.__table__.c)) == before
        note.title = "three"
        session.commit()
        assert notes.rows(Note, "title")[-1] == (1, 3, True, "three")

    return check


def test_an_edit_of_a_superseded_version(unchanged: Any, session: Session) -> None:
    def forge(note: Note) -> None:
        session.get_one(Note, (note.id, 1)).title = "forged"

    unchanged(ReadOnlyVersion, "version 1 is superseded", forge)


def test_an_unversioned_edit_of_a_superseded_version(unchanged: Any, session: Session) -> None:
    def forge(note: Note) -> None:
        session.get_one(Note, (note.id, 1)).views = 9

    unchanged(ReadOnlyVersion, "version 1 is superseded", forge)


def test_a_delete_of_a_superseded_version(unchanged: Any, session: Session) -> None:
    unchanged(
        ReadOnlyVersion,
        "superseded",
        lambda note: session.delete(session.get_one(Note, (note.id, 1))),
    )


@pytest.mark.parametrize("name", BY_HAND)
def test_a_version_column_by_hand(unchanged: Any, name: str) -> None:
    unchanged(ReadOnlyVersion, name, lambda note: setattr(note, name, BY_HAND[name]))


@pytest.mark.parametrize("name", BY_HAND)
def test_a_version_column_beside_an_edit(unchanged: Any, name: str) -> None:
    def forge(note: Note) -> None:
        note.title = "forged"
        setattr(note, name, BY_HAND[name])

    unchanged(ReadOnlyVersion, name, forge)


@pytest.mark.parametrize("name", ["version_id", "is_current_version", "version_op", "change_id"])
def test_a_version_column_of_the_transactions_own_row(
    notes: World, session: Session, name: str
) -> None:
    note = add_note(session)
    note.title = "two"
    session.flush()
    setattr(note, name, BY_HAND[name])
    with pytest.raises(ReadOnlyVersion, match=name):
        session.commit()
    session.rollback()
    assert notes.rows(Note, "title") == [(1, 1, True, "one")]


@pytest.mark.parametrize("name", [name for name in BY_HAND if name != "calc_is_current_version"])
def test_a_version_column_in_a_statement(unchanged: Any, session: Session, name: str) -> None:
    unchanged(
        ReadOnlyVersion,
        name,
        lambda note: session.execute(update(Note).values({name: BY_HAND[name], "title": "forged"})),
    )


@pytest.mark.parametrize("name", [name for name in BY_HAND if name != "calc_is_current_version"])
def test_a_version_column_as_a_statements_parameter(
    unchanged: Any, session: Session, name: str
) -> None:
    unchanged(
        ReadOnlyVersion,
        name,
        lambda note: session.execute(update(Note), {name: BY_HAND[name], "title": "forged"}),
    )


def test_a_version_column_set_to_what_it_is(notes: World, session: Session) -> None:
    note = add_note(session)
    note.version_id, note.is_current_version, note.version_op = 1, True, "create"
    session.commit()
    assert notes.rows(Note) == [(1, 1, True)]


def test_a_number_by_hand_on_a_new_object(notes: World, session: Session) -> None:
    session.add(Note(title="one", version_id=7))
    with pytest.raises(ReadOnlyVersion, match="version_id"):
        session.commit()
    session.rollback()
    assert notes.rows(Note) == []


def test_the_first_number_by_hand_on_a_new_object(notes: World, session: Session) -> None:
    session.add(Note(title="one", version_id=1))
    session.commit()
    assert notes.rows(Note) == [(1, 1, True)]


@pytest.mark.parametrize("where", ["rows", "row", "values"])
@pytest.mark.parametrize("name", [name for name in BY_HAND if name != "id"][:-1])
def test_a_version_column_in_an_insert_statement(
    notes: World, session: Session, name: str, where: str
) -> None:
    row = {"title": "one", name: BY_HAND[name]}
    with pytest.raises(ReadOnlyVersion, match=name):
        if where == "rows":
            session.execute(insert(Note), [{"title": "good"}, row])
        elif where == "row":
            session.execute(insert(Note), row)
        else:
            session.execute(insert(Note).values(row))
    session.rollback()
    assert notes.rows(Note) == []


def test_an_edit_of_a_tombstone(notes: World, session: Session) -> None:
    note = add_note(session)
    session.delete(note)
    session.commit()
    note.title = "forged"
    with pytest.raises(ReadOnlyVersion, match="was deleted by version 2"):
        session.commit()
    session.rollback()
    assert len(notes.rows(Note)) == 2


def test_an_unversioned_edit_of_a_tombstone(notes: World, session: Session) -> None:
    note = add_note(session)
    session.delete(note)
    session.commit()
    note.views = 4
    with pytest.raises(ReadOnlyVersion):
        session.commit()


def test_an_edit_of_a_tombstone_that_this_transaction_made(notes: World, session: Session) -> None:
    note = add_note(session)
    session.delete(note)
    session.flush()
    note.title = "forged"
    with pytest.raises(ReadOnlyVersion):
        session.commit()
    session.rollback()
    assert notes.rows(Note, "title") == [(1, 1, True, "one")]


def test_a_statement_on_the_table_itself(unchanged: Any, session: Session) -> None:
    unchanged(
        VersioningError,
        "rewrite its history",
        lambda note: session.execute(update(Note.__table__).values(title="forged")),
    )


def test_a_record_that_bears_no_flag_is_not_edited(notes: World, session: Session) -> None:
    add_note(session)
    off = "0" if notes.is_sqlite else "false"
    notes.unguarded(f"UPDATE note SET is_current_version = {off}")
    note = session.get_one(Note, (1, 1))
    note.title = "two"
    with pytest.raises(VersioningError):
        session.commit()


def test_a_record_whose_flag_was_taken_meanwhile(notes: World) -> None:
    session = notes.session(expire_on_commit=False)
    note = add_note(session)
    off = "0" if notes.is_sqlite else "false"
    notes.unguarded(f"UPDATE note SET is_current_version = {off}")
    note.title = "two"
    with pytest.raises(VersioningError, match="flag"):
        session.commit()
    session.rollback()
    assert notes.rows(Note, "title") == [(1, 1, False, "one")]


def test_a_record_that_is_gone(notes: World) -> None:
    session = notes.session(expire_on_commit=False)
    note = add_note(session)
    notes.unguarded("DELETE FROM note")
    note.title = "two"
    with pytest.raises(VersioningError):
        session.commit()
