"""Models of any names: schemas, attributes unlike their columns, words of SQL; indexes as well."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Integer, MetaData, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from tests.versioning.world import World
from webapp.versioning import (
    Versioned,
    as_of_index,
    current,
    current_index,
    current_unique,
    data_columns,
    install_guards,
    is_versioned,
    restore,
    timeline,
)


class Base(DeclarativeBase):
    pass


class Odd(Versioned, Base):
    """Attributes unlike their columns; columns that are words of SQL or of the core's own."""

    __tablename__ = 'an "odd" table'
    __unversioned__ = ("seen",)

    data: Mapped[str]
    order: Mapped[int] = mapped_column(default=1)
    label: Mapped[str | None] = mapped_column("a label")
    select_: Mapped[str | None] = mapped_column("select")
    own: Mapped[int | None] = mapped_column("own", Integer)
    upper: Mapped[str | None] = mapped_column("UPPER Case")
    percent: Mapped[int | None] = mapped_column("100%")
    swapped: Mapped[str | None] = mapped_column("straight")
    straight: Mapped[str | None] = mapped_column("swapped")
    seen: Mapped[int] = mapped_column("times seen", default=0)
    touched: Mapped[str | None] = mapped_column("last touch", onupdate="touched")


NAMES = ("data", "order", "a label", "select", "own", "UPPER Case", "100%", "straight", "swapped")
ONE = ("d", 1, "l", "s", 5, "u", 6, "A", "B")


def make(session: Session) -> Odd:
    odd = Odd(
        data="d", label="l", select_="s", own=5, upper="u", percent=6, swapped="A", straight="B"
    )
    session.add(odd)
    session.commit()
    return odd


@pytest.fixture
def odd(db: World) -> Session:
    db.create(Odd)
    return db.session(change_model=None)


def test_objects(db: World, odd: Session) -> None:
    obj = make(odd)
    obj.label, obj.percent, obj.swapped = "new", Odd.percent + 1, "C"
    odd.commit()
    obj.seen = 9
    odd.commit()
    odd.delete(obj)
    odd.commit()
    restore(odd, Odd, 1, 1)
    odd.commit()
    two = ("d", 1, "new", "s", 5, "u", 7, "C", "B")
    found = db.rows(Odd, *NAMES, "times seen", "last touch")
    assert [row[3:] for row in found] == [
        (*ONE, 0, None),
        (*two, 9, "touched"),
        (*two, 9, "touched"),
        (*ONE, 9, None),  # a column like any other: its old value is back
    ]


def test_expired_and_loaded_in_part(db: World, odd: Session) -> None:
    obj = make(odd)
    odd.expire(obj)
    obj.label, obj.straight = "l", "D"
    odd.commit()
    assert [row[3:] for row in db.rows(Odd, *NAMES)] == [ONE, (*ONE[:-1], "D")]


def test_statements(db: World, odd: Session) -> None:
    make(odd)
    statement = update(Odd).where(Odd.swapped == "A", Odd.percent == 6)
    odd.execute(statement.values(swapped=Odd.straight, straight=Odd.swapped, label="x"))
    odd.execute(update(Odd).values({Odd.percent: Odd.percent + 1, "select_": "y"}))
    odd.execute(update(Odd).values(seen=Odd.seen + 3))
    odd.commit()
    odd.execute(update(Odd), {"upper": "z"})
    odd.execute(insert(Odd), [{"data": "second", "label": "l2", "swapped": "S"}])
    odd.commit()
    odd.execute(delete(Odd).where(Odd.label == "l2"))
    odd.commit()
    found = db.rows(Odd, *NAMES, "times seen")
    assert [row[3:] for row in found[:3]] == [
        (*ONE, 0),
        ("d", 1, "x", "y", 5, "u", 7, "B", "A", 3),
        ("d", 1, "x", "y", 5, "z", 7, "B", "A", 3),
    ]
    assert [(row[1], row[2], row[5], row[10]) for row in found[3:]] == [
        (1, False, "l2", "S"),
        (2, True, "l2", "S"),
    ]


def test_own_expressions_in_one_transaction(db: World, odd: Session) -> None:
    odd.add(Odd(data="d", percent=1, own=1))
    odd.execute(update(Odd).values(percent=Odd.percent + 1, own=Odd.own + 1))
    odd.commit()
    odd.execute(update(Odd).values(percent=Odd.percent + 1, own=Odd.own + 1))
    odd.execute(update(Odd).values(percent=Odd.percent + 1, own=Odd.own + 1))
    odd.commit()
    assert [row[3:] for row in db.rows(Odd, "100%", "own")] == [(2, 2), (4, 4)]


def test_timeline_and_names(odd: Session) -> None:
    obj = make(odd)
    obj.label = "new"
    odd.commit()
    newest = timeline(odd, Odd, 1).entries[0]
    assert {change.name: (change.old, change.new) for change in newest.changes} == {
        "label": ("l", "new"),
        "touched": (None, "touched"),
    }
    assert data_columns(Odd)[:3] == ("data", "order", "label")
    assert is_versioned(Odd)
    assert not is_versioned(Base)


def test_guards(db: World, odd: Session) -> None:
    make(odd)
    for statement in (
        """UPDATE "an ""odd"" table" SET "select" = 'x'""",
        """UPDATE "an ""odd"" table" SET "100%" = 1""",
        """DELETE FROM "an ""odd"" table" """,
    ):
        with pytest.raises(IntegrityError, match="append-only"):
            db.sql(statement)


# --- schemas ---


@pytest.fixture
def other_schema(db: World, request: pytest.FixtureRequest) -> Iterator[str]:
    """A schema of PostgreSQL, or an attached file of SQLite."""
    if db.is_sqlite:
        from sqlalchemy import event

        folder = request.getfixturevalue("tmp_path")

        def attach(connection: Any, record: Any) -> None:
            connection.execute(f"ATTACH DATABASE '{folder / 'other.sqlite'}' AS other_schema")

        event.listen(db.engine, "connect", attach)
        yield "other_schema"
        return
    name = f"{request.getfixturevalue('database_url').split('search_path%3D')[1]}_other"
    db.sql(f'CREATE SCHEMA "{name}"')
    try:
        yield name
    finally:
        for session in db.sessions:
            session.close()
        db.sql(f'DROP SCHEMA "{name}" CASCADE')


def test_a_schema(db: World, other_schema: str) -> None:
    class InSchema(DeclarativeBase):
        metadata = MetaData(schema=other_schema)

    class Thing(Versioned, InSchema):
        __tablename__ = "thing"
        __table_args__ = (current_unique("name"), current_index("name"))
        name: Mapped[str]

    install_guards(InSchema.metadata)
    InSchema.metadata.create_all(db.engine)
    session = db.session(change_model=None)
    things = [Thing(name="a"), Thing(id=5, name="b")]
    for thing in things:
        session.add(thing)
        session.commit()
    session.add(Thing(name="c"))
    things[0].name = "a2"
    session.commit()
    session.execute(update(Thing).values(name=Thing.name + "!"))
    session.delete(things[1])
    session.commit()
    assert [row[:2] + row[3:] for row in db.rows(Thing, "name") if row[2]] == [
        (1, 3, "a2!"),
        (5, 2, "b!"),
        (6, 2, "c!"),
    ]
    assert session.scalar(select(Thing.calc_is_current_version).where(Thing.version_id == 3))
    with pytest.raises(IntegrityError, match="append-only"):
        session.connection().execute(delete(Thing.__table__))
    session.rollback()
    assert len(session.scalars(current(Thing)).all()) == 2


# --- names of indexes ---


def test_indexes_of_every_kind_over_one_column(db: World) -> None:
    class Indexes(DeclarativeBase):
        pass

    class Ware(Versioned, Indexes):
        __tablename__ = "ware"
        __table_args__ = (
            current_unique("sku"),
            current_index("sku"),
            as_of_index("sku"),
            current_index("sku", "name"),
            current_index("sku", name="mine"),
            current_index("a_long_name_for_a_column_indeed", "another_such_long_name_of_it"),
        )
        sku: Mapped[str]
        name: Mapped[str]
        a_long_name_for_a_column_indeed: Mapped[str | None]
        another_such_long_name_of_it: Mapped[str | None]

    db.create(Ware)
    names = {str(index.name) for index in Ware.__table__.indexes}  # type: ignore[attr-defined]
    assert len(names) == 10
    assert names >= {"mine", "ix_ware_times", "ix_ware_deletions"}
