"""Row 17: records whose id is made of other columns, in every shape that a model may have."""

from __future__ import annotations

import enum
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, Session, mapped_column

from tests.versioning.shapes.walk import MANY, Walk
from tests.versioning.world import World
from webapp.versioning import ChangeRecord, Versioned, current, floating, install_guards, key_of


class Base(DeclarativeBase):
    pass


class Change(ChangeRecord, Base):
    __tablename__ = "change"


class Kind(enum.Enum):
    RAIL = "rail"
    ROAD = "road"


class Station(Versioned, Base):
    __tablename__ = "station"

    id: Mapped[str] = key_of("country", "code")
    country: Mapped[str]
    code: Mapped[int]
    name: Mapped[str]


class Stop(Versioned, Base):
    """A base of subclasses in its own table and in others."""

    __tablename__ = "stop"
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "stop"}

    id: Mapped[str] = key_of("kind", "country", "code")
    kind: Mapped[str] = mapped_column(default="stop")
    country: Mapped[str]
    code: Mapped[int]
    name: Mapped[str]


class Halt(Stop):
    __mapper_args__ = {"polymorphic_identity": "halt"}

    shelter: Mapped[str | None]


class Port(Stop):
    __tablename__ = "port"
    __mapper_args__ = {"polymorphic_identity": "port"}

    depth: Mapped[int]


class Folder(Versioned, Base):
    """A tree of records, each known by its shelf and number."""

    __tablename__ = "folder"

    id: Mapped[str] = key_of("shelf", "number")
    shelf: Mapped[str]
    number: Mapped[int]
    name: Mapped[str]
    parent_id: Mapped[str | None]
    parent: Mapped[Folder | None] = floating("parent_id")


class Flat(MappedAsDataclass, Versioned, Base):
    __tablename__ = "flat"

    id: Mapped[str] = key_of("kind", "code")
    kind: Mapped[Kind]
    code: Mapped[int]
    name: Mapped[str] = mapped_column(default="one")


install_guards(Base.metadata)


class Keyed(Walk):
    first: dict[str, Any] = {"country": "F/R~", "code": 0, "name": "one"}
    second: dict[str, Any] = {"name": "two"}

    def own(self, n: int) -> dict[str, Any]:
        return {"code": n}

    def test_many_edits_in_one_flush(self, db: World, session: Session) -> None:
        session.add_all([self.make(n) for n in range(MANY)])
        session.commit()
        for obj in session.scalars(current(self.model)).all():
            self.edit(obj)
        session.commit()
        self.check_many(db, session)

    def test_an_update_statement(self, db: World, session: Session) -> None:
        session.add_all([self.make(n) for n in range(MANY)])
        session.commit()
        for _ in range(2):  # the second one finds nothing to alter
            session.execute(update(self.model).values(self.second))
            session.commit()
        self.check_many(db, session)

    def check_many(self, db: World, session: Session) -> None:
        stored = self.stored(db)
        assert len(stored) == 2 * MANY
        for n in range(MANY):
            own = self.own(n)
            assert [row for row in stored if row[3].items() >= own.items()] == [
                (1, False, "create", self.old | own),
                (2, True, "update", self.new | own),
            ]


class TestStation(Keyed):
    model = Station


class TestStop(Keyed):
    model = Stop


class TestHalt(Keyed):
    model = Halt
    first = {**Keyed.first, "shelter": "a"}
    second = {"name": "two", "shelter": "b"}


class TestPort(Keyed):
    model = Port
    first = {**Keyed.first, "depth": 1}
    second = {"name": "two", "depth": 2}


class TestFolder(Keyed):
    model = Folder
    first = {"shelf": "a/b", "number": 0, "name": "one"}

    def own(self, n: int) -> dict[str, Any]:
        return {"number": n}


class TestFlat(Keyed):
    model = Flat
    first = {"kind": Kind.RAIL, "code": 0, "name": "one"}


@pytest.fixture
def session(db: World) -> Session:
    Base.metadata.create_all(db.engine)
    return db.session(change_model=Change)


def test_a_tree_made_at_once(session: Session) -> None:
    root = Folder(shelf="a", number=1, name="root")
    leaf = Folder(shelf="a/b", number=2, name="leaf", parent=root)
    session.add(leaf)
    session.commit()
    assert (root.id, leaf.id, leaf.parent_id) == ("a/1", "a~1b/2", "a/1")
    root.name = "trunk"
    session.commit()
    assert leaf.parent is not None and leaf.parent.name == "trunk"


def test_classes_of_one_table_tell_themselves_apart(session: Session) -> None:
    of_all = {"country": "FR", "code": 1, "name": "one"}
    session.add_all([Stop(**of_all), Halt(**of_all), Port(**of_all, depth=1)])
    session.commit()
    ids = session.scalars(select(Stop.id).order_by(Stop.id)).all()
    assert ids == ["halt/FR/1", "port/FR/1", "stop/FR/1"]


def test_a_dataclass_is_not_asked_for_its_id() -> None:
    with pytest.raises(TypeError, match="id"):
        Flat(id="x", kind=Kind.RAIL, code=1)  # type: ignore[call-arg]
