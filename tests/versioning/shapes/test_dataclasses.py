"""Row 17: models mapped as dataclasses."""

from __future__ import annotations

import dataclasses

import pytest
from sqlalchemy import inspect
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, Session, mapped_column

from tests.versioning.shapes.walk import Walk
from tests.versioning.world import World
from webapp.versioning import ChangeRecord, Versioned, install_guards


class Base(MappedAsDataclass, DeclarativeBase):
    pass


class Plain(DeclarativeBase):
    metadata = Base.metadata
    registry = Base.registry


class Change(ChangeRecord, Plain):
    __tablename__ = "change"


class Item(Versioned, Base):
    __tablename__ = "item"
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "item"}

    name: Mapped[str]
    kind: Mapped[str] = mapped_column(init=False)
    count: Mapped[int] = mapped_column(default=3)
    tags: Mapped[str] = mapped_column(default_factory=lambda: "none")


class Sized(Item):
    __tablename__ = "sized"
    __mapper_args__ = {"polymorphic_identity": "sized"}

    size: Mapped[int] = mapped_column(default=1, kw_only=True)


class Kept(Versioned, Base):
    __abstract__ = True

    name: Mapped[str]


class Crate(Kept):
    __tablename__ = "crate"

    size: Mapped[int]


class Coded(Versioned, Base):
    __tablename__ = "coded"

    id: Mapped[str]
    name: Mapped[str]


install_guards(Base.metadata)


class TestDataclass(Walk):
    model = Item
    first = {"name": "one", "count": 3}
    second = {"name": "two", "count": 4}


class TestJoined(Walk):
    model = Sized
    first = {"name": "one", "size": 2}
    second = {"name": "two", "size": 3}


@pytest.fixture
def session(db: World) -> Session:
    db.create(Change, Item, Sized, Crate, Coded)
    return db.session(change_model=Change)


def test_the_version_columns_are_no_arguments() -> None:
    assert [f.name for f in dataclasses.fields(Item) if f.init] == ["name", "count", "tags"]
    assert [f.name for f in dataclasses.fields(Coded) if f.init] == ["id", "name"]
    with pytest.raises(TypeError):
        Item("one", version_id=5)  # type: ignore[call-arg]


def test_defaults_are_those_of_the_dataclass(db: World, session: Session) -> None:
    session.add_all([Item("one"), Coded("a/b", "two")])
    session.commit()
    assert db.rows(Item, "count", "tags") == [(1, 1, True, 3, "none")]
    assert db.rows(Coded, "name") == [("a/b", 1, True, "two")]


def test_an_abstract_base_of_dataclasses(db: World, session: Session) -> None:
    crate = Crate("one", 2)
    session.add(crate)
    session.commit()
    crate.name = "two"
    session.commit()
    assert db.rows(Crate, "name", "size") == [(1, 1, False, "one", 2), (1, 2, True, "two", 2)]


def test_it_shows_its_key_and_its_values(session: Session) -> None:
    item = Item("one")
    session.add(item)
    session.flush()
    assert repr(item) == ("Item(id=1, version_id=1, name='one', kind='item', count=3, tags='none')")


def test_the_columns_are_those_of_any_versioned_model() -> None:
    names = {"id", "version_id", "is_current_version", "version_from", "version_to"}
    assert names | {"version_op", "change_id", "name", "kind", "count", "tags"} == set(
        inspect(Item).local_table.c.keys()
    )
