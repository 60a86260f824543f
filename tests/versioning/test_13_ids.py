"""Row 13: ids are allotted on every database, to many writers at once, and never used again."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import pytest
from sqlalchemy import BigInteger, String, Uuid, insert, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from tests.versioning.models import Note
from tests.versioning.world import World, add_note
from webapp.versioning import VersionConflict, Versioned, current, restore, timeline


def ids(notes: World) -> list[int]:
    return [row[0] for row in notes.rows(Note)]


def test_one(notes: World, session: Session) -> None:
    assert [add_note(session).id for _ in range(3)] == [1, 2, 3]
    assert ids(notes) == [1, 2, 3]


def test_many_in_one_flush_in_their_order(notes: World, session: Session) -> None:
    found = [Note(title=f"n{n}") for n in range(100)]
    session.add_all(found)
    session.commit()
    assert [note.id for note in found] == list(range(1, 101))


def test_after_ids_that_were_given(notes: World, session: Session) -> None:
    session.add(Note(id=1, title="given"))
    session.add(Note(id=50, title="given"))
    session.commit()
    assert add_note(session).id == 51


def test_beside_ids_that_are_given_in_the_same_flush(notes: World, session: Session) -> None:
    session.add_all([Note(title="a"), Note(id=1, title="given"), Note(title="b"), Note(title="c")])
    session.add(Note(id=2, title="given"))
    session.commit()
    assert len(set(ids(notes))) == 5


def test_the_id_of_a_deleted_record_is_not_given_again(notes: World, session: Session) -> None:
    note = add_note(session)
    session.delete(note)
    session.commit()
    assert add_note(session).id == 2


def test_given_ids_then_statements(notes: World, session: Session) -> None:
    session.execute(insert(Note), [{"id": 7, "title": "given"}])
    session.execute(insert(Note), [{"title": "a"}])
    session.commit()
    assert sorted(ids(notes)) == [7, 8]


def test_given_ids_by_another_program(notes: World, session: Session) -> None:
    add_note(session)
    other = notes.session(change_model=None)
    other.add(Note(id=10, title="given"))
    other.commit()
    assert add_note(session).id == 11


def test_the_id_is_known_after_the_flush(session: Session) -> None:
    note = Note(title="one")
    session.add(note)
    session.flush()
    assert (note.id, note.version_id) == (1, 1)


def test_an_id_twice_in_one_flush(notes: World, session: Session) -> None:
    session.add(Note(id=5, title="a"))
    session.add(Note(id=5, title="b"))
    with pytest.raises(IntegrityError):
        session.commit()
    session.rollback()
    assert ids(notes) == []


def test_four_threads_at_once(notes: World) -> None:
    failures: list[BaseException] = []

    def work() -> None:
        session = notes.session(change_model=None)
        try:
            for n in range(10):
                session.add_all([Note(title=f"n{n}") for _ in range(3)])
                session.commit()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(set(ids(notes))) == len(ids(notes)) == 120


def test_four_threads_after_an_id_that_was_given(notes: World) -> None:
    add_note(notes.session(change_model=None), id=1000)
    barrier = threading.Barrier(4)
    made: list[int] = []

    def work() -> None:
        session = notes.session(change_model=None)
        barrier.wait()
        made.append(add_note(session).id)
        session.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == sorted(set(made))
    assert min(made) > 1000


class Base(DeclarativeBase):
    pass


class ByUuid(Versioned, Base):
    __tablename__ = "by_uuid"
    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=uuid.uuid4)
    title: Mapped[str]


class ByString(Versioned, Base):
    __tablename__ = "by_string"
    id: Mapped[str] = mapped_column(String(20), primary_key=True)
    title: Mapped[str]


class ByBigInteger(Versioned, Base):
    __tablename__ = "by_big"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    title: Mapped[str]


KEYS: list[tuple[Any, Any]] = [
    (ByUuid, None),
    (ByUuid, uuid.UUID(int=7)),
    (ByString, "a key, with 'marks'"),
    (ByString, ""),
    (ByBigInteger, None),
    (ByBigInteger, 2**60),
]


@pytest.mark.parametrize(("model", "id"), KEYS, ids=str)
def test_keys_of_other_types(db: World, model: Any, id: Any) -> None:
    db.create(model)
    session = db.session(change_model=None)
    obj = model(id=id, title="one") if id is not None else model(title="one")
    session.add(obj)
    session.commit()
    key = obj.id
    obj.title = "two"
    session.commit()
    session.execute(update(model).values(title="three"))
    session.commit()
    session.delete(obj)
    session.commit()
    restore(session, model, key, 2)
    session.commit()
    assert db.rows(model, "title", "version_op") == [
        (key, 1, False, "one", "create"),
        (key, 2, False, "two", "update"),
        (key, 3, False, "three", "update"),
        (key, 4, False, "three", "delete"),
        (key, 5, True, "two", "restore"),
    ]
    assert timeline(session, model, key).total == 5
    assert [found.id for found in session.scalars(current(model))] == [key]


@pytest.mark.parametrize("model", [ByUuid, ByBigInteger])
def test_many_of_other_types(db: World, model: Any) -> None:
    db.create(model)
    session = db.session(change_model=None)
    session.add_all([model(title=f"n{n}") for n in range(20)])
    session.execute(insert(model), [{"title": "x"}, {"title": "y"}])
    session.commit()
    assert len({row[0] for row in db.rows(model)}) == 22


def test_a_string_key_that_is_missing(db: World) -> None:
    db.create(ByString)
    session = db.session(change_model=None)
    session.add(ByString(title="one"))
    with pytest.raises(Exception, match=r"(?i)null|key"):
        session.commit()


@pytest.mark.parametrize("model", [ByUuid, ByString, ByBigInteger])
def test_the_id_leads_the_key(model: Any) -> None:
    assert [column.name for column in model.__table__.primary_key] == ["id", "version_id"]


def test_a_uuid_conflict(db: World) -> None:
    db.create(ByUuid)
    alice, bob = (db.session(change_model=None, expire_on_commit=False) for _ in range(2))
    mine = ByUuid(title="one")
    alice.add(mine)
    alice.commit()
    key = mine.id
    bob.get_one(ByUuid, (key, 1)).title = "bob's"
    bob.commit()
    mine.title = "alice's"
    with pytest.raises(VersionConflict) as caught:
        alice.commit()
    assert (caught.value.id, caught.value.theirs) == (key, {"title": "bob's"})


def test_a_given_id_that_clashes_leaves_nothing(notes: World, session: Session) -> None:
    add_note(session, id=5)
    session.add_all([Note(title="good")])
    session.execute(insert(Note), [{"title": "good"}])
    with pytest.raises(IntegrityError):
        session.execute(insert(Note), [{"id": 5, "title": "bad"}])
    session.rollback()
    assert ids(notes) == [5]
