"""Row 8: who edits a version that is no longer current gets `VersionConflict`; nothing is lost."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError, PendingRollbackError
from sqlalchemy.orm import Session

from tests.versioning.models import Note
from tests.versioning.world import World, add_note, world
from webapp.versioning import ReadOnlyVersion, VersionConflict, VersioningError, restore


@pytest.fixture
def alice(notes: World) -> Session:
    """Reads a note and keeps it, its transaction ended: a form that is open in a browser."""
    return notes.session(expire_on_commit=False)


@pytest.fixture
def bob(notes: World) -> Session:
    return notes.session(expire_on_commit=False)


def both_read(alice: Session, bob: Session, **values: Any) -> tuple[Note, Note]:
    mine = add_note(alice, **values)
    theirs = bob.get_one(Note, (mine.id, 1))
    bob.commit()
    return mine, theirs


def save(session: Session, note: Note, **values: Any) -> None:
    for name, value in values.items():
        setattr(note, name, value)
    session.commit()


def test_the_second_to_save_gets_a_conflict(notes: World, alice: Session, bob: Session) -> None:
    mine, theirs = both_read(alice, bob)
    save(bob, theirs, title="bob's")
    with pytest.raises(VersionConflict):
        save(alice, mine, title="alice's")
    alice.rollback()
    assert notes.rows(Note, "title") == [(1, 1, False, "one"), (1, 2, True, "bob's")]


def test_the_conflict_carries_both_sides(alice: Session, bob: Session) -> None:
    mine, theirs = both_read(alice, bob, body="b", draft="d")
    save(bob, theirs, title="bob's", stars=1)
    save(bob, theirs, stars=2)
    with pytest.raises(VersionConflict) as caught:
        save(alice, mine, title="alice's", body=None)
    found = caught.value
    assert (found.model, found.id, found.base_version, found.current_version) == (Note, 1, 1, 3)
    values = {"body": "b", "draft": "d", "views": 0}
    assert found.base == {"title": "one", "stars": 0, **values}
    assert found.theirs == {"title": "bob's", "stars": 2, **values}
    assert found.yours == {"title": "alice's", "body": None}
    assert "version 3" in str(found)
    assert isinstance(found, VersioningError)


def test_after_a_rollback_the_session_can_save(notes: World, alice: Session, bob: Session) -> None:
    mine, theirs = both_read(alice, bob)
    save(bob, theirs, body="bob's")
    with pytest.raises(VersionConflict):
        save(alice, mine, title="alice's")
    alice.rollback()
    newest = alice.get_one(Note, (1, 2))
    save(alice, newest, title="alice's")
    assert notes.rows(Note, "title", "body")[-1] == (1, 3, True, "alice's", "bob's")


def test_a_session_that_goes_on_without_a_rollback_is_stopped(
    notes: World, alice: Session, bob: Session
) -> None:
    mine, theirs = both_read(alice, bob)
    save(bob, theirs, body="bob's")
    mine.title = "alice's"
    with pytest.raises(VersionConflict):
        alice.flush()
    with pytest.raises(PendingRollbackError):
        alice.commit()
    alice.rollback()
    assert len(notes.rows(Note)) == 2


def test_nothing_of_a_batch_is_written(notes: World, alice: Session, bob: Session) -> None:
    mine = [Note(title=f"n{n}") for n in range(50)]
    alice.add_all(mine)
    alice.commit()
    theirs = bob.get_one(Note, (25, 1))
    save(bob, theirs, title="bob's")
    for note in mine:
        note.title = "alice's"
    alice.add(Note(title="new"))
    with pytest.raises(VersionConflict) as caught:
        alice.flush()
    assert caught.value.id == 25
    alice.rollback()
    alice.commit()
    changed = [row for row in notes.rows(Note, "title") if row[1] > 1]
    assert (changed, len(notes.rows(Note))) == ([(25, 2, True, "bob's")], 51)


def test_nothing_of_a_batch_in_a_savepoint_is_written(
    notes: World, alice: Session, bob: Session
) -> None:
    mine = [Note(title=f"n{n}") for n in range(5)]
    alice.add_all(mine)
    alice.commit()
    save(bob, bob.get_one(Note, (3, 1)), title="bob's")
    mine[0].title = "kept"
    alice.flush()
    with pytest.raises(VersionConflict), alice.begin_nested():
        for note in mine[1:]:
            note.title = "lost"
    alice.commit()
    assert [row for row in notes.rows(Note, "title") if row[1] > 1] == [
        (1, 2, True, "kept"),
        (3, 2, True, "bob's"),
    ]


def test_equal_edits_conflict_too(alice: Session, bob: Session) -> None:
    mine, theirs = both_read(alice, bob)
    save(bob, theirs, title="same")
    with pytest.raises(VersionConflict):
        save(alice, mine, title="same")


def test_a_delete_after_an_edit(notes: World, alice: Session, bob: Session) -> None:
    mine, theirs = both_read(alice, bob)
    save(bob, theirs, title="bob's")
    alice.delete(mine)
    with pytest.raises(VersionConflict) as caught:
        alice.commit()
    assert caught.value.yours == {}
    alice.rollback()
    assert mine in alice
    assert notes.rows(Note, "version_op")[-1] == (1, 2, True, "update")


def test_an_edit_after_a_delete(notes: World, alice: Session, bob: Session) -> None:
    mine, theirs = both_read(alice, bob)
    bob.delete(theirs)
    bob.commit()
    with pytest.raises(VersionConflict) as caught:
        save(alice, mine, title="alice's")
    assert caught.value.current_version == 2
    alice.rollback()
    assert notes.rows(Note, "version_op")[-1] == (1, 2, True, "delete")


def test_a_restore_of_a_record_that_was_restored_meanwhile(
    notes: World, alice: Session, bob: Session
) -> None:
    mine, _ = both_read(alice, bob)
    alice.delete(mine)
    alice.commit()
    tombstone = alice.get_one(Note, (1, 2))
    alice.commit()
    restore(bob, Note, 1, 1)
    bob.commit()
    assert tombstone.version_op == "delete"
    alice.add(Note(id=1, title="again"))
    with pytest.raises(VersioningError):
        alice.commit()
    alice.rollback()
    assert [row[3] for row in notes.rows(Note, "version_op")] == ["create", "delete", "restore"]


def test_an_unversioned_counter_of_a_stale_object_is_no_conflict(
    notes: World, alice: Session, bob: Session
) -> None:
    mine, theirs = both_read(alice, bob)
    save(bob, theirs, title="bob's")
    save(alice, mine, views=5)
    assert notes.rows(Note, "views") == [(1, 1, False, 0), (1, 2, True, 5)]


def test_an_unversioned_counter_of_a_deleted_record_is_a_conflict(
    notes: World, alice: Session, bob: Session
) -> None:
    mine, theirs = both_read(alice, bob)
    bob.delete(theirs)
    bob.commit()
    with pytest.raises(VersionConflict):
        save(alice, mine, views=5)
    alice.rollback()
    assert notes.rows(Note, "views")[-1] == (1, 2, True, 0)


def test_a_stale_object_loaded_in_part(alice: Session, bob: Session) -> None:
    mine, theirs = both_read(alice, bob)
    save(bob, theirs, title="bob's")
    alice.expire(mine, ["title", "version_from"])
    with pytest.raises(VersionConflict):
        save(alice, mine, title="alice's")


def test_a_stale_object_that_learns_of_it_is_refused_all_the_same(
    alice: Session, bob: Session
) -> None:
    mine, theirs = both_read(alice, bob)
    save(bob, theirs, title="bob's")
    alice.expire(mine)
    with pytest.raises((VersionConflict, ReadOnlyVersion)):
        save(alice, mine, title="alice's")


def test_one_of_two_new_records_with_one_id(notes: World, alice: Session, bob: Session) -> None:
    save(bob, add_note(bob, id=7))
    alice.add(Note(id=7, title="alice's"))
    with pytest.raises((VersioningError, IntegrityError)):
        alice.commit()
    alice.rollback()
    assert notes.rows(Note, "title") == [(7, 1, True, "one")]


# --- at the same time ---


def later(work: Any) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


@pytest.fixture
def waiting_notes(postgresql_url: str) -> Any:
    """PostgreSQL alone lets two transactions write at once."""
    with world(postgresql_url) as made:
        made.create(Note)
        yield made


def test_an_edit_that_waited_for_another(waiting_notes: World) -> None:
    alice, bob = (waiting_notes.session(change_model=None) for _ in range(2))
    mine = add_note(alice)
    theirs = bob.get_one(Note, (1, 1))
    assert mine.title == theirs.title
    theirs.title = "bob's"
    bob.flush()
    mine.title = "alice's"
    thread = later(lambda: (threading.Event().wait(0.3), bob.commit()))
    with pytest.raises(VersionConflict) as caught:
        alice.flush()
    thread.join()
    assert caught.value.theirs["title"] == "bob's"
    alice.rollback()
    assert waiting_notes.rows(Note, "title")[-1] == (1, 2, True, "bob's")


def test_an_edit_that_waited_for_one_that_was_rolled_back(waiting_notes: World) -> None:
    alice, bob = (waiting_notes.session(change_model=None) for _ in range(2))
    mine = add_note(alice)
    theirs = bob.get_one(Note, (1, 1))
    assert mine.title == theirs.title
    theirs.title = "bob's"
    bob.flush()
    mine.title = "alice's"
    thread = later(lambda: (threading.Event().wait(0.3), bob.rollback()))
    alice.commit()
    thread.join()
    assert waiting_notes.rows(Note, "title") == [(1, 1, False, "one"), (1, 2, True, "alice's")]


@pytest.mark.parametrize(
    "statement", [update(Note).values(body="alice's"), delete(Note)], ids=["update", "delete"]
)
def test_a_statement_that_waited_for_another_edit(waiting_notes: World, statement: Any) -> None:
    alice, bob = (waiting_notes.session(change_model=None) for _ in range(2))
    bob.add_all([Note(title="one"), Note(title="two")])
    bob.commit()
    bob.get_one(Note, (2, 1)).title = "bob's"
    bob.flush()
    thread = later(lambda: (threading.Event().wait(0.3), bob.commit()))
    with pytest.raises(VersionConflict) as caught:
        alice.execute(statement)
    thread.join()
    assert (caught.value.id, caught.value.base_version, caught.value.current_version) == (2, 1, 2)
    alice.rollback()
    assert waiting_notes.rows(Note, "title") == [
        (1, 1, True, "one"),
        (2, 1, False, "two"),
        (2, 2, True, "bob's"),
    ]
    alice.execute(statement)
    alice.commit()
    assert [row[:3] for row in waiting_notes.rows(Note) if row[2]] == [(1, 2, True), (2, 3, True)]


def test_four_threads_that_retry_lose_nothing(notes: World) -> None:
    add_note(notes.session(change_model=None), stars=0)

    def work() -> None:
        session = notes.session(change_model=None)
        done = 0
        while done < 10:
            note = session.query(Note).filter(Note.is_current_version).one()
            try:
                note.stars += 1
                session.commit()
                done += 1
            except VersionConflict:
                session.rollback()

    threads = [later(work) for _ in range(4)]
    for thread in threads:
        thread.join()
    found = notes.rows(Note, "stars")
    assert [row[1:] for row in found] == [(n, n == 41, n - 1) for n in range(1, 42)]
