"""Row 17: what people do with objects of a session, in plain and joined models."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from sqlalchemy import ForeignKeyConstraint, inspect, select
from sqlalchemy.exc import LegacyAPIWarning
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    joinedload,
    make_transient,
    relationship,
    selectin_polymorphic,
    selectinload,
    with_polymorphic,
)

from tests.versioning.world import World
from webapp.versioning import (
    ChangeRecord,
    ReadOnlyVersion,
    RecordExists,
    Versioned,
    current,
    install_guards,
)


class Base(DeclarativeBase):
    pass


class Change(ChangeRecord, Base):
    __tablename__ = "change"


class Owner(Versioned, Base):
    __tablename__ = "owner"

    name: Mapped[str]
    pets: Mapped[list[Pet]] = relationship(back_populates="owner", order_by="Pet.id")


class Pet(Versioned, Base):
    __tablename__ = "pet"
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "pet"}
    __table_args__ = (
        ForeignKeyConstraint(["owner_id", "owner_version"], ["owner.id", "owner.version_id"]),
    )

    kind: Mapped[str]
    name: Mapped[str]
    owner_id: Mapped[int | None]
    owner_version: Mapped[int | None]
    owner: Mapped[Owner | None] = relationship(back_populates="pets")


class Dog(Pet):
    __tablename__ = "dog"
    __mapper_args__ = {"polymorphic_identity": "dog"}

    trick: Mapped[str]


install_guards(Base.metadata)


@pytest.fixture
def session(db: World) -> Session:
    db.create(Change, Owner, Pet, Dog)
    session = db.session(change_model=Change)
    owner = Owner(name="Ann")
    session.add_all([Pet(name="cat", owner=owner), Dog(name="rex", trick="sit", owner=owner)])
    session.commit()
    session.expunge_all()
    return session


def dog(session: Session) -> Dog:
    return session.scalars(current(Dog)).one()


def tricks(db: World) -> list[tuple[Any, ...]]:
    return db.sql("SELECT version_id, trick FROM dog ORDER BY version_id")


def test_merge_of_an_edited_copy(db: World, session: Session) -> None:
    found = dog(session)
    session.expunge(found)
    found.trick = "roll"
    session.merge(found)
    session.commit()
    assert tricks(db) == [(1, "sit"), (2, "roll")]


def test_merge_of_an_equal_copy_makes_no_version(db: World, session: Session) -> None:
    found = dog(session)
    session.expunge(found)
    session.merge(found)
    session.commit()
    assert tricks(db) == [(1, "sit")]


def test_merge_of_a_copy_that_became_old_is_refused(db: World, session: Session) -> None:
    stale = dog(session)
    session.expunge(stale)
    dog(session).trick = "roll"
    session.commit()
    stale.trick = "bark"
    session.merge(stale)
    with pytest.raises(ReadOnlyVersion):
        session.commit()
    session.rollback()
    assert tricks(db) == [(1, "sit"), (2, "roll")]


def test_merge_of_a_new_object(db: World, session: Session) -> None:
    session.merge(Dog(name="new", trick="jump"))
    session.commit()
    assert tricks(db) == [(1, "sit"), (1, "jump")]


def test_expunged_while_edited_writes_nothing(db: World, session: Session) -> None:
    found = dog(session)
    found.trick = "roll"
    session.expunge(found)
    session.commit()
    assert tricks(db) == [(1, "sit")]


def test_pickled_and_edited_in_another_session(db: World, session: Session) -> None:
    found = dog(session)
    assert found.trick == "sit"
    copy = pickle.loads(pickle.dumps(found))
    session.close()
    other = db.session(change_model=Change)
    other.add(copy)
    copy.trick = "roll"
    other.commit()
    assert (copy.version_id, copy.trick) == (2, "roll")
    assert tricks(db) == [(1, "sit"), (2, "roll")]


def test_pickled_with_an_edit_that_is_not_written(db: World, session: Session) -> None:
    found = dog(session)
    found.trick = "roll"
    copy = pickle.loads(pickle.dumps(found))
    session.rollback()
    session.close()
    other = db.session(change_model=Change)
    other.add(copy)
    other.commit()
    assert tricks(db) == [(1, "sit"), (2, "roll")]


def test_the_identity_map_knows_the_new_version(session: Session) -> None:
    found = dog(session)
    id = found.id
    found.trick = "roll"
    session.commit()
    assert session.get(Pet, (id, 2)) is found
    assert session.get(Dog, (id, 2)) is found
    older = session.get(Pet, (id, 1))
    assert isinstance(older, Dog) and older is not found
    assert (older.trick, older.is_current_version) == ("sit", False)
    with pytest.warns(LegacyAPIWarning):
        assert session.query(Dog).get((id, 2)) is found


def test_an_old_version_that_was_loaded_before_the_edit(session: Session) -> None:
    found = dog(session)
    found.trick = "roll"
    session.commit()
    older = session.get(Dog, (found.id, 1))
    assert older is not None
    older.trick = "bark"
    with pytest.raises(ReadOnlyVersion):
        session.commit()


@pytest.mark.parametrize("load", [selectinload, joinedload])
def test_eager_loading(db: World, session: Session, load: Any) -> None:
    query = select(Owner).options(load(Owner.pets).selectin_polymorphic([Dog]))
    with db.executions() as seen:
        owner = session.scalars(query).unique().one()
        assert [(type(pet), pet.name) for pet in owner.pets] == [(Pet, "cat"), (Dog, "rex")]
        assert owner.pets[1].trick == "sit"  # type: ignore[attr-defined]
    assert seen.count("SELECT") <= 3


def test_edited_after_eager_loading(db: World, session: Session) -> None:
    owner = session.scalars(select(Owner).options(selectinload(Owner.pets))).one()
    for pet in owner.pets:
        pet.name += "!"
    session.commit()
    assert [row[3:] for row in db.rows(Pet, "name", "owner_id", "owner_version")] == [
        ("cat", 1, 1),
        ("cat!", 1, 1),
        ("rex", 1, 1),
        ("rex!", 1, 1),
    ]
    assert tricks(db) == [(1, "sit"), (2, "sit")]


def test_edited_after_polymorphic_loading(db: World, session: Session) -> None:
    whole = with_polymorphic(Pet, [Dog])
    for query in (select(whole), select(Pet).options(selectin_polymorphic(Pet, [Dog]))):
        found = session.scalars(query.order_by(Pet.version_id.desc())).all()
        newest = next(pet for pet in found if isinstance(pet, Dog) and pet.is_current_version)
        newest.trick += "!"
        session.commit()
        session.expunge_all()
    assert tricks(db) == [(1, "sit"), (2, "sit!"), (3, "sit!!")]


def test_loaded_as_the_base_and_edited_as_the_base(db: World, session: Session) -> None:
    found = session.scalars(current(Pet).where(Pet.name == "rex")).one()
    assert "trick" not in found.__dict__
    found.name = "max"
    session.commit()
    assert tricks(db) == [(1, "sit"), (2, "sit")]


def test_a_version_made_transient_is_no_second_record(session: Session) -> None:
    found = dog(session)
    assert found.trick == "sit"
    session.expunge(found)
    make_transient(found)
    session.add(found)
    with pytest.raises(RecordExists):
        session.commit()


def test_made_transient_without_its_key_it_is_another_record(db: World, session: Session) -> None:
    found = dog(session)
    assert found.trick == "sit"
    session.expunge(found)
    make_transient(found)
    del found.id, found.version_id
    session.add(found)
    session.commit()
    assert tricks(db) == [(1, "sit"), (1, "sit")]
    assert found.id == 3
    assert inspect(found).persistent


def test_refresh_after_an_edit(session: Session) -> None:
    found = dog(session)
    found.trick = "roll"
    session.flush()
    session.refresh(found)
    assert (found.version_id, found.trick) == (2, "roll")
