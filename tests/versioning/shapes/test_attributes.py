"""Row 17: attributes that are more than a column, or called otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    column_property,
    composite,
    mapped_column,
    synonym,
    validates,
)

from tests.versioning.shapes.walk import Shape, Walk
from tests.versioning.world import World
from webapp.versioning import (
    ChangeRecord,
    Versioned,
    current,
    diff,
    install_guards,
    restore,
    timeline,
)
from webapp.versioning.shape import data_columns


class Base(DeclarativeBase):
    pass


class Change(ChangeRecord, Base):
    __tablename__ = "change"


@dataclass
class Point:
    x: int
    y: int


class Place(Versioned, Base):
    __tablename__ = "place"

    first_name: Mapped[str] = mapped_column("first name")
    last: Mapped[str] = mapped_column("family")
    long: Mapped[str | None] = mapped_column(deferred=True)
    point: Mapped[Point] = composite(mapped_column("x_at"), mapped_column("y_at"))
    family = synonym("last")
    length: Mapped[int] = column_property(func.length(last))

    @hybrid_property
    def name(self) -> str:
        return self.first_name + " " + self.last

    @name.inplace.setter
    def _set_name(self, value: str) -> None:
        self.first_name, self.last = value.split(" ", 1)

    @validates("last")
    def upper(self, key: str, value: str) -> str:
        return value.upper()


install_guards(Base.metadata)


class TestAttributes(Walk):
    model = Place
    first = {"name": "Ada BYRON", "point": Point(1, 2), "long": "kept"}
    second = {"name": "Ada LOVELACE", "point": Point(1, 3)}
    rows = {"first_name": "Ada", "last": "BYRON", "x_at": 1, "y_at": 2, "long": "kept"}
    second_rows = {"last": "LOVELACE", "y_at": 3}
    swept = {"last": "LOVELACE", "y_at": 3}


class TestSynonymAndValidator(Shape):
    model = Place
    first = {"name": "Ada BYRON", "point": Point(1, 2)}
    second = {"family": "LOVELACE"}
    rows = {"first_name": "Ada", "last": "BYRON"}
    second_rows = {"last": "LOVELACE"}

    def edit(self, obj: Any) -> None:
        obj.family = "Lovelace"

    def test_what_the_database_counts_follows(self, session: Session) -> None:
        obj = self.added(session)
        assert obj.length == 5
        self.edit(obj)
        session.commit()
        assert obj.length == 8

    def test_a_hybrid_as_a_condition_and_a_value(self, db: World, session: Session) -> None:
        self.added(session)
        session.execute(update(Place).where(Place.name == "Ada BYRON").values(family="NOEL"))
        session.commit()
        assert [row[3]["last"] for row in self.stored(db)] == ["BYRON", "NOEL"]

    def test_a_value_that_only_validation_makes_equal(self, db: World, session: Session) -> None:
        obj = self.added(session)
        obj.last = "byron"
        session.commit()
        assert [row[0] for row in self.stored(db)] == [1]

    def test_a_part_of_a_composite(self, db: World, session: Session) -> None:
        obj = self.added(session)
        obj.point = Point(obj.point.x, 9)
        session.commit()
        older, newer = session.scalars(select(Place).order_by(Place.version_id)).all()
        assert [(c.name, c.old, c.new) for c in diff(older, newer)] == [("y_at", 2, 9)]
        assert (older.point, newer.point) == (Point(1, 2), Point(1, 9))


class Sealed(Versioned, Base):
    __tablename__ = "sealed"

    name: Mapped[str]
    secret: Mapped[str] = mapped_column(deferred=True, deferred_raiseload=True)


def test_a_column_that_nothing_loads_by_the_way(db: World) -> None:
    db.create(Change, Sealed)
    session = db.session(change_model=Change)
    session.add(Sealed(name="one", secret="kept"))
    session.commit()
    session.expunge_all()
    obj = session.scalars(current(Sealed)).one()
    obj.name = "two"
    session.commit()
    session.expunge_all()
    assert [change.name for change in timeline(session, Sealed, 1).entries[0].changes] == ["name"]
    restore(session, Sealed, 1, 1)
    session.commit()
    rows = db.rows(Sealed, "name", "secret")
    assert [row[3:] for row in rows] == [("one", "kept"), ("two", "kept"), ("one", "kept")]


def test_data_columns_are_the_columns_of_the_table() -> None:
    names = {"x_at", "y_at", "first_name", "last", "long"}
    assert set(data_columns(Place)) == names
