"""Row 17: single-table inheritance."""

from __future__ import annotations

from sqlalchemy import delete, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session

from tests.versioning.shapes.walk import Walk
from tests.versioning.world import World
from webapp.versioning import ChangeRecord, Versioned, current, install_guards


class Base(DeclarativeBase):
    pass


class Change(ChangeRecord, Base):
    __tablename__ = "change"


class Person(Versioned, Base):
    __tablename__ = "person"
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "person"}

    kind: Mapped[str]
    name: Mapped[str]


class Manager(Person):
    __mapper_args__ = {"polymorphic_identity": "manager"}
    __unversioned__ = ("calls",)

    budget: Mapped[int | None]
    calls: Mapped[int | None]


install_guards(Base.metadata)


class TestSubclass(Walk):
    model = Manager
    first = {"name": "one", "budget": 1}
    second = {"name": "two", "budget": 2}

    def test_an_update_of_the_subclass_alone(self, db: World, session: Session) -> None:
        session.add_all([Person(name="a"), self.make()])
        session.commit()
        session.execute(update(Manager).values(name="changed"))
        session.commit()
        rows = [(row[1], row[3], row[4]) for row in db.rows(Person, "kind", "name")]
        assert rows == [(1, "person", "a"), (1, "manager", "one"), (2, "manager", "changed")]

    def test_a_deletion_of_the_subclass_alone(self, db: World, session: Session) -> None:
        session.add_all([Person(name="a"), self.make()])
        session.commit()
        session.execute(delete(Manager))
        session.commit()
        assert [type(found) for found in session.scalars(current(Person))] == [Person]
        assert [row[3] for row in db.rows(Person, "version_op")] == ["create", "create", "delete"]

    def test_a_column_of_the_subclass_in_place(self, db: World, session: Session) -> None:
        manager = self.added(session)
        manager.calls = 7
        session.commit()
        session.execute(update(Manager).values(calls=Manager.calls + 1))
        session.commit()
        assert db.rows(Person, "calls") == [(manager.id, 1, True, 8)]

    def test_each_row_loads_as_its_class(self, session: Session) -> None:
        session.add_all([Person(name="a"), self.make()])
        session.commit()
        session.expunge_all()
        found = session.scalars(select(Person).order_by(Person.id)).all()
        assert [type(each) for each in found] == [Person, Manager]
