"""Both examples of SQLAlchemy's recipe "versioned rows with a version id".

Only the imports and the fixtures are ours. The assertions are the recipe's own: columns, values and
order. No guards, no table of changes: `Versioned` needs no other table.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Column, ForeignKeyConstraint, Integer, String
from sqlalchemy.orm import DeclarativeBase, backref, declarative_base, relationship, sessionmaker

from tests.versioning.world import World
from webapp.versioning import Versioned, enable_versioning


def new_style() -> Any:
    class Base(DeclarativeBase):
        pass

    return Base


@pytest.fixture(params=[declarative_base, new_style])
def base(request: pytest.FixtureRequest) -> Any:
    make: Callable[[], Any] = request.param
    return make()


def recipe_session(db: World, base: Any) -> Any:
    base.metadata.create_all(db.engine)
    factory = sessionmaker(db.engine)
    enable_versioning(factory)
    return db.keep(factory())


def test_example_1_simple_versioning(db: World, base: Any) -> None:
    class Example(Versioned, base):
        __tablename__ = "example"
        data = Column(String)

    session = recipe_session(db, base)
    e1 = Example(id=1, data="e1")
    session.add(e1)
    session.commit()

    e1.data = "e2"
    session.commit()

    assert session.query(
        Example.id,
        Example.version_id,
        Example.is_current_version,
        Example.calc_is_current_version,
        Example.data,
    ).order_by(Example.id, Example.version_id).all() == (
        [(1, 1, False, False, "e1"), (1, 2, True, True, "e2")]
    )


def family(base: Any) -> tuple[Any, Any]:
    """The recipe's parent, whose foreign key follows its child to the new version."""

    class Parent(base):
        __tablename__ = "parent"
        id = Column(Integer, primary_key=True)
        child_id = Column(Integer)
        child_version_id = Column(Integer)
        child = relationship("Child", backref=backref("parent", uselist=False))

        __table_args__ = (
            ForeignKeyConstraint(
                ["child_id", "child_version_id"], ["child.id", "child.version_id"]
            ),
        )

    class Child(Versioned, base):
        __tablename__ = "child"

        data = Column(String)

        def new_version(self, session: Any) -> None:
            # expire parent's reference to us
            session.expire(self.parent, ["child"])

            # create new version
            Versioned.new_version(self, session)

            # re-add ourselves to the parent.  this causes the
            # parent foreign key to be updated also
            self.parent.child = self

    return Parent, Child


def test_example_2_a_parent_follows_its_child(db: World, base: Any) -> None:
    Parent, Child = family(base)
    session = recipe_session(db, base)
    p1 = Parent(child=Child(id=1, data="c1"))
    session.add(p1)
    session.commit()

    p1.child.data = "c2"
    session.commit()

    assert p1.child_id == 1
    assert p1.child.version_id == 2

    assert session.query(
        Child.id,
        Child.version_id,
        Child.is_current_version,
        Child.calc_is_current_version,
        Child.data,
    ).order_by(Child.id, Child.version_id).all() == (
        [(1, 1, False, False, "c1"), (1, 2, True, True, "c2")]
    )
    assert db.sql("SELECT child_id, child_version_id FROM parent") == [(1, 2)]


def test_example_2_after_a_rollback_the_parent_is_back_and_follows_again(
    db: World, base: Any
) -> None:
    Parent, Child = family(base)
    session = recipe_session(db, base)
    p1 = Parent(child=Child(id=1, data="c1"))
    session.add(p1)
    session.commit()

    p1.child.data = "lost"
    session.flush()
    session.rollback()
    assert (p1.child_version_id, p1.child.version_id, p1.child.data) == (1, 1, "c1")

    p1.child.data = "c2"
    session.commit()
    assert db.rows(Child, "data") == [(1, 1, False, "c1"), (1, 2, True, "c2")]
    assert db.sql("SELECT child_id, child_version_id FROM parent") == [(1, 2)]


def test_example_2_follows_through_many_edits(db: World, base: Any) -> None:
    Parent, Child = family(base)
    session = recipe_session(db, base)
    p1 = Parent(child=Child(id=1, data="c1"))
    session.add(p1)
    session.commit()
    for n in range(2, 6):
        p1.child.data = f"c{n}"
        session.commit()
    assert [row[1:] for row in db.rows(Child, "data")] == [
        (n, n == 5, f"c{n}") for n in range(1, 6)
    ]
    assert db.sql("SELECT child_id, child_version_id FROM parent") == [(1, 5)]
