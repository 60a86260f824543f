"""Each fault that SQL from outside can leave in a history is found, named and placed."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from tests.versioning.models import Note
from tests.versioning.world import World, add_note, edited_note
from webapp.versioning import Fault, ModelCheck, check_model, restore


def found(check: ModelCheck) -> list[tuple[Fault, Any, int]]:
    return [(each.fault, each.id, each.version_id) for each in check.findings]


def spoil(notes: World, session: Session, statement: str) -> ModelCheck:
    """What the check says after someone ran the statement without guards."""
    session.rollback()
    with notes.behind() as connection:
        connection.execute(text("DROP INDEX IF EXISTS uq_note_one_current"))
    notes.unguarded(statement)
    return check_model(session, Note)


@pytest.fixture
def three(session: Session) -> Note:
    """A note with three versions, beside another."""
    note = edited_note(session, "one", "two", "three")
    add_note(session, "other")
    return note


def test_what_the_core_writes_is_sound(session: Session, three: Note) -> None:
    session.delete(three)
    session.commit()
    restore(session, Note, three.id, 1)
    session.commit()
    session.execute(update(Note).values(stars=Note.stars + 1))
    session.commit()
    check = check_model(session, Note)
    assert (check.records, check.versions, check.counts, check.findings) == (2, 8, {}, ())
    assert check.checked_to is None


def test_a_record_deleted_and_added_again_is_sound(session: Session, three: Note) -> None:
    id = three.id
    session.delete(three)
    session.commit()
    session.add(Note(id=id, title="again"))
    session.commit()
    assert check_model(session, Note).faults == 0


def test_a_record_restored_and_deleted_in_one_transaction_is_sound(
    notes: World, session: Session, three: Note
) -> None:
    id = three.id
    session.delete(three)
    session.commit()
    restored = restore(session, Note, id, 1)
    session.flush()
    session.delete(restored)
    session.commit()
    assert [row[3] for row in notes.rows(Note, "version_op")][3:5] == ["delete", "delete"]
    assert check_model(session, Note).faults == 0


def test_a_flag_left_on_an_old_version(notes: World, session: Session, three: Note) -> None:
    check = spoil(
        notes, session, "UPDATE note SET is_current_version = true WHERE id = 1 AND version_id = 2"
    )
    assert found(check) == [(Fault.FLAG, 1, 2), (Fault.SEVERAL_CURRENT, 1, 3)]
    assert (check.findings[0].found, check.findings[0].expected) == (True, False)
    assert check.findings[1].found == 2


def test_a_flag_taken_away(notes: World, session: Session, three: Note) -> None:
    check = spoil(notes, session, "UPDATE note SET is_current_version = false WHERE id = 1")
    assert found(check) == [(Fault.FLAG, 1, 3), (Fault.NONE_CURRENT, 1, 3)]


def test_a_version_missing_in_the_middle(notes: World, session: Session, three: Note) -> None:
    check = spoil(notes, session, "DELETE FROM note WHERE id = 1 AND version_id = 2")
    assert (Fault.GAP, 1, 3) in found(check)
    gap = next(each for each in check.findings if each.fault is Fault.GAP)
    assert (gap.found, gap.expected) == (3, 2)


def test_the_first_version_missing(notes: World, session: Session, three: Note) -> None:
    check = spoil(notes, session, "DELETE FROM note WHERE id = 1 AND version_id = 1")
    assert found(check) == [(Fault.FIRST_MISSING, 1, 2)]


def test_the_newest_version_missing(notes: World, session: Session, three: Note) -> None:
    check = spoil(notes, session, "DELETE FROM note WHERE id = 1 AND version_id = 3")
    assert set(found(check)) == {
        (Fault.FLAG, 1, 2),
        (Fault.NONE_CURRENT, 1, 2),
        (Fault.PERIOD, 1, 2),
    }


def test_an_edit_of_a_deleted_record(notes: World, session: Session, three: Note) -> None:
    check = spoil(
        notes, session, "UPDATE note SET version_op = 'delete' WHERE id = 1 AND version_id = 2"
    )
    assert found(check) == [(Fault.AFTER_DELETION, 1, 3)]


@pytest.mark.parametrize(("version", "operation"), [(1, "update"), (2, "create")])
def test_an_operation_at_the_wrong_place(
    notes: World, session: Session, three: Note, version: int, operation: str
) -> None:
    check = spoil(
        notes,
        session,
        f"UPDATE note SET version_op = '{operation}' WHERE id = 1 AND version_id = {version}",
    )
    assert found(check) == [(Fault.OPERATION, 1, version)]


def test_a_time_moved(notes: World, session: Session, three: Note) -> None:
    check = spoil(
        notes,
        session,
        "UPDATE note SET version_from = (SELECT min(version_from) FROM note) WHERE version_id = 3",
    )
    assert set(found(check)) == {(Fault.TIME, 1, 3), (Fault.PERIOD, 1, 2)}


def test_a_time_moved_where_no_changes_are_recorded(db: World) -> None:
    db.create(Note)
    session = db.session(change_model=None)
    edited_note(session, "one", "two", "three")
    db.unguarded("UPDATE note SET version_from = version_to WHERE version_id = 2")
    session.rollback()
    assert found(check_model(session, Note)) == [(Fault.PERIOD, 1, 1)]


def test_a_time_before_the_predecessors_where_no_changes_are_recorded(db: World) -> None:
    db.create(Note)
    session = db.session(change_model=None)
    edited_note(session, "one", "two", "three")
    session.rollback()
    db.unguarded(
        "UPDATE note SET version_from ="
        " (SELECT version_from - (version_to - version_from) FROM note WHERE version_id = 1)"
        " WHERE version_id = 3"
    )
    assert (Fault.TIME, 1, 3) in found(check_model(session, Note))


def test_a_change_altered_in_its_time(notes: World, session: Session, three: Note) -> None:
    session.rollback()
    notes.unguarded("UPDATE change SET at = (SELECT min(at) FROM change) WHERE id = 3", "change")
    assert found(check_model(session, Note)) == [(Fault.TIME, 1, 3)]


def test_a_change_that_is_gone(notes: World, session: Session, three: Note) -> None:
    session.rollback()
    notes.unguarded("DELETE FROM change WHERE id = 2", "change")
    assert found(check_model(session, Note)) == [(Fault.CHANGE_MISSING, 1, 2)]


def test_it_goes_on_where_it_stopped(
    session: Session, three: Note, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.versioning.integrity.STRETCH", 2)
    first = check_model(session, Note, most_versions=1)
    assert (first.records, first.versions, first.checked_to) == (1, 3, 1)
    rest = check_model(session, Note, after=first.checked_to)
    assert (rest.records, rest.versions, rest.checked_to) == (1, 1, None)


def test_all_are_counted_and_the_first_are_kept(
    notes: World, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.versioning.integrity.STRETCH", 3)
    for title in "abcde":
        add_note(session, title)
    session.rollback()
    notes.unguarded("UPDATE note SET is_current_version = false")
    told: list[int] = []
    check = check_model(session, Note, most=2, progress=told.append)
    assert check.counts == {Fault.FLAG: 5, Fault.NONE_CURRENT: 5}
    assert [each.id for each in check.findings if each.fault is Fault.FLAG] == [1, 2]
    assert told == [3, 5]
