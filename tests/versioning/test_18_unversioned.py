"""Row 18: columns named in `__unversioned__` are updated in place, without a version."""

from __future__ import annotations

import pytest
from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from tests.versioning.models import Note
from tests.versioning.world import World, add_note, edited_note
from webapp.versioning import Versioned, VersioningError


def views(notes: World) -> list[tuple[int, bool, int]]:
    return [row[1:] for row in notes.rows(Note, "views")]


def test_in_place(notes: World, session: Session) -> None:
    note = add_note(session)
    note.views = 5
    session.commit()
    assert (views(notes), note.views, note.version_id) == ([(1, True, 5)], 5, 1)


def test_no_change_is_recorded(notes: World, session: Session) -> None:
    add_note(session).views = 5
    session.commit()
    assert notes.count("change") == 1


def test_an_expression(notes: World, session: Session) -> None:
    note = add_note(session, views=5)
    note.views = Note.views + 1
    session.flush()
    assert note.views == 6
    session.commit()
    assert views(notes) == [(1, True, 6)]


def test_an_expired_object(notes: World, session: Session) -> None:
    note = add_note(session)
    session.expire(note)
    note.views = 5
    session.commit()
    assert views(notes) == [(1, True, 5)]


def test_the_value_it_has(notes: World, session: Session) -> None:
    note = add_note(session)
    assert note.views == 0
    note.views = 0
    with notes.executions() as seen:
        session.flush()
    assert "UPDATE" not in seen


def test_old_versions_keep_what_they_had(notes: World, session: Session) -> None:
    note = add_note(session)
    note.views = 5
    session.commit()
    note.title = "two"
    session.commit()
    note.views = 9
    session.commit()
    assert views(notes) == [(1, False, 5), (2, True, 9)]


def test_mixed_with_a_versioned_column(notes: World, session: Session) -> None:
    note = add_note(session)
    note.title, note.views = "two", 5
    session.commit()
    assert views(notes) == [(1, False, 0), (2, True, 5)]


def test_from_a_stale_object(notes: World) -> None:
    alice, bob = (notes.session(expire_on_commit=False) for _ in range(2))
    mine = add_note(alice)
    bob.get_one(Note, (1, 1)).title = "two"
    bob.commit()
    mine.views = 5
    alice.commit()
    assert views(notes) == [(1, False, 0), (2, True, 5)]


def test_a_version_keeps_the_increments_of_others(notes: World) -> None:
    """The new row is copied from the old one in the database, not from memory."""
    alice, bob = (notes.session(expire_on_commit=False) for _ in range(2))
    mine = add_note(alice)
    bob.execute(update(Note).values(views=Note.views + 7))
    bob.commit()
    assert mine.views == 0
    mine.title = "two"
    alice.commit()
    assert views(notes) == [(1, False, 7), (2, True, 7)]


def test_an_increment_beside_an_edit(notes: World) -> None:
    alice, bob = (notes.session(expire_on_commit=False) for _ in range(2))
    mine = add_note(alice)
    bob.execute(update(Note).values(views=Note.views + 7))
    bob.commit()
    mine.title, mine.views = "two", Note.views + 1
    alice.commit()
    assert views(notes) == [(1, False, 7), (2, True, 8)]


def test_two_flushes_then_a_version(notes: World, session: Session) -> None:
    note = add_note(session)
    note.views = 5
    session.flush()
    note.title = "two"
    session.flush()
    note.views = 6
    session.commit()
    assert views(notes) == [(1, False, 5), (2, True, 6)]


def test_a_statement(notes: World, session: Session) -> None:
    note, other = add_note(session), add_note(session, "other")
    result = session.execute(update(Note).where(Note.title == "one").values(views=Note.views + 1))
    assert result.rowcount == 1  # type: ignore[attr-defined]
    assert (note.views, note.version_id, other.views) == (1, 1, 0)
    session.commit()
    assert notes.rows(Note, "views") == [(1, 1, True, 1), (2, 1, True, 0)]


def test_a_statement_leaves_old_versions_alone(notes: World, session: Session) -> None:
    edited_note(session, "one", "two")
    session.execute(update(Note).values(views=3))
    session.commit()
    assert views(notes) == [(1, False, 0), (2, True, 3)]


def test_a_statement_leaves_deleted_records_alone(notes: World, session: Session) -> None:
    session.delete(add_note(session))
    session.commit()
    session.execute(update(Note).values(views=3))
    session.commit()
    assert views(notes) == [(1, False, 0), (2, True, 0)]


def test_a_statement_with_parameters(notes: World, session: Session) -> None:
    add_note(session)
    statement = update(Note).where(Note.title == bindparam("t")).values(views=bindparam("v"))
    session.execute(statement, {"t": "one", "v": 4})
    session.commit()
    assert views(notes) == [(1, True, 4)]


def test_a_statement_with_returning(notes: World, session: Session) -> None:
    held = add_note(session)
    statement = update(Note).values(views=Note.views + 1)
    assert session.execute(statement.returning(Note.id, Note.views)).all() == [(1, 1)]
    assert session.scalars(statement.returning(Note)).all() == [held]
    assert held.views == 2
    nothing = update(Note).where(Note.id == 99).values(views=1).returning(Note.id)
    assert session.execute(nothing).all() == []


def test_a_statement_of_both_kinds(notes: World, session: Session) -> None:
    add_note(session)
    session.execute(update(Note).values(title="two", views=8))
    session.commit()
    assert views(notes) == [(1, False, 0), (2, True, 8)]


def test_rolled_back(notes: World, session: Session) -> None:
    note = add_note(session)
    note.views = 5
    session.flush()
    session.rollback()
    assert (note.views, views(notes)) == (0, [(1, True, 0)])


def test_many_in_one_flush(notes: World, session: Session) -> None:
    session.add_all([Note(title=f"n{n}") for n in range(20)])
    session.commit()
    for n, note in enumerate(session.scalars(select(Note).order_by(Note.id))):
        note.views = n + 1
        if n % 2:
            note.title = "edited"
    session.commit()
    assert [row[3] for row in notes.rows(Note, "views") if row[2]] == list(range(1, 21))
    assert len(notes.rows(Note)) == 30


def test_onupdate_of_another_column_is_not_called(db: World) -> None:
    class Base(DeclarativeBase):
        pass

    class Page(Versioned, Base):
        __tablename__ = "page"
        __unversioned__ = ("hits", "seen")
        hits: Mapped[int] = mapped_column("n hits", default=0)
        seen: Mapped[str | None]
        touched: Mapped[str | None] = mapped_column(onupdate="touched")

    db.create(Page)
    session = db.session(change_model=None)
    page = Page()
    session.add(page)
    session.commit()
    page.hits, page.seen = 3, "now"
    session.commit()
    session.execute(update(Page).values(hits=Page.hits + 1))
    session.commit()
    assert db.rows(Page, "n hits", "seen", "touched") == [(1, 1, True, 4, "now", None)]


def test_a_name_that_is_no_column_is_an_error() -> None:
    class Base(DeclarativeBase):
        pass

    with pytest.raises(VersioningError, match="nonsense"):

        class Page(Versioned, Base):
            __tablename__ = "page"
            __unversioned__ = ("nonsense",)
