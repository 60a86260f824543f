"""Many edits in one flush travel as one set, and arrive as one edit does; their objects move on."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy_utils import aggregates

from tests.versioning.models import Note
from tests.versioning.world import SECOND, World
from webapp.versioning import UtcDateTime, VersionConflict, Versioned, current, current_unique

MANY = 12


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Base(DeclarativeBase):
    pass


class Thing(Versioned, Base):
    """A column of each kind that people have."""

    __tablename__ = "many_thing"
    __table_args__ = (current_unique("code"),)

    code: Mapped[str | None] = mapped_column(sa.String(5))
    words: Mapped[str | None] = mapped_column(sa.Text)
    number: Mapped[int | None] = mapped_column(sa.BigInteger)
    price: Mapped[Decimal | None] = mapped_column(sa.Numeric(10, 2))
    ratio: Mapped[float | None]
    yes: Mapped[bool | None]
    color: Mapped[Color | None]
    loose: Mapped[Color | None] = mapped_column(sa.Enum(Color, native_enum=False))
    day: Mapped[dt.date | None]
    hour: Mapped[dt.time | None]
    moment: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    naive: Mapped[dt.datetime | None] = mapped_column(sa.DateTime)
    blob: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    key: Mapped[uuid.UUID | None] = mapped_column(sa.Uuid)
    facts: Mapped[Any] = mapped_column(sa.JSON, nullable=True)
    tags: Mapped[Any] = mapped_column(
        sa.ARRAY(sa.String).with_variant(sa.JSON, "sqlite"), nullable=True
    )


VALUES: dict[str, list[Any]] = {
    "words": ["plain", "", 'it\'s {1,2} "quoted" \\ and,comma', "NULL", "näïve ✓ 💡", None],
    "number": [0, -1, 2**62, None],
    "price": [Decimal("0.10"), Decimal("-1234.56"), Decimal("0"), None],
    "ratio": [0.1, 1e300, -1 / 3, 5e-324, 123456789.12345679, None],
    "yes": [True, False, None],
    "color": [Color.RED, Color.BLUE, None],
    "loose": [Color.BLUE, Color.RED, None],
    "day": [dt.date(2024, 2, 29), dt.date(1, 1, 1), None],
    "hour": [dt.time(23, 59, 59, 999999), dt.time(0), None],
    "moment": [dt.datetime(2024, 3, 31, 1, 30, 0, 1, tzinfo=dt.UTC), None],
    "naive": [dt.datetime(2024, 3, 31, 1, 30, 0, 1), None],
    "blob": [b"\x00\xff'\\", b"", None],
    "key": [uuid.UUID(int=7), None],
    "facts": [{"a": [1, 2.5, None, True]}, [], 0, "", "null", {"x": "ü \\ \" '"}, sa.null(), None],
    "tags": [["a", "b,c"], [], None],
}


def make(session: Session, count: int = MANY, **values: Any) -> list[Thing]:
    session.add_all([Thing(code=f"c{n}", **values) for n in range(count)])
    session.commit()
    return list(session.scalars(current(Thing).order_by(Thing.id)))


@pytest.fixture
def session(db: World) -> Session:
    db.create(Thing)
    return db.session(change_model=None)


def stored(db: World, name: str) -> list[str]:
    """The current rows' values as the database has them."""
    cast = f"hex({name}) || typeof({name})" if db.is_sqlite else f"{name}::text"
    return [
        row[0] for row in db.sql(f"SELECT {cast} FROM many_thing WHERE version_id > 1 ORDER BY id")
    ]


@pytest.mark.parametrize("name", VALUES)
def test_a_value_arrives_in_a_set_as_it_does_alone(db: World, session: Session, name: str) -> None:
    values = VALUES[name]
    other = next(value for value in values if value is not None)
    things = make(session, 2 * MANY, **{name: other})
    given = [(thing, values[n % len(values)]) for n, thing in enumerate(things[:MANY])]
    for thing, value in given:
        thing.words, thing.number = "edited", 7
        setattr(thing, name, value)
    session.commit()
    for thing, (_, value) in zip(things[MANY:], given, strict=True):
        thing.words, thing.number = "edited", 7
        setattr(thing, name, value)
        session.commit()
    found = stored(db, name)
    assert len(found) == 2 * MANY
    assert found[:MANY] == found[MANY:]


def test_each_row_takes_what_it_changed_alone(db: World, session: Session) -> None:
    things = make(session, number=1, words="old")
    for n, thing in enumerate(things):
        if n % 2:
            thing.words = None
        else:
            thing.number = 2
    session.commit()
    rows = [row[3:] for row in db.rows(Thing, "number", "words") if row[1] == 2]
    assert rows == [(2, "old"), (1, None)] * (MANY // 2)


def test_edits_and_deletions_travel_together(db: World, session: Session) -> None:
    things = make(session, number=1)
    for n, thing in enumerate(things):
        if n % 2:
            session.delete(thing)
        else:
            thing.number = 2
    session.commit()
    rows = [row[2:] for row in db.rows(Thing, "version_op", "number") if row[1] == 2]
    assert rows == [(True, "update", 2), (True, "delete", 1)] * (MANY // 2)


def test_records_swap_unique_values(db: World, session: Session) -> None:
    things = make(session)
    codes = [thing.code for thing in things]
    for thing, code in zip(things, reversed(codes), strict=True):
        thing.code = code
    session.commit()
    assert [row[3] for row in db.rows(Thing, "code") if row[2]] == codes[::-1]


def test_a_value_too_long_is_refused_not_cut(db: World, session: Session) -> None:
    if db.is_sqlite:
        pytest.skip("SQLite knows no length")
    things = make(session)
    for thing in things:
        thing.code = f"much too long {thing.id}"
    with pytest.raises(DBAPIError):
        session.commit()
    session.rollback()
    assert {thing.version_id for thing in things} == {1}


def test_a_clock_set_back_keeps_the_order_of_times(db: World, session: Session) -> None:
    things = make(session)
    made = things[0].version_from
    db.clock.now -= 100 * SECOND
    for thing in things:
        thing.number = 2
    session.commit()
    assert {thing.version_from for thing in things} == {made}
    session.expire_all()
    assert {thing.version_from for thing in things} == {made}


def test_a_conflict_names_the_record_and_undoes_all(db: World) -> None:
    db.create(Thing)
    session = db.session(change_model=None, expire_on_commit=False)
    things = make(session, number=1)
    session.commit()
    other = db.session(change_model=None)
    other.get_one(Thing, (6, 1)).number = 100
    other.commit()
    for thing in things:
        thing.number = 2
    with pytest.raises(VersionConflict) as caught:
        session.commit()
    conflict = caught.value
    assert (conflict.id, conflict.yours, conflict.theirs["number"]) == (6, {"number": 2}, 100)
    session.rollback()
    assert sorted(row[1] for row in db.rows(Thing)) == [1] * MANY + [2]
    assert [thing.number for thing in things] == [1] * MANY


def edit_all(things: list[Thing]) -> None:
    for thing in things:
        thing.number = (thing.number or 0) + 1


def test_objects_move_back_after_a_rollback(db: World, session: Session) -> None:
    things = make(session, number=1)
    edit_all(things)
    session.flush()
    assert {thing.version_id for thing in things} == {2}
    session.rollback()
    assert {(thing.version_id, thing.number) for thing in things} == {(1, 1)}
    assert all(session.get(Thing, (thing.id, 1)) is thing for thing in things)
    edit_all(things)
    session.commit()
    assert len(db.rows(Thing)) == 2 * MANY


def test_objects_move_back_after_a_savepoint(db: World, session: Session) -> None:
    things = make(session, number=1)
    edit_all(things[:1])
    session.flush()
    savepoint = session.begin_nested()
    edit_all(things[1:])
    session.flush()
    savepoint.rollback()
    assert [thing.version_id for thing in things] == [2] + [1] * (MANY - 1)
    edit_all(things[1:])
    session.commit()
    assert {(thing.version_id, thing.number) for thing in things} == {(2, 2)}


def test_a_listener_to_updates_hears_of_each_object(db: World, session: Session) -> None:
    things = make(session, number=1)
    heard: list[int] = []

    def listen(mapper: Any, connection: Any, target: Thing) -> None:
        heard.append(target.version_id)

    event.listen(Thing, "after_update", listen)
    try:
        edit_all(things)
        session.commit()
    finally:
        event.remove(Thing, "after_update", listen)
    assert heard == [2] * MANY


def test_a_listener_to_flushes_sees_each_object(db: World, session: Session) -> None:
    things = make(session, number=1)
    seen: list[int] = []
    event.listen(session, "after_flush", lambda s, context: seen.append(len(s.dirty)))
    edit_all(things)
    session.commit()
    assert seen == [MANY]


def test_a_listener_that_flask_admin_brings_along_holds_nothing_up(
    db: World, session: Session
) -> None:
    """SQLAlchemy-Utils listens to every flush of its process, and asks nobody what is dirty."""
    assert aggregates.__name__ in [each.__module__ for each in session.dispatch.after_flush]
    dirty: list[int] = []
    edit_all(make(session, number=1))
    event.listen(db.engine, "before_cursor_execute", lambda *args: dirty.append(len(session.dirty)))
    session.commit()
    assert set(dirty) == {0}  # all have moved on


def test_who_listens_to_the_end_of_a_flush_is_told_once(db: World, session: Session) -> None:
    told: list[str] = []
    edit_all(make(session, number=1))
    event.listen(session, "after_flush_postexec", lambda *args: told.append("a flush"))
    session.commit()
    assert told == ["a flush"]


def test_an_object_let_go_before_the_flush_is_written(db: World, session: Session) -> None:
    edit_all(make(session, number=1))
    session.commit()
    assert [row[3] for row in db.rows(Thing, "number") if row[2]] == [2] * MANY


def test_without_our_function_the_rows_are_written_one_by_one(db: World) -> None:
    """An engine that `prepare_sqlite` never saw has no function to tell the values."""

    class Bare(DeclarativeBase):
        pass

    class Plain(Versioned, Bare):
        __tablename__ = "many_plain"
        number: Mapped[int]

    engine = sa.create_engine(db.engine.url)
    Bare.metadata.create_all(engine)
    session = World(engine).session(change_model=None)
    session.add_all([Plain(number=1) for _ in range(MANY)])
    session.commit()
    for plain in session.scalars(current(Plain)).all():
        plain.number = 2
    session.commit()
    assert [plain.version_id for plain in session.scalars(current(Plain))] == [2] * MANY
    session.close()
    engine.dispose()


@pytest.mark.parametrize("change", [lambda n: n.title + "!", lambda n: Note.title + "!"])
def test_guards_let_a_set_through(notes: World, change: Callable[[Note], Any]) -> None:
    session = notes.session()
    session.add_all([Note(title=f"n{n}") for n in range(MANY)])
    session.commit()
    for note in session.scalars(select(Note)).all():
        note.title = change(note)
    session.commit()
    assert sorted(row[3] for row in notes.rows(Note, "title") if row[2])[0] == "n0!"
