"""A repair sets flags to what the version numbers say, and touches nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Computed, DateTime, Numeric, func, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from tests.versioning.models import Base, Note
from tests.versioning.world import World, add_note, edited_note
from webapp.versioning import (
    Fault,
    FlagSet,
    SelectionChanged,
    Versioned,
    VersioningError,
    check_model,
    mend_guards,
    plan_flag_repair,
    repair_flags,
)
from webapp.versioning.change import OPEN_CHANGE, REPAIR

COLUMNS = [each.name for each in Note.__table__.c if each.name != "is_current_version"]


def spoil(notes: World, session: Session, *statements: str) -> None:
    """Run SQL without guards, then put the guards up again."""
    session.rollback()
    with notes.behind() as connection:
        connection.execute(text("DROP INDEX IF EXISTS uq_note_one_current"))
    for statement in statements:
        notes.unguarded(statement)
    with notes.behind() as connection:
        for each in ("note_guard_insert", "note_guard_update", "note_guard_delete"):
            on = "" if notes.is_sqlite else " ON note"
            connection.execute(text(f"DROP TRIGGER IF EXISTS {each}{on}"))
    guard(notes)


def guard(notes: World) -> None:
    """Triggers alone: the index waits until no row is in its way."""
    table = Note.__table__
    index = next(each for each in table.indexes if each.name == "uq_note_one_current")  # type: ignore[attr-defined]
    table.indexes.discard(index)  # type: ignore[attr-defined]
    try:
        with notes.behind() as connection:
            mend_guards(connection, Base.metadata)
    finally:
        table.indexes.add(index)  # type: ignore[attr-defined]


def data(notes: World) -> list[tuple[Any, ...]]:
    """Every column of every version but the flag."""
    return [row[:2] + row[3:] for row in notes.rows(Note, *COLUMNS)]


def flags(notes: World) -> list[tuple[Any, ...]]:
    return [row[:3] for row in notes.rows(Note)]


@pytest.fixture
def three(session: Session) -> Note:
    """A note with three versions, beside another."""
    note = edited_note(session, "one", "two", "three")
    add_note(session, "other")
    return note


MOVED = "UPDATE note SET is_current_version = (version_id = 1) WHERE id = 1"
ALL_OFF = "UPDATE note SET is_current_version = false"
ALL_ON = "UPDATE note SET is_current_version = true"


@pytest.mark.parametrize(
    ("statement", "given", "taken"), [(MOVED, 1, 1), (ALL_OFF, 2, 0), (ALL_ON, 0, 2)]
)
def test_afterwards_the_check_is_clean_and_the_data_is_the_same(
    notes: World, session: Session, three: Note, statement: str, given: int, taken: int
) -> None:
    before, was = data(notes), flags(notes)
    spoil(notes, session, statement)
    assert check_model(session, Note).faults > 0
    session.rollback()
    done = repair_flags(session, Note)
    session.commit()
    assert (done.given, done.taken, done.left) == (given, taken, 0)
    assert check_model(session, Note).faults == 0
    assert (data(notes), flags(notes)) == (before, was)


def test_two_current_rows_exist_at_no_moment(notes: World, session: Session, three: Note) -> None:
    spoil(notes, session, MOVED)
    with notes.behind() as connection:  # the index stands, over one wrong row
        mend_guards(connection, Base.metadata)
    repair_flags(session, Note)
    session.commit()
    assert check_model(session, Note).faults == 0


def test_a_plan_names_what_will_be_set_and_writes_nothing(
    notes: World, session: Session, three: Note
) -> None:
    spoil(notes, session, MOVED)
    was = flags(notes)
    plan = plan_flag_repair(session, Note)
    assert plan.first == (FlagSet(1, 1, False), FlagSet(1, 3, True))
    assert (plan.given, plan.taken, plan.count) == (1, 1, 2)
    session.commit()
    assert flags(notes) == was


def test_all_are_set_and_the_first_are_named(notes: World, session: Session, three: Note) -> None:
    spoil(notes, session, ALL_ON)
    done = repair_flags(session, Note, most=1)
    session.commit()
    assert (done.count, done.first) == (2, (FlagSet(1, 1, False),))


def test_repeated_it_sets_nothing(notes: World, session: Session, three: Note) -> None:
    spoil(notes, session, MOVED)
    repair_flags(session, Note)
    session.commit()
    assert repair_flags(session, Note).count == 0


def test_objects_of_the_session_see_the_new_flag(
    notes: World, session: Session, three: Note
) -> None:
    spoil(notes, session, ALL_OFF)
    assert three.is_current_version is False
    repair_flags(session, Note)
    assert three.is_current_version is True


def test_what_was_seen_is_what_is_set_or_nothing(
    notes: World, session: Session, three: Note
) -> None:
    spoil(notes, session, MOVED)
    seen = plan_flag_repair(session, Note).digest
    spoil(notes, session, ALL_OFF)
    was = flags(notes)
    with pytest.raises(SelectionChanged, match="look at them again"):
        repair_flags(session, Note, seen=seen)
    session.rollback()
    assert flags(notes) == was
    seen = plan_flag_repair(session, Note).digest
    session.rollback()
    assert repair_flags(session, Note, seen=seen).count == 2


def test_a_record_whose_newest_version_was_removed_is_left(
    notes: World, session: Session, three: Note
) -> None:
    """Its flag would bring a superseded state back, and a deleted record to life."""
    spoil(notes, session, "DELETE FROM note WHERE id = 1 AND version_id = 3")
    was = flags(notes)
    done = repair_flags(session, Note)
    session.commit()
    assert (done.count, done.left, done.left_first) == (0, 1, (FlagSet(1, 2, True),))
    assert flags(notes) == was
    assert Fault.FLAG in check_model(session, Note).counts


def test_a_transaction_that_made_versions_repairs_nothing(
    notes: World, session: Session, three: Note
) -> None:
    three.title = "four"
    for _ in range(2):  # before the flush, and after
        with pytest.raises(VersioningError, match="transaction of their own"):
            repair_flags(session, Note)
        session.flush()


def test_a_rollback_takes_it_back(notes: World, session: Session, three: Note) -> None:
    spoil(notes, session, ALL_OFF)
    was = flags(notes)
    repair_flags(session, Note)
    session.rollback()
    assert flags(notes) == was


FORGED = [
    "UPDATE note SET is_current_version = true WHERE id = 1 AND version_id = 1",
    "UPDATE note SET is_current_version = false WHERE id = 1 AND version_id = 3",
    "UPDATE note SET is_current_version = true, title = 'x' WHERE id = 1 AND version_id = 3",
    "UPDATE note SET title = 'x' WHERE id = 1 AND version_id = 3",
    "UPDATE note SET version_to = NULL WHERE id = 1 AND version_id = 1",
    "UPDATE note SET change_id = 1 WHERE id = 1 AND version_id = 3",
    "DELETE FROM note WHERE id = 1 AND version_id = 1",
]


def as_a_repair(session: Session) -> None:
    connection = session.connection()
    connection.info[OPEN_CHANGE] = REPAIR
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT set_config('{OPEN_CHANGE}', '{REPAIR}', true)"))


@pytest.mark.parametrize("statement", FORGED)
def test_the_guards_let_nothing_else_through_not_even_in_a_repair(
    notes: World, session: Session, three: Note, statement: str
) -> None:
    session.rollback()
    notes.sql("DROP INDEX uq_note_one_current")  # which may refuse it before the guard does
    as_a_repair(session)
    with pytest.raises(IntegrityError, match="append-only"):
        session.execute(text(statement))


def test_the_guards_give_no_flag_to_a_version_with_an_end(
    notes: World, session: Session, three: Note
) -> None:
    spoil(notes, session, "DELETE FROM note WHERE id = 1 AND version_id = 3")
    as_a_repair(session)
    with pytest.raises(IntegrityError, match="append-only"):
        session.execute(text("UPDATE note SET is_current_version = true WHERE version_id = 2"))


LAWFUL = "UPDATE note SET is_current_version = true WHERE id = 1 AND version_id = 3"


def test_the_guards_let_nobody_else_set_a_flag(notes: World, session: Session, three: Note) -> None:
    spoil(notes, session, ALL_OFF)
    with pytest.raises(IntegrityError, match="append-only"):
        notes.sql(LAWFUL)
    repair_flags(session, Note)
    session.execute(text("SELECT 1"))
    session.rollback()
    with pytest.raises(IntegrityError, match="append-only"):
        notes.sql(LAWFUL)


@pytest.mark.parametrize("end", ["commit", "rollback", None])
def test_the_right_ends_with_the_repair(
    notes: World, session: Session, three: Note, end: str | None
) -> None:
    """Also in the same transaction, and on the same connection after it."""
    spoil(notes, session, "UPDATE note SET is_current_version = false WHERE id = 1")
    repair_flags(session, Note)
    session.execute(text("UPDATE note SET views = 1 WHERE id = 1 AND version_id = 3"))
    if end:
        getattr(session, end)()
    with pytest.raises(IntegrityError, match="append-only"):
        session.execute(text("UPDATE note SET is_current_version = true WHERE version_id = 1"))


def test_guards_of_before_refuse_it_until_they_are_mended(
    notes: World, session: Session, three: Note
) -> None:
    if not notes.is_sqlite:
        return  # there the function behind the triggers is renewed with the tables
    spoil(notes, session, ALL_OFF)
    (trigger,) = notes.sql("SELECT sql FROM sqlite_master WHERE name = 'note_guard_update'")
    before = trigger[0].replace(f"IS '{REPAIR}'", "IS 'nothing'")
    notes.sql("DROP TRIGGER note_guard_update")
    notes.sql(before.replace(":", "\\:"))
    with pytest.raises(IntegrityError, match="append-only"):
        repair_flags(session, Note)
    session.rollback()
    guard(notes)
    assert repair_flags(session, Note).count == 2


class Rare(DeclarativeBase):
    pass


class Odd(Versioned, Rare):
    """Columns that an UPDATE likes to touch, or compares loosely."""

    __tablename__ = "odd"

    price: Mapped[Any] = mapped_column(Numeric(10, 4))
    twice: Mapped[Any] = mapped_column(Numeric(10, 4), Computed("price * 2", persisted=True))
    seen: Mapped[Any] = mapped_column(DateTime, default=func.now(), onupdate=func.now())


def test_computed_columns_and_those_written_at_updates_stay(db: World) -> None:
    db.create(Odd)
    session = db.session(change_model=None)
    odd = Odd(price=1)
    session.add(odd)
    session.commit()
    odd.price = 2
    session.commit()
    session.rollback()
    columns = [each.name for each in Odd.__table__.c]
    before = db.rows(Odd, *columns)
    for flag in ("false", "true"):
        with db.behind() as connection:
            connection.execute(text("DROP INDEX IF EXISTS uq_odd_one_current"))
        db.unguarded(f"UPDATE odd SET is_current_version = {flag}", "odd")
        table = Odd.__table__
        index = next(each for each in table.indexes if each.name == "uq_odd_one_current")  # type: ignore[attr-defined]
        table.indexes.discard(index)  # type: ignore[attr-defined]
        with db.behind() as connection:
            mend_guards(connection, Rare.metadata)
        table.indexes.add(index)  # type: ignore[attr-defined]
        assert repair_flags(session, Odd).count == 1
        session.commit()
        assert db.rows(Odd, *columns) == before
    with pytest.raises(DBAPIError, match="append-only"):
        db.sql("UPDATE odd SET price = 9")


def test_the_number_of_statements_is_that_of_one(
    notes: World, session: Session, three: Note
) -> None:
    spoil(notes, session, MOVED)
    with notes.executions() as few:
        repair_flags(session, Note)
    session.commit()
    for title in "abcdefgh":
        edited_note(session, title, title * 2)
    spoil(notes, session, "UPDATE note SET is_current_version = (version_id = 1)")
    with notes.executions() as many:
        assert repair_flags(session, Note).count > 15
    assert many == few
