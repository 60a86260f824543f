"""Row 17: records known by a text or a UUID of their own."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from tests.versioning.shapes.walk import Walk
from tests.versioning.world import World
from webapp.versioning import (
    ChangeRecord,
    RecordExists,
    Versioned,
    current,
    install_guards,
)


class Base(DeclarativeBase):
    pass


class Change(ChangeRecord, Base):
    __tablename__ = "change"


class Country(Versioned, Base):
    __tablename__ = "country"

    id: Mapped[str]
    name: Mapped[str]


class Parcel(Versioned, Base):
    __tablename__ = "parcel"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    name: Mapped[str]


class Keyed(Versioned, Base):
    __abstract__ = True

    id: Mapped[uuid.UUID]


class Letter(Keyed):
    __tablename__ = "letter"

    name: Mapped[str]


install_guards(Base.metadata)

HARD = ["a/b", "a b", "..", "1,2", "Ä ö ✓", "'quoted\"", "%_?&#", "\\back", "line\nend", "\u200f"]


class TestText(Walk):
    model = Country
    first = {"name": "one"}
    second = {"name": "two"}

    def own(self, n: int) -> dict[str, Any]:
        return {"id": HARD[n]}


class TestUuid(Walk):
    model = Parcel
    first = {"name": "one"}
    second = {"name": "two"}


class TestUuidOfAnAbstractBase(Walk):
    model = Letter
    first = {"name": "one"}
    second = {"name": "two"}

    def own(self, n: int) -> dict[str, Any]:
        return {"id": uuid.UUID(int=2**127 + n)}


@pytest.fixture
def session(db: World) -> Session:
    db.create(Change, Country, Parcel)
    return db.session(change_model=Change)


def test_many_ids_of_every_kind_of_text(db: World, session: Session) -> None:
    session.add_all([Country(id=id, name="one") for id in HARD])
    session.commit()
    for country in session.scalars(current(Country)):
        country.name = f"of {country.id}"
    session.commit()
    found = [(id, name) for id, version, _, name in db.rows(Country, "name") if version == 2]
    assert sorted(found) == sorted((id, f"of {id}") for id in HARD)


def test_a_text_that_is_taken(session: Session) -> None:
    session.add(Country(id="de", name="one"))
    session.commit()
    session.expunge_all()
    session.add(Country(id="de", name="two"))
    with pytest.raises(RecordExists):
        session.commit()


def test_the_id_leads_the_key(session: Session) -> None:
    for model in (Country, Parcel, Letter):
        assert [column.name for column in model.__table__.primary_key] == ["id", "version_id"]


def test_a_uuid_is_there_after_the_flush(session: Session) -> None:
    parcel = Parcel(name="one")
    session.add(parcel)
    session.flush()
    assert session.scalars(select(Parcel.id)).all() == [parcel.id]
