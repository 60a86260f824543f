"""Row 17 in part: objects and errors may be pickled, and go on where they come back."""

from __future__ import annotations

import copy
import pickle

import pytest
from sqlalchemy.orm import Session

from tests.versioning.models import Note
from tests.versioning.world import World, add_note
from webapp.versioning import Timeline, VersionConflict, timeline


def loaded(session: Session) -> Note:
    note = add_note(session)
    session.refresh(note)
    session.expunge(note)
    session.commit()
    return note


def test_a_pickled_object_is_edited_in_another_session(notes: World, session: Session) -> None:
    note: Note = pickle.loads(pickle.dumps(loaded(session)))
    note.title = "two"
    other = notes.session()
    other.add(note)
    other.commit()
    assert notes.rows(Note, "title") == [(1, 1, False, "one"), (1, 2, True, "two")]


def test_an_edit_is_pickled_with_the_object(notes: World, session: Session) -> None:
    note = loaded(session)
    note.title = "two"
    back: Note = pickle.loads(pickle.dumps(note))
    other = notes.session()
    other.add(back)
    other.commit()
    assert notes.rows(Note, "title")[-1] == (1, 2, True, "two")


def test_a_pickled_object_that_is_stale_conflicts(notes: World, session: Session) -> None:
    stored = pickle.dumps(loaded(session))
    other = notes.session()
    other.get_one(Note, (1, 1)).title = "theirs"
    other.commit()
    other.expunge_all()
    note: Note = pickle.loads(stored)
    note.title = "mine"
    other.add(note)
    with pytest.raises(VersionConflict):
        other.commit()


def test_an_object_after_its_edit(notes: World, session: Session) -> None:
    note = add_note(session)
    note.title = "two"
    session.flush()
    back: Note = pickle.loads(pickle.dumps(note))
    assert (back.version_id, back.title, back.is_current_version) == (2, "two", True)


def test_merge_of_a_detached_object(notes: World, session: Session) -> None:
    note = loaded(session)
    note.title = "two"
    merged = notes.session().merge(note)
    assert merged.title == "two"
    notes.sessions[-1].commit()
    assert notes.rows(Note, "title")[-1] == (1, 2, True, "two")


def test_a_timeline(session: Session) -> None:
    add_note(session)
    found: Timeline = pickle.loads(pickle.dumps(timeline(session, Note, 1)))
    assert found.entries[0].changes[0].new == "one"


def test_a_conflict() -> None:
    conflict = VersionConflict(Note, 1, 2, 3, base={"a": 1}, theirs={"a": 2}, yours={"a": 3})
    for back in (pickle.loads(pickle.dumps(conflict)), copy.copy(conflict)):
        assert (back.id, back.base_version, back.current_version) == (1, 2, 3)
        assert (back.base, back.theirs, back.yours) == ({"a": 1}, {"a": 2}, {"a": 3})
        assert str(back) == str(conflict)
