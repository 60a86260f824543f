"""Row 1: an attribute set to the value it has, or changed and changed back, makes no version."""

from __future__ import annotations

import enum
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    Date,
    DateTime,
    Enum,
    Float,
    Interval,
    LargeBinary,
    Numeric,
    String,
    Time,
    TypeDecorator,
    Uuid,
    select,
)
from sqlalchemy.ext.mutable import MutableDict
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, load_only, mapped_column

from tests.versioning.models import Note
from tests.versioning.world import World, add_note
from webapp.versioning import UtcDateTime, Versioned


class Base(DeclarativeBase):
    pass


class Color(enum.Enum):
    RED = "r"
    BLUE = "b"


class Wrapped(TypeDecorator[Any]):
    """JSON in a type of the user's own."""

    impl = JSON
    cache_ok = True


class Thing(Versioned, Base):
    """A column of each type that people meet."""

    __tablename__ = "thing"

    boolean: Mapped[bool | None] = mapped_column(Boolean)
    price: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    ratio: Mapped[float | None] = mapped_column(Float)
    color: Mapped[Color | None] = mapped_column(Enum(Color, native_enum=False))
    named: Mapped[str | None] = mapped_column(String(20))
    json: Mapped[Any | None] = mapped_column(JSON)
    mutable: Mapped[Any | None] = mapped_column(MutableDict.as_mutable(JSON()))
    wrapped: Mapped[Any | None] = mapped_column(Wrapped)
    day: Mapped[date | None] = mapped_column(Date)
    at: Mapped[datetime | None] = mapped_column(DateTime)
    moment: Mapped[datetime | None] = mapped_column(UtcDateTime)
    hour: Mapped[time | None] = mapped_column(Time)
    length: Mapped[timedelta | None] = mapped_column(Interval)
    blob: Mapped[bytes | None] = mapped_column(LargeBinary)
    key: Mapped[uuid.UUID | None] = mapped_column(Uuid)


NOON = datetime(2030, 5, 4, 12, 0, 0, 1)
SAME: list[tuple[str, Callable[[], Any], Callable[[], Any]]] = [
    ("boolean", lambda: True, lambda: True),
    ("price", lambda: Decimal("1.50"), lambda: Decimal("1.5")),
    ("price", lambda: Decimal("2.00"), lambda: 2),
    ("ratio", lambda: 0.1, lambda: 0.1),
    ("color", lambda: Color.RED, lambda: Color.RED),
    ("named", lambda: "é", lambda: "é"),
    ("named", lambda: "", lambda: ""),
    ("json", lambda: {"a": 1, "b": [1, {}]}, lambda: {"b": [1, {}], "a": 1}),
    ("json", list, list),
    ("json", lambda: {"b": 1, "3": 2}, lambda: {"b": 1, "3": 2}),
    ("json", lambda: JSON.NULL, lambda: JSON.NULL),
    ("mutable", lambda: {"a": 1}, lambda: {"a": 1}),
    ("wrapped", lambda: {"a": [1]}, lambda: {"a": [1]}),
    ("day", lambda: NOON.date(), lambda: NOON.date()),
    ("at", lambda: NOON, lambda: NOON),
    (
        "moment",
        lambda: NOON.replace(tzinfo=UTC),
        lambda: NOON.replace(tzinfo=UTC).astimezone(timezone(timedelta(hours=5))),
    ),
    ("hour", lambda: time(1, 2, 3, 4), lambda: time(1, 2, 3, 4)),
    ("length", lambda: timedelta(1, 2, 3), lambda: timedelta(1, 2, 3)),
    ("blob", lambda: b"\x00\xff", lambda: bytearray(b"\x00\xff")),
    ("key", lambda: uuid.UUID(int=7), lambda: uuid.UUID(int=7)),
    ("named", lambda: None, lambda: None),
    ("json", lambda: None, lambda: None),
]


@pytest.fixture
def things(db: World) -> Session:
    db.create(Thing)
    return db.session(change_model=None)


@pytest.mark.parametrize("loaded", [True, False], ids=["loaded", "expired"])
def test_a_value_set_again_is_no_change(db: World, things: Session, loaded: bool) -> None:
    for name, before, again in SAME:
        thing = Thing(**{name: before()})
        things.add(thing)
        things.commit()
        if loaded:
            getattr(thing, name)
        setattr(thing, name, again())
        things.commit()
        assert thing.version_id == 1, (name, again())
    assert {row[1:] for row in db.rows(Thing)} == {(1, True)}


DIFFERENT: list[tuple[str, Any, Any]] = [
    ("boolean", False, None),
    ("boolean", None, False),
    ("price", Decimal("1.50"), Decimal("1.51")),
    ("named", "a", "A"),
    ("named", "a", "a "),
    ("named", "", None),
    ("json", {"on": 1}, {"on": True}),
    ("json", {"on": 0}, {"on": False}),
    ("json", [1], [1.0]),
    ("json", {"a": None}, {}),
    ("json", {1: "a", "b": 2}, {1: "a", "b": 3}),
    ("mutable", {"on": 1}, {"on": True}),
    ("wrapped", {"on": 1}, {"on": True}),
    ("color", Color.RED, Color.BLUE),
    ("blob", b"", None),
    ("moment", NOON.replace(tzinfo=UTC), NOON.replace(tzinfo=UTC, microsecond=2)),
]


@pytest.mark.parametrize("loaded", [True, False], ids=["loaded", "expired"])
def test_a_value_that_only_looks_equal_is_a_change(
    db: World, things: Session, loaded: bool
) -> None:
    for name, before, after in DIFFERENT:
        thing = Thing(**{name: before})
        things.add(thing)
        things.commit()
        if loaded:
            getattr(thing, name)
        setattr(thing, name, after)
        things.commit()
        assert thing.version_id == 2, (name, after)
    assert {row[1:] for row in db.rows(Thing)} == {(1, False), (2, True)}


def test_mutable_json_changed_back_is_no_change(db: World, things: Session) -> None:
    thing = Thing(mutable={"a": {"b": 1}, "n": 1})
    things.add(thing)
    things.commit()
    thing.mutable["n"] = 2
    thing.mutable["n"] = 1
    things.commit()
    assert db.rows(Thing) == [(thing.id, 1, True)]


def test_mutable_json_changed_in_place_is_a_version(db: World, things: Session) -> None:
    thing = Thing(mutable={"n": 1})
    things.add(thing)
    things.commit()
    thing.mutable["n"] = 2
    things.commit()
    assert [row[3] for row in db.rows(Thing, "mutable")] == [{"n": 1}, {"n": 2}]


def test_changed_and_changed_back(notes: World, session: Session) -> None:
    note = add_note(session)
    note.title = "two"
    note.title = "one"
    session.commit()
    assert notes.rows(Note, "title") == [(note.id, 1, True, "one")]


def test_expired_set_and_changed_back(notes: World, session: Session) -> None:
    note = add_note(session)
    session.expire(note)
    note.title = "two"
    note.title = "one"
    session.commit()
    assert notes.rows(Note) == [(note.id, 1, True)]


def test_deferred_column_set_to_its_value(notes: World, session: Session) -> None:
    add_note(session, draft="d")
    session.expunge_all()
    note = session.scalars(select(Note)).one()
    note.draft = "d"
    session.commit()
    assert notes.rows(Note, "draft") == [(note.id, 1, True, "d")]


def test_load_only_object_set_to_its_values(notes: World, session: Session) -> None:
    add_note(session, body="b", draft="d")
    session.expunge_all()
    note = session.scalars(select(Note).options(load_only(Note.title))).one()
    note.title, note.body, note.draft, note.stars = "one", "b", "d", 0
    session.commit()
    assert notes.rows(Note) == [(note.id, 1, True)]


def test_no_statement_is_written_for_equal_values(notes: World, session: Session) -> None:
    note = add_note(session)
    assert note.title == "one"
    note.title = "two"
    note.title = "one"
    with notes.executions() as seen:
        session.flush()
    assert [word for word in seen if word != "SELECT"] == []


def test_an_equal_value_beside_a_changed_one(notes: World, session: Session) -> None:
    note = add_note(session, body="b")
    note.title, note.body = "one", "c"
    session.commit()
    assert notes.rows(Note, "body") == [(note.id, 1, False, "b"), (note.id, 2, True, "c")]


def test_changes_of_no_net_effect_leave_the_object_clean(session: Session) -> None:
    note = add_note(session)
    note.title = "two"
    note.title = "one"
    session.flush()
    assert note not in session.dirty


def test_no_change_is_recorded_where_nothing_changed(notes: World, session: Session) -> None:
    note = add_note(session)
    note.title = "one"
    session.commit()
    assert notes.count("change") == 1
