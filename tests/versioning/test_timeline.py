"""`timeline` and `diff`: each version against its true predecessor, its flags side by side."""

from __future__ import annotations

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from tests.versioning.models import Note
from tests.versioning.world import START, World, add_note, edited_note
from webapp.versioning import (
    FieldChange,
    ReadOnlyVersion,
    Timeline,
    UnknownVersion,
    change,
    diff,
    restore,
    timeline,
)


def long_history(session: Session, versions: int = 45) -> Note:
    return edited_note(session, *(f"t{n}" for n in range(1, versions + 1)))


def changes_of(found: Timeline) -> dict[int, tuple[FieldChange, ...]]:
    return {entry.version_id: entry.changes for entry in found.entries}


def test_newest_first(session: Session) -> None:
    edited_note(session, "one", "two", "three")
    found = timeline(session, Note, 1)
    assert [entry.version_id for entry in found.entries] == [3, 2, 1]
    assert (found.total, found.newest, found.older) == (3, 3, None)


def test_changes_old_and_new(session: Session) -> None:
    note = add_note(session, body="b")
    note.title, note.draft = "two", "d"
    session.commit()
    found = changes_of(timeline(session, Note, 1))
    assert found[2] == (FieldChange("title", "one", "two"), FieldChange("draft", None, "d"))
    assert FieldChange("title", None, "one") in found[1]
    assert all(change.new is not None for change in found[1])


def test_operations_actors_and_reasons(session: Session) -> None:
    with change(session, actor="Alice", reason="new", origin="test"):
        note = add_note(session)
    with change(session, actor="Bob"):
        note.title = "two"
        session.commit()
        session.delete(note)
        session.commit()
    restore(session, Note, 1, 1)
    session.commit()
    found = timeline(session, Note, 1).entries
    assert [(entry.operation, entry.actor, entry.reason, entry.origin) for entry in found] == [
        ("restore", None, None, None),
        ("delete", "Bob", None, None),
        ("update", "Bob", None, None),
        ("create", "Alice", "new", "test"),
    ]
    assert found[1].changes == ()
    assert found[-1].at > START


@pytest.mark.parametrize("limit", [1, 7, 20, 45, 100])
def test_changes_across_the_ends_of_pages(session: Session, limit: int) -> None:
    long_history(session)
    seen, before, pages = {}, None, 0
    while True:
        page = timeline(session, Note, 1, before=before, limit=limit)
        seen.update(changes_of(page))
        pages += 1
        if page.older is None:
            break
        assert page.older == min(entry.version_id for entry in page.entries)
        before = page.older
    assert pages == -(-45 // limit)
    assert sorted(seen) == list(range(1, 46))
    for n in range(2, 46):
        assert seen[n] == (FieldChange("title", f"t{n - 1}", f"t{n}"),)


def test_a_page_past_the_first(session: Session) -> None:
    edited_note(session, "one", "two")
    found = timeline(session, Note, 1, before=1)
    assert (found.entries, found.older, found.newest) == ((), None, 2)
    assert timeline(session, Note, 1, before=-5).entries == ()
    assert len(timeline(session, Note, 1, before=2**40).entries) == 2


def test_a_record_without_a_version(session: Session) -> None:
    with pytest.raises(UnknownVersion):
        timeline(session, Note, 99)


def test_at_most_four_statements(notes: World, session: Session) -> None:
    long_history(session)
    session.expunge_all()
    with notes.executions() as seen:
        timeline(session, Note, 1)
    assert len([word for word in seen if word == "SELECT"]) <= 4


def test_flag_and_calculated_agree(session: Session) -> None:
    edited_note(session, "one", "two", "three")
    found = timeline(session, Note, 1)
    assert [(entry.flag, entry.calculated) for entry in found.entries] == [
        (True, True),
        (False, False),
        (False, False),
    ]
    assert found.differing == ()


def test_a_flag_that_was_taken(notes: World, session: Session) -> None:
    edited_note(session, "one", "two", "three")
    notes.unguarded("UPDATE note SET is_current_version = (1 = 0)")
    found = timeline(session, Note, 1)
    assert [(e.version_id, e.flag, e.calculated, e.differs) for e in found.entries] == [
        (3, False, True, True),
        (2, False, False, False),
        (1, False, False, False),
    ]
    assert found.differing == (3,)


def test_a_flag_that_was_moved(notes: World, session: Session) -> None:
    edited_note(session, "one", "two", "three")
    notes.unguarded("UPDATE note SET is_current_version = (1 = 0)")
    notes.unguarded("UPDATE note SET is_current_version = (1 = 1) WHERE version_id = 1")
    found = timeline(session, Note, 1, limit=1)
    assert found.differing == (1, 3)
    assert found.entries[0].differs


def test_a_newest_version_that_was_removed(notes: World, session: Session) -> None:
    edited_note(session, "one", "two", "three")
    notes.unguarded("DELETE FROM note WHERE version_id = 3")
    found = timeline(session, Note, 1)
    assert (found.newest, found.differing) == (2, (2,))


def test_a_deleted_record(session: Session) -> None:
    session.delete(add_note(session))
    session.commit()
    found = timeline(session, Note, 1)
    assert [entry.operation for entry in found.entries] == ["delete", "create"]
    assert found.entries[0].flag and found.entries[0].calculated


def test_after_a_statement(session: Session) -> None:
    add_note(session)
    session.execute(update(Note).values(stars=5))
    session.commit()
    assert changes_of(timeline(session, Note, 1))[2] == (FieldChange("stars", 0, 5),)


def test_an_edit_under_way_is_shown(session: Session) -> None:
    note = add_note(session)
    note.title = "two"
    assert timeline(session, Note, 1).newest == 2
    session.rollback()
    assert timeline(session, Note, 1).newest == 1


def test_the_rows_of_a_timeline_are_read_only_history(session: Session) -> None:
    edited_note(session, "one", "two")
    found = timeline(session, Note, 1)
    assert [entry.row.title for entry in found.entries] == ["two", "one"]
    found.entries[1].row.title = "forged"
    with pytest.raises(ReadOnlyVersion):
        session.commit()


def test_diff_of_nothing() -> None:
    assert diff(None, None) == ()


def test_diff_of_a_side_that_is_missing(session: Session) -> None:
    note = add_note(session)
    assert FieldChange("title", None, "one") in diff(None, note)
    assert FieldChange("title", "one", None) in diff(note, None)
    assert diff(note, note) == ()
