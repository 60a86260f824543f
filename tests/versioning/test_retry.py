"""Edits that many make at once: the record is held while it is edited, or the work is redone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from time import sleep
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session, sessionmaker

from tests.versioning.models import Note
from tests.versioning.world import World, add_note, edited_note, world
from webapp.versioning import VersionConflict, enable_versioning, hold, retry_on_conflict

WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


@pytest.fixture
def waiting_notes(postgresql_url: str) -> Iterator[World]:
    """PostgreSQL alone lets two transactions write at once."""
    with world(postgresql_url) as made:
        made.create(Note)
        yield made


@pytest.fixture
def sessions(notes: World) -> sessionmaker[Session]:
    factory = sessionmaker(notes.engine, expire_on_commit=False)
    enable_versioning(factory, clock=notes.clock)
    return factory


def overtaken(sessions: sessionmaker[Session], times: int) -> Any:
    """Work on note 1 whose session finds, so many times, that somebody else was first."""
    attempts: list[int] = []

    def work(session: Session) -> int:
        note = hold(session, Note, 1)
        assert note is not None
        attempts.append(note.version_id)
        if len(attempts) <= times:
            session.commit()  # lets go of the record, as a form does that is open meanwhile
            with sessions() as other:
                other.get_one(Note, (1, len(attempts))).title = f"other's {len(attempts)}"
                other.commit()
        note.title = "mine"
        return len(attempts)

    return work


def test_the_current_version_is_held(session: Session) -> None:
    edited_note(session, "one", "two")
    held = hold(session, Note, 1)
    assert held is not None
    assert (held.version_id, held.title) == (2, "two")


def test_a_record_that_is_not_there_cannot_be_held(session: Session) -> None:
    assert hold(session, Note, 1) is None


def test_a_deleted_record_cannot_be_held(session: Session) -> None:
    session.delete(add_note(session))
    session.commit()
    assert hold(session, Note, 1) is None


def test_edits_made_before_are_kept(session: Session) -> None:
    note = add_note(session)
    note.title = "two"
    assert hold(session, Note, 1) is note
    assert note.title == "two"


def test_who_waits_gets_the_version_of_who_was_first(waiting_notes: World) -> None:
    alice, bob = (waiting_notes.session(change_model=None) for _ in range(2))
    add_note(bob)
    mine = hold(bob, Note, 1)
    assert mine is not None
    found: list[tuple[int, str]] = []

    def edit_too() -> None:
        held = hold(alice, Note, 1)
        assert held is not None
        found.append((held.version_id, held.title))
        held.title = "alice's"
        alice.commit()

    thread = threading.Thread(target=edit_too)
    thread.start()
    while not bob.scalar(text(WAITING)):
        sleep(0.01)
    mine.title = "bob's"
    bob.commit()
    thread.join()
    assert found == [(2, "bob's")]
    assert [row[3] for row in waiting_notes.rows(Note, "title")] == ["one", "bob's", "alice's"]


def test_rows_that_refer_to_a_held_record_may_be_written(waiting_notes: World) -> None:
    alice, bob = (waiting_notes.session(change_model=None) for _ in range(2))
    add_note(bob)
    assert hold(bob, Note, 1) is not None
    referred = select(Note.title).with_for_update(read=True, key_share=True, nowait=True)
    assert alice.scalar(referred) == "one"


def test_the_work_is_committed(notes: World, sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        add_note(session)
    assert retry_on_conflict(sessions, overtaken(sessions, 0)) == 1
    assert [row[3] for row in notes.rows(Note, "title")] == ["one", "mine"]


def test_the_work_is_redone_on_top_of_who_was_first(
    notes: World, sessions: sessionmaker[Session]
) -> None:
    with sessions() as session:
        add_note(session)
    assert retry_on_conflict(sessions, overtaken(sessions, 2)) == 3
    titles = [row[3] for row in notes.rows(Note, "title")]
    assert titles == ["one", "other's 1", "other's 2", "mine"]


def test_after_the_last_attempt_the_conflict_is_raised(
    notes: World, sessions: sessionmaker[Session]
) -> None:
    with sessions() as session:
        add_note(session)
    with pytest.raises(VersionConflict):
        retry_on_conflict(sessions, overtaken(sessions, 9), attempts=2)
    assert [row[3] for row in notes.rows(Note, "title")] == ["one", "other's 1", "other's 2"]


def test_other_errors_are_raised_at_once(notes: World, sessions: sessionmaker[Session]) -> None:
    calls = []

    def work(session: Session) -> None:
        calls.append(1)
        session.add(Note(title="half done"))
        session.flush()
        session.execute(select(func.no_such_function()))

    with pytest.raises(Exception, match="no_such_function"):
        retry_on_conflict(sessions, work)
    assert (len(calls), notes.rows(Note)) == (1, [])
