"""Row 7: an edit costs one UPDATE of one row and one INSERT, whatever the record's history."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from tests.versioning.models import Note
from tests.versioning.world import World, add_note
from webapp.versioning import Versioned, current


@pytest.fixture
def session(notes: World) -> Session:
    """Without a table of changes, whose one row a transaction would come on top."""
    return notes.session(change_model=None)


def superseding(world: World) -> list[str]:
    """What supersedes a row, or many: on PostgreSQL one statement, ``WITH … (UPDATE …)``."""
    return ["UPDATE", "INSERT"] if world.is_sqlite else ["WITH"]


def written(seen: list[str]) -> list[str]:
    return [word for word in seen if word != "SELECT"]


def test_one_edit(notes: World, session: Session) -> None:
    note = add_note(session)
    assert note.title == "one"
    note.title = "two"
    with notes.executions() as seen:
        session.commit()
    assert seen == superseding(notes)


def test_one_edit_of_an_expired_object(notes: World, session: Session) -> None:
    note = add_note(session)
    note.title = "two"
    with notes.executions() as seen:
        session.flush()
    assert [word for word in seen if word != "BEGIN"] == ["SELECT", *superseding(notes)]


def test_a_deletion(notes: World, session: Session) -> None:
    note = add_note(session)
    assert note.title == "one"
    session.delete(note)
    with notes.executions() as seen:
        session.commit()
    assert seen == superseding(notes)


def test_the_update_touches_one_row(notes: World, session: Session) -> None:
    note = add_note(session)
    for n in range(5):
        note.title = f"t{n}"
        session.commit()
    ends = [row[3] for row in notes.rows(Note, "version_to")]
    assert len(set(ends)) == 6


def test_the_same_at_version_300(notes: World, session: Session) -> None:
    note = add_note(session)
    costs = set()
    for n in range(2, 302):
        assert note.version_id == n - 1
        note.title = f"t{n}"
        with notes.executions() as seen:
            session.commit()
        costs.add(tuple(seen))
    assert costs == {tuple(superseding(notes))}
    assert len(notes.rows(Note)) == 301


def make(session: Session, count: int) -> list[Note]:
    session.add_all([Note(title=f"n{n}", body="b", draft="d") for n in range(count)])
    session.commit()
    return list(session.scalars(current(Note).order_by(Note.id)))


def test_a_thousand_edits(notes: World, session: Session) -> None:
    found = make(session, 1000)
    for n, note in enumerate(found):
        note.title = f"t{n}"
    with notes.executions() as seen:
        session.commit()
    assert seen == superseding(notes)
    assert len([row for row in notes.rows(Note) if row[1:] == (2, True)]) == 1000


def test_a_thousand_edits_of_differing_columns(notes: World, session: Session) -> None:
    found = make(session, 1000)
    for n, note in enumerate(found):
        if n % 2:
            note.title = f"t{n}"
        if n % 3:
            note.body = None
        if n % 5:
            note.stars = n
        if n % 7 == 0:
            note.draft = "new"
        note.stars += 1
    with notes.executions() as seen:
        session.commit()
    assert seen == ["SELECT", *superseding(notes)]  # the drafts, set before they were loaded
    for row in notes.rows(Note, "title", "body", "stars", "draft"):
        n = row[0] - 1
        if row[1] == 1:
            assert row[2:] == (False, f"n{n}", "b", 0, "d")
        else:
            assert row[2:] == (
                True,
                f"t{n}" if n % 2 else f"n{n}",
                None if n % 3 else "b",
                (n if n % 5 else 0) + 1,
                "d" if n % 7 else "new",
            )


def test_edits_and_deletions_in_one_flush(notes: World, session: Session) -> None:
    found = make(session, 20)
    for note in found[:10]:
        note.title = "edited"
    for note in found[10:]:
        session.delete(note)
    with notes.executions() as seen:
        session.commit()
    assert seen == superseding(notes)
    assert [row[3] for row in notes.rows(Note, "version_op") if row[1] == 2] == (
        ["update"] * 10 + ["delete"] * 10
    )


def test_many_expired_objects_are_read_by_one_select(notes: World, session: Session) -> None:
    found = make(session, 100)
    session.expire_all()
    for note in found:
        note.title = "two"
    with notes.executions() as seen:
        session.flush()
    assert [word for word in seen if word != "BEGIN"] == [
        "SELECT",
        *superseding(notes),
    ]


def test_two_tables_in_one_flush(db: World) -> None:
    class Base(DeclarativeBase):
        pass

    class A(Versioned, Base):
        __tablename__ = "a"
        n: Mapped[int]

    class B(Versioned, Base):
        __tablename__ = "b"
        n: Mapped[int]

    db.create(A, B)
    session = db.session(change_model=None, expire_on_commit=False)
    objects = [kind(n=n) for kind in (A, B) for n in range(10)]
    session.add_all(objects)
    session.commit()
    for obj in objects:
        obj.n += 100
    with db.executions() as seen:
        session.commit()
    assert sorted(written(seen)) == sorted(["BEGIN"] * db.is_sqlite + superseding(db) * 2)


def test_many_edits_with_an_expression_in_onupdate(db: World) -> None:
    class Base(DeclarativeBase):
        pass

    class Stamped(Versioned, Base):
        __tablename__ = "stamped"
        n: Mapped[int]
        m: Mapped[int | None]
        stamp: Mapped[str | None] = mapped_column(onupdate=func.lower("STAMP"))

    db.create(Stamped)
    session = db.session(change_model=None)
    session.add_all([Stamped(n=n) for n in range(50)])
    session.commit()
    for obj in session.scalars(select(Stamped)):
        obj.n += 100
        if obj.n % 2:
            obj.m = obj.n
    with db.executions() as seen:
        session.commit()
    assert written(seen) == ["UPDATE", "INSERT"]
    assert {(row[1], row[3]) for row in db.rows(Stamped, "stamp")} == {(1, None), (2, "stamp")}


def test_a_thousand_new_records(notes: World, session: Session) -> None:
    session.add_all([Note(title="a") for _ in range(1000)])
    with notes.executions() as seen:
        session.commit()
    # UPDATE takes SQLite's lock for the ids, WITH draws them from PostgreSQL's sequence
    assert set(written(seen)) <= {"BEGIN", "INSERT", "UPDATE", "WITH"}
    assert len(seen) <= 6


def test_no_change_costs_no_write(notes: World, session: Session) -> None:
    found = make(session, 10)
    for note in found:
        note.title = note.title + ""
    with notes.executions() as seen:
        session.commit()
    assert written(seen) == []


def test_with_a_table_of_changes_one_row_more_a_transaction(notes: World) -> None:
    session = notes.session()
    found = make(session, 10)
    for note in found:
        note.title = "two"
    with notes.executions() as seen:
        session.commit()
    assert sorted(seen) == sorted(["INSERT", *superseding(notes)])
