"""Row 17: a key of several columns is unique among the living; as a primary key it is refused."""

from __future__ import annotations

import pytest
from sqlalchemy import ForeignKey, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, configure_mappers, mapped_column

from tests.versioning.shapes.walk import Walk
from tests.versioning.world import World
from webapp.versioning import (
    ChangeRecord,
    RestoreClash,
    Versioned,
    VersioningError,
    current_unique,
    install_guards,
    restore,
)


class Base(DeclarativeBase):
    pass


class Change(ChangeRecord, Base):
    __tablename__ = "change"


class Station(Versioned, Base):
    __tablename__ = "station"
    __table_args__ = (current_unique("region", "code"),)

    region: Mapped[str]
    code: Mapped[int]
    name: Mapped[str]


install_guards(Base.metadata)


class TestUniqueAmongTheLiving(Walk):
    model = Station
    first = {"region": "north", "code": 1, "name": "one"}
    second = {"region": "south", "name": "two"}

    def make(self, n: int = 0) -> Station:
        return Station(region="north", code=n + 1, name="one")

    def test_many_edits_in_one_flush(self, db: World, session: Session) -> None:
        session.add_all([self.make(n) for n in range(9)])
        session.commit()
        for station in session.scalars(select(Station)):
            self.edit(station)
        session.commit()
        self.all_went_south(db)

    def test_an_update_statement(self, db: World, session: Session) -> None:
        session.add_all([self.make(n) for n in range(9)])
        session.commit()
        session.execute(update(Station).values(self.second))
        session.commit()
        self.all_went_south(db)

    def all_went_south(self, db: World) -> None:
        assert len(db.rows(Station)) == 18
        names = {row[3:] for row in db.rows(Station, "region", "code") if row[2]}
        assert names == {("south", n + 1) for n in range(9)}


@pytest.fixture
def session(db: World) -> Session:
    db.create(Change, Station)
    return db.session(change_model=Change)


def test_the_living_have_the_key_once(session: Session) -> None:
    session.add(Station(region="north", code=1, name="one"))
    session.commit()
    session.add(Station(region="north", code=1, name="two"))
    with pytest.raises(IntegrityError):
        session.commit()


def test_a_restore_of_a_key_that_is_taken(session: Session) -> None:
    station = Station(region="north", code=1, name="one")
    session.add(station)
    session.commit()
    station.code = 2
    session.commit()
    session.add(Station(region="north", code=1, name="two"))
    session.commit()
    with pytest.raises(RestoreClash, match="region 'north', code 1 is now taken"):
        restore(session, Station, station.id, 1)


def test_as_a_primary_key_it_is_refused() -> None:
    class Other(DeclarativeBase):
        pass

    with pytest.raises(VersioningError, match=r"id: Mapped\[str\] = key_of\('region', 'code'\)"):

        class Depot(Versioned, Other):
            __tablename__ = "depot"

            region: Mapped[str] = mapped_column(primary_key=True)
            code: Mapped[int] = mapped_column(primary_key=True)

    configure_mappers()


def test_a_joined_class_with_a_key_of_its_own_is_refused() -> None:
    with pytest.raises(VersioningError, match="leave id and version_id out"):

        class Depot(Station):
            __tablename__ = "depot"

            id: Mapped[int] = mapped_column(ForeignKey("station.id"), primary_key=True)

    configure_mappers()


def test_a_class_that_names_the_mixin_last_is_refused() -> None:
    class Other(DeclarativeBase):
        pass

    with pytest.raises(VersioningError, match=r"class Depot\(Versioned, …\)"):

        class Depot(Other, Versioned):
            __tablename__ = "depot"
