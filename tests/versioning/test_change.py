"""`change`: who makes the session's next change, why and from where; one change a transaction."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from tests.versioning.models import Change, Note
from tests.versioning.world import World, add_note
from webapp.versioning import (
    ChangeContext,
    RecordExists,
    VersioningError,
    change,
    enable_versioning,
)


def recorded(notes: World) -> list[tuple[Any, ...]]:
    return notes.sql("SELECT id, actor, reason, origin, request_id FROM change ORDER BY id")


def test_it_is_recorded(notes: World, session: Session) -> None:
    with change(session, actor="Alice", reason="why", origin="test", request_id="r1"):
        note = add_note(session)
    assert recorded(notes) == [(1, "Alice", "why", "test", "r1")]
    assert notes.rows(Note, "change_id") == [(note.id, 1, True, 1)]


def test_a_block_within_a_block_adds_to_it(notes: World, session: Session) -> None:
    with change(session, actor="Alice", reason="outer"):
        with change(session, reason="inner"):
            add_note(session)
        add_note(session)
    add_note(session)
    assert [row[1:3] for row in recorded(notes)] == [
        ("Alice", "inner"),
        ("Alice", "outer"),
        (None, None),
    ]


def test_a_block_may_hold_many_transactions(notes: World, session: Session) -> None:
    with change(session, actor="Alice"):
        add_note(session)
        session.rollback()
        add_note(session)
    assert [row[1] for row in recorded(notes)] == ["Alice", "Alice"]


def test_a_block_that_begins_too_late_is_refused(notes: World, session: Session) -> None:
    session.add(Note(title="one"))
    session.flush()
    with pytest.raises(VersioningError, match="already"), change(session, actor="Eve"):
        pass
    session.commit()
    assert recorded(notes) == [(1, None, None, None, None)]


def test_a_block_ends_with_an_error(notes: World, session: Session) -> None:
    with pytest.raises(RuntimeError), change(session, actor="Alice"):
        raise RuntimeError
    add_note(session)
    assert recorded(notes)[0][1] is None


def test_a_transaction_rolled_back_records_nothing(notes: World, session: Session) -> None:
    with change(session, actor="Alice"):
        session.add(Note(title="one"))
        session.flush()
        session.rollback()
    session.commit()
    assert recorded(notes) == []


def test_a_savepoint_rolled_back_records_nothing(notes: World, session: Session) -> None:
    savepoint = session.begin_nested()
    session.add(Note(title="one"))
    session.flush()
    savepoint.rollback()
    session.commit()
    assert recorded(notes) == []


def test_after_a_savepoint_rolled_back_it_is_recorded_anew(notes: World, session: Session) -> None:
    with change(session, actor="Alice"):
        savepoint = session.begin_nested()
        session.add(Note(title="lost"))
        session.flush()
        savepoint.rollback()
        add_note(session)
    assert [row[1] for row in recorded(notes)] == ["Alice"]
    (note,) = notes.rows(Note, "change_id")
    assert note[3] == recorded(notes)[0][0]


def test_one_change_for_objects_and_statements(notes: World, session: Session) -> None:
    note = add_note(session)
    note.title = "two"
    session.execute(update(Note).values(body="b"))
    session.add(Note(title="new"))
    session.commit()
    assert len(recorded(notes)) == 2
    assert {row[3] for row in notes.rows(Note, "change_id") if row[2]} == {2}


def test_describe_is_asked_once_a_transaction(notes: World) -> None:
    asked = []

    def describe() -> ChangeContext:
        asked.append(1)
        return ChangeContext(actor="describer", reason="asked", origin="web")

    factory = sessionmaker(notes.engine)
    enable_versioning(factory, change_model=Change, describe=describe)
    session = notes.keep(factory())
    note = add_note(session)
    note.title = "two"
    session.flush()
    note.body = "b"
    session.commit()
    assert len(asked) == 2
    assert [row[1:4] for row in recorded(notes)] == [("describer", "asked", "web")] * 2


def test_a_block_overrides_describe(notes: World) -> None:
    session = notes.session()
    context = ChangeContext(actor="describer", reason="asked")
    enable_versioning(session, change_model=Change, describe=lambda: context)
    with change(session, actor="Alice"):
        add_note(session)
    assert recorded(notes)[0][1:3] == ("Alice", "asked")


def test_a_time_of_its_own(notes: World, session: Session) -> None:
    moment = datetime(2001, 2, 3, tzinfo=UTC)
    with change(session, at=moment):
        note = add_note(session)
    assert note.version_from == moment
    assert session.scalars(select(Change.at)).one() == moment


def test_a_scoped_session(notes: World) -> None:
    session = scoped_session(sessionmaker(notes.engine))
    enable_versioning(session, change_model=Change)
    with change(session, actor="Alice"):
        session.add(Note(title="one"))
        session.commit()
    session.remove()
    assert recorded(notes)[0][1] == "Alice"


def test_no_version_no_change(notes: World, session: Session) -> None:
    with change(session, actor="Alice"):
        note = add_note(session)
        note.title = "one"
        session.commit()
        note.views = 5
        session.commit()
        session.execute(update(Note).where(Note.id == 99).values(title="x"))
        session.commit()
    assert len(recorded(notes)) == 1


def test_without_a_table_of_changes_versions_of_a_transaction_still_share_a_number(
    notes: World,
) -> None:
    session = notes.session(change_model=None)
    session.add_all([Note(title="a"), Note(title="b")])
    session.commit()
    add_note(session, "c")
    numbers = [row[3] for row in notes.rows(Note, "change_id")]
    assert numbers[0] == numbers[1] != numbers[2]
    assert all(0 <= number < 2**63 for number in numbers)


def test_a_creation_that_is_refused_records_none(notes: World, session: Session) -> None:
    id = add_note(session).id
    session.expunge_all()
    twin = Note(id=id, title="twin")
    session.add_all([Note(title="another"), twin])
    with pytest.raises(RecordExists):
        session.flush()
    session.expunge_all()
    session.commit()
    assert len(recorded(notes)) == 1
